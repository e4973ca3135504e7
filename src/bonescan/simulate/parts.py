"""Parts within a bone and tissues of bone: the second and third label of every point of a body."""

from __future__ import annotations

from enum import IntEnum


class Part(IntEnum):
    """Part of a bone, the values of `Body.part`; soft tissue is `NONE`."""

    NONE = 0
    # Vertebrae: the body, the arch with pedicles, laminae and facets, the spinous and transverse processes.
    BODY = 1
    ARCH = 2
    PROCESS = 3
    # Long bones, ribs (head, angle, shaft, the end at the cartilage), clavicle (medial and lateral end).
    HEAD = 4
    NECK = 5
    TROCHANTER = 6
    """Greater and lesser trochanter; the tubercles of the humerus."""
    SHAFT = 7
    CONDYLE = 8
    """The thick end at elbow, knee (femur and tibial plateau) and wrist."""
    MALLEOLUS = 9
    ANGLE = 10
    END = 11
    """The sternal end of rib and clavicle."""
    # Scapula.
    BLADE = 12
    SPINE = 13
    ACROMION = 14
    GLENOID = 15
    CORACOID = 16
    # Pelvis and sacrum.
    WING = 17
    """Of the ilium, and the lateral masses of the sacrum."""
    CREST = 18
    SACROILIAC = 19
    """The joint surface, of ilium and sacrum."""
    ACETABULUM = 20
    RAMUS = 21
    """Of pubis and ischium, and of the mandible."""
    TUBEROSITY = 22
    SYMPHYSIS = 23
    # Skull.
    VAULT = 24
    BASE = 25
    ORBIT = 26
    NOSE = 27
    MAXILLA = 28
    JAW = 29
    # Hand and foot.
    METACARPAL = 30
    """And metatarsal."""
    PHALANX = 31
    """Of the fingers."""
    CALCANEUS = 32
    TALUS = 33
    WHOLE = 34
    """A bone without named parts."""
    BORDER = 35
    """Of the scapula: the lateral border and the lower tip, thick bone where muscles pull."""
    APEX = 36
    """The lower segments of the sacrum."""
    TOE = 37
    """A phalanx of the foot."""


class Tissue(IntEnum):
    """Tissue, the values of `Body.tissue`."""

    SOFT = 0
    CORTICAL = 1
    TRABECULAR = 2
    MARROW_CAVITY = 3
    CARTILAGE = 4


TISSUE_WEIGHT: dict[Tissue, float] = {
    Tissue.SOFT: 1.0,
    Tissue.CORTICAL: 1.0,
    Tissue.TRABECULAR: 1.0,
    Tissue.MARROW_CAVITY: 0.35,
    Tissue.CARTILAGE: 1.0,
}
"""Uptake of a tissue relative to its structure's.

Phosphonate binds to mineral surface: the fatty cavity of a shaft has little of it, and its part here stands for the
endosteal bone that a voxel of 2 mm blends into it.
"""
LIMB_SPONGIOSA = 0.7
"""Uptake of the spongiosa of limbs, whose marrow is fatty and trabeculae sparse.

Femoral heads and condyles are faint on scans of healthy adults although they are the thickest bone.
"""
