"""Which lesion of the anterior view is which of the posterior one: by height and by side, in body coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from bonescan.burden.components import Component
from bonescan.burden.symmetry import BodyFrame

HEIGHT_TOLERANCE = 0.02
"""How far boxes may be apart along the body, in body heights: 3 to 4 cm, a vertebra."""
LATERAL_TOLERANCE = 0.06
"""How far they may be apart across it, in body widths: about 3 cm; a rib's curve shows at another place from behind."""


class Placed(NamedTuple):
    """A lesion in body coordinates (`BodyFrame.place`): intervals of height and of width, and the centre."""

    low: float
    high: float
    right: float
    left: float
    centre: tuple[float, float]

    @classmethod
    def of(cls, component: Component, frame: BodyFrame) -> Placed:
        """Place a component in the body."""
        row0, column0, row1, column1 = component.bbox
        low, one = frame.place(row0, column0)
        high, other = frame.place(row1 - 1, column1 - 1)
        return cls(low, high, min(one, other), max(one, other), frame.place(*component.centroid))


def pair(anterior: Sequence[Placed], posterior: Sequence[Placed]) -> list[tuple[int, int]]:
    """Match lesions of the two views one to one, nearest first.

    Two lesions may be the same one where their boxes, in body coordinates, come within the tolerances of each other.

    Returns:
        (index in anterior, index in posterior) of each pair, in the order of the first.
    """
    distances = []
    for (i, a), (j, p) in product(enumerate(anterior), enumerate(posterior)):
        apart = max(a.low, p.low) - min(a.high, p.high), max(a.right, p.right) - min(a.left, p.left)
        if apart[0] <= HEIGHT_TOLERANCE and apart[1] <= LATERAL_TOLERANCE:
            height = (a.centre[0] - p.centre[0]) / HEIGHT_TOLERANCE
            lateral = (a.centre[1] - p.centre[1]) / LATERAL_TOLERANCE
            distances.append((height**2 + lateral**2, i, j))
    pairs: dict[int, int] = {}
    for _, i, j in sorted(distances):
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return sorted(pairs.items())
