"""Folder names that never overwrite the result of another study."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bonescan.core.study import Study


def free_name(out: Path, name: str, study: Study) -> str:
    """The name, with a number where a folder of that name in `out` holds the result of another study.

    Archives call the files of every patient alike (`IM0001`). The same study analysed again keeps its folder; so does
    one without a UID, such as a picture, since nothing tells it from the one before.

    Args:
        out: Folder of all results.
        name: Name of the study's folder.
        study: The study that is to be written.
    """
    candidates = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if not _is_anothers(out / candidate, study.study_instance_uid))


def _is_anothers(folder: Path, uid: str | None) -> bool:
    try:
        document = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
        other = document["study"]["study_instance_uid"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return uid is not None and other is not None and other != uid
