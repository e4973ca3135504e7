"""Profiles across ribs and femora of the posterior view: how wide and how deep fine structure is."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, label
from scipy.signal import find_peaks, peak_prominences, peak_widths

from bonescan.core.anatomy import Region
from bonescan.simulate.realism.storage import Map, Stored

_COLUMNS = 5
_LEAST_PROMINENCE = 0.25
"""Of the mean of the profile: below this a bump is noise."""


def rib_profile(values: Stored, regions: Map) -> dict[str, float]:
    """Ribs below the scapulae: profiles along the body axis, five columns averaged, smoothed by sigma 1 along.

    Returns:
        Medians over profiles: full width at half prominence, spacing and contrast (peak - valley) / (peak + valley);
        empty where there are too few peaks.
    """
    scapula = np.flatnonzero((regions == Region.SCAPULA).any(1))
    area = regions == Region.RIBS
    if not len(scapula) or not area.any():
        return {}
    area = area.copy()
    area[: scapula[-1] + 1] = False
    widths: list[float] = []
    spacings: list[float] = []
    contrasts: list[float] = []
    for column in range(2, values.shape[1] - 2, _COLUMNS):
        rows = np.flatnonzero(area[:, column])
        if len(rows) < 25:
            continue
        profile = values[rows[0] : rows[-1] + 1, column - 2 : column + 3].mean(1)
        profile = gaussian_filter1d(profile, 1.0)
        _add_peaks(profile, widths, spacings, contrasts)
    if len(widths) < 4 or not spacings:
        return {}
    return {
        "ribs_profile/width_px": float(np.median(widths)),
        "ribs_profile/spacing_px": float(np.median(spacings)),
        "ribs_profile/contrast": float(np.median(contrasts)),
    }


def _add_peaks(
    profile: npt.NDArray[np.float32], widths: list[float], spacings: list[float], contrasts: list[float]
) -> None:
    peaks, _ = find_peaks(profile, prominence=_LEAST_PROMINENCE * float(profile.mean()), distance=4)
    if len(peaks) < 2:
        return
    widths += peak_widths(profile, peaks, rel_height=0.5, prominence_data=peak_prominences(profile, peaks))[0].tolist()
    spacings += np.diff(peaks).tolist()
    for first, second in itertools.pairwise(peaks):
        valley = float(profile[first : second + 1].min())
        peak = float(profile[first] + profile[second]) / 2
        contrasts.append((peak - valley) / max(peak + valley, 1e-6))


def femur_profile(values: Stored, regions: Map) -> dict[str, float]:
    """Across the middle of the femoral shafts: 15 rows averaged after aligning their centres.

    Returns:
        Mean of both sides: full width at half height above the soft tissue beside it, and peak over that soft tissue.
    """
    femur = regions == Region.FEMUR
    pieces, count = label(femur)
    found: list[tuple[float, float]] = []
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    for piece in np.argsort(sizes)[::-1][:2] + 1:
        one = pieces == piece
        rows = np.flatnonzero(one.any(1))
        if len(rows) < 60:
            continue
        middle = int((rows[0] + rows[-1]) / 2)
        lines = []
        for row in range(middle - 7, middle + 8):
            columns = np.flatnonzero(one[row])
            if not len(columns):
                continue
            centre = round(float(columns.mean()))
            if centre >= 20 and centre + 21 <= values.shape[1]:
                lines.append(values[row, centre - 20 : centre + 21])
        if len(lines) == 15:
            measured = _width(gaussian_filter1d(np.mean(lines, 0), 1.0))
            if measured:
                found.append(measured)
    if not found:
        return {}
    return {
        "femur_profile/width_px": float(np.mean([w for w, _ in found])),
        "femur_profile/peak_over_beside": float(np.mean([p for _, p in found])),
    }


def _width(profile: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Full width at half height above what lies beside, and peak over it."""
    top = 12 + int(np.argmax(profile[12:29]))
    beside = float(np.median(np.r_[profile[max(top - 18, 0) : top - 9], profile[top + 10 : top + 19]]))
    if profile[top] <= beside:
        return None
    half = beside + (float(profile[top]) - beside) / 2
    left, right = top, top
    while left > 0 and profile[left] > half:
        left -= 1
    while right < len(profile) - 1 and profile[right] > half:
        right += 1
    if profile[left] > half or profile[right] > half or beside <= 0:
        return None
    low = left + (half - profile[left]) / (profile[left + 1] - profile[left])
    high = right - (half - profile[right]) / (profile[right - 1] - profile[right])
    return float(high - low), float(profile[top]) / beside
