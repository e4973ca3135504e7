"""The figures of one frame that are compared with real ones: levels of regions, structure, noise, counts.

All are measured on the native grid in stored values, by the definitions of the real folder's ``statistics.json``: the
level of a region is the median, over its pixels, of the image smoothed by a Gaussian of sigma 2 pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_erosion, binary_fill_holes, distance_transform_edt, gaussian_filter, label

from bonescan.core.anatomy import Region
from bonescan.core.study import ViewName
from bonescan.simulate.realism.profiles import femur_profile, rib_profile
from bonescan.simulate.realism.storage import Map, NativeFrame, Stored

Mask = npt.NDArray[np.bool_]

REGION_NAMES: dict[int, str] = {
    Region.SKULL: "skull",
    Region.CERVICAL_SPINE: "cervical vertebrae",
    Region.THORACIC_SPINE: "thoracic vertebrae",
    Region.RIBS: "ribs",
    Region.STERNUM: "sternum",
    Region.CLAVICLE: "collarbone",
    Region.SCAPULA: "scapula",
    Region.HUMERUS: "humerus",
    Region.LUMBAR_SPINE: "lumbar vertebrae",
    Region.SACRUM: "sacrum",
    Region.PELVIS: "pelvis",
    Region.FEMUR: "femur",
}
"""Region → its name in the real folder."""
_LEAST_PX = 30
_FROM_FEMUR_PX = 6
_THIGH = (30, 80)
"""Percentiles of the femur's rows between which the thigh is measured, clear of urine above and knees below."""
_BODY_OF_FEMUR = 0.06
_BESIDE = {"near": (6.0, 18.0), "far": (30.0, np.inf)}
"""Pixels from the body between which counts are of scatter and of the room."""


def frame_figures(frame: NativeFrame) -> dict[str, float]:
    """Measure one frame.

    Returns:
        Figure → value; a figure whose region is missing is left out. Names are paths, as in ``statistics.json``
        ("level_over_ribs/skull", "noise/in_counts", …).
    """
    smooth = gaussian_filter(frame.values, 2.0)
    areas = {name: frame.regions == value for value, name in REGION_NAMES.items()}
    if frame.view == ViewName.POSTERIOR:
        del areas["sternum"]
    areas = {name: mask for name, mask in areas.items() if int(mask.sum()) >= _LEAST_PX}
    levels = {name: float(np.median(smooth[mask])) for name, mask in areas.items()}
    thigh = between_femora(frame.regions)
    if int(thigh.sum()) >= _LEAST_PX:
        levels["soft tissue"] = float(np.median(smooth[thigh]))
    if "femur" not in levels or levels["femur"] <= 0:
        return {}
    figures = {f"level/{name}": level for name, level in levels.items()}
    for base, key in (("ribs", "ribs"), ("femur", "femur"), ("soft tissue", "soft_tissue")):
        if levels.get(base, 0) > 0:
            figures |= {f"level_over_{key}/{name}": level / levels[base] for name, level in levels.items()}
    for name, mask in areas.items():
        figures[f"variation/{name}"] = float(smooth[mask].std() / max(smooth[mask].mean(), 1e-6))
        inside = frame.values[mask]
        figures[f"variation_unsmoothed/{name}"] = float(inside.std() / max(inside.mean(), 1e-6))
    body = body_mask(frame.values, levels["femur"])
    figures |= {f"area_over_body/{name}": float(mask.sum() / body.sum()) for name, mask in areas.items()}
    figures["body_over_frame"] = float(body.mean())
    figures["zeros_in_body"] = float((frame.values[body] == 0).mean())
    if thigh.any():
        figures["zeros_in_soft_tissue"] = float((frame.values[thigh] == 0).mean())
    figures |= _beside(frame.values, body)
    figures |= _organs(frame, smooth, levels)
    figures |= noise_figures(frame.values, body, frame.facts.step)
    figures |= _counts(frame, levels)
    figures |= _histogram(frame.values[body])
    if frame.view == ViewName.POSTERIOR:
        figures |= rib_profile(frame.values, frame.regions)
    return figures | femur_profile(frame.values, frame.regions)


def body_mask(values: Stored, femur_level: float) -> Mask:
    """(row, column) bool: smoothed image above 6 % of the femur level, holes filled, largest piece."""
    pieces, count = label(binary_fill_holes(gaussian_filter(values, 3.0) > _BODY_OF_FEMUR * femur_level))
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    return np.asarray(pieces == np.argmax(sizes))


def _beside(values: Stored, body: Mask) -> dict[str, float]:
    """Mean level beside the body over that of the body."""
    distance, level = distance_transform_edt(~body), float(values[body].mean())
    figures = {}
    for name, (nearest, farthest) in _BESIDE.items():
        there = (distance > nearest) & (distance <= farthest)
        if int(there.sum()) >= _LEAST_PX:
            figures[f"beside_body/{name}"] = float(values[there].mean()) / level
    return figures


