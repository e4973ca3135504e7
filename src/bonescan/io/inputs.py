"""Finds the studies in a file or folder.

A folder may be one study (an object of two frames, one file a view, a pair of pictures) or hold many, side by side or
in folders below it. Objects are grouped by study, wherever they lie, pictures by what their names have in common beside
the view.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bonescan.core.errors import InputError, NotABoneScanError, UnreadableInputError
from bonescan.core.study import ViewName
from bonescan.io.codes import view_of_text, without_view
from bonescan.io.decoding import decoding

_PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"}
_OBJECT_SUFFIXES = {".dcm", ".dicom", ".ima"}
_PICTURE_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"BM")
_NOT_A_SCAN = re.compile(r"(?<![a-z])(regions?|masks?|labels?|overlay|segmentations?|seg)(?![a-z])", re.IGNORECASE)
_MASK_FOLDERS = {"masks", "labels", "regions", "labelme"}
_SEPARATORS = re.compile(r"([ _.-])[ _.-]+")
_MAX_DEPTH = 6


@dataclass(frozen=True)
class Half:
    """What a DICOM object of one view says about where it belongs.

    Attributes:
        study: Its study, or the folder where it names none.
        series: Its series, or "".
        view: The view that it shows.
    """

    study: str
    series: str
    view: ViewName


@dataclass(frozen=True)
class StudyInput:
    """What makes up one study: its name and the files to read.

    Attributes:
        name: Stem of the file or name of the folder; unique in a list of inputs.
        files: One file, or one a view.
        half: Of a DICOM object of one view whose other half has not been found, for `pair_views`.
    """

    name: str
    files: tuple[Path, ...]
    half: Half | None = field(default=None, compare=False, repr=False)


def kind_of(path: Path) -> str | None:
    """Return "dicom", "picture" or None, by content first, by suffix where the content tells nothing.

    Raises:
        UnreadableInputError: The file is missing or may not be read.
    """
    with decoding(path, "file"), path.open("rb") as handle:
        start = handle.read(132)
    if start[128:] == b"DICM":
        return "dicom"
    if start.startswith(_PICTURE_MAGIC):
        return "picture"
    suffix = path.suffix.lower()
    # Without a preamble a data set starts with its first group, 0002 or 0008, in little-endian order.
    if suffix in _OBJECT_SUFFIXES or start[:2] in {b"\x02\x00", b"\x08\x00"}:
        return "dicom"
    return "picture" if suffix in _PICTURE_SUFFIXES else None


def find_inputs(path: Path | str) -> list[StudyInput]:
    """Find the studies in a file or folder.

    Args:
        path: A file, which is one study, together with the other picture of its pair; or a folder of any depth.

    Returns:
        Inputs for `read_study`, at least one, in the order of their names, which are unique.

    Raises:
        UnreadableInputError: There is no such file or folder, or it holds nothing that is read.
        NotABoneScanError: All DICOM objects of the folder are something else than whole-body scans.
    """
    path = Path(path)
    with decoding(path, "folder"):
        is_folder = path.is_dir()
    if is_folder:
        return _in_folder(path)
    if kind_of(path) == "picture":
        return [_with_partner(path)]
    return [StudyInput(path.stem or path.name, (path,))]


def _in_folder(root: Path) -> list[StudyInput]:
    found: list[StudyInput] = []
    others: set[str] = set()
    for folder, names, files in os.walk(root):
        here = Path(folder)
        depth = len(here.relative_to(root).parts)
        names[:] = sorted(n for n in names if not _hidden(n) and n.lower() not in _MASK_FOLDERS and depth < _MAX_DEPTH)
        paths = [here / name for name in sorted(files) if not _hidden(name)]
        groups = _pictures(paths) + _objects(paths, others)
        if len(groups) == 1 and not (here == root and names):
            # Alone in its folder: the folder's name is the study's.
            groups = [replace(groups[0], name=here.resolve().name)]
        found += groups
    if not found and others:
        raise NotABoneScanError(
            f"{root.name} holds only {', '.join(sorted(others))}", expected="a planar whole-body scan (NM)"
        )
    if not found:
        raise UnreadableInputError(
            f"{root.name or root} holds no study", expected="DICOM files, or pictures (PNG, JPEG, TIFF)"
        )
    return _unique(sorted(pair_views(found), key=lambda entry: (entry.name, entry.files)))


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "DICOMDIR"


def _pictures(paths: Sequence[Path]) -> list[StudyInput]:
    """Pictures of a folder, a pair of views together."""
    pictures = [p for p in paths if not _NOT_A_SCAN.search(p.stem) and _safe_kind(p) == "picture"]
    groups: dict[str, list[Path]] = {}
    for path in pictures:
        groups.setdefault(_stem_without_view(path), []).append(path)
    found = []
    for stem, members in groups.items():
        by_view: dict[ViewName | None, Path] = {}
        for member in members:
            by_view.setdefault(view_of_text(member.stem), member)
        pair = tuple(by_view[view] for view in ViewName if view in by_view)
        if len(pair) == 2:
            found.append(StudyInput(stem or pair[0].parent.resolve().name, pair))
        singles = [m for m in members if len(pair) < 2 or (m not in pair and view_of_text(m.stem) is None)]
        found += [StudyInput(member.stem, (member,)) for member in singles]
    return found


def _with_partner(path: Path) -> StudyInput:
    """A picture and, where its name tells a view, the other view beside it."""
    view, stem = view_of_text(path.stem), _stem_without_view(path)
    if view is None:
        return StudyInput(path.stem, (path,))
    other = next(name for name in ViewName if name is not view)
    with decoding(path.parent.resolve(), "folder"):
        siblings = sorted(path.parent.iterdir())
    candidates = [
        sibling
        for sibling in siblings
        if view_of_text(sibling.stem) is other
        and _stem_without_view(sibling) == stem
        and sibling.suffix.lower() in _PICTURE_SUFFIXES
        and not _NOT_A_SCAN.search(sibling.stem)
    ]
    partner = next((c for c in candidates if c.suffix == path.suffix), next(iter(candidates), None))
    if partner is None:
        return StudyInput(path.stem, (path,))
    pair = (path, partner) if view is ViewName.ANTERIOR else (partner, path)
    return StudyInput(stem or path.parent.resolve().name, pair)


def _stem_without_view(path: Path) -> str:
    return _without_view(path.stem)


def _without_view(name: str) -> str:
    """R001_anterior → R001."""
    return _SEPARATORS.sub(r"\1", without_view(name)).strip(" _-.")


def _objects(paths: Sequence[Path], others: set[str]) -> list[StudyInput]:
    """DICOM objects of a folder, one-view objects of a study together; `others` collects what else was met."""
    found: list[StudyInput] = []
    for path in paths:
        if _safe_kind(path) != "dicom":
            continue
        alone = StudyInput(path.stem or path.name, (path,))
        try:
            other, half = _told(path)
        except InputError:
            found.append(alone)  # reading it will say what is wrong
            continue
        if other:
            others.add(other)
            continue
        if half is not None and not half.study:
            # Nothing but the folder says that two objects belong together.
            half = replace(half, study=str(path.parent.resolve()))
        found.append(replace(alone, half=half))
    return pair_views(found)


def with_half(entry: StudyInput) -> StudyInput:
    """Find out whose half an input is, where it is one DICOM object of one view.

    For objects that are named one by one: `find_inputs` looks into those of folders alone, since most are read at once.
    """
    if len(entry.files) > 1 or _safe_kind(entry.files[0]) != "dicom":
        return entry
    try:
        _, half = _told(entry.files[0])
    except InputError:
        return entry  # reading it will say what is wrong
    return replace(entry, half=half) if half is not None and half.study else entry


def _told(path: Path) -> tuple[str, Half | None]:
    """What an object is if it is clearly no scan, or ""; and where it belongs if it shows one view.

    Raises:
        UnreadableInputError: It is no DICOM file, or damaged.
    """
    from bonescan.io.dicom import read_header, views_named
    from bonescan.io.dicom_header import other_kind

    with decoding(path, "DICOM file"):  # values are parsed, and warned about, when they are asked for
        header = read_header(path, stop_before_pixels=True)
        views = views_named(header, path)
        view = views[0] if len(views) == 1 else None
        half = None if view is None else Half(header.text("StudyInstanceUID"), header.text("SeriesInstanceUID"), view)
        return other_kind(header), half


def pair_views(inputs: Iterable[StudyInput]) -> list[StudyInput]:
    """Put anterior and posterior objects of a study together: the first of each, the second of each, and so on.

    Those of one series go first: a study may hold an early and a late acquisition.

    Args:
        inputs: Of one or several calls of `find_inputs`.

    Returns:
        The inputs, a pair in the place of its first half.
    """
    return _pair_by(_pair_by(inputs, lambda half: half.study + "/" + half.series), lambda half: half.study)


def _pair_by(inputs: Iterable[StudyInput], key: Callable[[Half], str]) -> list[StudyInput]:
    found: list[StudyInput] = []
    waiting: dict[tuple[str, ViewName], list[int]] = {}
    for entry in inputs:
        if entry.half is None:
            found.append(entry)
            continue
        whose, view = key(entry.half), entry.half.view
        other = next(name for name in ViewName if name is not view)
        if places := waiting.get((whose, other)):
            place = places.pop(0)
            first = found[place]
            found[place] = _pair(first, entry) if view is ViewName.POSTERIOR else _pair(entry, first)
        else:
            waiting.setdefault((whose, view), []).append(len(found))
            found.append(entry)
    return found


def _pair(anterior: StudyInput, posterior: StudyInput) -> StudyInput:
    """One input of two, with the name that they share beside the view, else that of the folder around both."""
    stem, other = (_without_view(half.name) for half in (anterior, posterior))
    folders = [half.files[0].parent.resolve() for half in (anterior, posterior)]
    shared = stem if stem == other or folders[0] == folders[1] else ""
    name = shared or Path(os.path.commonpath(folders)).name or anterior.name
    return StudyInput(name, anterior.files + posterior.files)


def _safe_kind(path: Path) -> str | None:
    try:
        return kind_of(path)
    except UnreadableInputError:
        return None


def _unique(inputs: list[StudyInput]) -> list[StudyInput]:
    """Append -2, -3, … to names that come again."""
    taken: set[str] = set()
    out = []
    for entry in inputs:
        name, number = entry.name, 1
        while name.lower() in taken:
            number += 1
            name = f"{entry.name}-{number}"
        taken.add(name.lower())
        out.append(replace(entry, name=name))
    return out
