"""Augmentation of whole patients: both views change together, and a little apart.

Beyond what the windows' augmentation does, it changes what differs between real scans and what simulated ones may get
wrong: the shape of bodies (a smooth displacement), the uptake of whole regions and of the bladder, slow gradients, what
the picture was cropped to before it was stretched, grey levels, and a missing view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as fn

from bonescan.core.anatomy import MaskLabel, Region
from bonescan.training.augment import Parameters, change_intensity, draw
from bonescan.training.cache import UNKNOWN
from bonescan.training.joint import pairs
from bonescan.training.recipe import JointAugmentRecipe

Floats = npt.NDArray[np.float32]

VIEWS = 2
_FIELD = (9, 4)
"""Knots of the smooth fields along rows and columns."""


@dataclass(frozen=True, eq=False)
class JointParameters:
    """What happens to N patients.

    Attributes:
        common: Shared by both views of a patient.
        view_shift: (N, 2 views, 2) parts of the grid, rows and columns.
        crop: (N, 4) parts of the grid cut at head, feet, and the two sides.
        present: (N, 2 views) 0 or 1.
        region_gain: (N, regions) factor of the uptake of each region.
        bladder_gain: (N,) factor of the bladder's.
        pairs: Of each patient, (spots, 8) uniform numbers that `pairs.contrast` makes spots of.
        pair_contrast: Largest contrast of these.
        field: (N, 3, 9, 4): displacement of rows and of columns in pixels, and logarithm of a gain.
        grey_step: (N,) counts over reference between grey levels; 0 where there are none.
        seed: Of the noise.
    """

    common: Parameters
    view_shift: Floats
    crop: Floats
    present: Floats
    region_gain: Floats
    bladder_gain: Floats
    pairs: tuple[Floats, ...]
    pair_contrast: float
    field: Floats
    grey_step: Floats
    seed: int


def draw_joint(rng: np.random.Generator, count: int, recipe: JointAugmentRecipe) -> JointParameters:
    """Draw the parameters of `count` patients."""
    largest = np.array([recipe.crop_ends, recipe.crop_ends, recipe.crop_side, recipe.crop_side])
    crop = (rng.random((count, 1)) < recipe.crop) * rng.random((count, 4)) * largest
    crop[:, 1] = np.where(rng.random(count) < recipe.crop_legs, rng.uniform(0.04, 0.45, count), crop[:, 1])
    present = np.ones((count, VIEWS), np.float32)
    lost = np.flatnonzero(rng.random(count) < recipe.one_view)
    present[lost, rng.integers(VIEWS, size=len(lost))] = 0
    field = rng.standard_normal((count, 3, *_FIELD))
    field *= np.array([recipe.elastic_px, recipe.elastic_px / 2, recipe.field_gain])[None, :, None, None]
    low, high = (float(np.log(step)) for step in recipe.grey_step)
    grey = rng.random(count) < recipe.grey_levels
    shift = rng.uniform(-recipe.view_shift, recipe.view_shift, (count, VIEWS, 2))
    return JointParameters(
        common=draw(rng, count, recipe),
        view_shift=shift.astype(np.float32),
        crop=crop.astype(np.float32),
        present=present,
        region_gain=np.exp(rng.normal(0, recipe.region_gain, (count, len(Region)))).astype(np.float32),
        bladder_gain=np.exp(rng.normal(-recipe.bladder_gain / 2, recipe.bladder_gain, count)).astype(np.float32),
        pairs=tuple(rng.random((n, pairs.NUMBERS)).astype(np.float32) for n in rng.poisson(recipe.pairs, count)),
        pair_contrast=recipe.pair_contrast,
        field=field.astype(np.float32),
        grey_step=np.where(grey, np.exp(rng.uniform(low, high, count)), 0).astype(np.float32),
        seed=int(rng.integers(2**31)),
    )


def change_patients(
    images: Tensor, labels: Tensor, regions: Tensor, references: Tensor, parameters: JointParameters
) -> tuple[Tensor, Tensor, Tensor]:
    """Augment whole patients.

    Args:
        images: (N, 2, H, W) float32 as `to_grid` gives, the posterior view mirrored.
        labels: (N, 2, H, W) uint8 `MaskLabel`.
        regions: (N, 2, H / 2, W / 2) uint8 `Region` or `UNKNOWN`.
        references: (N, 2) counts of the bodies' references; 0 where there is no view.
        parameters: Of the N patients.

    Returns:
        (N, 2, H, W) float32 images, (N, 2, H, W) uint8 labels, and (N, 2, H / 4, W / 4) uint8 regions.
    """
    count, _, height, width = images.shape
    images = _change_uptake(images, labels, regions, parameters)
    both = images.flatten(0, 1)[:, None]
    twice = _for_each_view(parameters.common)
    both = change_intensity(both, references.reshape(-1), twice, parameters.seed)
    both = _round(both, torch.from_numpy(parameters.grey_step).repeat_interleave(VIEWS))
    there = torch.from_numpy(parameters.present).view(-1, 1, 1, 1) * (references.reshape(-1, 1, 1, 1) > 0)
    places = _places(parameters, height, width)
    moved = fn.grid_sample(both * there, places, mode="bilinear", align_corners=False)
    found = _nearest(labels.flatten(0, 1)[:, None] * there.byte(), places)
    # Every fourth place stands for its block; +1 makes room for "outside".
    blocks = places[:, 2::4, 2::4]
    bones = _nearest(regions.flatten(0, 1)[:, None], blocks)
    bones = torch.where(there > 0, bones, torch.full_like(bones, UNKNOWN))
    return (
        moved.view(count, VIEWS, height, width),
        found.view(count, VIEWS, height, width),
        bones.view(count, VIEWS, height // 4, width // 4),
    )


def _change_uptake(images: Tensor, labels: Tensor, regions: Tensor, parameters: JointParameters) -> Tensor:
    """Change the uptake of regions and bladder against each other, and let it drift slowly over the body."""
    count, _, height, width = images.shape
    known = torch.where(regions == UNKNOWN, torch.zeros_like(regions), regions).long()
    table = torch.from_numpy(parameters.region_gain)
    gain = torch.stack([table[i][known[i]] for i in range(count)])
    bladder = labels[:, :, ::2, ::2] == MaskLabel.BLADDER
    gain = torch.where(bladder, torch.from_numpy(parameters.bladder_gain).view(-1, 1, 1, 1), gain)
    # Edges of the map are not edges of the tracer.
    coarse = fn.avg_pool2d(gain, 4)
    coarse = fn.avg_pool2d(fn.pad(coarse, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    drift = _smooth(torch.from_numpy(parameters.field[:, 2:]), coarse.shape[-2], coarse.shape[-1]).exp()
    finer = fn.interpolate(coarse * drift, known.shape[-2:], mode="bilinear", align_corners=False)
    for i, numbers in enumerate(parameters.pairs):
        finer[i] *= torch.from_numpy(pairs.contrast(known[i].numpy(), numbers, parameters.pair_contrast))
    factor = fn.interpolate(finer.sqrt(), (height, width), mode="bilinear", align_corners=False)
    return (images * factor).clamp(0, 4)


def _places(parameters: JointParameters, height: int, width: int) -> Tensor:
    """(2 N, H, W, 2) where each pixel of each view is taken from, in the coordinates of `grid_sample`."""
    common = _for_each_view(parameters.common)
    count = len(common.size)
    crop = np.repeat(parameters.crop, VIEWS, axis=0)
    kept_rows, kept_columns = 1 - crop[:, 0] - crop[:, 1], 1 - crop[:, 2] - crop[:, 3]
    angle = np.deg2rad(common.angle_deg)
    by_row = kept_rows / (common.size * common.aspect)
    by_column = kept_columns * common.aspect / common.size
    shift = parameters.view_shift.reshape(-1, 2)
    theta = np.zeros((count, 2, 3), np.float32)
    theta[:, 0, 0] = np.cos(angle) * by_column * common.mirror
    theta[:, 0, 1] = -np.sin(angle) * by_row * height / width
    theta[:, 1, 0] = np.sin(angle) * by_column * width / height * common.mirror
    theta[:, 1, 1] = np.cos(angle) * by_row
    theta[:, 0, 2] = 2 * (common.shift_columns / width + shift[:, 1]) + crop[:, 2] - crop[:, 3]
    theta[:, 1, 2] = 2 * (common.shift_rows / height + shift[:, 0]) + crop[:, 0] - crop[:, 1]
    grid = fn.affine_grid(torch.from_numpy(theta), [count, 1, height, width], align_corners=False)
    bend = _smooth(torch.from_numpy(parameters.field[:, :2]), height, width).repeat_interleave(VIEWS, dim=0)
    scale = torch.tensor([2 / height, 2 / width]).view(1, 2, 1, 1)
    return grid + (bend * scale).flip(1).permute(0, 2, 3, 1)


def _smooth(knots: Tensor, height: int, width: int) -> Tensor:
    return fn.interpolate(knots, (height, width), mode="bicubic", align_corners=True)


def _nearest(labels: Tensor, places: Tensor) -> Tensor:
    return fn.grid_sample(labels.float(), places, mode="nearest", align_corners=False).byte()


def _round(images: Tensor, step: Tensor) -> Tensor:
    """Round counts to grey levels, as files of 8 bits do; `step` is (N,), 0 leaves as it is."""
    which = step > 0
    if not bool(which.any()):
        return images
    width = step[which].view(-1, 1, 1, 1)
    result = images.clone()
    result[which] = torch.sqrt(torch.round((2 * images[which]) ** 2 / width) * width) / 2
    return result


def _for_each_view(parameters: Parameters) -> Parameters:
    """The same for both views of each patient."""
    return Parameters(**{name: np.repeat(values, VIEWS) for name, values in vars(parameters).items()})
