"""Figures of arms and legs, which the real folder's region maps hardly show: found by their height in the body.

Levels are those of the bone: of each row the brightest line of either half, along the body smoothed by sigma 6 pixels.
They are measured alike on real and on simulated frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from bonescan.core.study import ViewName
from bonescan.simulate.realism.compare import Row, spread
from bonescan.simulate.realism.storage import NativeFrame, Stored

_BODY = 0.05
"""Of the 99th percentile of the smoothed image: what is above is body."""
_THIGH, _SHIN, _ANKLE, _TOES = (0.58, 0.68), (0.79, 0.85), (0.91, 0.95), (0.96, 0.99)
_KNEE, _AROUND_KNEE = (0.66, 0.80), 0.02
_SHOULDERS, _ELBOWS, _FOREARMS, _HANDS = (0.19, 0.24), (0.36, 0.40), (0.36, 0.46), (0.46, 0.52)
_ELBOW, _WRIST, _FINGERS = (0.28, 0.40), (0.43, 0.52), (0.53, 0.56)
"""Heights from the crown, 0, to the toes, 1."""
_OUTER = 0.035
"""What of the body's height lies between its outline and the inner edge of a forearm."""
_BETWEEN = 41
"""Places from one thigh bone to the other."""
_CALF = (0.02, 0.025, 0.03)
"""How far outside of a shin its calf is looked at, over the body's height: 3 to 5 cm."""


def compare_limbs(simulated: Sequence[NativeFrame], real: Sequence[NativeFrame]) -> list[Row]:
    """Put the figures of limbs of simulated frames beside those of real ones."""
    rows = []
    for view in ViewName:
        measured = [[limb_figures(f.values) for f in frames if f.view == view] for frames in (real, simulated)]
        if not all(measured):
            continue
        for name in measured[0][0]:
            real_spread, simulated_spread = (spread([figures[name] for figures in group]) for group in measured)
            rows.append(Row(view, name, real_spread, simulated_spread))
    return rows


def limb_figures(values: Stored) -> dict[str, float]:
    """Measure one frame of a whole body.

    Returns:
        Levels of knee, shin, calf, ankle, toes, wrist and fingers over others; how much of the thighs' own level is
        between them; how far apart the ankles lie over the body's height; heights of elbows and wrists; breadths of the
        body with the arms over its height, and the empty share between the arms and the trunk.
    """
    smooth = gaussian_filter(values, 1.5)
    body = smooth > _BODY * np.percentile(smooth, 99)
    lit = np.flatnonzero(body.any(axis=1))
    top, height = int(lit[0]), int(lit[-1] - lit[0])
    middle = round(float(np.average(np.arange(values.shape[1]), weights=values.sum(axis=0))))
    line = _brightest_line(values, middle)

    def rows(heights: tuple[float, float]) -> slice:
        return slice(round(top + heights[0] * height), round(top + heights[1] * height) + 1)

    thigh, shin, ankle, toes = (float(np.median(line[rows(part)])) for part in (_THIGH, _SHIN, _ANKLE, _TOES))
    knee_at = (rows(_KNEE).start + int(np.argmax(line[rows(_KNEE)].mean(axis=1))) - top) / height
    knee = float(np.median(line[rows((knee_at - _AROUND_KNEE, knee_at + _AROUND_KNEE))]))
    breadths, gaps = _breadths_and_gaps(body)
    outer = _outer_line(smooth, body, round(_OUTER * height))

    def peak(heights: tuple[float, float]) -> npt.NDArray[np.intp]:
        return np.asarray(rows(heights).start + outer[rows(heights)].argmax(axis=0))

    wrists = peak(_WRIST)
    return {
        "limbs/knee_over_thigh": knee / thigh,
        "limbs/shin_over_thigh": shin / thigh,
        "limbs/calf_over_shin": _calf(smooth[rows(_SHIN)], middle, height),
        "limbs/ankles_apart": _apart(smooth[rows(_ANKLE)], middle) / height,
        "limbs/ankle_over_shin": ankle / shin,
        "limbs/toes_over_shin": toes / shin,
        "limbs/wrist_over_thigh": float(outer[wrists, (0, 1)].mean()) / thigh,
        "limbs/fingers_over_thigh": float(np.median(outer[rows(_FINGERS)])) / thigh,
        "limbs/between_thighs": _between(smooth[rows(_THIGH)], middle),
        "limbs/height_of_elbows": float(peak(_ELBOW).mean() - top) / height,
        "limbs/height_of_wrists": float(wrists.mean() - top) / height,
        "limbs/breadth_at_shoulders": float(np.median(breadths[rows(_SHOULDERS)])) / height,
        "limbs/breadth_at_elbows": float(np.median(breadths[rows(_ELBOWS)])) / height,
        "limbs/breadth_at_hands": float(np.median(breadths[rows(_HANDS)])) / height,
        "limbs/empty_beside_trunk": float(np.mean(gaps[rows(_FOREARMS)])),
    }


