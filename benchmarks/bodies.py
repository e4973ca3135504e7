"""Draw the built-in body in several builds into `docs/images/simulation-bodies.png`: `python -m benchmarks.bodies`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from bonescan.core.anatomy import Laterality
from bonescan.core.study import ViewName
from bonescan.simulate.patient import draw_patient, render
from bonescan.simulate.posture import Amputation, Posture, Prosthesis

TARGET = Path(__file__).resolve().parents[1] / "docs" / "images" / "simulation-bodies.png"
LEFT, RIGHT = Laterality.LEFT, Laterality.RIGHT
BUILDS: tuple[tuple[str, Posture], ...] = (
    ("M", Posture(height_cm=178, bmi=25, warp_seed=1, warp_mm=3)),
    ("F", Posture(height_cm=163, bmi=22, warp_seed=2, warp_mm=3)),
    ("F", Posture(height_cm=148, bmi=38, warp_seed=3, warp_mm=3)),
    ("M", Posture(height_cm=193, bmi=18, scoliosis_mm=18, shoulder_drop_mm=14, warp_seed=4, warp_mm=3)),
    (
        "F",
        Posture(
            height_cm=158,
            bmi=27,
            kyphosis_mm=35,
            prostheses=(Prosthesis("hip", LEFT, 0.9), Prosthesis("knee", RIGHT, 0.6)),
            warp_seed=5,
            warp_mm=3,
        ),
    ),
    ("M", Posture(height_cm=172, bmi=29, amputation=Amputation("leg", RIGHT, 0.3), warp_seed=6, warp_mm=3)),
)
"""Sex and build of each patient, from left to right."""
RESTING = Posture(
    forearm_turn_deg=(65.0, 60.0),
    foot_rotation_deg=(15.0, 20.0),
    foot_flexion_deg=(18.0, 15.0),
    elbow_bend_deg=(6.0, 4.0),
    finger_curl=(0.6, 0.3),
    finger_spread=(0.3, 0.4),
)
"""How hands and feet lie in all of them."""


def main() -> None:
    """Render the builds and write the picture."""
    columns = []
    for i, (sex, posture) in enumerate(BUILDS):
        drawn = draw_patient(40 + i, "body", metastatic=False, benign=False, sex=sex, counts=(1.5e6, 1.6e6))
        camera = replace(drawn.camera, seen=(-1.0, 2.0), offset_mm=(0.0, 0.0), pixel_mm=2.4, motion=None)
        tracer = replace(drawn.tracer, pools=(), joint_gain=dict.fromkeys(drawn.tracer.joint_gain, 0.4))
        posture = replace(
            posture,
            forearm_turn_deg=RESTING.forearm_turn_deg,
            elbow_bend_deg=RESTING.elbow_bend_deg,
            finger_curl=RESTING.finger_curl,
            finger_spread=RESTING.finger_spread,
            foot_rotation_deg=RESTING.foot_rotation_deg,
            foot_flexion_deg=RESTING.foot_flexion_deg,
        )
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
