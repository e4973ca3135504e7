"""Where bones usually lie."""

import numpy as np
import pytest
from PIL import Image

from bonescan.core.anatomy import Region
from bonescan.core.study import Scan, Study, View, ViewName
from bonescan.training.region_prior import region_prior, write_region_prior


class _Case:
    """A body of one block with a femur below a skull; the femur is missing in some patients."""

    def __init__(self, femur: bool, maps: bool = True) -> None:
        counts = np.zeros((256, 64), np.float32)
        counts[20:236, 8:56] = 20
        regions = np.zeros(counts.shape, np.uint8)
        regions[20:100, 8:56] = Region.SKULL
        if femur:
            regions[150:236, 8:56] = Region.FEMUR
        self._study = Study("case", Scan((View(ViewName.ANTERIOR, counts),)))
        self._maps = {ViewName.ANTERIOR: regions} if maps else None

    def read_study(self) -> Study:
        return self._study

    def read_regions(self):
        return self._maps


def test_the_commonest_region_wins_and_rare_bone_is_background():
    prior = region_prior([_Case(femur=i == 0) for i in range(10)])
    assert set(prior) == {ViewName.ANTERIOR}
    labels = prior[ViewName.ANTERIOR]
    assert labels.shape == (1024, 256)
    assert labels[200, 128] == Region.SKULL
    assert labels[800, 128] == Region.BACKGROUND
    often = region_prior([_Case(femur=i < 5) for i in range(10)])[ViewName.ANTERIOR]
    assert often[800, 128] == Region.FEMUR


@pytest.mark.parametrize("cases", [[], [_Case(femur=True, maps=False)]])
def test_without_region_maps_there_is_none(cases):
    assert region_prior(cases) == {}


def test_what_is_written_reads_back(tmp_path):
    (path,) = write_region_prior([_Case(femur=True)], tmp_path)
    assert path.name == "region_prior_anterior.png"
    with Image.open(path) as picture:
        assert set(np.unique(np.asarray(picture))) == {Region.BACKGROUND, Region.SKULL, Region.FEMUR}
