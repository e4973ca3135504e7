"""Every structure of a simulated body: its number, skeletal region, side, body segment and usual uptake.

Every bone is a structure of its own; bones that are usually spoken of together are a group (`GROUPS`: "ribs").
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


VERTEBRAE: tuple[str, ...] = tuple(
    f"{prefix}{i + 1}" for prefix, count in (("C", 7), ("T", 12), ("L", 5)) for i in range(count)
)
"""Names of the vertebrae from the head down."""
RIBS: tuple[str, ...] = tuple(f"rib {i + 1}" for i in range(12))
"""Names of the ribs of one side from the neck down."""

GROUPS: dict[str, tuple[str, ...]] = {
    "cervical spine": VERTEBRAE[:7],
    "thoracic spine": VERTEBRAE[7:19],
    "lumbar spine": VERTEBRAE[19:],
    "spine": VERTEBRAE,
    "skull": ("cranium", "facial bones", "mandible"),
    "ribs": RIBS,
    "sternum": ("manubrium", "sternal body", "xiphoid"),
    "forearm": ("radius", "ulna"),
    "whole hand": ("carpals", "hand"),
    "pelvis": ("ilium", "pubis", "ischium"),
    "lower leg": ("patella", "tibia", "fibula"),
    "whole foot": ("tarsals", "foot"),
}
"""Name of a group → its bones. "hand" and "foot" alone are what lies beyond the carpals and tarsals."""

_BONE_DENSITY = 1.6
"""Whole bone (cortical and marrow mixed) over soft tissue at 140 keV, about 1.4 to 1.8 for 1.4 to 1.9 g/cm3."""
_CARTILAGE_DENSITY = 1.1
"""Hyaline cartilage of 1.1 g/cm3 over soft tissue. Source: ICRP Publication 110, Table 5.2."""

_PAIRED_BONES: tuple[tuple[str, Segment, Region, float], ...] = (
    ("clavicle", Segment.TRUNK, Region.CLAVICLE, 1.1),
    ("scapula", Segment.TRUNK, Region.SCAPULA, 1.25),
    *((name, Segment.TRUNK, Region.RIBS, 1.45) for name in RIBS),
    ("costal cartilage", Segment.TRUNK, Region.RIBS, 0.35),
    ("humerus", Segment.ARM, Region.HUMERUS, 0.84),
    ("radius", Segment.ARM, Region.FOREARM_HAND, 0.75),
    ("ulna", Segment.ARM, Region.FOREARM_HAND, 0.75),
    ("carpals", Segment.ARM, Region.FOREARM_HAND, 1.05),
    ("hand", Segment.ARM, Region.FOREARM_HAND, 1.5),
    ("ilium", Segment.TRUNK, Region.PELVIS, 1.55),
    ("pubis", Segment.TRUNK, Region.PELVIS, 1.55),
    ("ischium", Segment.TRUNK, Region.PELVIS, 1.12),
    ("femur", Segment.LEG, Region.FEMUR, 0.95),
    ("patella", Segment.LEG, Region.LOWER_LEG_FOOT, 1.35),
    ("tibia", Segment.LEG, Region.LOWER_LEG_FOOT, 1.12),
    ("fibula", Segment.LEG, Region.LOWER_LEG_FOOT, 1.35),
    ("tarsals", Segment.LEG, Region.LOWER_LEG_FOOT, 0.86),
    ("foot", Segment.LEG, Region.LOWER_LEG_FOOT, 0.65),
)
_MIDLINE_BONES: tuple[tuple[str, Segment, Region, float], ...] = (
    ("cranium", Segment.HEAD, Region.SKULL, 0.95),
    ("facial bones", Segment.HEAD, Region.SKULL, 1.15),
    ("mandible", Segment.HEAD, Region.SKULL, 0.8),
    ("manubrium", Segment.TRUNK, Region.STERNUM, 1.8),
    ("sternal body", Segment.TRUNK, Region.STERNUM, 2.7),
    ("xiphoid", Segment.TRUNK, Region.STERNUM, 1.6),
    ("sacrum", Segment.TRUNK, Region.SACRUM, 2.35),
    ("coccyx", Segment.TRUNK, Region.SACRUM, 5.5),
)
_SOFT: tuple[tuple[str, Laterality, Segment, float, float], ...] = (
    ("soft tissue of the head", M, Segment.HEAD, 0.07, 1.0),
    ("soft tissue of the trunk", M, Segment.TRUNK, 0.067, 1.0),
    ("soft tissue of the arm", L, Segment.ARM, 0.04, 1.0),
    ("soft tissue of the arm", R, Segment.ARM, 0.04, 1.0),
    ("soft tissue of the leg", L, Segment.LEG, 0.046, 1.0),
    ("soft tissue of the leg", R, Segment.LEG, 0.046, 1.0),
    ("breast", L, Segment.TRUNK, 0.06, 0.95),
    ("breast", R, Segment.TRUNK, 0.06, 0.95),
    ("lung", L, Segment.TRUNK, 0.065, 0.3),
    ("lung", R, Segment.TRUNK, 0.065, 0.3),
    ("liver", M, Segment.TRUNK, 0.07, 1.0),
    ("stomach", M, Segment.TRUNK, 0.055, 1.0),
    ("thyroid", M, Segment.HEAD, 0.06, 1.0),
    ("kidney", L, Segment.TRUNK, 0.5, 1.0),
    ("kidney", R, Segment.TRUNK, 0.5, 1.0),
    ("ureter", L, Segment.TRUNK, 0.06, 1.0),
    ("ureter", R, Segment.TRUNK, 0.06, 1.0),
    ("bladder", M, Segment.TRUNK, 0.0, 1.0),
)
ORGANS: frozenset[str] = frozenset({"kidney", "ureter", "bladder", "thyroid", "stomach"})
"""Soft structures whose points are as dense as those of bone, since they may be hot; the rest is thinned."""


def _table() -> dict[int, Structure]:
    rows: list[tuple[str, Laterality, Segment, Region, float, float]] = []
    for prefix, region, uptake in (
        ("C", Region.CERVICAL_SPINE, 2.6),
        ("T", Region.THORACIC_SPINE, 2.1),
        ("L", Region.LUMBAR_SPINE, 2.0),
    ):
        segment = Segment.HEAD if prefix == "C" else Segment.TRUNK
        rows += [(name, M, segment, region, uptake, _BONE_DENSITY) for name in VERTEBRAE if name.startswith(prefix)]
    for sides, bones in (((M,), _MIDLINE_BONES), ((L, R), _PAIRED_BONES)):
        for name, segment, region, uptake in bones:
            density = _CARTILAGE_DENSITY if name == "costal cartilage" else _BONE_DENSITY
            rows += [(name, side, segment, region, uptake, density) for side in sides]
    rows += [(name, side, seg, Region.BACKGROUND, up, dens) for name, side, seg, up, dens in _SOFT]
    return {i + 1: Structure(i + 1, *row) for i, row in enumerate(rows)}


STRUCTURES: dict[int, Structure] = _table()
"""Number → structure."""
_NUMBERS: dict[tuple[str, Laterality], int] = {(s.name, s.side): s.number for s in STRUCTURES.values()}


def number_of(name: str, side: Laterality = M) -> int:
    """Number of the structure with that name and side.

    Raises:
        KeyError: There is no such structure.

    Example:
        >>> STRUCTURES[number_of("femur", Laterality.LEFT)].region.label
        'femur'
    """
    try:
        return _NUMBERS[name, side]
    except KeyError:
        raise KeyError(f"no structure {name!r} on side {side}") from None


def numbers_of(name: str, side: Laterality | None = None) -> tuple[int, ...]:
    """Numbers of a structure or of all bones of a group, on one side or wherever they are.

    Args:
        name: Name of a structure or a key of `GROUPS`.
        side: Side, or None for all sides.

    Raises:
        KeyError: There is no such structure or group, or none of it on that side.

    Example:
        >>> len(numbers_of("ribs", Laterality.LEFT)), len(numbers_of("ribs")), len(numbers_of("sternum"))
        (12, 24, 3)
    """
    names = GROUPS.get(name, (name,))
    found = tuple(s.number for n in names for s in STRUCTURES.values() if s.name == n and side in (None, s.side))
    if not found:
        raise KeyError(f"no structure or group {name!r} on side {side}")
    return found
