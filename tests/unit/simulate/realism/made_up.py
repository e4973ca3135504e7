"""A folder in the form of the real scans, made of simulated ones: what needs no patient can be tested anywhere."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image

from bonescan.core.study import ViewName
from bonescan.simulate.patient import draw_patient, render
from bonescan.simulate.realism.compare import measure, spread
from bonescan.simulate.realism.simulated import frames_like
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame, native_grid


def made_up_folder(folder: Path, patients: int = 4) -> Path:
    """Write `patients` simulated ones as frames.csv, statistics.json and PNGs of 256 x 1024."""
    facts = FrameFacts(1.9, 4, 600_000)
    blank = np.zeros((1, 1), np.float32)
    wanted = [
        NativeFrame(f"R{i}", view, blank, blank.astype(np.uint8), facts) for i in range(patients) for view in ViewName
    ]
    studies = [render(draw_patient(100 + i, f"R{i}", metastatic=i == 0, benign=True)) for i in range(patients)]
    frames = frames_like(studies, wanted, seed=1)
    folder.mkdir(parents=True)
    with (folder / "frames.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["code", "view", "value_step", "lowest_value"])
        for frame in frames:
            rows, columns = (np.arange(n) * size // n for n, size in zip((1024, 256), frame.values.shape, strict=True))
            for name, array in (("", frame.values), ("regions_", frame.regions)):
                stretched = array[np.ix_(rows, columns)].astype(np.uint16 if not name else np.uint8)
                Image.fromarray(stretched).save(folder / f"{frame.patient}_{name}{frame.view}.png")
            table.writerow([frame.patient, frame.view, facts.step, facts.lowest])
    statistics: dict = {"explanation": {}}
    _write_boxes(folder / "boxes.csv", frames)
    for (view, name), values in measure(frames).items():
        first, _, rest = name.partition("/")
        place = statistics.setdefault(str(view), {}) if view else statistics
        if rest:
            place = place.setdefault(first, {})
        place[rest or first] = dict(zip(("p10", "p50", "p90"), spread(values), strict=True))
    (folder / "statistics.json").write_text(json.dumps(statistics))
    assert all(native_grid(f.values.astype(np.uint8))[0].any() for f in frames)
    return folder


def _write_boxes(path: Path, frames: list[NativeFrame]) -> None:
    """The hot spots as abnormal boxes of the stretched frames, beside one that is normal."""
    with path.open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["code", "view", "label", "xmin", "ymin", "xmax", "ymax"])
        table.writerow([frames[0].patient, frames[0].view, "normal", 1, 1, 9, 9])
        for frame in frames:
            # Row i of the native grid fills rows i * 1024 / n to (i + 1) * 1024 / n of the stretched one.
            n, m = frame.values.shape
            for rows, columns in frame.hot_spots:
                top, bottom = -(-rows.start * 1024 // n), -(-rows.stop * 1024 // n) - 1
                left, right = -(-columns.start * 256 // m), -(-columns.stop * 256 // m) - 1
                table.writerow([frame.patient, frame.view, "abnormal", left, top, right, bottom])
