"""Folder names that never overwrite the result of another study."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bonescan.core.study import Study

_TELLING = ("rows", "columns", "counts_total")
"""Facts of a view that stand in analysis.json and hardly ever are the same for two patients."""


def free_name(out: Path, name: str, study: Study) -> str:
    """The name, with a number where a folder of that name in `out` holds the result of another study.

    Archives call the files of every patient alike (`IM0001`). The same study analysed again keeps its folder. Where a
    UID is missing, as in pictures, it is the same study if its views have the same size and the same counts.

    Args:
        out: Folder of all results.
        name: Name of the study's folder.
        study: The study that is to be written.
    """
    candidates = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if not _is_anothers(out / candidate, study))


def _is_anothers(folder: Path, study: Study) -> bool:
    try:
        document = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
        uid = document["study"]["study_instance_uid"]
        views = [tuple(view[fact] for fact in _TELLING) for view in document["study"]["views"]]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if uid is not None and study.study_instance_uid is not None:
        return bool(uid != study.study_instance_uid)
    return views != [tuple(getattr(view, fact) for fact in _TELLING) for view in study.views]
