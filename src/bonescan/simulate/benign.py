"""Benign uptake: degeneration, fractures and the like, which fool readers and models.

Causes and their usual places follow the lists of pitfalls in nuclear-medicine teaching (reference notes 5d); how often
each occurs and how hot it is are design choices, kept in one table.
"""

from __future__ import annotations

import numpy as np

from bonescan.simulate import degeneration, fractures, surgery
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.benign_foci import Draw, at_joint, in_bone
from bonescan.simulate.focal import Focus
from bonescan.simulate.parts import Part


def draw_benign(
    rng: np.random.Generator, anatomy: AnatomyIndex, *, count: int, age_years: float = 63.0
) -> tuple[Focus, ...]:
    """Draw `count` benign conditions; one condition may be several foci (both hips, a row of ribs).

    Args:
        rng: Source of randomness.
        anatomy: The reference body.
        count: Number of conditions.
        age_years: Wear comes with age: below 45 years half as often as other causes, above 75 half as often again.
    """
    names = list(CONDITIONS)
    age = float(np.interp(age_years, [45, 63, 75], [0.5, 1.0, 1.5]))
    weights = np.array([w * (age if wear else 1.0) for w, wear, _ in CONDITIONS.values()])
    chosen = rng.choice(len(names), size=count, replace=True, p=weights / weights.sum())
    foci: list[Focus] = []
    for i in chosen:
        foci += CONDITIONS[names[i]][2](rng, anatomy)
    return tuple(foci)


CONDITIONS: dict[str, tuple[float, bool, Draw]] = {
    "spondylosis": (2.8, True, degeneration.spondylosis),
    "facets": (1.6, True, degeneration.facets),
    "knee": (2.4, True, degeneration.knee),
    "shoulder": (1.5, True, at_joint("shoulder", (12, 20), (1.5, 5.0), both=0.5)),
    "acromioclavicular": (0.8, True, at_joint("acromioclavicular", (8, 12), (1.6, 5.0), both=0.5)),
    "sternoclavicular": (0.7, True, at_joint("sternoclavicular", (8, 12), (1.5, 4.0), both=0.6)),
    "manubriosternal": (0.3, True, in_bone("manubrium", "manubriosternal joint", (8, 12), (1.4, 3.0))),
    "hip": (1.2, True, at_joint("hip", (14, 22), (1.5, 4.0), both=0.7, symmetric=True)),
    "sacroiliac": (0.8, True, at_joint("sacroiliac", (12, 18), (1.4, 2.8), both=0.6, symmetric=True)),
    "wrist": (0.7, True, at_joint("wrist", (9, 15), (1.8, 5.0), both=0.4)),
    "thumb": (0.4, True, at_joint("first carpometacarpal", (7, 10), (2.0, 6.0), both=0.5, jitter_mm=3)),
    "hands": (0.5, True, degeneration.hands),
    "elbow": (0.4, True, at_joint("elbow", (9, 14), (1.6, 4.5), both=0.3)),
    "ankle": (0.8, True, at_joint("ankle", (12, 20), (1.6, 5.5), both=0.4)),
    "first toe": (0.8, True, at_joint("first toe", (8, 12), (2.0, 6.0), both=0.5)),
    "foot": (0.7, True, in_bone("whole foot", "degenerative foot", (9, 15), (1.8, 5.0))),
    "heel": (0.3, False, in_bone("tarsals", "heel spur", (7, 11), (1.8, 4.5), part=Part.CALCANEUS)),
    "costochondral": (0.4, False, in_bone("ribs", "costochondral", (6, 9), (1.6, 4.0), part=Part.END)),
    "shins": (0.12, False, degeneration.shins),
    "rib fractures": (1.2, False, fractures.rib_fractures),
    "compression": (0.9, True, fractures.compression),
    "sacral fracture": (0.25, True, fractures.sacral_insufficiency),
    "healing fracture": (0.7, False, fractures.limb_fracture),
    "dental": (0.9, False, in_bone("mandible", "dental", (4, 8), (1.8, 6.0))),
    "upper jaw": (0.4, False, in_bone("facial bones", "dental", (5, 8), (1.8, 4.5), part=Part.MAXILLA)),
    "sinus": (0.6, False, in_bone("facial bones", "sinus", (7, 11), (1.5, 4.0))),
    "sternotomy": (0.3, False, surgery.sternotomy),
    "laminectomy": (0.2, False, surgery.laminectomy),
    "craniotomy": (0.15, False, surgery.craniotomy),
    "prosthesis rim": (0.4, True, surgery.prosthesis_rim),
    "paget": (0.12, True, surgery.paget),
}
"""Condition → (relative frequency, whether it comes with age, how to draw its foci)."""
