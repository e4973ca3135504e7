"""Reads a study from whatever it comes in: the one entry to `bonescan.io`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from bonescan.core.errors import MissingViewError, MixedStudyError, UnreadableInputError, UsageError
from bonescan.core.findings import QualityFinding
from bonescan.core.study import Polarity, Scan, Study, View, ViewName
from bonescan.io.decoding import decoding
from bonescan.io.dicom_header import Header, ParsedHeaders
from bonescan.io.frames import Content, Facts, Frame, name_views
from bonescan.io.inputs import StudyInput, find_inputs, kind_of, pair_views, with_half
from bonescan.io.layout import split_frames
from bonescan.io.plausibility import check_bone_scan
from bonescan.io.quality import assess
from bonescan.io.thumbnail import Looked

__all__ = ["StudyInput", "find_inputs", "pair_views", "read_study", "with_half"]


def read_study(
    path: Path | str | StudyInput | None = None,
    *,
    anterior: Path | str | None = None,
    posterior: Path | str | None = None,
    polarity: Polarity | None = None,
) -> Study:
    """Read a study.

    Args:
        path: A DICOM file, a picture, a folder that holds one study, or an entry of `find_inputs`.
        anterior: File of the anterior view, in place of `path`.
        posterior: File of the posterior view, in place of `path`.
        polarity: How the pixels draw uptake; detected by default.

    Returns:
        The views, hot = high, with quality findings of the reader.

    Raises:
        UsageError: Both `path` and a view are given, or neither; or the folder holds several studies.
        MissingViewError: The file of a view does not exist, or its View Code names the other view.
        MixedStudyError: The files are of different patients or studies, or both views are one picture.
        UnreadableInputError: A file is damaged, truncated, or of no known format.
        NotABoneScanError: The images are no whole-body bone scan.

    Example:
        >>> read_study("missing.dcm")
        Traceback (most recent call last):
        bonescan.core.errors.UnreadableInputError: missing.dcm does not exist.
    """
    if (path is None) == (anterior is None and posterior is None):
        raise UsageError("an input and files for single views" if path else "no input", expected="one or the other")
    if path is None:
        return _read_views(anterior, posterior, polarity)
    if not isinstance(path, StudyInput):
        inputs = find_inputs(path)
        if len(inputs) > 1:
            raise UsageError(
                f"{Path(path).name} holds {len(inputs)} studies", expected="one", hint="Name one, or read each of them"
            )
        path = inputs[0]
    return _assemble(path.name, [_read_file(file, None, polarity) for file in path.files])


def _read_views(anterior: Path | str | None, posterior: Path | str | None, polarity: Polarity | None) -> Study:
    contents = []
    names = []
    for view, given in zip(ViewName, (anterior, posterior), strict=True):
        if given is None:
            continue
        file = Path(given)
        with decoding(file, "file"):
            exists = file.is_file()
        if not exists:
            raise MissingViewError(f"the {view} file {file.name} does not exist")
        content = _read_file(file, view, polarity)
        frames = tuple(frame for frame in content.frames if frame.view is view)
        if not frames:
            raise MissingViewError(f"{file.name} holds no {view} view")
        contents.append(replace(content, frames=frames))
        names.append(file)
    return _assemble(find_inputs(names[0])[0].name if len(names) == 2 else names[0].stem, contents)


def _read_file(path: Path, view: ViewName | None, polarity: Polarity | None) -> Content:
    from bonescan.io.dicom import read_object
    from bonescan.io.raster import read_picture

    kind = kind_of(path)
    if kind == "dicom":
        return read_object(path, view=view, polarity=polarity)
    if kind == "picture":
        return read_picture(path, view=view, polarity=polarity)
    raise UnreadableInputError(f"{path.name} is of no known format", expected="DICOM, PNG, JPEG or TIFF")


def _assemble(name: str, contents: Sequence[Content]) -> Study:
    _check_one_study(contents)
    frames: list[Frame] = []
    findings: list[QualityFinding] = []
    for content in contents:
        split, noticed = split_frames(content.frames)
        frames += split
        findings += [*content.findings, *noticed]
    views, assumed = name_views(frames)
    looked = [Looked(view) for view in views]
    check_bone_scan(looked)
    _check_two_pictures(views)
    facts = _merge([content.facts for content in contents])
    headers = ParsedHeaders(content.header for content in contents if content.header is not None)
    study = replace(_study(name, views, facts), headers=headers)
    return study.with_quality(*findings, *assumed, *assess(looked))


def _check_one_study(contents: Sequence[Content]) -> None:
    """Refuse objects of which two name different patients or studies: the results would be filed under the first."""
    headers = [Header(content.header) for content in contents if content.header is not None]
    for keyword, what in (("PatientID", "patients"), ("StudyInstanceUID", "studies")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of letters that are not of the character set
            said = {header.text(keyword) for header in headers} - {""}
        if len(said) > 1:
            raise MixedStudyError(
                f"the files are of different {what}", expected="the views of one study", hint="Give each study alone"
            )


def _check_two_pictures(views: Sequence[View]) -> None:
    """Refuse one picture in place of both views, which noise makes differ even where the body is symmetric."""
    if len(views) < 2:
        return
    anterior, posterior = (view.counts for view in views)
    if np.array_equal(anterior, posterior) or np.array_equal(anterior, posterior[:, ::-1]):
        raise MixedStudyError(
            "both views are the same picture", expected="an anterior and a posterior view", hint="Give one view alone"
        )


def _merge(facts: Sequence[Facts]) -> Facts:
    """The first known value of each fact."""
    known = {
        item.name: next((value for one in facts if (value := getattr(one, item.name)) is not None), None)
        for item in fields(Facts)
    }
    return Facts(**known)


def _study(name: str, views: tuple[View, ...], facts: Facts) -> Study:
    scan = Scan(views, facts.radiopharmaceutical, facts.injected_activity_mbq, facts.acquisition_date)
    return Study(name, scan, facts.study_instance_uid, facts.patient_sex)
