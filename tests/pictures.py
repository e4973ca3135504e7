"""Renderings of counts as picture files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def picture(counts: np.ndarray, *, top: float | None = None, white: bool = True) -> np.ndarray:
    """An 8-bit rendering: white background as in the paper, or black."""
    level = np.clip(counts / (top or np.percentile(counts, 99.5)) * 255, 0, 255).astype(np.uint8)
    return 255 - level if white else level


def save_picture(path: Path, pixels: np.ndarray, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path
