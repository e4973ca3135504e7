"""Draw the built-in body in several builds into `docs/images/simulation-bodies.png`: `python -m benchmarks.bodies`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bonescan.core.anatomy import Laterality
from bonescan.core.study import ViewName
from bonescan.simulate.patient import draw_patient, render
from bonescan.simulate.posture import Amputation, Posture, Prosthesis, draw_posture

TARGET = Path(__file__).resolve().parents[1] / "docs" / "images" / "simulation-bodies.png"
LEFT, RIGHT = Laterality.LEFT, Laterality.RIGHT
ALIKE = (
    *("arm_abduction_deg", "elbow_bend_deg", "forearm_turn_deg", "finger_curl", "finger_spread"),
    *("leg_abduction_deg", "leg_turn_deg", "knee_bow_mm", "thighs_part", "foot_rotation_deg", "foot_flexion_deg"),
    *("shoulder_level", "upper_arm", "forearm", "forearm_lift_deg", "scapula_turn_deg", "blade_height"),
    *("chest_flare", "hip_flare", "pelvic_incline_deg"),
)
"""Fields of a posture that have their median in all of them."""


def resting(patients: int = 400) -> Posture:
    """How limbs and trunk lie in most people: the medians of `draw_posture`."""
    drawn = [draw_posture(np.random.default_rng(seed)) for seed in range(patients)]
    medians: dict[str, Any] = {}
    for name in ALIKE:
        median = np.median([getattr(one, name) for one in drawn], axis=0)
        medians[name] = tuple(median.tolist()) if median.ndim else float(median)
    return replace(Posture(), **medians)


RESTING = resting()
BUILDS: tuple[tuple[str, Posture], ...] = (
    ("M", replace(RESTING, height_cm=178, bmi=25, warp_seed=1, warp_mm=3)),
    ("F", replace(RESTING, height_cm=163, bmi=22, warp_seed=2, warp_mm=3)),
    ("F", replace(RESTING, height_cm=148, bmi=38, warp_seed=3, warp_mm=3)),
    ("M", replace(RESTING, height_cm=193, bmi=18, scoliosis_mm=18, shoulder_drop_mm=14, warp_seed=4, warp_mm=3)),
    (
        "F",
        replace(
            RESTING,
            height_cm=158,
            bmi=27,
            kyphosis_mm=35,
            prostheses=(Prosthesis("hip", LEFT, 0.9), Prosthesis("knee", RIGHT, 0.6)),
            warp_seed=5,
            warp_mm=3,
        ),
    ),
    ("M", replace(RESTING, height_cm=172, bmi=29, amputation=Amputation("leg", RIGHT, 0.3), warp_seed=6, warp_mm=3)),
)
"""Sex and build of each patient, from left to right."""


def main() -> None:
    """Render the builds and write the picture."""
    columns = []
    for i, (sex, posture) in enumerate(BUILDS):
        drawn = draw_patient(40 + i, "body", metastatic=False, benign=False, sex=sex, counts=(1.5e6, 1.6e6))
        camera = replace(drawn.camera, seen=(-1.0, 2.0), offset_mm=(0.0, 0.0), pixel_mm=2.4, motion=None)
        tracer = replace(drawn.tracer, pools=(), joint_gain=dict.fromkeys(drawn.tracer.joint_gain, 0.4))
        study = render(replace(drawn, posture=posture, camera=camera, tracer=tracer, foci=()))
        views = []
        for view in ViewName:
            counts = study.study.scan[view].counts
            level = np.clip(counts / np.percentile(counts[counts > 0.2], 99), 0, 1) ** 0.6
            views.append((255 * (1 - level)).astype(np.uint8)[90:930, 12:244])
        columns.append(np.concatenate(views, axis=0))
    TARGET.parent.mkdir(exist_ok=True)
    Image.fromarray(np.concatenate(columns, axis=1)).quantize(24).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
