"""Figures of the joint network on part of the validation split while it trains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from bonescan.core.anatomy import MaskLabel, Region
from bonescan.inference.joint import Calibration
from bonescan.metrics.dice import dice_figures
from bonescan.metrics.roc import auc
from bonescan.metrics.thresholds import over_or_likeliest
from bonescan.training.cache import UNKNOWN, GridCases
from bonescan.training.joint.samples import mirrored, study_truth
from bonescan.training.team import device_of


def joint_figures(cases: GridCases, count: int, precision: str) -> Callable[[nn.Module], dict[str, float]]:
    """Pooled Dice at one half, area under the curve over patients, exact sites and mean Dice of regions.

    Args:
        cases: Of the validation split.
        count: How many of them are looked at, evenly spread.
        precision: Of the recipe.
    """
    chosen = np.unique(np.linspace(0, len(cases) - 1, min(count, len(cases))).astype(np.intp))
    truth = study_truth(cases, chosen) > 0.5
    labels = (MaskLabel.METASTASIS, MaskLabel.BLADDER, MaskLabel.BENIGN)

    @torch.inference_mode()
    def figures(network: nn.Module) -> dict[str, float]:
        network.eval()
        device = device_of(network)
        sums = np.zeros((len(labels), 3, len(chosen)))
        bones = np.zeros((2, len(Region)))
        answers = []
        for n, case in enumerate(chosen):
            image = torch.from_numpy(mirrored(cases.images[case]).astype(np.float32))[None]
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                out = network(image.to(device))
            drawn = out.findings[0].argmax(1).cpu().numpy()
            true = mirrored(cases.labels[case])
            for k, label in enumerate(labels):
                a, b = drawn == label, true == label
                sums[k, :, n] = (a & b).sum(), a.sum(), b.sum()
            _count_regions(bones, out.regions[0].argmax(1).cpu().numpy(), mirrored(cases.regions[case])[:, 1::2, 1::2])
            answers.append(out.study[0, 0].float().cpu().numpy())
        scores = np.stack(answers)
        pooled = [dice_figures(*part)["pooled"] for part in sums]
        found = [2 * bones[0, r] / bones[1, r] for r in range(1, len(Region)) if bones[1, r]]
        return {
            "dice_metastasis": pooled[0],
            "dice_bladder": pooled[1],
            "dice_benign": pooled[2],
            "dice_regions": float(np.mean(found)) if found else float("nan"),
            "auc_patient": auc(scores[:, 0], truth[:, 0]),
            "report": float(right_reports(scores, truth).mean()),
        }

    return figures


def right_reports(scores: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whose report is right, as the paper counts it: no metastasis and none said, or all six sites right.

    Args:
        scores: (patients, 7) logits.
        truth: (patients, 7).
    """
    probabilities = Calibration().probabilities(scores)
    exact = (over_or_likeliest(probabilities[:, 1:], 0.5) == truth[:, 1:]).all(axis=1)
    present = probabilities[:, 0] >= 0.5
    right: npt.NDArray[np.bool_] = np.where(truth[:, 0], exact & present, ~present)
    return right


def _count_regions(sums: npt.NDArray[np.float64], drawn: npt.NDArray[np.int64], true: npt.NDArray[np.uint8]) -> None:
    known = true != UNKNOWN
    for region in range(1, len(Region)):
        a, b = (drawn == region) & known, true == region
        sums[0, region] += (a & b).sum()
        sums[1, region] += a.sum() + b.sum()