def _brightest_line(values: Stored, middle: int) -> npt.NDArray[np.float32]:
    """(row, 2) of each row the brightest three pixels side by side in the left and in the right half of the body."""
    smooth = gaussian_filter1d(gaussian_filter1d(values, 6.0, axis=0), 0.8, axis=1)
    halves = np.c_[smooth[:, :middle].max(axis=1), smooth[:, middle:].max(axis=1)]
    return np.asarray(np.maximum(halves, 1e-6), np.float32)


def _outer_line(smooth: Stored, body: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.float32]:
    """(row, 2) of each row the brightest within `reach` pixels of the body's outline on the left and on the right."""
    line = np.zeros((len(smooth), 2), np.float32)
    for row in np.flatnonzero(body.any(axis=1)):
        lit = np.flatnonzero(body[row])
        line[row] = smooth[row, lit[0] : lit[0] + reach].max(), smooth[row, max(lit[-1] - reach, 0) : lit[-1]].max()
    return np.asarray(gaussian_filter1d(line, 5.0, axis=0))


def _between(rows: Stored, middle: int) -> float:
    """Least level half way between the thigh bones over that of the thighs' inner flesh."""
    profile = np.zeros(_BETWEEN)
    for row, (left, right) in zip(rows, _both_bones(rows, middle), strict=True):
        profile += np.interp(np.linspace(left, right, _BETWEEN), np.arange(len(row)), row)
    flesh = np.r_[profile[8:13], profile[-13:-8]].mean()
    return float(profile[17:24].min() / max(flesh, 1e-6))


def _both_bones(rows: Stored, middle: int) -> npt.NDArray[np.intp]:
    """(row, 2) the brightest column of the left and of the right half: the bones of both legs."""
    return np.stack([rows[:, :middle].argmax(axis=1), middle + rows[:, middle:].argmax(axis=1)], axis=1)


def _apart(rows: Stored, middle: int) -> float:
    """Pixels between the bones of both legs, in the median row of a stretch of the body."""
    return float(np.median(np.diff(_both_bones(gaussian_filter1d(rows, 6.0, axis=0), middle))))


def _calf(rows: Stored, middle: int, height: int) -> float:
    """Mean level outside of the shins over that of the shins."""
    smooth = gaussian_filter1d(rows, 6.0, axis=0)
    columns, reach = np.arange(rows.shape[1]), height * np.array(_CALF)
    outside, shin = [], []
    for row, (left, right) in zip(smooth, _both_bones(smooth, middle), strict=True):
        outside += [*np.interp(left - reach, columns, row, left=0), *np.interp(right + reach, columns, row, right=0)]
        shin += [row[left], row[right]]
    return float(np.mean(outside) / max(np.mean(shin), 1e-6))


def _breadths_and_gaps(
    body: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(row,) pixels from the first to the last of the body, and the share of them that is empty."""
    columns = body.shape[1]
    breadths = np.where(body.any(axis=1), columns - body[:, ::-1].argmax(axis=1) - body.argmax(axis=1), 1)
    return breadths.astype(np.float64), 1 - body.sum(axis=1) / breadths
