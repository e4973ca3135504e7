"""BSTBI, the bone scan tumour burden index of the paper, on counts and, literally, on the 8-bit rendering.

With S_X the summed intensity over the pixels of X, L the lesions, B the bladder and R the whole view::

    BSTBI = K * S_L / ((K - 1) * S_L + S_R - S_B)

The paper's intensity is 255 minus the pixel value of a white-background rendering; ours is the counts, so that
the index depends on no display window. L never includes pixels of B. With the linear fraction f = S_L / (S_R - S_B) the
index is K*f / (1 + (K - 1)*f): it rises with f, from 0 (no lesion) to 1 (all uptake outside the bladder is lesion).

Source: Liu S. et al., Cancer Manag Res 2022, section "Bone Scan Tumor Burden Index".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import UsageError
from bonescan.core.study import Counts, Mask

K = 5.0
"""The paper's scaling factor. Source: section "Bone Scan Tumor Burden Index" ("K was 5 in this paper")."""

DEFINITION = (
    "BSTBI = K*S_L / ((K-1)*S_L + S_R - S_B), K={k:g}; S: summed counts over the lesions without bladder (L), "
    "the whole view (R) and the bladder (B); 0 without lesion; pooled: S summed over the views first."
)


class Sums(NamedTuple):
    """Summed intensities of one view, or of several added together; the unit of the input."""

    lesion: float
    rest: float
    """Whole view without the bladder, S_R - S_B; includes the lesions."""

    def __add__(self, other: object) -> Sums:
        """Pool two views."""
        if not isinstance(other, Sums):
            return NotImplemented
        return Sums(self.lesion + other.lesion, self.rest + other.rest)


class PanelIndex(NamedTuple):
    """Result of `paper_literal`."""

    panels: tuple[float, ...]
    """One index a panel, in the order given."""
    mean: float
    """Their average, which the paper correlates with alkaline phosphatase."""


def sums(counts: Counts, lesion: Mask, bladder: Mask | None = None) -> Sums:
    """Sum intensities over the lesions and over the view without its bladder.

    Args:
        counts: (row, column), hot = high, at least 0.
        lesion: (row, column) bool; pixels that are also bladder do not count as lesion.
        bladder: (row, column) bool, or None for a view without bladder.

    Raises:
        UsageError: The shapes differ, or an intensity is negative or not finite.

    Example:
        >>> sums(np.ones((2, 4), np.float32), np.eye(2, 4, dtype=bool))
        Sums(lesion=2.0, rest=8.0)
    """
    values, inside = np.asarray(counts), np.asarray(lesion, dtype=bool)
    left_out = np.zeros(values.shape, dtype=bool) if bladder is None else np.asarray(bladder, dtype=bool)
    if not values.shape == inside.shape == left_out.shape:
        raise UsageError(
            f"counts {values.shape}, lesion {inside.shape} and bladder {left_out.shape} differ in shape",
            expected="one shape for all three",
        )
    whole = float(values.sum(dtype=np.float64))
    # A sum is finite only if all that is added is.
    if not math.isfinite(whole) or (values.size and values.min() < 0):
        raise UsageError("the intensities hold negative or non-finite values", expected="counts of at least 0")
    # Lesions and bladder are small: picking their pixels is faster than looking at all.
    lesions, bladders = (float(values[where].sum(dtype=np.float64)) for where in (inside & ~left_out, left_out))
    return Sums(lesions, whole - bladders)


def index(total: Sums, k: float = K) -> float:
    """Return the BSTBI of summed intensities.

    Args:
        total: Of one view, or of several views added together (pooled).
        k: Scaling factor, at least 1; 1 gives the linear fraction.

    Returns:
        The index, in [0, 1]; 0 where there is no lesion.

    Raises:
        UsageError: `k` is below 1.

    Example:
        >>> round(index(Sums(lesion=10.0, rest=100.0)), 4)
        0.3571
    """
    if not k >= 1:
        raise UsageError(f"K is {k:g}", expected="at least 1")
    if total.lesion <= 0:
        return 0.0
    return min(1.0, k * total.lesion / ((k - 1) * total.lesion + total.rest))


def bstbi(counts: Counts, lesion: Mask, bladder: Mask | None = None, k: float = K) -> float:
    """Return the BSTBI of one view; see `sums` for the arguments and `index` for the value.

    Example:
        >>> image = np.full((4, 4), 2.0, np.float32)
        >>> lesion = np.zeros((4, 4), bool); lesion[0, 0] = True
        >>> round(bstbi(image, lesion), 4), bstbi(image, lesion, k=1)
        (0.25, 0.0625)
    """
    return index(sums(counts, lesion, bladder), k)


def pooled(views: Iterable[tuple[Counts, Mask, Mask | None]], k: float = K) -> float:
    """Return the BSTBI of several views whose sums are added before the index is taken.

    A view with few counts thus weighs little, where an average of indices would let it weigh as much as the other.

    Args:
        views: (counts, lesion, bladder) of each view.
        k: Scaling factor, at least 1.
    """
    return index(sum((sums(*view) for view in views), Sums(0.0, 0.0)), k)


def linear_fraction(value: float, k: float = K) -> float:
    """Return the fraction f = S_L / (S_R - S_B) that gives an index: f = b / (K - (K - 1)*b).

    Example:
        >>> round(linear_fraction(0.4432), 3)
        0.137
    """
    if not 0 <= value <= 1 or not k >= 1:
        raise UsageError(f"BSTBI is {value:g} and K {k:g}", expected="an index in [0, 1] and K of at least 1")
    return value / (k - (k - 1) * value)


def paper_literal(
    panels: Sequence[tuple[npt.NDArray[np.uint8], Mask, Mask | None]],
    k: float = K,
) -> PanelIndex:
    """Return the index as the paper computed it, on 8-bit renderings with a white background.

    The paper gives one value for each of its four panels (both views at two grey levels) and averages them. The values
    depend on the grey level (its Figure 7: 0.0734, 0.2776, 0.0673, 0.2863); use `pooled` for anything but comparison.

    Args:
        panels: (pixels, lesion, bladder) of each panel; pixels uint8, 255 = no uptake.
        k: Scaling factor, at least 1.

    Raises:
        UsageError: No panel, or pixels that are not 8-bit.

    Example:
        >>> pixels = np.full((2, 2), 155, np.uint8)
        >>> lesion = np.array([[True, False], [False, False]])
        >>> paper_literal([(pixels, lesion, None)])
        PanelIndex(panels=(0.625,), mean=0.625)
    """
    if not panels:
        raise UsageError("no panel was given", expected="at least one rendered view")
    values = []
    for pixels, lesion, bladder in panels:
        if pixels.dtype != np.uint8:
            raise UsageError(f"a panel has {pixels.dtype} pixels", expected="8-bit grey levels, 255 = no uptake")
        values.append(bstbi(255.0 - pixels.astype(np.float32), lesion, bladder, k))
    return PanelIndex(tuple(values), float(np.mean(values)))
