"""The output folder of a study: `OUT/<study>/` with analysis.json, masks, overlay, text, and what else is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from bonescan.core.errors import UsageError
from bonescan.core.files import check_replaceable, staged_folder, write_bytes
from bonescan.core.findings import Analysis
from bonescan.core.study import Labels, Study

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom.dataset import Dataset

DEFAULT_FORMATS = ("json", "png", "pdf")
DICOM_FORMATS = ("seg", "sr", "sc")
FORMATS = (*DEFAULT_FORMATS, *DICOM_FORMATS, "fhir")
LONGEST_NAME = 100
LONGEST_NAME_BYTES = 200
"""Below the 255 of most file systems, with room for a number and for the temporary name that it is written under."""
_WRITTEN = {"analysis.json", "masks", "overlay.png", "report.txt", "report.pdf", "dicom", "fhir.json"}
_IGNORED = {"Thumbs.db", "desktop.ini"}
_Made = TypeVar("_Made")


def write(
    analysis: Analysis, out: Path | str, formats: Sequence[str] = DEFAULT_FORMATS, *, name: str | None = None
) -> Path:
    """Write an analysis as a folder, whole or not at all; one of the same name is replaced.

    analysis.json, masks/ and report.txt are always written, overlay.png with "png", report.pdf with "pdf", fhir.json
    with "fhir".
    "seg", "sr" and "sc" write DICOM objects into dicom/, where "pdf" beside one of them puts the report too. DICOM
    objects and fhir.json name the patient as the scan does; the rest has no name or id from the header, but the study's
    name, which is that of the input's file or folder.

    Args:
        analysis: With its study and masks attached.
        out: Folder that gets the study's folder; made where missing.
        formats: Of `FORMATS`.
        name: Name of the study's folder; by default that of its study. See `unique_names` for several studies.

    Returns:
        The folder `out/<study>`.

    Raises:
        UsageError: An unknown format.
        NoHeaderError: DICOM objects are asked for, and the input was none; see `check_input`.
        OutputError: It cannot be written, or a folder of that name holds something else than an earlier result;
            nothing half-written is left, and what was there is as it was.
    """
    chosen = check_formats(formats)
    check_input(analysis.source, chosen)
    folder = Path(out) / folder_name(name or analysis.name)
    check_replaceable(folder, _WRITTEN | _IGNORED, "an earlier result")
    with staged_folder(folder) as staged:
        files = _files(analysis, chosen)
        # Picture and page take most of the time, and take it side by side.
        with ThreadPoolExecutor(2) as pool:
            contents = pool.map(lambda make: make(), files.values())
            for file, content in zip(files, contents, strict=True):
                write_bytes(staged / file, content)
    return folder


def load(formats: Sequence[str]) -> None:
    """Import what writing these formats takes, ahead of the first."""
    from bonescan.report import document, figures, text  # noqa: F401

    if "pdf" in formats:
        document.load()


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """Return the formats, each once; for a check before long work.

    Raises:
        UsageError: One is unknown.

    Example:
        >>> check_formats(["json", "pdf", "json"])
        ('json', 'pdf')
    """
    if isinstance(formats, str):
        raise UsageError(f"formats is the text {formats!r}", expected="a list of names such as ['json', 'pdf']")
    for word in formats:
        if word not in FORMATS:
            raise UsageError(f"unknown format {word!r}", expected=f"some of {', '.join(FORMATS)}")
    return tuple(dict.fromkeys(formats))


def check_input(study: Study, formats: Sequence[str]) -> None:
    """Check that the formats can be written for a study; for a check before long work.

    Raises:
        NoHeaderError: DICOM objects are asked for, and the study was not read from DICOM or its header lacks the UIDs
            that they refer to. No patient and no study is ever made up.
    """
    if any(word in DICOM_FORMATS for word in formats):
        from bonescan.export.identity import check_headers

        check_headers(study)


def folder_name(name: str) -> str:
    """Make a study's name safe as the name of a folder on any system.

    Example:
        >>> folder_name("a/b: c"), folder_name("..")
        ('a_b_ c', 'study')
    """
    safe = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name).strip(". ")
    # File systems count bytes, of which a letter may have four.
    short = safe.encode(errors="ignore")[:LONGEST_NAME_BYTES].decode(errors="ignore")[:LONGEST_NAME]
    return short.rstrip(". ") or "study"


def unique_names(names: Iterable[str]) -> list[str]:
    """Return folder names for several studies, numbered where two would be the same on any system.

    Example:
        >>> unique_names(["scan", "Scan", "scan-2", "scan"])
        ['scan', 'Scan-2', 'scan-2-2', 'scan-3']
    """
    taken: set[str] = set()
    unique = []
    for name in map(folder_name, names):
        candidate, number = name, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{name}-{number}"
        taken.add(candidate.casefold())
        unique.append(candidate)
    return unique


def _files(analysis: Analysis, formats: Sequence[str]) -> dict[str, Callable[[], bytes]]:
    """Relative path → what makes the content."""
    from bonescan.report.document import document
    from bonescan.report.figures import overlay_image, views_image
    from bonescan.report.text import report_text

    files: dict[str, Callable[[], bytes]] = {}
    views = _once(partial(views_image, analysis))
    page = _once(lambda: document(analysis, views()))
    if "png" in formats:
        files["overlay.png"] = lambda: _png(overlay_image(analysis, views=views()))
    if "pdf" in formats:
        files["report.pdf"] = page
    if any(word in DICOM_FORMATS for word in formats):
        from bonescan.export.objects import makers

        for stem, make in makers(analysis, formats, views=views, page=page).items():
            files[f"dicom/{stem}.dcm"] = partial(_encoded, make)
    if "fhir" in formats:
        from bonescan.export.fhir import fhir_json

        files["fhir.json"] = partial(fhir_json, analysis)
    for view, labels in analysis.masks.items():
        files[f"masks/{view}.png"] = partial(_mask_png, labels)
    for view, labels in analysis.region_maps.items():
        files[f"masks/regions_{view}.png"] = partial(_mask_png, labels)
    files["report.txt"] = lambda: report_text(analysis).encode()
    files["analysis.json"] = lambda: analysis.to_json().encode()
    return files


def _once(make: Callable[[], _Made]) -> Callable[[], _Made]:
    """What two files need is made by the first of two threads that asks for it."""
    lock = Lock()
    made: list[_Made] = []

    def get() -> _Made:
        with lock:
            if not made:
                made.append(make())
        return made[0]

    return get


def _encoded(make: Callable[[], Dataset]) -> bytes:
    from bonescan.export.objects import encoded

    return encoded(make())


def _mask_png(labels: Labels) -> bytes:
    from PIL import Image

    return _png(Image.fromarray(np.ascontiguousarray(labels, dtype=np.uint8)))


def _png(image: Image) -> bytes:
    buffer = BytesIO()
    # Level 1 takes a third of the time of the default for a fifth more bytes.
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
