"""Height, frame and weight: how a reference body is stretched, and how much soft tissue a body mass index asks for."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body, Points, lookup
from bonescan.simulate.posture import Posture
from bonescan.simulate.structures import STRUCTURES, Segment

_DENSITY = {True: 1.3, False: 1.03}
"""Bone (whole, with marrow) and soft tissue in g/cm3.

Source: ICRP Publication 89, skeleton of 10.5 kg in about 8 litres.
"""
_LUNG_DENSITY = 0.38
"""Source: ICRP Publication 110, Table 5.2."""
_DIFFUSE = lookup({n: 1.0 for n, s in STRUCTURES.items() if s.name.startswith(("soft tissue", "breast"))}) > 0
_GRAMS_PER_MM3 = lookup(
    {n: (_LUNG_DENSITY if s.name == "lung" else _DENSITY[s.is_bone]) / 1000 for n, s in STRUCTURES.items()}
)
_WIDEST, _THINNEST = 1.2, -0.3
"""Bounds of the radial gain of soft tissue."""

_SIDEWAYS, _FORWARDS = 0.8, 1.15
"""A lying belly grows more in depth than in width: shares of the gain across and through the body."""

_SHIN_ALONG = (0.45, 0.55, 0.85, 0.95)
"""Where the shin begins and ends, as parts of the way from hip to sole."""
_SHOULDER_MM = 125.0
"""Half the breadth between the shoulder joints of an adult, less the head of the humerus."""

_GAIN_ALONG = (0.0, 0.15, 0.35, 0.6, 0.85, 1.0)
_GAIN = {
    # From the top of a segment to its end: share of what is gained when fat, and of what is lost when thin.
    Segment.TRUNK: ((0.0, 0.08, 0.6, 1.0, 0.75, 0.55), (0.1, 0.25, 0.25, 0.5, 0.5, 0.5)),
    Segment.HEAD: ((0.0, 0.0, 0.1, 0.35, 0.6, 0.4), (0.0, 0.0, 0.1, 0.2, 0.3, 0.3)),
    Segment.ARM: ((0.6, 0.75, 0.65, 0.4, 0.2, 0.05), (0.6, 0.9, 0.8, 0.6, 0.3, 0.1)),
    Segment.LEG: ((0.55, 0.7, 0.65, 0.5, 0.3, 0.1), (0.7, 0.9, 0.8, 0.8, 0.4, 0.1)),
}


@dataclass(frozen=True, eq=False)
class Size:
    """How large one person is against the reference body.

    Attributes:
        height: Factor along the body.
        breadth: Factor across and through it.
        fat: Radial gain of soft tissue where it is largest, 0 for the reference build.
    """

    height: float
    breadth: float
    fat: float

    @property
    def bone_volume(self) -> float:
        """Factor on the volume of bone."""
        return self.height * self.breadth**2

    @property
    def belly_mm(self) -> float:
        """How far the flanks stand out beyond those of the reference build, before `breadth`."""
        return 150.0 * _SIDEWAYS * max(self.fat, 0.0)

    def soft_volume(self, body: Body) -> npt.NDArray[np.float32]:
        """(n,) factor on the volume of each point by fat alone, 1 for bone and organs."""
        out = np.ones(len(body.structure), np.float32)
        if self.fat:
            at, gain = radial_gains(body, self.fat)
            out[at] = (1 + _SIDEWAYS * gain * self.fat) * (1 + _FORWARDS * gain * self.fat)
        return out


def size_of(body: Body, posture: Posture) -> Size:
    """Factors that give a body the height and the body mass index of a posture.

    The mass outside bone and organs is scaled by 1 + a g f across and 1 + b g f through the body, with a tabled g for
    each level; f follows from Σ m (1 + a g f) (1 + b g f) = m_wanted.

    Args:
        body: The reference body.
        posture: Height, body mass index and frame.
    """
    facts = _facts(body)
    tall = (posture.height_cm or facts.height_cm) / facts.height_cm
    # Breadth of bones grows with the square root of height, so that small people are not slim ones.
    breadth = tall**0.5 * posture.frame
    if posture.bmi is None:
        return Size(tall, breadth, 0.0)
    wanted_kg = posture.bmi * (facts.height_cm * tall / 100) ** 2 / (tall * breadth**2)
    missing = wanted_kg - facts.mass_kg
    linear, square = facts.gain_moments[missing < 0]
    linear, square = linear * (_SIDEWAYS + _FORWARDS) / 2, square * _SIDEWAYS * _FORWARDS
    # square f² + 2 linear f = missing
    inside = max(linear**2 + square * missing, 0.0)
    fat = (np.sqrt(inside) - linear) / square
    return Size(tall, breadth, float(np.clip(fat, _THINNEST, _WIDEST)))


def fatten(body: Body, points: Points, size: Size) -> None:
    """Move soft tissue away from the axis of its segment, in place."""
    if not size.fat:
        return
    at, gain = radial_gains(body, size.fat)
    axis = _facts(body).axis_mm
    points[at, 1] = axis[:, 0] + (points[at, 1] - axis[:, 0]) * (1 + _FORWARDS * gain * size.fat)
    points[at, 2] = axis[:, 1] + (points[at, 2] - axis[:, 1]) * (1 + _SIDEWAYS * gain * size.fat)


def radial_gains(body: Body, fat: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Indices of soft tissue and (m,) how much of the gain each point takes part in."""
    facts = _facts(body)
    return facts.diffuse, facts.gains[fat < 0]


