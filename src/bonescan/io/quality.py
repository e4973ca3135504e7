"""What a reader of the result has to know about the input, found in the pixels."""

from __future__ import annotations

from collections.abc import Sequence

from bonescan.core.findings import QualityFinding
from bonescan.core.study import View


def assess(views: Sequence[View]) -> tuple[QualityFinding, ...]:
    """Look for what makes a result less sure."""
    return ()
