"""How well the shipped models do on simulated test patients: `python -m benchmarks.accuracy COHORT`.

Simulates the cohort from its recipe and a fixed seed where it is not there yet, evaluates every model on it with
`bonescan evaluate`, compares them with paired tests, and writes `benchmarks/results/accuracy-COHORT.json`. No patient
of these was used to train or to tune anything.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
BONESCAN = (sys.executable, "-m", "bonescan")
MODELS = ("joint", "stepwise")


@dataclass(frozen=True)
class Tested:
    """A cohort of simulated test patients.

    Attributes:
        words: What `bonescan simulate` is told.
        split: Side of the split that counts.
        says: In words.
    """

    words: tuple[str, ...]
    split: str
    says: str


COHORTS = {
    "default": Tested(("-n", "1000", "--seed", "900"), "all", "1,000 patients of the recipe default"),
    "hard": Tested(
        ("-n", "1000", "--seed", "901", "--recipe", "hard"),
        "all",
        "1,000 patients of the recipe hard: few, small and weak lesions, low counts, many mimics",
    ),
    "paper-621": Tested(
        ("--seed", "621", "--recipe", "paper-621"),
        "test",
        "the 123 test patients of the recipe paper-621, made up as the paper's; no model was trained on its others",
    ),
}
DROPPED = ("command", "cohorts", "sites_in_cohorts", "disclaimer", "schema", "seconds")
"""Parts of an evaluation that hang on where it was made, or are said once for all; `benchmarks.run` measures time."""


def main() -> None:
    """Simulate, evaluate, compare and write the result file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("cohort", choices=COHORTS, help="which patients")
    arguments.add_argument("--work", type=Path, default=Path("accuracy"), help="folder for patients and evaluations")
    arguments.add_argument("--models", default=",".join(MODELS), help="names or folders of bundles, comma-separated")
    arguments.add_argument("--processes", type=int, default=2, help="worker processes")
    chosen = arguments.parse_args()
    models = chosen.models.split(",")
    path = RESULTS / f"accuracy-{chosen.cohort}.json"
    path.write_text(json.dumps(run(chosen.cohort, models, chosen.work, chosen.processes), indent=1) + "\n", "utf-8")


def run(name: str, models: list[str], work: Path, processes: int) -> dict[str, Any]:
    """Make one cohort's result.

    Args:
        name: Of `COHORTS`.
        models: Names or folders of bundles.
        work: Where patients and evaluations lie; what is there is used again.
        processes: Worker processes.

    Raises:
        ValueError: Two models would have one folder of results.
    """
    tested, folder = COHORTS[name], work / name
    if len({Path(model).name for model in models}) < len(models):
        raise ValueError(f"two of the models {', '.join(models)} have one name: rename the folder of one")
    if not (folder / "cohort.csv").is_file():
        bonescan("simulate", *tested.words, "-o", str(folder), "--processes", str(processes))
    results = []
    for model in models:
        results.append(work / f"{name}-{Path(model).name}")
        words = ("--cohort", str(folder), "--model", model, "--split", tested.split, "--processes", str(processes))
        bonescan("evaluate", *words, "-o", str(results[-1]))
    methods = [json.loads((result / "evaluation.json").read_text("utf-8")) for result in results]
    labels = [method["method"]["name"] for method in methods]
    if len(results) > 1:
        comparison = compared(results, work / f"{name}-compared")
        # The comparison calls methods by their folders where their bundles have one name.
        labels = list(comparison["methods"])
    chosen = () if tuple(models) == MODELS else ("--models", ",".join(models))
    document = {
        "command": shlex.join(("python", "-m", "benchmarks.accuracy", name, *chosen)),
        "what": f"{tested.says}; simulated, built-in body",
        "simulated_with": " ".join(("bonescan simulate", *tested.words)),
        "fingerprint": methods[0]["cohorts"][0]["fingerprint"],
        "methods": {
            label: {k: v for k, v in method.items() if k not in DROPPED}
            for label, method in zip(labels, methods, strict=True)
        },
    }
    if len(results) > 1:
        document["comparison"] = {k: v for k, v in comparison.items() if k not in (*DROPPED, "methods")}
    return document


def compared(results: Iterable[Path], out: Path) -> dict[str, Any]:
    """Compare evaluations with paired tests, into a folder, and read what came of it."""
    bonescan("evaluate", "--compare", *map(str, results), "-o", str(out))
    comparison: dict[str, Any] = json.loads((out / "comparison.json").read_text("utf-8"))
    return comparison


def bonescan(*words: str) -> None:
    """Run the command line."""
    subprocess.run([*BONESCAN, *words], check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
