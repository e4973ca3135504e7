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
_LATER = r"""(?:
    in[jy]|iv(?![a-z])|i\.v|appli|admin|dos[ei]|[ck]ontrast|void|mi[ck]t|lasix|furos|diure
  | op(?![a-z])|op[eé]r|surg|chirurg|replace|transplant|biops|proc|[a-z]*(?:e[ck]tom|plast[iy])
  | th[eé]rap|tx(?![a-z])|tre?ai?t|trt|behandl|[ck]h?[eé]mo|chimio|quimio|zyklus|cycle
  | rt(?![a-z])|rx(?![a-z])|rad(?![a-z])|radi(?:at|oth|um)|bestrahl
  | exerc|stress|effort|trauma|fra[ck]t|fx(?![a-z])
)"""
"""What is done to a patient or a picture, in the languages of western Europe: "post" before it means after it."""
_TIME = r"""(?:
    \d\s*-?(?:h|hrs?|std|min|mins|wks?|mo|mos|yrs?)|\d:\d\d|(?<![a-z])(?:hours?|minutes?|days?|weeks?|months?|years?)
  | (?<![a-z])(?:stunden?|minuten|tage?|wochen?|monate?|heures?|jours?|semaines?|mois)
)\.?"""
"""The end of a duration or a time of day; an underscore after it begins another word of a name, as in WB_3H_POST."""
_WORD = re.compile(
    rf"""
    (?P<other> (?<![a-z])(?:post|pos)[\W_]+                   # post-op; post hip replacement
          (?:(?!ant|pos|view|proj|after|nach)(?:[a-z]+|\d+(?:st|nd|rd|th|x)?)[\W_]+)? {_LATER}
      | {_TIME}[\s-]+post(?![a-z])(?!\W*(?:view|proj))         # 3h post
      | (?<![a-z])(?:pre|status)(?:[\W_]+(?:and|und|et|vs))?[\W_]+post(?![a-z])
      | (?<![a-z])(?:supine|prone|sitting|standing|upright|erect|bed|table)[\W_]*pos(?![a-z])
      | (?<![a-z])pos[\s.:#]+\d )                              # position 2
  | (?<![a-z])(?: (?P<anterior>ant|anterior|wbant|antwb) | (?P<posterior>post|posterior|pos|wbpost|postwb) )(?![a-z])
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Words for views, and `other` phrases that hold such a word and mean something else."""


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
        >>> view_of_text("WB_ANT"), view_of_text("Whole body, ANT + POST"), view_of_text("Bone scan post-op")
        (<ViewName.ANTERIOR: 'anterior'>, None, None)
    """
    if _NO_VIEW.search(text.lower()):
        return None
    named = {match.lastgroup for match in _WORD.finditer(text)} - {"other"}
    return ViewName(named.pop() or "") if len(named) == 1 else None


def without_view(text: str) -> str:
    """Take the words out that name a view.

    Example:
        >>> without_view("R001_anterior"), without_view("7 post-op ANT")
        ('R001_', '7 post-op ')
    """
    return _WORD.sub(lambda match: match[0] if match.lastgroup == "other" else "", text)