@dataclass(frozen=True, eq=False)
class _Facts:
    height_cm: float
    mass_kg: float
    diffuse: npt.NDArray[np.intp]
    axis_mm: npt.NDArray[np.float32]
    gains: dict[bool, npt.NDArray[np.float32]]
    gain_moments: dict[bool, tuple[float, float]]


_KNOWN: WeakKeyDictionary[Body, _Facts] = WeakKeyDictionary()
"""Facts of bodies that are in use: found once for a reference body that many patients share."""


def _facts(body: Body) -> _Facts:
    if body in _KNOWN:
        return _KNOWN[body]
    grams = _GRAMS_PER_MM3[body.structure] * body.volume_mm3
    diffuse = np.flatnonzero(_DIFFUSE[body.structure])
    axis = np.zeros((len(diffuse), 2), np.float32)
    along = np.zeros(len(diffuse), np.float32)
    gains = {False: np.zeros(len(diffuse), np.float32), True: np.zeros(len(diffuse), np.float32)}
    for segment in Segment:
        sides = (Laterality.LEFT, Laterality.RIGHT) if segment in (Segment.ARM, Segment.LEG) else (None,)
        for side in sides:
            inside = body.in_segment(segment, side)
            mine = np.flatnonzero(inside[diffuse])
            if not len(mine):
                continue
            p = body.points_mm[diffuse[mine]]
            low, high = float(p[:, 0].min()), float(p[:, 0].max())
            along[mine] = (p[:, 0] - low) / max(high - low, 1.0)
            for column, values in enumerate((p[:, 1], p[:, 2])):
                axis[mine, column] = _along(p[:, 0], values, 0.5)
            if segment == Segment.LEG:
                # The thigh widens with the hips: near the top, away from the midline of the body.
                axis[mine, 1] *= np.clip(along[mine] / 0.35, 0, 1)
                # No shin is fat: below the knee flesh grows backwards and aside.
                shin = np.interp(along[mine], _SHIN_ALONG, (0.0, 1.0, 1.0, 0.0))
                axis[mine, 0] += shin * (_along(p[:, 0], p[:, 1], 0.1) - axis[mine, 0])
            inner = np.ones(len(mine))
            if segment == Segment.TRUNK:
                # What covers the shoulder joints moves with the arms and must not stand out from them.
                upper = np.clip((0.35 - along[mine]) / 0.1, 0, 1)
                inner -= upper * np.clip((np.abs(p[:, 2]) - _SHOULDER_MM) / 40, 0, 1)
            for thin in (False, True):
                gains[thin][mine] = inner * np.interp(along[mine], _GAIN_ALONG, _GAIN[segment][thin])
    mass = grams[diffuse] / 1000
    moments = {thin: (float((mass * g).sum()), float((mass * g**2).sum())) for thin, g in gains.items()}
    facts = _Facts(body.stature_mm / 10, float(grams.sum()) / 1000, diffuse, axis, gains, moments)
    _KNOWN[body] = facts
    return facts


def _along(
    z: npt.NDArray[np.float32], value: npt.NDArray[np.float32], share: float, bins: int = 16
) -> npt.NDArray[np.float32]:
    """A share of the way between the outermost values at each level, smooth along z."""
    edges = np.linspace(z.min(), z.max() + 1e-3, bins + 1)
    which = np.clip(np.digitize(z, edges) - 1, 0, bins - 1)
    low, high = np.full(bins, np.inf), np.full(bins, -np.inf)
    np.minimum.at(low, which, value)
    np.maximum.at(high, which, value)
    seen = np.isfinite(low)
    middle = (edges[:-1] + edges[1:]) / 2
    at = low[seen] + share * (high[seen] - low[seen])
    return np.asarray(np.interp(z, middle[seen], at), np.float32)
