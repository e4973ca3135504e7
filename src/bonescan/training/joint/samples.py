"""Whole patients for the joint network."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bonescan.core.anatomy import MaskLabel
from bonescan.training.cache import GridCases
from bonescan.training.joint.augment import change_patients, draw_joint
from bonescan.training.recipe import JointAugmentRecipe, JointDataRecipe

Ints = npt.NDArray[np.intp]
POSTERIOR = 1


_Scalar = TypeVar("_Scalar", bound=np.generic)


def mirrored(values: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    """(view, rows, columns) with the posterior view mirrored, so that both show the same side on the same side."""
    result = np.array(values)
    result[POSTERIOR] = result[POSTERIOR, :, ::-1]
    return result


def study_truth(cases: GridCases, chosen: Ints) -> npt.NDArray[np.float32]:
    """(n, 7): metastasis and the six sites, 0 or 1."""
    metastasis = np.asarray(cases.metastasis)[chosen, None]
    return np.concatenate([metastasis, np.asarray(cases.sites)[chosen]], axis=1).astype(np.float32)


class JointSamples:
    """Patients drawn by class, both views, augmented."""

    def __init__(self, cases: GridCases, data: JointDataRecipe, augment: JointAugmentRecipe) -> None:
        self._cases, self._augment = cases, augment
        metastatic = np.asarray(cases.metastasis)
        benign = np.array([bool((cases.labels[i] == MaskLabel.BENIGN).any()) for i in range(len(cases))])
        everyone = np.arange(len(cases))
        pools = (np.flatnonzero(mask) for mask in (metastatic, ~metastatic & benign, ~metastatic & ~benign))
        self._pools = [pool if len(pool) else everyone for pool in pools]
        self._shares = np.cumsum([data.metastatic_share, data.benign_share])

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Draw a batch.

        Args:
            rng: Of the step.
            count: Patients.

        Returns:
            (count, 2, 1024, 256) images, posterior mirrored; and the truth: (count, 2, 1024, 256) uint8 labels,
            (count, 2, 256, 64) uint8 regions, (count, 7) metastasis and sites.
        """
        kinds = np.searchsorted(self._shares, rng.random(count), side="right")
        chosen = np.array([pool[rng.integers(len(pool))] for pool in (self._pools[kind] for kind in kinds)])
        return patients(self._cases, chosen, self._augment, rng)


def patients(
    cases: GridCases, chosen: Ints, augment: JointAugmentRecipe | None, rng: np.random.Generator
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Some patients and their truth, augmented or as they are; see `JointSamples.batch`."""
    images = torch.from_numpy(np.stack([mirrored(cases.images[i]).astype(np.float32) for i in chosen]))
    labels = torch.from_numpy(np.stack([mirrored(cases.labels[i]) for i in chosen]))
    regions = torch.from_numpy(np.stack([mirrored(cases.regions[i]) for i in chosen]))
    if augment is None:
        regions = regions[:, :, 1::2, 1::2]
    else:
        references = torch.from_numpy(np.array(cases.references[chosen]))
        images, labels, regions = change_patients(
            images, labels, regions, references, draw_joint(rng, len(chosen), augment)
        )
    return images, (labels, regions, torch.from_numpy(study_truth(cases, chosen)))
