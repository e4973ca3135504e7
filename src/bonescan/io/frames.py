"""What a file holds before it is known which image shows which view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bonescan.core.errors import NotABoneScanError
from bonescan.core.findings import QualityFinding
from bonescan.core.study import Counts, Polarity, Units, View, ViewName

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@dataclass(frozen=True, eq=False)
class Frame:
    """One image: a `View` whose name may not be known yet.

    Attributes:
        image: (row, column) float32, at least 0, hot = high.
        view: The view that a code or words name, or None.
        polarity: How the stored pixels drew uptake.
        units: Counts or display grey levels.
        pixel_spacing_mm: (row, column), or None.
        frame_number: 1-based frame of a DICOM object, or None.
        sop_instance_uid: The DICOM object, or None.
        origin_px: (row, column) where the image begins in the frame it was cut from.
    """

    image: Counts
    view: ViewName | None
    polarity: Polarity
    units: Units
    pixel_spacing_mm: tuple[float, float] | None = None
    frame_number: int | None = None
    sop_instance_uid: str | None = None
    origin_px: tuple[int, int] = (0, 0)

    def as_view(self, name: ViewName) -> View:
        """The same image, known to be the view `name`."""
        return View(
            name,
            self.image,
            self.pixel_spacing_mm,
            self.polarity,
            self.units,
            self.frame_number,
            self.sop_instance_uid,
            self.origin_px,
        )


@dataclass(frozen=True)
class Facts:
    """What a header says about the study; all optional."""

    study_instance_uid: str | None = None
    patient_sex: str | None = None
    radiopharmaceutical: str | None = None
    injected_activity_mbq: float | None = None
    acquisition_date: str | None = None


@dataclass(frozen=True, eq=False)
class Content:
    """Images and facts of one file, what its reader noticed, and its header where it is a DICOM object."""

    frames: tuple[Frame, ...]
    facts: Facts = field(default_factory=Facts)
    findings: tuple[QualityFinding, ...] = ()
    header: Dataset | None = None


def name_views(frames: Sequence[Frame]) -> tuple[tuple[View, ...], tuple[QualityFinding, ...]]:
    """Decide which image is which view: by name, by exclusion, and only then by order.

    Of several images of one view, as of several energy windows, the one with the most counts is taken.

    Returns:
        One or two views, anterior first; and a finding where the order decided.

    Raises:
        NotABoneScanError: More images are unnamed than there are views to be had.
    """
    chosen: dict[ViewName, Frame] = {}
    for frame in frames:
        if frame.view is not None:
            rival = chosen.get(frame.view)
            if rival is None or frame.image.sum() > rival.image.sum():
                chosen[frame.view] = frame
    unnamed = [frame for frame in frames if frame.view is None]
    open_views = [view for view in ViewName if view not in chosen]
    findings: tuple[QualityFinding, ...] = ()
    if open_views and len(unnamed) > len(open_views):
        raise NotABoneScanError(
            f"{len(unnamed)} images whose view neither a code nor a name tells",
            expected="one anterior and one posterior view",
        )
    if open_views and unnamed:
        if not chosen:
            findings = (_assumed(len(unnamed)),)
        chosen.update(zip(open_views, unnamed, strict=False))
    return tuple(chosen[view].as_view(view) for view in ViewName if view in chosen), findings


def _assumed(count: int) -> QualityFinding:
    taken = "the image was taken as anterior" if count == 1 else "the first image was taken as anterior"
    return QualityFinding(
        code="views_assumed",
        severity="warning",
        message=f"Nothing in the input names the views; {taken}.",
    )
