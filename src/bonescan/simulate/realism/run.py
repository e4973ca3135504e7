"""The whole comparison of a recipe with a folder of real scans, and its result as a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bonescan.simulate.member import simulate_member
from bonescan.simulate.plan import Member, plan_cohort
from bonescan.simulate.realism.compare import Row, compare, off
from bonescan.simulate.realism.hot_spots import HotSpots, measure_hot_spots
from bonescan.simulate.realism.limbs import compare_limbs
from bonescan.simulate.realism.real import read_real
from bonescan.simulate.realism.simulated import frames_like
from bonescan.simulate.realism.storage import NativeFrame
from bonescan.simulate.realism.telling import Telling, tell_apart
from bonescan.simulate.recipe import CohortRecipe
from bonescan.simulate.truth import SimulatedStudy


@dataclass(frozen=True, eq=False)
class Realism:
    """How simulated scans compare with real ones.

    Attributes:
        rows: Figures side by side.
        telling: How well patches were told apart.
        hot_spots: Of the simulated and of the real frames; None where there are too few.
        patients: Number of simulated and of real patients.
        real, simulated: The frames that were compared.
    """

    rows: list[Row]
    telling: Telling
    hot_spots: tuple[HotSpots | None, HotSpots | None]
    patients: tuple[int, int]
    real: list[NativeFrame]
    simulated: list[NativeFrame]

    def document(self) -> dict[str, Any]:
        """Aggregate numbers only, for JSON: nothing of a single patient is in it."""
        return {
            "patients": {"simulated": self.patients[0], "real": self.patients[1]},
            "figures": len(self.rows),
            "figures_off": len(off(self.rows)),
            "telling": _rounded(asdict(self.telling)),
            "hot_spots": {
                kind: None if spots is None else _rounded(asdict(spots))
                for kind, spots in zip(("simulated", "real"), self.hot_spots, strict=True)
            },
            "rows": [
                {
                    "view": None if row.view is None else str(row.view),
                    "name": row.name,
                    "real": _rounded(list(row.real)),
                    "simulated": _rounded(list(row.simulated)),
                    "verdict": row.verdict,
                }
                for row in self.rows
            ],
        }


def measure_realism(
    folder: Path,
    n: int,
    *,
    seed: int = 0,
    recipe: CohortRecipe | None = None,
    phantoms: Path | None = None,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Realism:
    """Simulate patients and compare them with real ones.

    Args:
        folder: Folder of real scans, see `read_real`.
        n: Number of patients to simulate.
        seed: Seed of everything.
        recipe: Make-up of the simulated patients. Exposure and matrix are taken from the real ones.
        phantoms: Folder of voxel phantoms, or None for the built-in body.
        processes: Worker processes.
        progress: Told after every patient.

    Raises:
        UnreadableInputError: The folder cannot be read.
    """
    real, statistics = read_real(folder)
    recipe = replace_matrix(recipe or CohortRecipe())
    members = plan_cohort(recipe, n, seed)
    told = (lambda done: progress(done, n)) if progress else None
    studies = _simulate(members, recipe, seed, phantoms, processes)
    simulated = frames_like(studies, real, seed=seed, progress=told)
    telling = tell_apart(real, simulated, seed=seed)
    patients = len({frame.patient for frame in real})
    spots = measure_hot_spots(simulated), measure_hot_spots(real)
    rows = [*compare(simulated, statistics), *compare_limbs(simulated, real)]
    return Realism(rows, telling, spots, (n, patients), real, simulated)


_REAL_PIXEL_MM = 2.45
"""The real scans come from one camera, and their pixel was not handed down: of the usual ones, this gives adults.

A frame of 690 rows is then 169 cm long, toes included; with 2.21 mm it would be 152 cm.
"""


def replace_matrix(recipe: CohortRecipe) -> CohortRecipe:
    """The recipe with the matrix and the pixel of the real scans, which are all of one kind."""
    return recipe.model_copy(update={"fine_matrix_fraction": 0.0, "pixel_mm": _REAL_PIXEL_MM})


def _simulate(
    members: tuple[Member, ...], recipe: CohortRecipe, seed: int, phantoms: Path | None, processes: int
) -> Iterator[SimulatedStudy]:
    one = partial(_one, recipe, seed, phantoms)
    if processes == 1:
        yield from map(one, members)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(one, members)


def _one(recipe: CohortRecipe, seed: int, phantoms: Path | None, member: Member) -> SimulatedStudy:
    return replace(simulate_member(member, recipe, seed, f"R{member.index:05d}", phantoms=phantoms), bones=())


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value
