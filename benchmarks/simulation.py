"""Measure the simulator and write `benchmarks/results/simulation.json`: `python -m benchmarks.simulation`.

Seconds of one core (processor time, which a busy machine does not inflate as it does the clock) for a study with both
views, masks, region maps and truth, and the peak memory of the process. Each body is measured in a process of its own;
the voxel body only where its phantoms are given.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks.machine import bind, describe

RESULT = Path(__file__).parent / "results" / "simulation.json"
SEED = 2024


def main() -> None:
    """Run the measurement of each body and write the result file, or with `--body` measure one and print it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--patients", type=int, default=24, help="simulated patients of each body")
    arguments.add_argument("--phantoms", type=Path, help="folder with voxel phantoms")
    arguments.add_argument("--body", choices=("builtin", "voxel"), help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.body:
        print(json.dumps(_measure(chosen.patients, chosen.phantoms if chosen.body == "voxel" else None)))
        return
    bind()
    command = f"python -m benchmarks.simulation{' --phantoms DIR' if chosen.phantoms else ''}"
    result: dict[str, object] = {"machine": describe(), "command": command}
    result["patients"] = chosen.patients
    for body in ("builtin", "voxel") if chosen.phantoms else ("builtin",):
        result[body] = _in_a_process(body, chosen.patients, chosen.phantoms)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def _in_a_process(body: str, patients: int, phantoms: Path | None) -> object:
    words = [sys.executable, "-m", "benchmarks.simulation", "--body", body, "--patients", str(patients)]
    words += ["--phantoms", str(phantoms)] if phantoms else []
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def _measure(patients: int, phantoms: Path | None) -> dict[str, float]:
    from bonescan.simulate.patient import draw_patient, render

    start = perf_counter()
    for sex in "MF":  # reads or paints the bodies
        render(
            draw_patient(SEED, "warm", metastatic=False, benign=False, phantoms=phantoms, sex=sex), phantoms=phantoms
        )
    loading = perf_counter() - start

    def seconds(seed: int, superscan_fraction: float) -> float:
        begin = process_time()
        drawn = draw_patient(
            seed,
            "bench",
            metastatic=seed % 2 == 0,
            benign=True,
            phantoms=phantoms,
            superscan_fraction=superscan_fraction,
        )
        render(drawn, phantoms=phantoms)
        return process_time() - begin

    usual = [seconds(SEED + i, 0.0) for i in range(patients)]
    diffuse = [seconds(SEED + 2 * i, 1.0) for i in range(max(patients // 4, 1))]
    return {
        "study_median_s": round(median(usual), 4),
        "study_slowest_s": round(max(usual), 4),
        "superscan_median_s": round(median(diffuse), 4),
        "first_with_bodies_s": round(loading, 3),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


if __name__ == "__main__":
    main()
