"""Batches for the report network: both views side by side with a map of metastasis.

The network sees predicted maps when it is used. It is trained on the true ones made worse (blurred, thicker or thinner,
lesions lost, benign uptake taken for metastasis) and, for part of the patients, on maps that the trained segmentation
network predicted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bonescan.core.anatomy import MaskLabel
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS
from bonescan.training.augment import change_geometry, change_intensity, draw
from bonescan.training.cache import GridCases
from bonescan.training.recipe import AugmentRecipe, DataRecipe

Maps = dict[int, npt.NDArray[np.float16]]
"""Case → (2, 1024, 256) predicted probability of metastasis."""

_LOST = 0.15
_FALSE = 0.25


def worsen(labels: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Make a true mask look predicted.

    Args:
        labels: (1024, 256) uint8 `MaskLabel`.
        rng: Of the step.

    Returns:
        (1024, 256) float32 in [0, 1].
    """
    from scipy import ndimage

    kept = _some_parts(labels == MaskLabel.METASTASIS, 1 - _LOST, rng)
    if rng.random() < _FALSE:
        kept |= _some_parts(labels == MaskLabel.BENIGN, 0.5, rng)
    if not kept.any():
        return np.zeros(labels.shape, np.float32)
    sigma = rng.uniform(0.7, 2.5)
    blurred = ndimage.gaussian_filter(kept.astype(np.float32), sigma, truncate=3.0)
    # A threshold away from a half makes lesions thicker or thinner; the slope makes edges soft or hard.
    threshold, slope = rng.uniform(0.25, 0.65), rng.uniform(3, 12)
    probability = 1 / (1 + np.exp(-slope * (blurred - threshold)))
    return np.where(blurred > 0.01, probability * rng.uniform(0.7, 1.0), 0).astype(np.float32)


class LocateSamples:
    """Whole bodies with a map of metastasis and the six sites."""

    def __init__(self, cases: GridCases, data: DataRecipe, augment: AugmentRecipe, predicted: Maps) -> None:
        self._cases, self._data, self._augment, self._predicted = cases, data, augment, predicted
        self._positive = np.flatnonzero(cases.metastasis)
        self._negative = np.flatnonzero(~cases.metastasis)

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Draw a batch.

        Args:
            rng: Of the step.
            count: Patients.

        Returns:
            (count, 2, 1024, 512) image and map, anterior left of posterior; (count, 6) float sites.
        """
        chosen = [self._draw_case(rng) for _ in range(count)]
        maps = np.stack([self._map(case, rng) for case in chosen])
        images = np.stack([self._cases.image(case) for case in chosen])
        flat = (count * 2, 1, GRID_ROWS, GRID_COLUMNS)
        parameters = draw(rng, count * 2, self._augment)
        references = torch.from_numpy(np.asarray(self._cases.references)[chosen].reshape(-1))
        noisy = change_intensity(
            torch.from_numpy(images.reshape(flat)), references, parameters, int(rng.integers(2**31))
        )
        both = torch.cat([noisy, torch.from_numpy(maps.reshape(flat))], dim=1)
        moved, _ = change_geometry(both, both[:, :0], parameters, (GRID_ROWS, GRID_COLUMNS))
        return side_by_side(moved.view(count, 2, 2, GRID_ROWS, GRID_COLUMNS)), torch.from_numpy(
            self._cases.sites[chosen].astype(np.float32)
        )

    def _draw_case(self, rng: np.random.Generator) -> int:
        negative = rng.random() < self._data.locate_negative_share
        pool = self._negative if (negative and len(self._negative)) or not len(self._positive) else self._positive
        return int(pool[rng.integers(len(pool))])

    def _map(self, case: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
        if case in self._predicted and rng.random() < self._data.predicted_share:
            return self._predicted[case].astype(np.float32)
        return np.stack([worsen(view, rng) for view in self._cases.labels[case]])


def side_by_side(views: Tensor) -> Tensor:
    """(N, view, channel, 1024, 256) → (N, channel, 1024, 512), anterior left of posterior."""
    return torch.cat([views[:, 0], views[:, 1]], dim=3)


def _some_parts(mask: npt.NDArray[np.bool_], share: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Keep each connected part with the given probability."""
    from scipy import ndimage

    parts, count = ndimage.label(mask, structure=np.ones((3, 3), int))
    keep = np.concatenate([[False], rng.random(count) < share])
    return np.asarray(keep[parts], dtype=np.bool_)
