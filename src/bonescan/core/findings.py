"""What an analysis says: the document `analysis.json` (schema `bonescan.analysis/1`) as frozen pydantic models.

`Analysis` is the document; beside it it carries, outside the JSON, the study and the label masks it was made from.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

if TYPE_CHECKING:
    from bonescan.core.study import Study

SCHEMA = "bonescan.analysis/1"
DISCLAIMER = "Draft, for review by a physician. Research software, not a medical device."

ViewKey = Literal["anterior", "posterior"]
Probability = float


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, ser_json_inf_nan="null")


class QualityFinding(_Frozen):
    """Something about the input that a reader of the result has to know; data, not an exception."""

    code: str = Field(description="Stable identifier, e.g. 'low_counts', 'one_view', 'clipped', 'display_units'.")
    severity: Literal["info", "warning", "error"]
    message: str
    view: ViewKey | None = None

    def __str__(self) -> str:
        return f"{self.severity.capitalize()}{f' ({self.view})' if self.view else ''}: {self.message}"


class ViewInfo(_Frozen):
    """Facts of one analysed view."""

    view: ViewKey
    rows: int = Field(gt=0)
    columns: int = Field(gt=0)
    pixel_spacing_mm: tuple[float, float] | None = Field(description="(row, column), null where unknown.")
    counts_total: float = Field(ge=0)
    polarity: Literal["hot_high", "hot_low"]
    units: Literal["counts", "display"]


class StudyInfo(_Frozen):
    """What identifies the study; never a name or a patient id."""

    study_instance_uid: str | None
    patient_sex: Literal["M", "F", "O"] | None
    views: tuple[ViewInfo, ...]


class ModelInfo(_Frozen):
    """Which bundle produced the result."""

    name: str
    version: str
    sha256: str = Field(description="SHA-256 of bundle.json, which itself lists the SHA-256 of each file.")
    pipeline: Literal["stepwise", "joint"]


def shown(probability: float, digits: int = 2) -> str:
    """Write a probability for people: no model is as certain as a rounded 0 or 1 would say.

    Example:
        >>> shown(0.934), shown(0.9996), shown(0.0004, digits=3)
        ('0.93', '>0.99', '<0.001')
    """
    said = f"{probability:.{digits}f}"
    if said == f"{0:.{digits}f}":
        return f"<{10**-digits:.{digits}f}"
    return f">{1 - 10**-digits:.{digits}f}" if said == f"{1:.{digits}f}" else said


class Metastasis(_Frozen):
    """Study-level answer."""

    probability: Probability = Field(ge=0, le=1)
    threshold: Probability = Field(ge=0, le=1)
    present: bool
    by_view: dict[ViewKey, Probability]
    calibrated: bool = Field(
        True, description="False where the model is not calibrated: its probabilities are scores, which only rank."
    )

    @property
    def quantity(self) -> Literal["probability", "score"]:
        """What people are to call `probability`: one that is not calibrated does not mean what it says."""
        return "probability" if self.calibrated else "score"

    @property
    def shown(self) -> tuple[str, str]:
        """Probability and threshold for people, with the digits it takes to show on which side the probability lies."""
        found, threshold = self.probability, self.threshold
        digits = next(n for n in range(2, 9) if n == 8 or round(found, n) != round(threshold, n))
        if found == threshold:
            digits = 2
        return shown(found, digits), f"{threshold:.{digits}f}"


class SiteFinding(_Frozen):
    """Whether a site holds metastases."""

    probability: Probability = Field(ge=0, le=1)
    present: bool


class Lesion(_Frozen):
    """One connected lesion in one view."""

    id: int = Field(ge=1)
    view: ViewKey
    class_: Literal["metastasis", "benign"] = Field(alias="class")
    probability: Probability = Field(ge=0, le=1, description="Mean segmentation probability over its pixels.")
    site: str | None = None
    region: str | None = None
    laterality: Literal["left", "right", "midline"] | None = Field(description="The patient's side.")
    area_px: int = Field(gt=0)
    area_mm2: float | None
    bbox: tuple[int, int, int, int] = Field(description="row0, column0, row1, column1; half open.")
    centroid: tuple[float, float] = Field(description="(row, column) in pixels of the input view.")
    uptake_ratio: float | None = Field(
        description="Mean in the lesion over the mean of the mirrored pixels on the other side of the body."
    )
    pair: int | None = Field(default=None, description="Id of the same lesion in the other view.")


class Burden(_Frozen):
    """Tumour burden indices; null where not defined for the input."""

    bstbi: float = Field(ge=0, le=1, description="Pooled over views.")
    bstbi_by_view: dict[ViewKey, float]
    k: float = Field(gt=1 - 1e-12)
    definition: str
    lesion_area_mm2: float | None = Field(default=None, description="Sum over the lesions of all views.")


class Report(_Frozen):
    """Draft text."""

    kind: Literal["normal", "benign", "metastatic"]
    description: str
    impression: str


class Timing(_Frozen):
    """Wall-clock milliseconds of each step."""

    read: float
    preprocess: float
    inference: float
    burden: float
    report: float
    total: float


class Analysis(_Frozen):
    """The result of `bonescan.analyze`: what `analysis.json` holds, with the study and masks beside it."""

    schema_: Literal["bonescan.analysis/1"] = Field(default="bonescan.analysis/1", alias="schema")
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    disclaimer: str = DISCLAIMER
    study: StudyInfo
    model: ModelInfo
    metastasis: Metastasis
    sites: dict[str, SiteFinding]
    lesions: tuple[Lesion, ...]
    burden: Burden
    report: Report
    quality: tuple[QualityFinding, ...]
    regions: dict[int, str] | None = None
    timing_ms: Timing

    _source: Study | None = PrivateAttr(default=None)
    _masks: dict[str, npt.NDArray[np.uint8]] = PrivateAttr(default_factory=dict)
    _region_maps: dict[str, npt.NDArray[np.uint8]] = PrivateAttr(default_factory=dict)
    _draw: Callable[[Analysis], str] | None = PrivateAttr(default=None)

    def attach(
        self,
        source: Study,
        masks: dict[str, npt.NDArray[np.uint8]],
        draw: Callable[[Analysis], str] | None = None,
        region_maps: dict[str, npt.NDArray[np.uint8]] | None = None,
    ) -> Analysis:
        """Attach what the JSON does not hold, and return self.

        Args:
            source: The study that was analysed.
            masks: View name → (row, column) uint8 labels (`MaskLabel`) in the geometry of the input view.
            draw: Renders the analysis as HTML for notebooks; given by the caller, since drawing is a higher layer.
            region_maps: View name → (row, column) uint8 `Region`, where the model segments the skeleton; `regions` then
                names their values.
        """
        self._source, self._masks, self._draw = source, masks, draw
        self._region_maps = region_maps or {}
        return self

    @property
    def source(self) -> Study:
        """The study that was analysed.

        Raises:
            ValueError: The analysis was loaded from JSON, which does not hold the study.
        """
        if self._source is None:
            raise ValueError("this analysis was loaded from JSON and has no study attached; read and attach it")
        return self._source

    @property
    def masks(self) -> dict[str, npt.NDArray[np.uint8]]:
        """View name → (row, column) uint8 labels (`MaskLabel`) in the geometry of the input view."""
        return self._masks

    @property
    def region_maps(self) -> dict[str, npt.NDArray[np.uint8]]:
        """View name → (row, column) uint8 `Region` in the geometry of the input view; empty where not known."""
        return self._region_maps

    @property
    def undecided_sites(self) -> tuple[str, ...]:
        """Sites not said to hold metastases, at which one is outlined all the same; in the order of `sites`."""
        outlined = {lesion.site for lesion in self.lesions if lesion.class_ == "metastasis"}
        return tuple(name for name, site in self.sites.items() if name in outlined and not site.present)

    @property
    def name(self) -> str:
        """Name of the study it was made from, or "study"."""
        return self._source.name if self._source else "study"

    def to_json(self) -> str:
        """The document as JSON text."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"

    def __repr__(self) -> str:
        m, b = self.metastasis, self.burden
        verdict = "metastasis suspected" if m.present else "no metastasis suspected"
        probability, threshold = m.shown
        sites = ", ".join(name for name, s in self.sites.items() if s.present) or "none"
        return (
            f"Analysis({self.name!r}: {verdict}, {m.quantity} {probability} (threshold {threshold}))\n"
            f"  sites: {sites}; lesions: {len(self.lesions)}; BSTBI {b.bstbi:.4f} (K={b.k:g})\n"
            f"  {self.report.impression}\n  {self.disclaimer}"
        )

    def _repr_html_(self) -> str:
        return self._draw(self) if self._draw else f"<pre>{self!r}</pre>"


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of `analysis.json`."""
    schema = Analysis.model_json_schema(by_alias=True, mode="serialization")
    schema["$id"] = SCHEMA
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema
