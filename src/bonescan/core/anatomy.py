"""Sites, skeletal regions and mask labels: one table for the whole project.

A *site* is one of the six places of the report network (paper, "Diagnostic Report Generation Model"). A *region* is a
finer skeletal region; every region belongs to one site. Values of `Region` are those of region-map PNGs.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Site(StrEnum):
    """The six sites of the report network, in the order of its outputs."""

    SPINE = "spine"
    PELVIS = "pelvis"
    SCAPULA = "scapula"
    RIBS = "ribs"
    FEMUR = "femur"
    OTHER = "other"


SITES: tuple[Site, ...] = tuple(Site)


class MaskLabel(IntEnum):
    """Values of a finding mask (`masks/anterior.png`)."""

    BACKGROUND = 0
    METASTASIS = 1
    BLADDER = 2
    BENIGN = 3


class Laterality(StrEnum):
    """The patient's side."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"


class Region(IntEnum):
    """Values of a region map; left and right share a value."""

    BACKGROUND = 0
    SKULL = 1
    CERVICAL_SPINE = 2
    THORACIC_SPINE = 3
    RIBS = 4
    STERNUM = 5
    CLAVICLE = 6
    SCAPULA = 7
    HUMERUS = 8
    LUMBAR_SPINE = 9
    SACRUM = 10
    PELVIS = 11
    FEMUR = 12
    FOREARM_HAND = 13
    LOWER_LEG_FOOT = 14

    @property
    def label(self) -> str:
        """English name, lower case."""
        return _REGION_NAMES[self]

    @property
    def site(self) -> Site | None:
        """Site of the report network, or None for the background."""
        return _REGION_SITES.get(self)


_REGION_NAMES: dict[Region, str] = {
    Region.BACKGROUND: "background",
    Region.SKULL: "skull",
    Region.CERVICAL_SPINE: "cervical spine",
    Region.THORACIC_SPINE: "thoracic spine",
    Region.RIBS: "ribs",
    Region.STERNUM: "sternum",
    Region.CLAVICLE: "clavicle",
    Region.SCAPULA: "scapula",
    Region.HUMERUS: "humerus",
    Region.LUMBAR_SPINE: "lumbar spine",
    Region.SACRUM: "sacrum",
    Region.PELVIS: "pelvis",
    Region.FEMUR: "femur",
    Region.FOREARM_HAND: "forearm and hand",
    Region.LOWER_LEG_FOOT: "lower leg and foot",
}

_REGION_SITES: dict[Region, Site] = {
    Region.SKULL: Site.OTHER,
    Region.CERVICAL_SPINE: Site.SPINE,
    Region.THORACIC_SPINE: Site.SPINE,
    Region.RIBS: Site.RIBS,
    Region.STERNUM: Site.OTHER,
    Region.CLAVICLE: Site.OTHER,
    Region.SCAPULA: Site.SCAPULA,
    Region.HUMERUS: Site.OTHER,
    Region.LUMBAR_SPINE: Site.SPINE,
    Region.SACRUM: Site.PELVIS,
    Region.PELVIS: Site.PELVIS,
    Region.FEMUR: Site.FEMUR,
    Region.FOREARM_HAND: Site.OTHER,
    Region.LOWER_LEG_FOOT: Site.OTHER,
}
"""The sacrum counts as pelvis: a sacral lesion lies within the pelvic ring of a planar view."""
