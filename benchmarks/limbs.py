"""Compare hands and feet of both bodies into `results/limbs.json` and the page about bodies.

`python -m benchmarks.limbs --phantoms DIR` measures; without a folder the page is written anew from the result.

Both bodies are drawn as the same patients, in the same random postures, before the same camera. For hands, feet and,
as a measure, knees and shoulders, crops of both are compared in two ways: by their mean profiles along and across the
body without noise, and by the classifier of `bonescan simulate --realism` on counts.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.blocks import with_block
from bonescan.core.anatomy import Laterality
from bonescan.core.study import ViewName
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.patient import draw_patient, render
from bonescan.simulate.pose import pose
from bonescan.simulate.projector import Projector
from bonescan.simulate.realism.figures import body_mask
from bonescan.simulate.realism.patches import PATCH
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame
from bonescan.simulate.realism.telling import tell_apart

RESULT = Path(__file__).parent / "results" / "limbs.json"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "usage" / "simulation-body.md"
BEGIN = "<!-- figures: begin (python -m benchmarks.limbs) -->"
END = "<!-- figures: end -->"
PATIENTS = 32
CENTRES: dict[str, tuple[str, ...]] = {
    "hand": ("carpals", "hand"),
    "foot": ("tarsals", "foot"),
    "knee": ("patella",),
    "shoulder": ("clavicle",),
}
"""Place → the bones in whose middle a crop is centred."""
Crops = dict[str, list[tuple[str, ViewName, npt.NDArray[np.float32], npt.NDArray[np.float32]]]]
"""Place → (patient, view, expected counts, counts) of each crop."""


def main() -> None:
    """Measure and write the result; `before` is kept."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--phantoms", type=Path, help="folder of voxel phantoms")
    arguments.add_argument("--before", action="store_true", help="write the figures as those of before")
    chosen = arguments.parse_args()
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    if chosen.phantoms:
        result |= {"command": "python -m benchmarks.limbs --phantoms DIR", "patients": PATIENTS}
        result["before" if chosen.before else "now"] = measured(chosen.phantoms)
        RESULT.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8"), result), encoding="utf-8")


def measured(phantoms: Path) -> dict[str, dict[str, float]]:
    """Place → `compared` of both bodies there."""
    bodies: list[Crops] = [{}, {}]
    for i in range(PATIENTS):
        for crops, folder in zip(bodies, (None, phantoms), strict=True):
            add_crops(crops, i, folder)
    return {place: compared(bodies[0][place], bodies[1][place]) for place in CENTRES}


def updated(text: str, result: dict[str, Any]) -> str:
    """The page with its table taken from the result."""
    lines = [
        f"{result['patients']} patients. *Before* is the simulator whose fingers could not be bent. From "
        "[limbs.json](../../benchmarks/results/limbs.json).",
        "",
        "| | Crops told apart, before | now | Mean profiles along the body differ by | across it |",
        "|---|--:|--:|--:|--:|",
    ]
    for place in CENTRES:
        before, now = result["before"][place], result["now"][place]
        shares = (before["told_right"], now["told_right"], now["profile_along"], now["profile_across"])
        lines.append(f"| {place} | " + " | ".join(f"{share:.0%}" for share in shares) + " |")
    return with_block(text, BEGIN, END, lines)


def add_crops(crops: Crops, i: int, folder: Path | None) -> None:
    """Render one patient without disease with a body, and cut out both sides in both views."""
    sex = "MF"[i % 2]
    drawn = draw_patient(900 + i, "limbs", metastatic=False, benign=False, sex=sex, phantoms=folder)
    camera = replace(drawn.camera, seen=(-1.0, 2.0), offset_mm=(0.0, 0.0), pixel_mm=2.3, motion=None, counts=1.2e6)
    posture = replace(drawn.posture, prostheses=(), amputation=None)
    drawn = replace(drawn, camera=camera, posture=posture, tracer=replace(drawn.tracer, pools=()), foci=())
    study = render(drawn, phantoms=folder)
    anatomy = reference(sex, folder)
    posed = pose(anatomy, posture)
    projector = Projector(camera, posed.points_mm, anatomy.density_mm3 * posed.density_scale)
    for view in ViewName:
        expected, counts = study.expected[view], study.study.scan[view].counts
        for place, bones in CENTRES.items():
            for side in (Laterality.LEFT, Laterality.RIGHT):
                at = np.concatenate([anatomy.body.of(bone, side) for bone in bones])
                row, column = (float(v.mean()) for v in projector.pixels(view, posed.points_mm[at]))
                box = _box(row, expected.shape[0]), _box(column, expected.shape[1])
                crops.setdefault(place, []).append((f"{i}", view, expected[box], counts[box]))


def _box(middle: float, size: int) -> slice:
    first = min(max(round(middle) - PATCH // 2, 0), size - PATCH)
    return slice(first, first + PATCH)


def _shows_the_limb(counts: Any) -> bool:
    """Whether the middle of a crop lies in the body: between spread toes or fingers it may not."""
    return bool(body_mask(counts, float(counts.mean()))[PATCH // 2, PATCH // 2])


def compared(ours: list[Any], theirs: list[Any]) -> dict[str, float]:
    """Difference of the mean profiles, and how well crops are told apart.

    Returns:
        `profile_along` and `profile_across`: half the summed difference of the normalised mean profiles (0 alike, 1
        apart), the mean of both views; `told_right`: share of crops of counts, 0.5 by chance.
    """
    found: dict[str, float] = {}
    for axis, name in ((1, "profile_along"), (0, "profile_across")):
        apart = []
        for view in ViewName:
            means = []
            for crops in (ours, theirs):
                profile = np.mean([expected.sum(axis) for _, one, expected, _ in crops if one == view], 0)
                means.append(profile / profile.sum())
            apart.append(float(np.abs(means[0] - means[1]).sum()) / 2)
        found[name] = round(float(np.mean(apart)), 4)
    facts = FrameFacts(1.0, 0.0, 0.0)
    empty = np.zeros((PATCH, PATCH), np.uint8)
    frames = [
        [NativeFrame(code, view, counts, empty, facts) for code, view, _, counts in crops if _shows_the_limb(counts)]
        for crops in (ours, theirs)
    ]
    found["told_right"] = round(tell_apart(frames[0], frames[1], per_frame=1).accuracy, 3)
    return found


if __name__ == "__main__":
    main()
