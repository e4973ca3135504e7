"""What a reader returns: views of counts, the scan that they form, and the study around it.

Conventions held everywhere: arrays are (row, column), float32, hot = high; `view_index` is 0-based and `frame_number`
1-based; the patient's right is at the image's left in an anterior view and at its right in a posterior one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import MissingViewError
from bonescan.core.findings import QualityFinding

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Counts = npt.NDArray[np.float32]
"""(row, column) float32, hot = high."""
Labels = npt.NDArray[np.uint8]
"""(row, column) uint8 labels."""
Mask = npt.NDArray[np.bool_]
"""(row, column) bool."""


def labelled(labels: Labels, label: int) -> Mask:
    """Pixels with a label.

    NumPy compares with a member of an enumeration as with a number of 64 bits, which takes many times as long.

    Args:
        labels: (row, column) uint8.
        label: 0 to 255, as of `MaskLabel` or `Region`.
    """
    found: Mask = labels == np.uint8(label)
    return found


class ViewName(StrEnum):
    """The two views of a whole-body scan."""

    ANTERIOR = "anterior"
    POSTERIOR = "posterior"


class Polarity(StrEnum):
    """How the stored pixels drew uptake, before the reader turned them hot = high."""

    HOT_HIGH = "hot_high"
    HOT_LOW = "hot_low"


class Units(StrEnum):
    """What a pixel value is."""

    COUNTS = "counts"
    DISPLAY = "display"
    """Grey levels of a rendering (8-bit pictures): not counts, so indices are not quantitative."""


@dataclass(frozen=True, eq=False)
class View:
    """One planar whole-body view.

    Attributes:
        name: Which side the camera looked from.
        counts: (row, column) float32, at least 0, hot = high.
        pixel_spacing_mm: (row, column) spacing in mm, or None where the input does not say.
        polarity: How the stored pixels drew uptake.
        units: Counts, or display grey levels.
        frame_number: 1-based frame of the DICOM object it came from, or None.
        sop_instance_uid: The DICOM object it came from, or None.
        origin_px: (row, column) where the view begins in that frame: not (0, 0) where one picture holds several views.
    """

    name: ViewName
    counts: Counts
    pixel_spacing_mm: tuple[float, float] | None = None
    polarity: Polarity = Polarity.HOT_HIGH
    units: Units = Units.COUNTS
    frame_number: int | None = None
    sop_instance_uid: str | None = None
    origin_px: tuple[int, int] = (0, 0)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.counts.shape[0])

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.counts.shape[1])

    @property
    def counts_total(self) -> float:
        """Sum over the view."""
        return float(self.counts.sum(dtype=np.float64))

    def __repr__(self) -> str:
        spacing = "spacing unknown"
        if self.pixel_spacing_mm:
            spacing = f"{self.pixel_spacing_mm[0]:.2f} x {self.pixel_spacing_mm[1]:.2f} mm"
        return f"View({self.name}, {self.rows} x {self.columns}, {spacing}, {self.counts_total:,.0f} {self.units})"


@dataclass(frozen=True, eq=False)
class Scan:
    """One whole-body acquisition: one or both views, in the order anterior, posterior."""

    views: tuple[View, ...]
    radiopharmaceutical: str | None = None
    injected_activity_mbq: float | None = None
    acquisition_date: str | None = None
    """YYYYMMDD, as in the header, of its series or study where that does not date the acquisition, or None."""

    def __iter__(self) -> Iterator[View]:
        return iter(self.views)

    def __getitem__(self, name: ViewName | str) -> View:
        for view in self.views:
            if view.name == name:
                return view
        have = ", ".join(view.name for view in self.views) or "no view"
        raise MissingViewError(f"the scan has {have}", expected=f"a {name} view")

    @property
    def names(self) -> tuple[ViewName, ...]:
        """Names of the views present."""
        return tuple(view.name for view in self.views)


@dataclass(frozen=True, eq=False)
class Study:
    """A patient's examination as read: the scan, what identifies it, and what the reader noticed.

    Attributes:
        name: Stem of the input's file or folder: names a patient where these do, and nothing of the header.
        scan: The views.
        study_instance_uid: From the header, or None.
        patient_sex: "M", "F", "O" or None.
        quality: Findings of the reader and of the quality checks.
        headers: The DICOM headers it was read from, one an object, without pixels and private elements; none where the
            input was no DICOM. They name the patient, and are for results that are filed under that patient alone:
            never for a log, a message or `analysis.json`.
    """

    name: str
    scan: Scan
    study_instance_uid: str | None = None
    patient_sex: str | None = None
    quality: tuple[QualityFinding, ...] = field(default=())
    headers: Sequence[Dataset] = field(default=(), repr=False)

    @property
    def views(self) -> tuple[View, ...]:
        """The views of the scan, anterior first."""
        return self.scan.views

    def with_quality(self, *findings: QualityFinding) -> Study:
        """Return a copy with findings appended; one already present (same code and view) is not repeated."""
        found: dict[tuple[str, str | None], QualityFinding] = {}
        for finding in (*self.quality, *findings):
            found.setdefault((finding.code, finding.view), finding)
        return replace(self, quality=tuple(found.values()))

    def __repr__(self) -> str:
        lines = [f"Study({self.name!r}, {len(self.views)} view{'s' if len(self.views) != 1 else ''})"]
        lines += [f"  {view!r}" for view in self.views]
        lines += [f"  {f.severity}: {f.message}" for f in self.quality]
        return "\n".join(lines)
