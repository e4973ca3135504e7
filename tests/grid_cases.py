"""Cases on the network's grid for tests of training: a pale body, hot discs, labels exactly there."""

from __future__ import annotations

import numpy as np

from bonescan.core.anatomy import SITES, Region
from bonescan.training.cache import GridCases


def grid_cases(count=4, *, seed=0, noise=0.05) -> GridCases:
    """Cases with a bladder each; every second has a metastasis (site by its row), the others benign uptake.

    Metastases are round, benign uptake is a flat bar, and bladder is large and hottest.
    """
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:1024, 0:256]
    images = np.zeros((count, 2, 1024, 256), np.float16)
    labels = np.zeros((count, 2, 1024, 256), np.uint8)
    sites = np.zeros((count, len(SITES)), np.bool_)
    metastasis = np.arange(count) % 2 == 0
    for case in range(count):
        row, column = rng.integers(150, 350), rng.integers(90, 166)
        sites[case, 0] = metastasis[case]
        for view in range(2):
            image = 0.3 * (np.abs(columns - 128) < 70).astype(np.float32)
            bladder = (rows - 480) ** 2 + (columns - 128) ** 2 < 18**2
            spot = (rows - row) ** 2 + (columns - column) ** 2 < 9**2
            bar = (np.abs(rows - row) < 3) & (np.abs(columns - column) < 25)
            found = spot if metastasis[case] else bar
            image += 1.2 * found + 2.5 * bladder + noise * rng.standard_normal(image.shape)
            images[case, view] = np.clip(image, 0, 4)
            labels[case, view] = np.where(found, 1 if metastasis[case] else 3, np.where(bladder, 2, 0))
    regions = np.zeros((count, 2, 512, 128), np.uint8)
    regions[:, :, :200, 29:99], regions[:, :, 200:, 29:99] = Region.THORACIC_SPINE, Region.PELVIS
    references = np.full((count, 2), 10.0, np.float32)
    return GridCases(images, labels, regions, references, sites, metastasis, np.arange(count))
