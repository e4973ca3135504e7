"""The page about realism shows the committed result."""

import json

from benchmarks import realism


def test_the_page_shows_the_committed_figures():
    result = json.loads(realism.RESULT.read_text(encoding="utf-8"))
    text = realism.PAGE.read_text(encoding="utf-8")
    assert realism.updated(text, result) == text, "run: python -m benchmarks.realism --from FILE"


def test_the_result_holds_nothing_of_a_patient():
    result = json.loads(realism.RESULT.read_text(encoding="utf-8"))
    for document in (result["before"], result["now"]):
        known = {"patients", "figures", "figures_off", "telling", "rows", "hot_spots"}
        assert set(document) - {"commit"} <= known
        for spots in document.get("hot_spots", {}).values():
            assert set(spots) == {"count", "over_bone", "area_px"}
            assert len(spots["over_bone"]) == len(spots["area_px"]) == 5
        assert all(set(row) == {"view", "name", "real", "simulated", "verdict"} for row in document["rows"])
