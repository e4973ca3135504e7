"""The rule by which a pixel belongs to a focus or to the bladder, on noiseless images.

A focus holds the pixels where its own contribution is at least `MASK_OF_OWN_MAXIMUM` of its maximum in that view, and
that of all foci of its kind in its bone at least `MASK_OF_BACKGROUND` of everything else there but foci. A view shows a
focus, and its mask is drawn, where a reader could see it: it covers `VISIBLE_MM2`, and within it these foci hold
`VISIBLE_CONTRAST` of everything else and stand out of the noise by `ROSE` standard deviations. Several faint foci in
one vertebra make it hot, and nobody could say of which of them that is; one beside a much hotter one, of which it is
less than `VISIBLE_SHARE`, adds nothing to be seen. The bladder has fractions of its own. Where masks meet, bladder
goes before metastasis and metastasis before benign uptake.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import MaskLabel
from bonescan.core.study import Labels
from bonescan.simulate.blur import Image
from bonescan.simulate.projector import Patch

MASK_OF_OWN_MAXIMUM = 0.4
"""A focus's mask holds the pixels where its noiseless contribution is at least this fraction of its own maximum …"""
MASK_OF_BACKGROUND = 0.25
"""… and that of all foci of its kind in its bone at least this fraction of everything else at that pixel."""
VISIBLE_MM2 = 55.0
"""Below this area a focus counts as not visible in a view, and has no mask there."""
VISIBLE_CONTRAST = 0.5
"""Where all foci of its kind in its bone hold less than this fraction of everything else, both summed over its mask, a
focus counts as not visible: normal uptake varies by a fifth within a region, and no reader outlines what differs as
little. One pixel at the edge of a bone, where there is little else, makes no focus visible."""
VISIBLE_SHARE = 0.2
"""Below this fraction of what all foci of its kind in its bone hold within its mask, a focus is lost in the others."""
ROSE = 5.0
"""Where their counts within its mask are below this many standard deviations, it counts as not visible either.

Source: Rose 1948, "The sensitivity performance of the human eye on an absolute scale": 5 to be sure.
"""
BLADDER_OF_OWN_MAXIMUM = 0.3
BLADDER_OF_BACKGROUND = 0.5


NOBODY = -1
"""Owner of a pixel that is of no focus."""


class ShownFocus(NamedTuple):
    """A focus as one view shows it.

    Attributes:
        patch: Its noiseless image.
        label: Metastasis or benign uptake.
        bone: The structure that it sits in.
    """

    patch: Patch
    label: MaskLabel
    bone: int


class ViewLabels(NamedTuple):
    """What one view shows.

    Attributes:
        labels: (row, column) uint8 `MaskLabel`.
        owners: (row, column) int16, which focus a pixel is of, `NOBODY` elsewhere.
        areas: Of each focus, in pixels, 0 where it is not visible.
    """

    labels: Labels
    owners: npt.NDArray[np.int16]
    areas: list[int]


def focus_mask(patch: Patch, together: Image, rest: Image) -> npt.NDArray[np.bool_]:
    """(row, column) bool over the patch: the pixels of a focus by the rule above, visible or not.

    Args:
        patch: The focus's noiseless image.
        together: Over the patch, that of all foci of its kind in its bone.
        rest: Noiseless image of the view without any focus, with bladder and scatter.
    """
    part = patch.image
    if not part.size:
        return np.zeros(part.shape, bool)
    own = (part > 0) & (part >= MASK_OF_OWN_MAXIMUM * part.max())
    return np.asarray(own & (together >= MASK_OF_BACKGROUND * rest[patch.where]))


def is_visible(
    patch: Patch, mask: npt.NDArray[np.bool_], together: Image, rest: Image, *, pixel_mm: float, counts: float
) -> bool:
    """Whether a reader could see a focus in a view.

    Args:
        patch: The focus's noiseless image.
        mask: Its mask over the patch.
        together: Over the patch, the noiseless image of all foci of its kind in its bone.
        rest: Noiseless image of the view without any focus, with bladder and scatter.
        pixel_mm: Edge of a pixel.
        counts: Expected counts a unit of the images.
    """
    if mask.sum() * pixel_mm**2 < VISIBLE_MM2:
        return False
    own, foci, other = (float(i[mask].sum(dtype=np.float64)) for i in (patch.image, together, rest[patch.where]))
    if foci < VISIBLE_CONTRAST * other or own < VISIBLE_SHARE * foci:
        return False
    return bool(foci * np.sqrt(counts) >= ROSE * np.sqrt(foci + other))


def bladder_mask(bladder: Patch, base: Image) -> npt.NDArray[np.bool_]:
    """(row, column) bool over the patch: the pixels of the bladder, against the view without it."""
    part = bladder.image
    if not part.size:
        return np.zeros(part.shape, bool)
    own = (part > 0) & (part >= BLADDER_OF_OWN_MAXIMUM * part.max())
    return np.asarray(own & (part >= BLADDER_OF_BACKGROUND * base[bladder.where]))


def label_view(
    base: Image,
    bladder: Patch,
    foci: Sequence[ShownFocus],
    *,
    rows: tuple[int, int],
    pixel_mm: float,
    counts: float,
) -> ViewLabels:
    """Label one view.

    Args:
        base: Noiseless image of the view without bladder and foci, with scatter.
        bladder: Noiseless image of the bladder.
        foci: The foci.
        rows: First row that the camera saw, and the one after the last.
        pixel_mm: Edge of a pixel.
        counts: Expected counts a unit of the images.
    """
    labels = np.zeros(base.shape, np.uint8)
    owners = np.full(base.shape, NOBODY, np.int16)
    rest = base.copy()
    bladder.add_to(rest)
    together = _together(foci, base.shape)
    masks = [_seen(focus_mask(f.patch, all_, rest), f.patch, rows) for f, all_ in zip(foci, together, strict=True)]
    areas = [
        int(mask.sum()) if is_visible(f.patch, mask, all_, rest, pixel_mm=pixel_mm, counts=counts) else 0
        for f, mask, all_ in zip(foci, masks, together, strict=True)
    ]
    for label in (MaskLabel.BENIGN, MaskLabel.METASTASIS):
        strongest = np.zeros(base.shape, np.float32)
        for n, (focus, mask, area) in enumerate(zip(foci, masks, areas, strict=True)):
            if focus.label == label and area:
                where = focus.patch.where
                labels[where][mask] = label
                owned = mask & (focus.patch.image > strongest[where])
                owners[where][owned] = n
                strongest[where][owned] = focus.patch.image[owned]
    full = _seen(bladder_mask(bladder, base), bladder, rows)
    if full.sum() * pixel_mm**2 >= VISIBLE_MM2:
        labels[bladder.where][full] = MaskLabel.BLADDER
        owners[bladder.where][full] = NOBODY
    return ViewLabels(labels, owners, areas)


def _together(foci: Sequence[ShownFocus], shape: tuple[int, ...]) -> list[Image]:
    """Over the patch of each focus, the image of all foci of its kind in its bone."""
    bones = {(focus.label, focus.bone): np.zeros(shape, np.float32) for focus in foci}
    for focus in foci:
        focus.patch.add_to(bones[focus.label, focus.bone])
    return [bones[focus.label, focus.bone][focus.patch.where] for focus in foci]


def _seen(mask: npt.NDArray[np.bool_], patch: Patch, rows: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """A mask without the rows that the camera did not see."""
    mask[: max(rows[0] - patch.row, 0)] = False
    mask[max(rows[1] - patch.row, 0) :] = False
    return mask
