"""`bonescan simulate --realism DIR`: simulated scans beside real ones, in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bonescan.cli.output import aligned, progress, say, say_json

if TYPE_CHECKING:
    from bonescan.simulate.realism.compare import Row
    from bonescan.simulate.realism.run import Realism
    from bonescan.simulate.recipe import CohortRecipe

_PATIENTS = 32


def compare_with_real(
    folder: Path,
    number: int | None,
    *,
    seed: int,
    recipe: CohortRecipe,
    phantoms: Path | None,
    processes: int,
    sheet: Path | None,
    averages: Path | None,
    as_json: bool,
) -> None:
    """Measure, print, and draw the pictures that are asked for."""
    from bonescan.simulate.realism.averages import write_averages
    from bonescan.simulate.realism.run import measure_realism
    from bonescan.simulate.realism.sheet import write_mixed_sheet

    number = number or _PATIENTS
    with progress("Simulating", number) as report:
        result = measure_realism(
            folder, number, seed=seed, recipe=recipe, phantoms=phantoms, processes=processes, progress=report
        )
    if averages:
        write_averages(averages, result.real, result.simulated)
    key = write_mixed_sheet(sheet, result.real, result.simulated, seed=seed) if sheet else ""
    if as_json:
        say_json(result.document() | ({"sheet_key": key} if key else {}))
        return
    for line in _lines(result):
        say(line)
    if averages:
        say(f"average look of each region -> {averages}")
    if sheet:
        say(f"contact sheet -> {sheet}; R real, S simulated, line by line: {key}")


def _lines(result: Realism) -> Iterator[str]:
    simulated, real = result.patients
    yield f"{simulated} simulated patients against {real} real ones: 10th, 50th and 90th percentile over patients"
    yield from aligned([("view", "figure", "real", "simulated", "simulated median"), *map(_cells, result.rows)])
    wrong = sum(bool(row.verdict) for row in result.rows)
    yield f"{wrong} of {len(result.rows)} figures have the simulated median outside of the real 10th to 90th percentile"
    telling = result.telling
    yield (
        f"64 x 64 patches told right on patients not seen before: {telling.accuracy:.3f} "
        f"({telling.low:.3f} to {telling.high:.3f}); 0.5 is chance"
    )
    yield "  by scale alone: " + _listed(telling.by_scale)
    yield "  where a region fills most: " + _listed(telling.by_region)
    for kind, spots in zip(("simulated metastases", "real boxes marked abnormal"), result.hot_spots, strict=True):
        if spots is not None:
            over, area = ("{2:.2f} ({0:.2f} to {4:.2f})".format(*p) for p in (spots.over_bone, spots.area_px))
            yield (
                f"{spots.count} {kind}, median (10th to 90th percentile): "
                f"peak over the bone around it {over}, pixels at half maximum {area}"
            )


def _cells(row: Row) -> tuple[str, ...]:
    spreads = ("  ".join(f"{value:7.3f}" for value in values) for values in (row.real, row.simulated))
    return (str(row.view or "both"), row.name, *spreads, row.verdict)


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in values.items())
