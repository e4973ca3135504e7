"""The shipped model against the marks of real scans, where they are at hand: the committed counts can be made again."""

import json
import os
from pathlib import Path

import pytest

from benchmarks.reality import page
from benchmarks.reality.agreement import agreement
from benchmarks.reality.found import find
from benchmarks.reality.studies import SHOWN, read_marked
from bonescan.models.registry import DEFAULT_MODEL, find_bundle

REAL = Path(os.environ.get("BONESCAN_SHARED", Path(__file__).parents[3] / "shared")) / "real"
pytestmark = pytest.mark.skipif(not (REAL / "boxes.csv").is_file(), reason="no real scans beside the checkout")


@pytest.fixture(scope="module")
def marked():
    return read_marked(REAL)


def test_all_marks_are_read(marked):
    assert len(marked) == 32
    labels = [box.label for one in marked for boxes in one.boxes.values() for box in boxes]
    assert (labels.count("abnormal"), labels.count("normal")) == (66, 83)
    assert sum(one.has_abnormal for one in marked) == 14


def test_the_committed_counts_are_those_of_the_shipped_model(marked):
    result = json.loads(page.RESULT.read_text(encoding="utf-8"))
    name = find_bundle(DEFAULT_MODEL).name
    (committed,) = [model["shown"]["as stored"] for model in result["models"] if model["name"] == name]
    counted = agreement([(one, find(DEFAULT_MODEL, one.study, SHOWN["as stored"])) for one in marked])
    # Runtimes differ in the last digits, and a pixel at a threshold may fall on either side.
    for label, boxes in committed["boxes"].items():
        assert counted["boxes"][label]["metastasis"] == pytest.approx(boxes["metastasis"], abs=2)
    assert counted["suspected"]["looks_normal"]["suspected"] == pytest.approx(
        committed["suspected"]["looks_normal"]["suspected"], abs=1
    )
    assert counted["bladder"]["boxes_hit"] == pytest.approx(committed["bladder"]["boxes_hit"], abs=1)
    assert counted["regions"]["mean"] == pytest.approx(committed["regions"]["mean"], abs=0.01)
