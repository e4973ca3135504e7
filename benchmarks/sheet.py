"""Draw ten simulated patients into `docs/images/simulated-sheet.png`: `python -m benchmarks.sheet`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bonescan.simulate.member import simulate_member
from bonescan.simulate.plan import plan_cohort
from bonescan.simulate.realism.sheet import contact_sheet
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame, body_box, store_like
from bonescan.simulate.recipe import CohortRecipe

TARGET = Path(__file__).resolve().parents[1] / "docs" / "images" / "simulated-sheet.png"
PATIENTS, SEED = 10, 31
FACTS = FrameFacts(step=1.8, lowest=4, counts=580_000)
"""The median exposure of the real frames."""


def main() -> None:
    """Simulate the patients and write both views of each, anterior above."""
    recipe = CohortRecipe()
    frames: dict[str, list[NativeFrame]] = {}
    for member in plan_cohort(recipe, PATIENTS, SEED):
        study = simulate_member(member, recipe, SEED, str(member.index))
        for view, expected in study.expected.items():
            box = body_box(expected, study.regions[view])
            values = store_like(expected[box], FACTS, np.random.default_rng([SEED, member.index, len(view)]))
            frame = NativeFrame(str(member.index), view, values, study.regions[view][box], FACTS)
            frames.setdefault(view, []).append(frame)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(contact_sheet([frame for view in frames.values() for frame in view], shrink=2, greys=24))


if __name__ == "__main__":
    main()
