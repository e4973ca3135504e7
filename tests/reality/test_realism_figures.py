"""Our measure of the real scans is that of their own statistics: only then do comparisons with them mean anything."""

import os
from pathlib import Path

import pytest

from bonescan.simulate.realism.compare import compare
from bonescan.simulate.realism.real import read_real

SHARED = Path(os.environ.get("BONESCAN_SHARED", Path(__file__).parents[3] / "shared"))
REAL = SHARED / "real"
pytestmark = pytest.mark.skipif(not (REAL / "statistics.json").is_file(), reason="no real scans beside the checkout")


def test_real_scans_measure_as_their_statistics_say():
    frames, statistics = read_real(REAL)
    rows = compare(frames, statistics)
    assert len(rows) > 200
    far = [
        f"{row.view} {row.name}"
        for row in rows
        # Half of the real spread around the median: definitions differ in details, not in kind.
        if abs(row.simulated[1] - row.real[1]) > 0.4 * max(row.real[2] - row.real[0], 0.002)
    ]
    assert far == []
    assert [row.name for row in rows if row.verdict] == []
