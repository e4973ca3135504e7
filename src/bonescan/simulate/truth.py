"""A simulated study with all that is true of it: masks, regions, each focus, and how much of each bone is diseased."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bonescan.core.anatomy import Laterality, MaskLabel, Region, Site
from bonescan.core.study import Labels, Study, ViewName
from bonescan.simulate.blur import Image
from bonescan.simulate.focal import Focus
from bonescan.simulate.parameters import PatientParameters
from bonescan.simulate.structures import STRUCTURES


@dataclass(frozen=True)
class FocusTruth:
    """What is true of one focus.

    Attributes:
        focus: Its record.
        site, region, bone, side: Where its centre is; the side is the patient's.
        volume_ml: Volume of bone within its half-maximum surface, in this patient's size.
        area_px: Area of its mask in each view where it is visible.
    """

    focus: Focus
    site: Site | None
    region: Region
    area_px: dict[ViewName, int]
    bone: str = ""
    side: Laterality = Laterality.MIDLINE
    volume_ml: float = 0.0


@dataclass(frozen=True)
class Involvement:
    """Volume of one bone, and how much of it is metastasis.

    Attributes:
        structure: Key of `STRUCTURES`.
        bone_ml: Volume of the bone in this patient's size.
        diseased_ml: Volume within the half-maximum surface of any metastasis.
    """

    structure: int
    bone_ml: float
    diseased_ml: float

    @property
    def fraction(self) -> float:
        """Diseased part of the bone, 0 to 1."""
        return self.diseased_ml / self.bone_ml if self.bone_ml else 0.0


@dataclass(frozen=True, eq=False)
class SimulatedStudy:
    """A study with its truth.

    Attributes:
        parameters: The record that it was made from.
        study: Both views, counts.
        labels: View → (row, column) uint8 `MaskLabel`.
        regions: View → (row, column) uint8 `Region`.
        foci: Truth of every focus.
        expected: View → (row, column) float32 noiseless counts.
        bones: Involvement of every bone.
    """

    parameters: PatientParameters
    study: Study
    labels: dict[ViewName, Labels]
    regions: dict[ViewName, Labels]
    foci: tuple[FocusTruth, ...]
    expected: dict[ViewName, Image]
    bones: tuple[Involvement, ...] = ()

    @property
    def sites(self) -> tuple[Site, ...]:
        """Sites with a metastasis visible in at least one view, in the order of `Site`."""
        found = {t.site for t in self.foci if t.focus.kind == "metastasis" and t.area_px}
        return tuple(site for site in Site if site in found)

    @property
    def has_benign(self) -> bool:
        """Whether benign focal uptake is visible."""
        return any(t.focus.kind == "benign" and t.area_px for t in self.foci)

    @property
    def involvement(self) -> dict[Region, float]:
        """Region → fraction of its bone, by volume, that is metastasis."""
        whole: dict[Region, float] = {}
        diseased: dict[Region, float] = {}
        for bone in self.bones:
            region = STRUCTURES[bone.structure].region
            whole[region] = whole.get(region, 0.0) + bone.bone_ml
            diseased[region] = diseased.get(region, 0.0) + bone.diseased_ml
        return {region: diseased[region] / whole[region] for region in whole if whole[region] > 0}

    def true_bsi_percent(self, weights: Mapping[Region, float] | None = None) -> float:
        """True bone scan index: 100 × Σ over regions of involved fraction × share of the skeleton.

        Args:
            weights: Region → share of skeletal mass (normalised here); by the body's own bone volumes if None.
        """
        if weights is None:
            total = sum(bone.bone_ml for bone in self.bones)
            return 100 * sum(bone.diseased_ml for bone in self.bones) / total if total else 0.0
        involved = self.involvement
        total = sum(weights.values())
        return 100 * sum(weight * involved.get(region, 0.0) for region, weight in weights.items()) / total

    def truth_document(self) -> dict[str, object]:
        """Everything true of the study but the images, as plain values for JSON."""
        pixel_mm2 = self.parameters.camera.pixel_mm**2
        return {
            "metastasis": bool(self.sites),
            "sites": [str(site) for site in self.sites],
            "benign": self.has_benign,
            "superscan": self.parameters.superscan,
            "primary": self.parameters.primary,
            "lesion_px": int(sum((labels == MaskLabel.METASTASIS).sum() for labels in self.labels.values())),
            "true_bsi_percent": round(self.true_bsi_percent(), 4),
            "involvement": {r.label: round(f, 5) for r, f in self.involvement.items() if f > 0},
            "bones": [
                {
                    "bone": STRUCTURES[bone.structure].name,
                    "side": str(STRUCTURES[bone.structure].side),
                    "bone_ml": round(bone.bone_ml, 3),
                    "diseased_ml": round(bone.diseased_ml, 3),
                }
                for bone in self.bones
                if bone.diseased_ml > 0
            ],
            "foci": [_row(truth, pixel_mm2) for truth in self.foci],
        }


def _row(truth: FocusTruth, pixel_mm2: float) -> dict[str, object]:
    focus = truth.focus
    return {
        "kind": focus.kind,
        "cause": focus.cause,
        "bone": truth.bone,
        "region": truth.region.label,
        "site": truth.site,
        "side": str(truth.side),
        "radius_mm": round(focus.radius_mm, 2),
        "volume_ml": round(truth.volume_ml, 3),
        "contrast": round(focus.contrast, 3),
        "visible_in": [str(view) for view in truth.area_px],
        "area_px": {str(view): area for view, area in truth.area_px.items()},
        "area_mm2": {str(view): round(area * pixel_mm2, 1) for view, area in truth.area_px.items()},
    }
