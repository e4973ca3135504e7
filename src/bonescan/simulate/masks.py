"""The rule by which a pixel belongs to a focus or to the bladder, on noiseless images.

A focus holds the pixels where its own contribution is at least `MASK_OF_OWN_MAXIMUM` of its maximum in that view and
at least `MASK_OF_BACKGROUND` of everything else there but other foci (visible contrast). A focus of less than
`VISIBLE_MM2` is not visible in the view. The bladder has fractions of its own. Where masks meet, bladder goes before
metastasis and metastasis before benign uptake.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import MaskLabel
from bonescan.core.study import Labels
from bonescan.simulate.blur import Image
from bonescan.simulate.projector import Patch

MASK_OF_OWN_MAXIMUM = 0.4
"""A focus's mask holds the pixels where its noiseless contribution is at least this fraction of its own maximum …"""
MASK_OF_BACKGROUND = 0.25
"""… and at least this fraction of everything else at that pixel (visible contrast)."""
VISIBLE_MM2 = 55.0
"""Below this area a focus counts as not visible in a view, and has no mask there."""
BLADDER_OF_OWN_MAXIMUM = 0.3
BLADDER_OF_BACKGROUND = 0.5


def focus_mask(patch: Patch, rest: Image) -> npt.NDArray[np.bool_]:
    """(row, column) bool over the patch: the pixels of a focus by the rule above, visible or not.

    Args:
        patch: The focus's noiseless image.
        rest: Noiseless image of the view without any focus, with the bladder.
    """
    part = patch.image
    if not part.size:
        return np.zeros(part.shape, bool)
    own = (part > 0) & (part >= MASK_OF_OWN_MAXIMUM * part.max())
    return np.asarray(own & (part >= MASK_OF_BACKGROUND * rest[patch.where]))


def bladder_mask(bladder: Patch, base: Image) -> npt.NDArray[np.bool_]:
    """(row, column) bool over the patch: the pixels of the bladder, against the view without it."""
    part = bladder.image
    if not part.size:
        return np.zeros(part.shape, bool)
    own = (part > 0) & (part >= BLADDER_OF_OWN_MAXIMUM * part.max())
    return np.asarray(own & (part >= BLADDER_OF_BACKGROUND * base[bladder.where]))


def label_view(
    base: Image, bladder: Patch, foci: Sequence[tuple[Patch, MaskLabel]], pixel_mm: float
) -> tuple[Labels, list[int]]:
    """Label one view.

    Args:
        base: Noiseless image of the view without bladder and foci.
        bladder: Noiseless image of the bladder.
        foci: Noiseless image and label of each focus.
        pixel_mm: Edge of a pixel.

    Returns:
        (row, column) uint8 `MaskLabel`, and the area of each focus in pixels, 0 where it is not visible.
    """
    labels = np.zeros(base.shape, np.uint8)
    rest = base.copy()
    bladder.add_to(rest)
    least_px = VISIBLE_MM2 / pixel_mm**2
    masks = [focus_mask(patch, rest) for patch, _ in foci]
    areas = [int(mask.sum()) if mask.sum() >= least_px else 0 for mask in masks]
    for label in (MaskLabel.BENIGN, MaskLabel.METASTASIS):
        for (patch, own), mask, area in zip(foci, masks, areas, strict=True):
            if own == label and area:
                labels[patch.where][mask] = label
    full = bladder_mask(bladder, base)
    if full.sum() >= least_px:
        labels[bladder.where][full] = MaskLabel.BLADDER
    return labels, areas
