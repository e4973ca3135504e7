"""Readings of mixed sheets: scored rightly, and shown on the page as committed."""

import json

import pytest

from benchmarks import blind_reading


def test_the_page_shows_the_committed_readings():
    result = json.loads(blind_reading.RESULT.read_text(encoding="utf-8"))
    text = blind_reading.PAGE.read_text(encoding="utf-8")
    assert blind_reading.updated(text, result) == text, "run: python -m benchmarks.blind_reading"


def test_every_committed_reading_fits_its_sheet():
    for one in json.loads(blind_reading.RESULT.read_text(encoding="utf-8"))["readings"]:
        assert set(one) == {"simulator", "seed", "reader", "key", "calls", "sure_percent"}
        assert len(one["key"]) == len(one["calls"]) == len(one["sure_percent"])


def test_calls_are_counted_by_what_was_taken_for_what():
    one = blind_reading.reading("RRSS", "RSRS", [60, 70, 80, 90], "abc", 1, "nobody")
    row = blind_reading.table({"readings": [one, one]})[-1]
    assert row.startswith("| abc | 2 | 4 of 8: 0.50 (")
    assert "| 2 of 4 | 2 of 4 | 75 % |" in row


@pytest.mark.parametrize(("calls", "sure"), [("RSX", [60] * 3), ("RS", [60] * 3), ("RSR", [60, 60]), ("RSR", [40] * 3)])
def test_calls_that_do_not_fit_are_refused(calls, sure):
    with pytest.raises(SystemExit, match="expected 3"):
        blind_reading.reading("RSR", calls, sure, "abc", 1, "nobody")
