"""The record of one simulated patient: all that was drawn, enough to rebuild the study byte for byte."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from bonescan.simulate.camera import Camera
from bonescan.simulate.focal import Focus
from bonescan.simulate.posture import Posture
from bonescan.simulate.primaries import Primary
from bonescan.simulate.tracer import Tracer


@dataclass(frozen=True)
class PatientParameters:
    """All that was drawn for one patient.

    Attributes:
        study_id: Name of the study.
        sex: "M" or "F".
        age_years: Age.
        body: "builtin" or "voxel".
        posture, tracer, camera: See their classes.
        foci: Metastases and benign uptake.
        superscan: Whether disease is diffuse.
        primary: Primary tumour, or None where no cancer was drawn.
    """

    study_id: str
    sex: str
    age_years: int
    body: str
    posture: Posture
    tracer: Tracer
    camera: Camera
    foci: tuple[Focus, ...]
    superscan: bool = False
    primary: Primary | None = None

    def to_json(self) -> str:
        """As JSON text that `from_json` reads back to an equal record."""
        return _ADAPTER.dump_json(self, indent=1).decode() + "\n"

    @staticmethod
    def from_json(text: str) -> PatientParameters:
        """Read what `to_json` wrote."""
        return _ADAPTER.validate_json(text)


_ADAPTER: TypeAdapter[PatientParameters] = TypeAdapter(PatientParameters)
