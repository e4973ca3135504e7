"""What is left at the injection site: a spot at hand, wrist or elbow, sometimes under the skin or in the vein."""

from __future__ import annotations

import numpy as np

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.pools import Pool, place
from bonescan.simulate.structures import Segment

_PLACES = {"elbow": 0.4, "wrist": 0.25, "hand": 0.25, "forearm": 0.1}


def draw_injection(rng: np.random.Generator, anatomy: AnatomyIndex, *, often: float = 0.4) -> tuple[Pool, ...]:
    """Draw the visible injection site of a patient, if any.

    Args:
        rng: Source of randomness.
        anatomy: The reference body.
        often: Share of patients in whom it is seen.
    """
    if rng.random() > often:
        return ()
    side = Laterality.LEFT if rng.random() < 0.5 else Laterality.RIGHT
    name = str(rng.choice(list(_PLACES), p=list(_PLACES.values())))
    elbow, wrist = anatomy.landmarks[f"elbow {side}"], anatomy.landmarks[f"wrist {side}"]
    arm = wrist - elbow
    along = {"elbow": rng.normal(0, 0.06), "forearm": rng.uniform(0.2, 0.8), "wrist": rng.normal(1, 0.05)}
    share = float(along.get(name, rng.uniform(1.1, 1.35)))
    at = elbow + share * arm + [0, rng.choice([-22.0, 12.0]), rng.normal(0, 9)]
    amount = float(np.exp(rng.normal(np.log(9e3), 1.2)))
    radius = float(np.exp(rng.normal(np.log(5), 0.4)))
    pools = [_pool("injection site", side, (place(at),), (radius,), amount, 0.0, rng)]
    if rng.random() < 0.25:  # extravasation: a larger patch along the arm
        length = rng.uniform(15, 60) / np.linalg.norm(arm)
        path = (place(at - length / 2 * arm), place(at), place(at + length / 2 * arm))
        radii = tuple(float(r) for r in rng.uniform(5, 16, 3))
        pools.append(_pool("extravasation", side, path, radii, amount * float(rng.uniform(0.5, 6)), 0.5, rng))
    if rng.random() < 0.1:  # tracer that stayed in the vein on its way up
        shoulder = anatomy.landmarks[f"shoulder {side}"]
        stop = shoulder if share < 0.5 else elbow
        far = float(rng.uniform(0.4, 1.0))
        path = (place(at), place(at + far * 0.5 * (stop - at) + rng.normal(0, 5, 3)), place(at + far * (stop - at)))
        pools.append(_pool("vein", side, path, (2.0, 2.0, 2.0), amount * float(rng.uniform(0.1, 0.6)), 0.7, rng))
    return tuple(pools)


def _pool(
    cause: str,
    side: Laterality,
    path: tuple[tuple[float, float, float], ...],
    radius: tuple[float, ...],
    amount: float,
    uneven: float,
    rng: np.random.Generator,
) -> Pool:
    return Pool(cause, Segment.ARM, side, path, radius, amount, uneven, int(rng.integers(2**31)))
