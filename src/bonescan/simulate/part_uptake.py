"""How the uptake of a bone differs between its parts, and what age and sex do to bone."""

from __future__ import annotations

import numpy as np

from bonescan.core.anatomy import Region
from bonescan.simulate.parts import Part

PART_UPTAKE: dict[Part, float] = {
    Part.BODY: 1.0,
    Part.ARCH: 1.03,
    Part.PROCESS: 0.9,
    Part.HEAD: 1.35,
    Part.NECK: 1.7,
    Part.TROCHANTER: 1.65,
    Part.SHAFT: 1.05,
    Part.CONDYLE: 0.98,
    Part.MALLEOLUS: 0.85,
    Part.ANGLE: 1.3,
    Part.END: 0.9,
    Part.BLADE: 0.8,
    Part.SPINE: 1.1,
    Part.ACROMION: 1.3,
    Part.GLENOID: 1.35,
    Part.CORACOID: 1.25,
    Part.WING: 0.86,
    Part.CREST: 1.55,
    Part.SACROILIAC: 0.95,
    Part.ACETABULUM: 0.7,
    Part.RAMUS: 1.05,
    Part.TUBEROSITY: 1.2,
    Part.SYMPHYSIS: 1.1,
    Part.VAULT: 0.95,
    Part.BASE: 0.52,
    Part.ORBIT: 1.15,
    Part.NOSE: 2.4,
    Part.MAXILLA: 1.6,
    Part.JAW: 1.15,
    Part.PHALANX: 2.0,
    Part.CALCANEUS: 1.05,
    Part.BORDER: 1.35,
    Part.APEX: 2.2,
}
"""Median uptake of a part over the mean of its bone, before joints; parts not named have 1.

Set so that each region, on average and divided by its level (`realism.averages`), looks like that of 32 real scans:
edges and ends that bear load or muscle (iliac crest, trochanters, acromion and border of the scapula, angles of ribs)
stand out, flat plates do not.
"""
REGION_UPTAKE: dict[Region, float] = {
    Region.RIBS: 1.1,
    Region.STERNUM: 1.08,
    Region.PELVIS: 1.98,
    Region.SACRUM: 1.05,
    Region.THORACIC_SPINE: 0.95,
    Region.LUMBAR_SPINE: 1.2,
    Region.CERVICAL_SPINE: 1.28,
    Region.FEMUR: 1.03,
    Region.HUMERUS: 1.05,
    Region.LOWER_LEG_FOOT: 0.86,
}
"""Median factor on the uptake of a region's bones; regions not named have 1. Set so that the levels of the projected
regions, measured on both bodies, have the medians of real scans."""
_UNLIKE = {
    Part.CREST: 0.2,
    Part.TROCHANTER: 0.22,
    Part.BORDER: 0.25,
    Part.ANGLE: 0.15,
    Part.APEX: 0.15,
    Part.ORBIT: 0.18,
    Part.NOSE: 0.15,
    Part.MAXILLA: 0.3,
    Part.JAW: 0.35,
    Part.BASE: 0.25,
    Part.SACROILIAC: 0.25,
    Part.WING: 0.15,
    Part.TUBEROSITY: 0.25,
    Part.RAMUS: 0.25,
    Part.ACETABULUM: 0.2,
    Part.SYMPHYSIS: 0.3,
    Part.ARCH: 0.12,
    Part.PROCESS: 0.12,
}
"""Logarithmic spread between people of parts where muscles pull or joints wear, and of the face; 0.09 for the others.

On real scans these are the places, alike on both sides, that look like disease in one healthy person and like nothing
in the next.
"""
_METAPHYSES = (Part.HEAD, Part.CONDYLE, Part.MALLEOLUS, Part.END, Part.CREST)


def draw_part_gain(rng: np.random.Generator, age_years: float) -> dict[int, float]:
    """Factor on the uptake of each part in one patient; ends of bones are hot in the young, who have just grown."""
    young = float(np.interp(age_years, [18, 30], [1.6, 1.0]))
    gains = {}
    for part, median in PART_UPTAKE.items():
        growth = young if part in _METAPHYSES else 1.0
        gains[int(part)] = median * growth * float(np.exp(rng.normal(0, _UNLIKE.get(part, 0.09))))
    return gains


def draw_region_gain(
    rng: np.random.Generator, *, age_years: float, sex: str, superscan: bool = False
) -> dict[int, float]:
    """Factor on the uptake of each region in one patient.

    Limbs vary together against the trunk. Skulls differ most between people, are hotter in older women (hyperostosis)
    and hot as a whole in some without any disease. In a superscan the limbs are faint against the trunk.
    """

    def spread(sd: float) -> float:
        return float(np.exp(rng.normal(0, sd)))

    gain = {int(r): REGION_UPTAKE.get(r, 1.0) * spread(0.16) for r in Region if r != Region.BACKGROUND}
    old_woman = sex == "F" and age_years > 50
    gain[int(Region.SKULL)] *= spread(0.2) * (1.08 if old_woman else 1.0)
    if rng.random() < (0.14 if old_woman else 0.08):
        gain[int(Region.SKULL)] *= float(rng.uniform(1.3, 2.2))
    gain[int(Region.STERNUM)] *= spread(0.2)
    limbs = spread(0.18) * (0.65 if superscan else 1.0)
    for region in (Region.HUMERUS, Region.FOREARM_HAND, Region.FEMUR, Region.LOWER_LEG_FOOT):
        gain[int(region)] *= limbs
    return gain
