"""Normal variants of head and neck that fool models: hot nose, jaws, teeth, sinuses, calcified thyroid cartilage."""

from __future__ import annotations

import numpy as np

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.pools import Pool, place
from bonescan.simulate.structures import Segment


def draw_head_and_neck(rng: np.random.Generator, anatomy: AnatomyIndex) -> tuple[Pool, ...]:
    """Draw the uptake of the nose (in nearly everybody), jaws, teeth, sinuses and laryngeal cartilage.

    Frequencies are design choices, set by looking at real scans: nose and upper jaw stand out in most anterior views.
    """
    body = anatomy.body
    face = body.points_mm[body.of("facial bones")]
    jaw = body.points_mm[body.of("mandible")]
    front = float(np.percentile(face[:, 1], 3))
    top, bottom = (float(v) for v in np.percentile(face[:, 0], (15, 97)))
    height = bottom - top
    pools = []
    shared = float(np.exp(rng.normal(0, 0.45)))

    def add(
        cause: str, path: list[list[float]], radius: list[float], median: float, sd: float, uneven: float = 0.5
    ) -> None:
        amount = median * shared * float(np.exp(rng.normal(0, sd)))
        places = tuple(place(p) for p in path)
        radii = tuple(radius)
        seed = int(rng.integers(2**31))
        pools.append(Pool(cause, Segment.HEAD, None, places, radii, amount, uneven, seed))

    if rng.random() < 0.92:
        base = top + (0.62 + rng.normal(0, 0.04)) * height
        add(
            "nose", [[top + 0.1 * height, front + 10, 0], [base, front + 14, rng.normal(0, 2)]], [5, 10], 17e3, 0.5, 0.2
        )
    if rng.random() < 0.8:
        arch = top + (0.82 + rng.normal(0, 0.04)) * height
        add(
            "upper jaw",
            [[arch, front + 22, -22], [arch, front + 6, 0], [arch, front + 22, 22]],
            [5, 5, 5],
            7e3,
            0.6,
            0.8,
        )
    for side in (1.0, -1.0):
        if rng.random() < 0.1:
            sinus = top + 0.5 * height
            add("sinus", [[sinus, front + 22, side * 26]], [float(rng.uniform(5, 10))], 7e3, 0.7)
    chin = float(np.percentile(jaw[:, 0], 85))
    for _ in range(int(rng.poisson(0.7))):  # teeth: spots along either jaw
        x = float(rng.uniform(-30, 30))
        z = chin - 12 if rng.random() < 0.6 else top + 0.85 * height
        add("teeth", [[z, front + 8 + 0.022 * x * x, x]], [float(rng.uniform(2, 6))], 5e3, 0.8)
    if rng.random() < (0.95 if body.sex == "M" else 0.85):
        neck = body.points_mm[body.in_segment(Segment.HEAD, Laterality.MIDLINE) & body.is_soft]
        z = float(np.percentile(jaw[:, 0], 98)) + float(rng.uniform(18, 45))
        near = neck[np.abs(neck[:, 0] - z) < 12]
        y = float(near[:, 1].min() if len(near) else front + 60) + 16
        add("thyroid cartilage", [[z - 12, y + 14, -14], [z + 6, y + 2, 0], [z - 12, y + 14, 14]], [9, 9, 9], 17e3, 0.6)
        # Cricoid and the first rings of the trachea below it.
        add("thyroid cartilage", [[z + 16, y + 6, 0], [z + 44, y + 16, 0]], [9, 8], 11e3, 0.5)
    return tuple(pools)
