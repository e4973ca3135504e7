"""Draw the stages of one simulated patient into `docs/images/simulation-stages.png`: `python -m benchmarks.stages`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from bonescan.core.anatomy import MaskLabel, Region
from bonescan.core.study import ViewName
from bonescan.simulate.patient import SimulatedStudy, draw_patient, render

TARGET = Path(__file__).resolve().parents[1] / "docs" / "images" / "simulation-stages.png"
SEED = 92
COLOURS = {MaskLabel.METASTASIS: (220, 30, 30), MaskLabel.BLADDER: (30, 150, 60), MaskLabel.BENIGN: (230, 150, 0)}
Picture = npt.NDArray[np.uint8]


def main() -> None:
    """Render the patient and write the picture."""
    parameters = draw_patient(SEED, "stages", metastatic=True, benign=True, sex="F", counts=(1.0e6, 1.1e6))
    camera = replace(parameters.camera, seen=(-1.0, 2.0), offset_mm=(0.0, 0.0), pixel_mm=2.3)
    parameters = replace(parameters, camera=camera)
    study = render(parameters)
    # A camera that sees everything sharply: no attenuation, no scatter, holes of nothing.
    sharp = replace(camera, attenuation_per_mm=0.0, scatter_fraction=0.0, hole_mm=0.01, intrinsic_fwhm_mm=2.5)
    activity = render(replace(parameters, camera=sharp))
    rows = [np.concatenate(_stages(study, activity, view), axis=1) for view in ViewName]
    widest = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, 0), (0, widest - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    TARGET.parent.mkdir(exist_ok=True)
    Image.fromarray(np.concatenate(rows)).quantize(256).save(TARGET, optimize=True)


def _stages(study: SimulatedStudy, activity: SimulatedStudy, view: ViewName) -> list[Picture]:
    body = np.argwhere(study.regions[view] > 0)
    top, bottom = int(body[:, 0].min()) - 12, int(body[:, 0].max()) + 12
    left, right = int(body[:, 1].min()) - 8, int(body[:, 1].max()) + 8
    box = slice(max(top, 0), bottom), slice(max(left, 0), right)
    counts = _grey(study.study.scan[view].counts)
    marked = counts.copy()
    for label, colour in COLOURS.items():
        marked[study.labels[view] == label] = colour
    hues = np.array([[(37 * i) % 200, (91 * i) % 200, (151 * i) % 200] for i in range(len(Region))], np.uint8)
    hues[0] = 255
    pictures = [_grey(activity.expected[view]), _grey(study.expected[view]), counts, marked, hues[study.regions[view]]]
    return [picture[box] for picture in pictures]


def _grey(counts: npt.NDArray[np.float32]) -> Picture:
    """Inverse grey, gamma 0.6, the 99th percentile of what is not 0 black."""
    level = np.clip(counts / np.percentile(counts[counts > 0.2], 99), 0, 1) ** 0.6
    return np.repeat((255 * (1 - level)).astype(np.uint8)[..., None], 3, axis=2)


if __name__ == "__main__":
    main()
