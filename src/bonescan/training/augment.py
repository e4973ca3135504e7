"""Augmentation: parameters are drawn first, from a generator of the sample's own, and then applied to a batch.

Left-right flips are allowed here, since no output of these networks knows left from right. Vertical ones are not:
nobody is scanned feet first. Noise is added before the resampling, so that it is correlated as resampled counts are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as fn

from bonescan.training.recipe import AugmentRecipe

Column = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Parameters:
    """What happens to each of N samples; every field is (N,) float32.

    Attributes:
        angle_deg: Rotation.
        size: Factor of both axes.
        aspect: Factor of the rows; the columns are divided by it.
        shift_rows: Pixels.
        shift_columns: Pixels.
        mirror: -1 where flipped left-right, else 1.
        gain: Factor of the counts.
        exponent: Of the counts.
        ceiling: Counts over reference at which the file saturates.
        floor: Counts over reference below which the file says 0.
        kept: Fraction of counts kept.
        blur: Standard deviation in pixels.
    """

    angle_deg: Column
    size: Column
    aspect: Column
    shift_rows: Column
    shift_columns: Column
    mirror: Column
    gain: Column
    exponent: Column
    ceiling: Column
    floor: Column
    kept: Column
    blur: Column


def draw(rng: np.random.Generator, count: int, recipe: AugmentRecipe) -> Parameters:
    """Draw the parameters of `count` samples."""

    def around(reach: float) -> Column:
        return rng.uniform(-reach, reach, count).astype(np.float32)

    def factor(reach: float) -> Column:
        return np.exp(around(float(np.log1p(reach))))

    def sometimes(share: float, low: float, high: float, otherwise: float) -> Column:
        values = rng.uniform(low, high, count)
        return np.where(rng.random(count) < share, values, otherwise).astype(np.float32)

    return Parameters(
        angle_deg=around(recipe.rotation_deg),
        size=factor(recipe.scale),
        aspect=factor(recipe.stretch),
        shift_rows=around(recipe.shift_px),
        shift_columns=around(recipe.shift_px),
        mirror=np.where(rng.random(count) < recipe.flip, -1, 1).astype(np.float32),
        gain=factor(recipe.gain),
        exponent=factor(recipe.gamma),
        ceiling=np.exp(sometimes(recipe.saturate, float(np.log(4)), float(np.log(30)), 20.0)),
        floor=sometimes(recipe.floor, 0.0, recipe.floor_most, 0.0),
        kept=sometimes(recipe.thin, recipe.thin_least, 1.0, 1.0),
        blur=sometimes(recipe.blur, 0.2, max(recipe.blur_px, 0.2), 0.0),
    )


def change_intensity(images: Tensor, references: Tensor, parameters: Parameters, seed: int) -> Tensor:
    """Thin, scale, bend, cut and blur.

    Args:
        images: (N, 1, H, W) float32 as `to_grid` gives: half the square root of counts over reference.
        references: (N,) counts of the reference, which says how noisy the counts are.
        parameters: Of the N samples.
        seed: Of the noise.

    Returns:
        (N, 1, H, W) in [0, 4].
    """
    ratio = (2 * images) ** 2
    kept = _column(parameters.kept)
    if bool((kept < 1).any()):
        noise = torch.randn(ratio.shape, generator=torch.Generator().manual_seed(seed))
        # Keeping a fraction p of Poisson counts and scaling back adds variance counts * (1 - p) / p.
        added = (1 - kept) / kept / references.clamp(min=0.5).view(-1, 1, 1, 1)
        ratio = (ratio + noise * torch.sqrt(ratio * added)).clamp(min=0)
    ratio = (ratio * _column(parameters.gain)) ** _column(parameters.exponent)
    ratio = torch.where(ratio < _column(parameters.floor), torch.zeros(()), ratio)
    ratio = torch.minimum(ratio, _column(parameters.ceiling))
    return _blur(torch.sqrt(ratio) / 2, parameters.blur).clamp(0, 4)


def change_geometry(
    images: Tensor, labels: Tensor, parameters: Parameters, shape: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Rotate, scale, stretch, shift and flip; cut `shape` out of the middle.

    Args:
        images: (N, C, H, W) float32, resampled linearly.
        labels: (N, D, H, W) float32, resampled to the nearest.
        parameters: Of the N samples.
        shape: Rows and columns of the result.

    Returns:
        (N, C, *shape) and (N, D, *shape); zeros come in from outside.
    """
    count, _, height, width = images.shape
    rows, columns = shape
    angle = np.deg2rad(parameters.angle_deg)
    by_row = 1 / (parameters.size * parameters.aspect)
    by_column = parameters.aspect / parameters.size * parameters.mirror
    theta = np.zeros((count, 2, 3), np.float32)
    theta[:, 0, 0] = np.cos(angle) * by_column * columns / width
    theta[:, 0, 1] = -np.sin(angle) * by_row * rows / width
    theta[:, 1, 0] = np.sin(angle) * by_column * columns / height
    theta[:, 1, 1] = np.cos(angle) * by_row * rows / height
    theta[:, 0, 2] = 2 * parameters.shift_columns / width
    theta[:, 1, 2] = 2 * parameters.shift_rows / height
    grid = fn.affine_grid(torch.from_numpy(theta), [count, 1, rows, columns], align_corners=False)
    moved = fn.grid_sample(images, grid, mode="bilinear", align_corners=False)
    moved_labels = fn.grid_sample(labels, grid, mode="nearest", align_corners=False)
    return moved, moved_labels


def _column(values: Column) -> Tensor:
    return torch.from_numpy(values).view(-1, 1, 1, 1)


def _blur(images: Tensor, sigmas: Column) -> Tensor:
    """Gaussian blur of each sample by its own sigma, in both directions."""
    chosen = np.flatnonzero(sigmas > 0)
    if chosen.size == 0:
        return images
    taps = np.arange(-3, 4, dtype=np.float32)
    kernel = np.exp(-0.5 * (taps / sigmas[chosen, None]) ** 2)
    kernel /= kernel.sum(axis=1, keepdims=True)
    weights = torch.from_numpy(kernel.astype(np.float32))
    index = torch.from_numpy(chosen)
    part = images[index, 0][None]
    part = fn.conv2d(part, weights[:, None, :, None], padding=(3, 0), groups=chosen.size)
    part = fn.conv2d(part, weights[:, None, None, :], padding=(0, 3), groups=chosen.size)
    blurred = images.clone()
    blurred[index, 0] = part[0]
    return blurred
