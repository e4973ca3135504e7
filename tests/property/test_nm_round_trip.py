"""What `write_nm` writes, `read_study` reads, whatever the counts, shape and order of frames."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bonescan.core.study import Scan, Study, View, ViewName
from bonescan.io.dicom import write_nm
from bonescan.io.reader import read_study
from phantoms import analytic_counts


@st.composite
def studies(draw):
    rows = draw(st.integers(64, 300))
    columns = draw(st.integers(max(16, -(-rows // 7)), int(rows / 1.9)))
    spacing = draw(st.none() | st.floats(0.5, 9.0).map(lambda v: (round(v, 4), round(v, 4))))
    names = draw(st.sampled_from([("anterior",), ("posterior",), tuple(ViewName), tuple(ViewName)[::-1]]))
    seed = draw(st.integers(0, 2**32 - 1))
    total = 10 ** draw(st.floats(4.5, 7))
    generator = np.random.default_rng(seed)
    views = tuple(
        View(
            ViewName(name),
            np.minimum(generator.poisson(analytic_counts(name, rows=rows, columns=columns) * total), 65535).astype(
                np.float32
            ),
            spacing,
        )
        for name in names
    )
    sex = draw(st.sampled_from(["M", "F", "O", None]))
    activity = draw(st.none() | st.integers(1, 2000).map(float))
    return Study("any", Scan(views, draw(st.sampled_from([None, "MDP", "99mTc-HDP"])), activity), patient_sex=sex)


@settings(max_examples=60)
@given(studies(), st.booleans())
def test_counts_and_facts_survive(study, rle):
    with tempfile.TemporaryDirectory() as folder:
        write_nm(study, Path(folder) / "scan.dcm", rle=rle)
        read = read_study(Path(folder) / "scan.dcm")
    assert sorted(read.scan.names) == sorted(study.scan.names)
    for view in study.views:
        np.testing.assert_array_equal(read.scan[view.name].counts, view.counts)
        assert read.scan[view.name].pixel_spacing_mm == view.pixel_spacing_mm
    assert read.patient_sex == study.patient_sex
    assert read.scan.injected_activity_mbq == study.scan.injected_activity_mbq
    assert read.scan.radiopharmaceutical == study.scan.radiopharmaceutical
