"""Is uptake drawn bright or dark?"""

from __future__ import annotations

import numpy as np

from bonescan.core.study import Counts, Polarity


def detect_polarity(image: Counts) -> Polarity:
    """Tell the polarity from the corners, which are background in every whole-body scan.

    The corners' median level near the bottom of the range of values means hot = high, near its top hot = low. The
    photometric interpretation of a DICOM header is not asked: it says how to show counts, not what they are.

    Args:
        image: (row, column) float32.

    Example:
        >>> dark = np.zeros((64, 16), dtype=np.float32); dark[20:40, 6:10] = 9
        >>> detect_polarity(dark), detect_polarity(9 - dark)
        (<Polarity.HOT_HIGH: 'hot_high'>, <Polarity.HOT_LOW: 'hot_low'>)
    """
    rows, columns = max(1, image.shape[0] // 24), max(1, image.shape[1] // 12)
    top, bottom = image[:rows], image[-rows:]
    corners = [top[:, :columns], top[:, -columns:], bottom[:, :columns], bottom[:, -columns:]]
    level = float(np.median(np.concatenate([corner.ravel() for corner in corners])))
    step = max(1, image.size // 2**14) | 1  # odd, lest a step that divides the width sees the same columns again
    low, high = np.percentile(image.ravel()[::step], [0.5, 99.5])
    if high <= low:
        low, high = float(image.min()), float(image.max())
    return Polarity.HOT_LOW if level - low > 0.5 * (high - low) else Polarity.HOT_HIGH


def hot_high(image: Counts, polarity: Polarity) -> Counts:
    """Return the image as float32, at least 0, hot = high.

    An image drawn hot = low is subtracted from its highest value, the level of its background.
    """
    values = image.max() - image if polarity is Polarity.HOT_LOW else image
    return np.maximum(values, np.float32(0))