def between_femora(regions: Map) -> Mask:
    """(row, column) bool: thigh between the femora, at least 6 pixels from either, below the pelvis."""
    femur = regions == Region.FEMUR
    between = np.zeros(femur.shape, bool)
    pelvis = np.flatnonzero((regions == Region.PELVIS).any(1))
    rows = np.flatnonzero(femur.any(1))
    if not len(rows):
        return between
    middle = int(np.median(np.nonzero(femur)[1]))
    for row in rows:
        left = np.flatnonzero(femur[row, :middle])
        right = np.flatnonzero(femur[row, middle:])
        if len(left) and len(right):
            between[row, left[-1] + 1 : middle + right[0]] = True
    if len(pelvis):
        between[: pelvis[-1] + 1] = False
    low, high = np.percentile(rows, _THIGH)
    between[: int(low)] = False
    between[int(high) :] = False
    return between & (distance_transform_edt(~femur) >= _FROM_FEMUR_PX)


def noise_figures(values: Stored, body: Mask, step: float) -> dict[str, float]:
    """Noise: slope of the local variance on the local mean, and the correlation of neighbours.

    Half the mean squared difference of horizontal neighbours estimates the variance of independent noise without
    seeing slow structure. A slope of one count a count is Poisson noise.
    """
    difference = (values[:, 1:] - values[:, :-1]) ** 2 / 2
    local_variance = gaussian_filter(difference, 3.0)
    local_mean = gaussian_filter((values[:, 1:] + values[:, :-1]) / 2, 3.0)
    inside = binary_erosion(body, iterations=4)[:, 1:]
    exposed = inside & (local_mean > np.percentile(local_mean[inside], 60))
    mean, variance = local_mean[exposed], local_variance[exposed]
    cut = mean < np.percentile(mean, 97)
    slope = float((mean[cut] * variance[cut]).sum() / (mean[cut] ** 2).sum())
    residual = values - gaussian_filter(values, 2.0)
    left, right = residual[:, :-1][exposed], residual[:, 1:][exposed]
    return {
        "noise/variance_per_mean": slope,
        "noise/in_counts": slope / step,
        "noise/neighbour_correlation": float(np.corrcoef(left, right)[0, 1]),
    }


def _organs(frame: NativeFrame, smooth: Stored, levels: dict[str, float]) -> dict[str, float]:
    """Bladder by the 95th percentile in the pelvic ring, kidneys by the 90th beside the lumbar spine."""
    figures: dict[str, float] = {}
    pelvis = frame.regions == Region.PELVIS
    if pelvis.any():
        rows, columns = np.nonzero(pelvis)
        ring = binary_fill_holes(pelvis | (frame.regions == Region.SACRUM)) & (frame.regions == 0)
        top, bottom = np.percentile(rows, [40, 100]).astype(int)
        low, high = np.percentile(columns, [25, 75]).astype(int)
        box = np.zeros(pelvis.shape, bool)
        box[top:bottom, low:high] = True
        ring |= box & ~pelvis & (frame.regions != Region.SACRUM)
        if ring.any():
            top_value = float(np.percentile(smooth[ring], 95))
            for base, key in (("pelvis", "pelvis"), ("femur", "femur"), ("soft tissue", "soft_tissue")):
                if levels.get(base, 0) > 0:
                    figures[f"bladder/over_{key}"] = top_value / levels[base]
    lumbar = frame.regions == Region.LUMBAR_SPINE
    if frame.view == ViewName.POSTERIOR and int(lumbar.sum()) >= _LEAST_PX:
        rows, columns = np.nonzero(lumbar)
        beside = np.zeros(lumbar.shape, bool)
        reach = 1.6 * (columns.max() - columns.min())
        beside[rows.min() : rows.max(), int(columns.min() - reach) : int(columns.max() + reach)] = True
        beside &= frame.regions == 0
        ribs = np.flatnonzero((frame.regions == Region.RIBS).any(1))
        if len(ribs):
            for column in range(beside.shape[1]):
                covered = np.flatnonzero(frame.regions[:, column] == Region.RIBS)
                if len(covered):
                    beside[: covered[-1] + 1, column] = False
        if int(beside.sum()) >= _LEAST_PX:
            top_value = float(np.percentile(smooth[beside], 90))
            for base, key in (("ribs", "ribs"), ("lumbar vertebrae", "lumbar"), ("soft tissue", "soft_tissue")):
                if levels.get(base, 0) > 0:
                    figures[f"kidney/over_{key}"] = top_value / levels[base]
    return figures


def _counts(frame: NativeFrame, levels: dict[str, float]) -> dict[str, float]:
    figures = {"counts/per_frame_thousand": float(frame.values.sum()) / frame.facts.step / 1000}
    for name in ("ribs", "lumbar vertebrae", "pelvis", "femur", "soft tissue"):
        if name in levels:
            figures[f"counts/per_pixel_{name.replace(' ', '_')}"] = levels[name] / frame.facts.step
    return figures


def _histogram(body_values: Stored) -> dict[str, float]:
    top = max(float(np.percentile(body_values, 99)), 1.0)
    figures = {f"histogram/p{q:g}": float(np.percentile(body_values, q)) / top for q in (10, 25, 50, 75, 90, 95, 99.5)}
    return figures | {"max_over_p99": float(body_values.max()) / top}
