"""Real anonymised scans, where they lie beside the checkout: the command works on all of them, and stays sane.

No accuracy is claimed here: nobody knows the truth of these scans. They are never committed.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from bonescan.cli.main import main

SHARED = Path(os.environ.get("BONESCAN_SHARED", Path(__file__).parents[3] / "shared"))
REAL = SHARED / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="no real scans beside the checkout")


@pytest.fixture(scope="module")
def analyses(tmp_path_factory):
    out = tmp_path_factory.mktemp("real")
    with pytest.raises(SystemExit) as stop:
        main(["analyze", str(REAL), "-o", str(out), "--formats", "json"])
    assert stop.value.code in (0, None)
    return {path.parent.name: json.loads(path.read_text()) for path in sorted(out.glob("*/analysis.json"))}


def test_every_patient_is_analysed(analyses):
    expected = {path.name.split("_")[0] for path in REAL.glob("R*_anterior.png")}
    assert len(expected) == len(analyses) > 0
    for document in analyses.values():
        assert [view["view"] for view in document["study"]["views"]] == ["anterior", "posterior"]
        assert all(view["polarity"] == "hot_high" for view in document["study"]["views"])


def test_knees_are_not_metastases(analyses):
    """Knees are warm in nearly everybody: few patients may have a metastasis there."""
    with_knees = 0
    for document in analyses.values():
        rows = {view["view"]: view["rows"] for view in document["study"]["views"]}
        metastases = [lesion for lesion in document["lesions"] if lesion["class"] == "metastasis"]
        heights = [lesion["centroid"][0] / rows[lesion["view"]] for lesion in metastases]
        with_knees += any(0.64 < height < 0.78 for height in heights)
    assert with_knees <= 0.2 * len(analyses)


def test_bladder_is_found_in_most(analyses, tmp_path):
    import bonescan as bs

    found = 0
    codes = sorted(analyses)[:8]
    for code in codes:
        study = bs.read(REAL / f"{code}_anterior.png")
        mask = bs.analyze(study).masks["anterior"]
        rows = np.argwhere(mask == 2)[:, 0] / mask.shape[0]
        found += rows.size > 30 and 0.4 < rows.mean() < 0.6
    assert found >= len(codes) / 2
