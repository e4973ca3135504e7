"""Annotations of a simulated study, written as LabelMe and read back as a cohort."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bonescan.core.study import ViewName
from bonescan.io.label_masks import read_labels
from bonescan.simulate.patient import draw_patient, render
from bonescan.simulate.study_files import Extras, write_study


@lru_cache(maxsize=1)
def simulated():
    return render(draw_patient(1, "x", metastatic=True, benign=True))


@st.composite
def label_maps(draw):
    """A few boxes and specks of each label, holes and touching corners among them."""
    labels = np.zeros(simulated().study.scan[ViewName.ANTERIOR].counts.shape, np.uint8)
    for _ in range(draw(st.integers(0, 12))):
        row, column = draw(st.integers(0, 1023)), draw(st.integers(0, 255))
        rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 40))
        labels[row : row + rows, column : column + columns] = draw(st.integers(0, 3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    labels[rng.integers(0, 1024, 30), rng.integers(0, 256, 30)] = rng.integers(0, 4, 30)
    return labels


@settings(max_examples=15, deadline=None)
@given(label_maps(), label_maps())
def test_polygons_rasterise_back_to_the_masks(tmp_path_factory, anterior, posterior):
    folder = tmp_path_factory.mktemp("cohort")
    labels = {ViewName.ANTERIOR: anterior, ViewName.POSTERIOR: posterior}
    write_study(folder, replace(simulated(), labels=labels), extras=Extras(("labelme",)))
    assert not (folder / "x" / "masks" / "anterior.png").exists()
    read = read_labels(folder, "x", [folder / "x" / "x.dcm"])
    for view in ViewName:
        np.testing.assert_array_equal(read[view], labels[view])
