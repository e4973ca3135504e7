"""Real scans, where the folder is at hand: all are found, read as what they are, and judged right both ways round."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bonescan.core.study import Polarity, Units, ViewName
from bonescan.io.orientation import looks_upside_down
from bonescan.io.polarity import detect_polarity
from bonescan.io.quality import assess
from bonescan.io.reader import find_inputs, read_study
from bonescan.io.thumbnail import Looked
from pictures import picture, save_picture

REAL = Path(os.environ.get("BONESCAN_SHARED", Path(__file__).parents[2] / ".." / "shared")) / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real scans are not at hand")


@pytest.fixture(scope="module")
def studies():
    return [read_study(entry) for entry in find_inputs(REAL)]


def test_all_are_found_and_read(studies):
    assert len({study.name for study in studies}) == 32
    for study in studies:
        assert study.scan.names == tuple(ViewName)
        assert [(v.units, v.polarity) for v in study.views] == [(Units.COUNTS, Polarity.HOT_HIGH)] * 2


def test_findings_are_few(studies):
    codes = [finding.code for study in studies for finding in study.quality]
    assert codes.count("clipped") == 2  # one patient, whose pixels at 255 the set's own table lists
    assert set(codes) <= {"clipped", "low_counts"}
    assert codes.count("low_counts") <= 4


def test_swapped_views_are_found_in_most(studies):
    found = 0
    for study in studies:
        a, p = study.views
        swapped = [replace(p, name=a.name), replace(a, name=p.name)]
        found += any(finding.code == "views_swapped" for finding in assess([Looked(view) for view in swapped]))
    assert found >= 28


def test_views_upside_down_are_found_in_most(studies):
    views = [view for study in studies for view in study.views]
    turned = [Looked(replace(view, counts=np.ascontiguousarray(view.counts[::-1]))) for view in views]
    assert sum(looks_upside_down(looked) for looked in turned) >= 58
    assert not any(looks_upside_down(Looked(view)) for view in views)


def test_renderings_are_read_as_pictures(studies, tmp_path):
    for study in studies[::4]:
        a, p = (view.counts for view in study.views)
        assert detect_polarity((255 - picture(a)).astype(np.float32)) is Polarity.HOT_HIGH
        tops = (a.max() / 4, a.max() / 12)
        pixels = np.concatenate([picture(view, top=top) for top in tops for view in (a, p)], axis=1)
        read = read_study(save_picture(tmp_path / f"{study.name}.png", pixels))
        np.testing.assert_array_equal(read.views[0].counts, 255.0 - pixels[:, :256])
        np.testing.assert_array_equal(read.views[1].counts, 255.0 - pixels[:, 256:512])
        assert "views_swapped" not in {finding.code for finding in read.quality}
