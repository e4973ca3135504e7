"""How DICOM objects, file names and people name a view.

A view is found by its code or by words, never by the order of frames.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bonescan.core.study import ViewName


class Code(NamedTuple):
    """A coded concept: value, scheme, meaning."""

    value: str
    scheme: str
    meaning: str


VIEW_CODES: dict[ViewName, Code] = {
    ViewName.ANTERIOR: Code("399321004", "SCT", "Anterior projection"),
    ViewName.POSTERIOR: Code("399001007", "SCT", "Posterior projection"),
}
"""What we write. Source: DICOM PS3.16 CID 26, Nuclear Medicine Projections."""

_VIEW_OF_CODE: dict[str, ViewName] = {
    # CID 26 in SCT, and in SRT as objects from before 2017 have it.
    "399321004": ViewName.ANTERIOR,
    "399001007": ViewName.POSTERIOR,
    "G-5215": ViewName.ANTERIOR,
    "G-5216": ViewName.POSTERIOR,
    # CID 2, Anatomic Modifier, in SCT and SRT.
    "255549009": ViewName.ANTERIOR,
    "255551008": ViewName.POSTERIOR,
    "R-404CC": ViewName.ANTERIOR,
    "R-404CE": ViewName.POSTERIOR,
    # The X-ray projections, which some cameras borrow. In emission imaging the camera in front is meant by
    # antero-posterior.
    "399348003": ViewName.ANTERIOR,
    "R-10206": ViewName.ANTERIOR,
    "272479007": ViewName.POSTERIOR,
    "R-10214": ViewName.POSTERIOR,
}

_NO_VIEW = re.compile(r"oblique|antero[\s_-]*posterior|postero[\s_-]*anterior|(?<![a-z])(rao|lao|rpo|lpo)(?![a-z])")
_ANTERIOR = re.compile(r"(?<![a-z])(ant|anterior|wbant|antwb)(?![a-z])")
_POSTERIOR = re.compile(r"(?<![a-z])(post|posterior|pos|wbpost|postwb)(?![a-z])")


def view_of_code(value: str) -> ViewName | None:
    """Return the view that a code value stands for, or None.

    Example:
        >>> view_of_code("G-5215")
        <ViewName.ANTERIOR: 'anterior'>
    """
    return _VIEW_OF_CODE.get(value.strip().upper())


def view_of_text(text: str) -> ViewName | None:
    """Return the view that words name, or None where they name none, both, or an oblique one.

    Example:
        >>> view_of_text("WB_ANT"), view_of_text("Whole body, ANT + POST"), view_of_text("Antonia")
        (<ViewName.ANTERIOR: 'anterior'>, None, None)
    """
    low = text.lower()
    if _NO_VIEW.search(low):
        return None
    anterior, posterior = _ANTERIOR.search(low), _POSTERIOR.search(low)
    if bool(anterior) == bool(posterior):
        return None
    return ViewName.ANTERIOR if anterior else ViewName.POSTERIOR
