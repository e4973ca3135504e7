"""Display colours as DICOM writes them: CIELab, 16 bits a channel (PS3.3 C.10.7.1.1)."""

from __future__ import annotations

import numpy as np

_TO_XYZ_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
"""Linear sRGB to XYZ under D50. Source: B. Lindbloom, RGB/XYZ matrices, Bradford-adapted."""
_WHITE_D50 = np.array([0.96422, 1.0, 0.82521])


def cielab(rgb: tuple[int, int, int]) -> list[int]:
    """Convert sRGB of 8 bits to L*, a*, b* scaled to 0 to 65535.

    Example:
        >>> cielab((255, 255, 255)), cielab((0, 0, 0))
        ([65535, 32896, 32896], [0, 32896, 32896])
    """
    levels = np.asarray(rgb) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    x, y, z = _TO_XYZ_D50 @ linear / _WHITE_D50
    fx, fy, fz = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    lightness, a, b = 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
    return [round(65535 * lightness / 100), round(257 * (a + 128)), round(257 * (b + 128))]
