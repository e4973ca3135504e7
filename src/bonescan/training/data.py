"""Batches of windows: which patient, view and place a sample is taken from.

A batch depends on the seed, the stage and the step alone, so a resumed run draws what an uninterrupted one would have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as fn

from bonescan.core.anatomy import MaskLabel
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS
from bonescan.inference.windows import STARTS, STRIDE, WINDOW
from bonescan.training.augment import change_geometry, change_intensity, draw
from bonescan.training.cache import GridCases
from bonescan.training.recipe import AugmentRecipe, DataRecipe

MARGIN = 24
"""Pixels cut around a sample, so that rotating and shifting brings in the neighbourhood instead of zeros."""

LABELS = (MaskLabel.METASTASIS, MaskLabel.BLADDER, MaskLabel.BENIGN)
CLASSES = (MaskLabel.METASTASIS, MaskLabel.BLADDER)


@dataclass(frozen=True, eq=False)
class WindowIndex:
    """Label pixels of every window.

    Attributes:
        pixels: (cases, 2, 7, 3) int64: metastasis, bladder, benign.
        present: (cases, 2) bool, whether the view exists.
    """

    pixels: npt.NDArray[np.int64]
    present: npt.NDArray[np.bool_]

    def where(self, label: MaskLabel, least: int) -> npt.NDArray[np.int64]:
        """(n, 3) case, view, window with at least that many pixels of a label."""
        return np.argwhere(self.pixels[..., LABELS.index(label)] >= least)

    def without(self, label: MaskLabel) -> npt.NDArray[np.int64]:
        """(n, 3) case, view, window of existing views with no pixel of a label."""
        return np.argwhere((self.pixels[..., LABELS.index(label)] == 0) & self.present[..., None])


def index_windows(cases: GridCases) -> WindowIndex:
    """Count the label pixels of every window."""
    pixels = np.zeros((len(cases), 2, len(STARTS), len(LABELS)), np.int64)
    for i in range(len(cases)):
        per_row = np.stack([(cases.labels[i] == label).sum(axis=2) for label in LABELS], axis=-1)
        for k, start in enumerate(STARTS):
            pixels[i, :, k] = per_row[:, start : start + WINDOW].sum(axis=1)
    return WindowIndex(pixels, np.asarray(cases.references) > 0)


def generator(seed: int, stage: int, step: int) -> np.random.Generator:
    """The generator of one step of one stage."""
    return np.random.default_rng([seed, stage, step])


class ClassifySamples:
    """Strips of windows, balanced between metastasis, bladder, benign uptake and the rest."""

    def __init__(self, cases: GridCases, data: DataRecipe, augment: AugmentRecipe) -> None:
        self._cases, self._data, self._augment = cases, data, augment
        index = index_windows(cases)
        least = data.window_min_px
        everything = np.argwhere(np.broadcast_to(index.present[..., None], index.pixels.shape[:3]))
        pools = [index.where(label, least) for label in LABELS] + [everything]
        shares = [data.metastasis_share, data.bladder_share, data.benign_share]
        self._pools = [pool if len(pool) else everything for pool in pools]
        self._shares = np.cumsum(shares)

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Draw a batch.

        Args:
            rng: Of the step.
            count: Strips.

        Returns:
            (count, 1, rows, 256) images, and (count, 1, rows, 256) float `MaskLabel` values.
        """
        rows = WINDOW + STRIDE * (self._data.strip_windows - 1)
        kinds = np.searchsorted(self._shares, rng.random(count), side="right")
        chosen = [pool[rng.integers(len(pool))] for pool in (self._pools[kind] for kind in kinds)]
        middles = []
        for _, _, window in chosen:
            low, high = STARTS[window] + WINDOW - rows, STARTS[window]
            start = rng.integers(max(0, low), min(GRID_ROWS - rows, high) + 1)
            middles.append((start + rows // 2, GRID_COLUMNS // 2))
        places = [(int(case), int(view)) for case, view, _ in chosen]
        images, labels = cut(self._cases, places, middles, (rows, WINDOW), rng, self._augment)
        return images, labels


class SegmentSamples:
    """Patches around pixels of one class, and around what is not of it.

    Half of the latter lie on the class that resembles it, half on the hottest of a hundred random pixels of a window
    without it: kidneys, urine, injection sites and joints, which most random patches would miss.
    """

    def __init__(self, cases: GridCases, label: MaskLabel, data: DataRecipe, augment: AugmentRecipe) -> None:
        self._cases, self._label, self._data, self._augment = cases, label, data, augment
        index = index_windows(cases)
        self._positive = np.unique(index.where(label, 1)[:, :2], axis=0)
        if not len(self._positive):
            self._positive = np.argwhere(index.present)
        hard = MaskLabel.BENIGN if label == MaskLabel.METASTASIS else MaskLabel.METASTASIS
        candidates = [index.where(hard, data.window_min_px), index.without(label)]
        self._negative = [pool if len(pool) else self._positive for pool in candidates]

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Draw a batch.

        Args:
            rng: Of the step.
            count: Patches.

        Returns:
            (count, 1, side, side) images and (count, 1, side, side) float masks.
        """
        side = self._data.patch_px
        places, middles = [], []
        for _ in range(count):
            pool, target = self._positive, int(self._label)
            negative = rng.random() < self._data.hard_negative_share
            if negative:
                hot = int(rng.integers(len(self._negative)))
                pool = self._negative[hot]
                target = int(MaskLabel.BENIGN if self._label == MaskLabel.METASTASIS else MaskLabel.METASTASIS)
            case, view, *window = (int(v) for v in pool[rng.integers(len(pool))])
            places.append((case, view))
            middle: tuple[int, int] | None = None
            if negative and hot and window:
                middle = _hottest(rng, self._cases.images[case, view], STARTS[window[0]])
            else:
                where = np.flatnonzero(self._cases.labels[case, view] == target)
                middle = divmod(int(where[rng.integers(where.size)]), GRID_COLUMNS) if where.size else None
            middles.append(near(rng, middle, side))
        images, labels = cut(self._cases, places, middles, (side, side), rng, self._augment)
        return images, (labels == int(self._label)).float()


def _hottest(rng: np.random.Generator, image: npt.NDArray[np.float16], start: int) -> tuple[int, int]:
    """The hottest of a hundred random pixels of a window that begins at row `start`."""
    rows, columns = rng.integers(start, start + WINDOW, 100), rng.integers(GRID_COLUMNS, size=100)
    best = int(image[rows, columns].argmax())
    return int(rows[best]), int(columns[best])


def near(rng: np.random.Generator, middle: tuple[int, int] | None, side: int) -> tuple[int, int]:
    """A place near a pixel, or anywhere, whose patch lies in the grid."""
    if middle is None:
        row, column = int(rng.integers(GRID_ROWS)), int(rng.integers(GRID_COLUMNS))
    else:
        row = middle[0] + int(rng.integers(-side // 3, side // 3 + 1))
        column = middle[1] + int(rng.integers(-side // 3, side // 3 + 1))
    half = side // 2
    return min(max(row, half), GRID_ROWS - half), min(max(column, half), GRID_COLUMNS - half)


def window_labels(labels: Tensor, least: int) -> Tensor:
    """Which windows of strips hold each class.

    Args:
        labels: (N, 1, rows, 256) float `MaskLabel` values.
        least: Pixels that make a window positive.

    Returns:
        (N * windows, 2) float 0 or 1: metastasis, bladder.
    """
    masks = torch.cat([(labels == int(label)).float() for label in CLASSES], dim=1)
    per_row = masks.sum(dim=3)
    counts = fn.avg_pool1d(per_row, WINDOW, STRIDE) * WINDOW
    return (counts.transpose(1, 2).reshape(-1, len(CLASSES)) > least - 0.5).float()


def cut(
    cases: GridCases,
    places: list[tuple[int, int]],
    middles: list[tuple[int, int]],
    shape: tuple[int, int],
    rng: np.random.Generator,
    recipe: AugmentRecipe,
) -> tuple[Tensor, Tensor]:
    """Cut samples with a margin and augment them.

    Args:
        cases: Where from.
        places: Case and view of each.
        middles: Row and column of each.
        shape: Rows and columns of what is cut.
        rng: Of the step.
        recipe: Ranges of the augmentation.

    Returns:
        (N, 1, *shape) images and (N, 1, *shape) float `MaskLabel` values.
    """
    size = (shape[0] + 2 * MARGIN, shape[1] + 2 * MARGIN)
    images = np.zeros((len(places), 1, *size), np.float32)
    labels = np.zeros((len(places), 1, *size), np.float32)
    for n, ((case, view), (row, column)) in enumerate(zip(places, middles, strict=True)):
        top, left = row - size[0] // 2, column - size[1] // 2
        rows = slice(max(top, 0), min(top + size[0], GRID_ROWS))
        columns = slice(max(left, 0), min(left + size[1], GRID_COLUMNS))
        inside = np.s_[n, 0, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        images[inside] = cases.images[case, view, rows, columns]
        labels[inside] = cases.labels[case, view, rows, columns]
    parameters = draw(rng, len(places), recipe)
    references = torch.tensor([float(cases.references[place]) for place in places])
    noisy = change_intensity(torch.from_numpy(images), references, parameters, int(rng.integers(2**31)))
    return change_geometry(noisy, torch.from_numpy(labels), parameters, shape)
