"""A cohort in the layout that nnU-Net reads.

One view is one two-dimensional case, on the grid that all networks here see, so that methods differ by their networks
and not by how pictures of different cameras were brought to one size. Cases are numbered: nnU-Net prints their names.

::

    <folder>/raw/Dataset001_bonescan/dataset.json
    <folder>/raw/Dataset001_bonescan/imagesTr/00000_anterior_0000.png    16-bit, 1024×256
    <folder>/raw/Dataset001_bonescan/labelsTr/00000_anterior.png         8-bit
    <folder>/splits_final.json                                           one fold: our train and val
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import MaskLabel
from bonescan.core.files import write_bytes, write_text
from bonescan.training.cache import VIEWS, GridCases

DATASET = "Dataset001_bonescan"
SPLITS = "splits_final.json"
SCALE = 65535 / 4
"""Grey levels of a grid image, whose values end at 4."""


def labels_of(*, benign: bool) -> dict[str, int]:
    """nnU-Net's names and values of the labels, those of `MaskLabel`."""
    chosen = [label for label in MaskLabel if benign or label != MaskLabel.BENIGN]
    return {label.name.lower(): int(label) for label in chosen}


def as_picture(image: npt.NDArray[np.floating]) -> npt.NDArray[np.uint16]:
    """Grey levels of a grid image.

    Args:
        image: Any shape, in [0, 4] as `to_grid` gives.
    """
    grey: npt.NDArray[np.uint16] = np.rint(np.asarray(image, np.float32) * SCALE).clip(0, 65535).astype(np.uint16)
    return grey


def export_dataset(folder: Path, train: GridCases, val: GridCases, *, benign: bool) -> Path:
    """Write the cases of both splits; views that do not exist are left out.

    Args:
        folder: Gets ``raw/`` and ``splits_final.json``.
        train: Training cases.
        val: Validation cases; nnU-Net wants them among its training images, and learns from the split.
        benign: Whether benign uptake is a label; if not, it is background.

    Returns:
        The folder of the dataset.

    Raises:
        OutputError: A file cannot be written.
    """
    dataset = folder / "raw" / DATASET
    split: dict[str, list[str]] = {"train": [], "val": []}
    number = 0
    for side, cases in (("train", train), ("val", val)):
        for case in range(len(cases)):
            for view in np.flatnonzero(np.asarray(cases.references[case]) > 0):
                name = f"{number:05d}_{VIEWS[view]}"
                labels = np.asarray(cases.labels[case, view])
                if not benign:
                    labels = np.where(labels == MaskLabel.BENIGN, np.uint8(MaskLabel.BACKGROUND), labels)
                write_bytes(dataset / "imagesTr" / f"{name}_0000.png", _png(as_picture(cases.images[case, view])))
                write_bytes(dataset / "labelsTr" / f"{name}.png", _png(labels))
                split[side].append(name)
            number += 1
    document = {
        "channel_names": {"0": "scintigram"},
        "labels": labels_of(benign=benign),
        "numTraining": len(split["train"]) + len(split["val"]),
        "file_ending": ".png",
    }
    write_text(folder / SPLITS, json.dumps([split], indent=1) + "\n")
    write_text(dataset / "dataset.json", json.dumps(document, indent=1) + "\n")
    return dataset


def _png(values: npt.NDArray[np.uint16] | npt.NDArray[np.uint8]) -> bytes:
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(values).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
