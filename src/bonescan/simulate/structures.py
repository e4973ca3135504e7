"""Every structure of a simulated body: its number, skeletal region, side, body segment and usual uptake.

Uptake is activity concentration relative to the shaft of the femur (= 1), before joints are added; the values were set
so that projected region levels agree with measured planar ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bonescan.core.anatomy import Laterality, Region

L, R, M = Laterality.LEFT, Laterality.RIGHT, Laterality.MIDLINE


class Segment(StrEnum):
    """Part of the body that moves as one when the posture changes."""

    HEAD = "head"
    TRUNK = "trunk"
    ARM = "arm"
    LEG = "leg"


@dataclass(frozen=True)
class Structure:
    """One labelled structure.

    Attributes:
        number: Value in `Body.structure`, 1 to 255.
        name: English name without side.
        side: The patient's side.
        segment: Part of the body it moves with.
        region: Skeletal region, `Region.BACKGROUND` for soft tissue.
        uptake: Activity concentration relative to the femoral shaft.
        density: Linear attenuation relative to soft tissue at 140 keV.
    """

    number: int
    name: str
    side: Laterality
    segment: Segment
    region: Region
    uptake: float
    density: float = 1.0

    @property
    def is_bone(self) -> bool:
        """Whether it belongs to the skeleton."""
        return self.region != Region.BACKGROUND


_BONE_DENSITY = 1.6
"""Whole bone (cortical and marrow mixed) over soft tissue at 140 keV, about 1.4 to 1.8 for 1.4 to 1.9 g/cm3."""

_PAIRED_BONES: tuple[tuple[str, Segment, Region, float], ...] = (
    ("clavicle", Segment.TRUNK, Region.CLAVICLE, 1.4),
    ("scapula", Segment.TRUNK, Region.SCAPULA, 1.25),
    ("ribs", Segment.TRUNK, Region.RIBS, 1.45),
    ("humerus", Segment.ARM, Region.HUMERUS, 0.79),
    ("forearm", Segment.ARM, Region.FOREARM_HAND, 0.75),
    ("hand", Segment.ARM, Region.FOREARM_HAND, 0.8),
    ("pelvis", Segment.TRUNK, Region.PELVIS, 1.55),
    ("femur", Segment.LEG, Region.FEMUR, 0.95),
    ("lower leg", Segment.LEG, Region.LOWER_LEG_FOOT, 0.85),
    ("foot", Segment.LEG, Region.LOWER_LEG_FOOT, 0.75),
)
_MIDLINE_BONES: tuple[tuple[str, Segment, Region, float], ...] = (
    ("cranium", Segment.HEAD, Region.SKULL, 0.95),
    ("facial bones", Segment.HEAD, Region.SKULL, 1.4),
    ("mandible", Segment.HEAD, Region.SKULL, 1.25),
    ("sternum", Segment.TRUNK, Region.STERNUM, 2.5),
    ("sacrum", Segment.TRUNK, Region.SACRUM, 1.9),
    ("costal cartilage", Segment.TRUNK, Region.RIBS, 0.35),
)
_SOFT: tuple[tuple[str, Laterality, Segment, float, float], ...] = (
    ("soft tissue of the head", M, Segment.HEAD, 0.045, 1.0),
    ("soft tissue of the trunk", M, Segment.TRUNK, 0.055, 1.0),
    ("soft tissue of the arm", L, Segment.ARM, 0.045, 1.0),
    ("soft tissue of the arm", R, Segment.ARM, 0.045, 1.0),
    ("soft tissue of the leg", L, Segment.LEG, 0.052, 1.0),
    ("soft tissue of the leg", R, Segment.LEG, 0.052, 1.0),
    ("lung", L, Segment.TRUNK, 0.03, 0.3),
    ("lung", R, Segment.TRUNK, 0.03, 0.3),
    ("liver", M, Segment.TRUNK, 0.07, 1.0),
    ("kidney", L, Segment.TRUNK, 0.5, 1.0),
    ("kidney", R, Segment.TRUNK, 0.5, 1.0),
    ("bladder", M, Segment.TRUNK, 0.0, 1.0),
)


def _table() -> dict[int, Structure]:
    rows: list[tuple[str, Laterality, Segment, Region, float, float]] = []
    for prefix, count, region, uptake in (
        ("C", 7, Region.CERVICAL_SPINE, 2.3),
        ("T", 12, Region.THORACIC_SPINE, 2.1),
        ("L", 5, Region.LUMBAR_SPINE, 2.0),
    ):
        segment = Segment.HEAD if prefix == "C" else Segment.TRUNK
        rows += [(f"{prefix}{i + 1}", M, segment, region, uptake, _BONE_DENSITY) for i in range(count)]
    rows += [(name, M, seg, region, up, _BONE_DENSITY) for name, seg, region, up in _MIDLINE_BONES]
    rows += [(name, side, seg, region, up, _BONE_DENSITY) for name, seg, region, up in _PAIRED_BONES for side in (L, R)]
    rows += [(name, side, seg, Region.BACKGROUND, up, dens) for name, side, seg, up, dens in _SOFT]
    return {i + 1: Structure(i + 1, *row) for i, row in enumerate(rows)}


STRUCTURES: dict[int, Structure] = _table()
"""Number → structure."""

VERTEBRAE: tuple[str, ...] = tuple(
    f"{prefix}{i + 1}" for prefix, count in (("C", 7), ("T", 12), ("L", 5)) for i in range(count)
)
"""Names of the vertebrae from the head down."""


def number_of(name: str, side: Laterality = M) -> int:
    """Number of the structure with that name and side.

    Raises:
        KeyError: There is no such structure.

    Example:
        >>> STRUCTURES[number_of("femur", Laterality.LEFT)].region.label
        'femur'
    """
    for structure in STRUCTURES.values():
        if structure.name == name and structure.side == side:
            return structure.number
    raise KeyError(f"no structure {name!r} on side {side}")
