"""What the files of a cohort hold, of which its table says nothing: scans, and what is annotated on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from bonescan.core.errors import CohortError
from bonescan.io.cohort_case import TRUTH, CohortCase

_MARK_DIGITS = 16
"""Of a file's mark: so many that no two scans of any cohort share one by chance."""


def content_of(cases: Iterable[CohortCase]) -> str:
    """SHA-256 of the scans, and of all files that say what is true of them: masks, region maps, LabelMe files, truths.

    Of names within the folder and bytes, so that a copy has the same. The table has its own, the fingerprint.

    Raises:
        CohortError: A file cannot be read.
    """
    found = hashlib.sha256()
    for case in sorted(cases, key=lambda case: case.study_id):
        simulated = case.folder / case.study_id / TRUTH
        for path in (*case.paths, *case.annotation_paths, *([simulated] if simulated.is_file() else [])):
            name = path.relative_to(case.folder).as_posix()
            found.update(name.encode() + b"\0" + hashlib.sha256(_read(path, case)).digest())
    return found.hexdigest()


def scan_marks(case: CohortCase) -> frozenset[str]:
    """A mark of each file of a scan, by which it is known again whatever becomes of the table.

    The first digits of the SHA-256 of its bytes, and of no id: only who has the file can tell whose it is.

    Raises:
        CohortError: A file cannot be read.
    """
    return frozenset(hashlib.sha256(_read(path, case)).hexdigest()[:_MARK_DIGITS] for path in case.paths)


def _read(path: Path, case: CohortCase) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CohortError(f"{path.name} of {case.study_id} cannot be read: {error.strerror or error}") from error
