"""Joint centres and discs, found from the shapes of the bones of a body."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body
from bonescan.simulate.structures import VERTEBRAE

Place = npt.NDArray[np.float32]
"""(3,) float32 mm in the coordinates of the body's points."""


def landmarks(body: Body) -> dict[str, Place]:
    """Joint centres found from the shapes of the bones.

    Returns:
        Name → place: "shoulder left", "knee right", "T12/L1", "costochondral 5 left", …
    """
    found: dict[str, Place] = {}

    def end(
        name: str, side: Laterality, axis: int, high: bool, depth_mm: float, of_side: Laterality | None = None
    ) -> Place:
        p = body.points_mm[body.of(name, of_side or side)]
        edge = p[:, axis].max() if high else p[:, axis].min()
        near = np.abs(p[:, axis] - edge) < depth_mm
        return np.asarray(p[near].mean(0), np.float32)

    for side in (Laterality.LEFT, Laterality.RIGHT):
        outward = side == Laterality.LEFT
        found[f"shoulder {side}"] = end("humerus", side, 0, False, 35)
        found[f"elbow {side}"] = end("humerus", side, 0, True, 20)
        found[f"wrist {side}"] = end("forearm", side, 0, True, 15)
        found[f"first carpometacarpal {side}"] = _thumb(body, side)
        knee = found[f"knee {side}"] = end("femur", side, 0, True, 30)
        # The middles of its two compartments: the gap below the femur, a quarter of an adult knee to either side.
        gap, outwards = np.array([[14, 0, 0], [0, 0, 22 if outward else -22]], np.float32)
        found[f"inner knee {side}"], found[f"outer knee {side}"] = knee + gap - outwards, knee + gap + outwards
        found[f"kneecap {side}"] = np.asarray(body.points_mm[body.of("patella", side)].mean(0), np.float32)
        found[f"tibial tuberosity {side}"] = _tuberosity(body.points_mm[body.of("tibia", side)])
        found[f"ankle {side}"] = end("tibia", side, 0, True, 20)
        found[f"first toe {side}"] = _great_toe(body, side)
        found[f"acromioclavicular {side}"] = end("clavicle", side, 2, outward, 12)
        found[f"sternoclavicular {side}"] = end("clavicle", side, 2, not outward, 12)
        found[f"sacroiliac {side}"] = end("sacrum", side, 2, outward, 14, of_side=Laterality.MIDLINE)
        for i in range(10):
            found[f"costochondral {i + 1} {side}"] = end(f"rib {i + 1}", side, 1, False, 10)
        for i in range(12):
            found[f"costovertebral {i + 1} {side}"] = end(f"rib {i + 1}", side, 2, not outward, 8)
        femur = body.points_mm[body.of("femur", side)]
        top = femur[femur[:, 0] < femur[:, 0].min() + 55]
        sign = 1.0 if outward else -1.0
        medial = top[sign * top[:, 2] < np.percentile(sign * top[:, 2], 35)]
        found[f"hip {side}"] = np.asarray(medial.mean(0), np.float32)
    pubis = body.points_mm[body.of("pubis")]
    found["symphysis"] = np.asarray(pubis[np.abs(pubis[:, 2]) <= np.percentile(np.abs(pubis[:, 2]), 10)].mean(0))
    found["manubriosternal"] = end("manubrium", Laterality.MIDLINE, 0, True, 6)
    found.update(_discs(body))
    return found


def _tuberosity(tibia_mm: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Where the tendon of the kneecap inserts: the front of the shin bone, some 4 to 5 cm below its plateau."""
    below = tibia_mm[:, 0] - tibia_mm[:, 0].min()
    level = tibia_mm[(below > 38) & (below < 52)]
    front = level[level[:, 1] <= np.percentile(level[:, 1], 15)]
    return np.asarray(front.mean(0), np.float32)


def _great_toe(body: Body, side: Laterality) -> Place:
    """The first metatarsophalangeal joint: on the inner edge of the foot, 60 mm behind the tip of the toes."""
    p = body.points_mm[body.of("foot", side)]
    low, high = p[:, 1].min(), p[:, 1].max()
    front = p[p[:, 1] < low + min(75.0, (high - low) * 0.6)]
    inner = np.abs(front[:, 2]) <= np.percentile(np.abs(front[:, 2]), 35)
    return np.asarray(front[inner].mean(0), np.float32)


def _thumb(body: Body, side: Laterality) -> Place:
    """The base of the thumb: the part of the carpals nearest to the most forward or inner hand bone."""
    carpals = body.points_mm[body.of("carpals", side)]
    hand = body.points_mm[body.of("hand", side)]
    top = hand[hand[:, 0] < np.percentile(hand[:, 0], 20)]
    inner = top[np.abs(top[:, 2]) <= np.percentile(np.abs(top[:, 2]), 20)].mean(0)
    return np.asarray((carpals.mean(0) + 2 * inner) / 3, np.float32)


def _discs(body: Body) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for upper, lower in zip(VERTEBRAE, (*VERTEBRAE[1:], "sacrum"), strict=True):
        a, b = _bodies(body, upper), _bodies(body, lower)
        if len(a) and len(b):
            centre = a.mean(0)
            low = b[b[:, 1] < np.median(b[:, 1])] if lower == "sacrum" else b
            centre[0] = (np.percentile(a[:, 0], 97) + np.percentile(low[:, 0], 3)) / 2
            found[f"{upper}/{lower if lower != 'sacrum' else 'S1'}"] = centre
    return found


def _bodies(body: Body, name: str) -> npt.NDArray[np.float32]:
    from bonescan.simulate.parts import Part

    at = body.of(name, part=Part.BODY)
    return body.points_mm[at if len(at) else body.of(name)]
