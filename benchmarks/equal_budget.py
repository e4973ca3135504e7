"""Every method on the same patients for the same minutes: `python -m benchmarks.equal_budget WORK`.

Simulates the patients, trains each method for the same wall-clock time on one core of the same machine, two methods
side by side, and then each shortened variant of the joint network for as long as the short one it is held against.
Benign uptake is learnt later than all else, so what its class is worth is asked of networks trained for longer, by
steps. Measures all of them on the same new patients, compares them with paired tests, and writes `equal-budget.json`,
`ablation.json`, `ablation-benign.json` and `ablation-gate.json` into `benchmarks/results`. Goes on where it was
stopped; `--only` trains or measures. nnU-Net needs the extra `nnunet`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.accuracy import BONESCAN, COHORTS, DROPPED, RESULTS, bonescan, compared
from benchmarks.machine import describe

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
MIX = {"metastatic": 226, "benign": 138, "normal": 136}
"""Patients of a training cohort: the mixture of the recipe default, none kept for testing."""
PATIENTS = (("voxel", 501), ("built-in", 502), ("voxel", 503), ("built-in", 504))
"""Training cohorts: body and seed."""
SEED = 1
"""Of the recipes, which decides who steers the training."""


@dataclass(frozen=True)
class Method:
    """What is trained.

    Attributes:
        recipe: Of the folder `recipes`.
        changes: Table → key → value, over the recipe.
        words: For `bonescan evaluate`.
        says: In words.
    """

    recipe: str
    says: str
    changes: tuple[tuple[str, str, Any], ...] = ()
    words: tuple[str, ...] = ()

    @property
    def bundled(self) -> bool:
        """Whether it becomes a bundle; baselines leave predictions."""
        return self.recipe in ("joint", "stepwise")


METHODS = {
    "joint": Method("joint", "ours: both views in one pass"),
    "stepwise": Method("stepwise", "the paper's pipeline"),
    "unet": Method("unet", "the paper's plain U-Net"),
    "resnet34-report": Method("resnet34-report", "the paper's ResNet34 on the picture"),
    "nnunet": Method("nnunet", "the package nnunetv2", (("nnunet", "mirroring", False), ("nnunet", "augmenters", 0))),
}
VARIANTS = {
    "joint-short": Method("joint", "the joint network"),
    "joint-one-view": Method("joint", "each view alone", (("augment", "one_view", 1.0),), ("--apart",)),
    "joint-no-regions": Method("joint", "no skeletal regions are taught", (("joint", "regions", 0.0),)),
}
LONG = {
    "joint-long": Method("joint", "the joint network"),
    "joint-no-benign": Method("joint", "benign uptake is background", (("joint", "benign", 0.0),)),
}
"""Benign uptake is hardly called before some 400 steps, so the minutes of the variants would say nothing of it."""
ALL = METHODS | VARIANTS | LONG
GATE = {
    "stepwise": "windows that the classifier closes are empty, as in the paper",
    "stepwise-ungated": "every window is segmented",
}
LEFT_OUT = (*DROPPED, "strata")
CORES = 2
"""Of which each trains one method at a time."""


@dataclass(frozen=True)
class Job:
    """Where everything lies, and how long training takes."""

    work: Path
    phantoms: Path
    minutes: float
    short: float
    steps: int
    patients: int
    processes: int

    @property
    def cohorts(self) -> list[Path]:
        """Of training."""
        return [self.work / f"train-{seed}" for _, seed in PATIENTS]

    @property
    def test(self) -> Path:
        """Patients that no method has seen."""
        return self.work / "default"


def main() -> None:
    """Simulate, train, measure, write both result files."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path, help="folder for patients, runs and evaluations")
    words.add_argument("--phantoms", type=Path, required=True, help="reference bodies, see docs/usage/simulation.md")
    words.add_argument("--minutes", type=float, default=20, help="each method trains, on one core")
    words.add_argument("--short", type=float, default=8, help="minutes each variant of the joint network trains")
    words.add_argument("--steps", type=int, default=1200, help="for which the benign class is learnt, or is not")
    words.add_argument("--patients", type=int, default=1000, help="test patients that count")
    words.add_argument("--processes", type=int, default=2, help="worker processes that measure")
    words.add_argument("--only", choices=("train", "measure"), help="one half")
    chosen = words.parse_args()
    job = Job(**{name: value for name, value in vars(chosen).items() if name != "only"})
    if chosen.only != "measure":
        simulate(job)
        waiting = iter(ALL)  # shared by the threads, one of which takes each
        with ThreadPoolExecutor(CORES) as pool:
            list(pool.map(partial(train_in_turn, job, waiting), range(CORES)))
    if chosen.only != "train":
        for name in ALL:
            measure(job, name)
        measure(job, "stepwise", "--ungated")
        write(job, "equal-budget", {name: each.says for name, each in METHODS.items()}, job.minutes)
        write(job, "ablation", {name: each.says for name, each in VARIANTS.items()}, job.short)
        write(job, "ablation-benign", {name: each.says for name, each in LONG.items()}, None)
        write(job, "ablation-gate", GATE, job.minutes)


def simulate(job: Job) -> None:
    """Patients to train on and to measure on, as far as they are not there."""
    recipe = job.work / "mix.toml"
    job.work.mkdir(parents=True, exist_ok=True)
    recipe.write_text(toml({"name": "mix", "sides": [{"name": "train", **MIX}]}), "utf-8")
    for (body, seed), folder in zip(PATIENTS, job.cohorts, strict=True):
        if not (folder / "cohort.csv").is_file():
            bodies = ("--phantoms", str(job.phantoms)) if body == "voxel" else ()
            bonescan("simulate", "--recipe", str(recipe), "--seed", str(seed), "-o", str(folder), *bodies)
    if not (job.test / "cohort.csv").is_file():
        bonescan("simulate", *COHORTS["default"].words, "-o", str(job.test), "--processes", "2")
    # The patients on the grid are the same for all methods.
    from bonescan.training.cache import open_cache, read_cohorts

    cohorts = read_cohorts(job.cohorts, seed=SEED)
    for split in ("train", "val"):
        open_cache(job.work / "cache" / split, cohorts.split(split), progress=lambda line: print(line, file=sys.stderr))


def train_in_turn(job: Job, waiting: Iterator[str], core: int) -> None:
    """Train on one core whatever method is next, until none is left."""
    for name in waiting:
        train(job, name, core)


def train(job: Job, name: str, core: int) -> None:
    """Train one method on one core, and export it where it becomes a bundle."""
    run = job.work / name / "run"
    run.mkdir(parents=True, exist_ok=True)
    recipe = job.work / name / "recipe.toml"
    recipe.write_text(recipe_text(job, name), "utf-8")
    if not (cache := run / "cache").exists():
        cache.symlink_to((job.work / "cache").resolve())
    cohorts = [word for folder in job.cohorts for word in ("--cohort", str(folder))]
    on_core(core, "train", str(recipe), *cohorts, "-o", str(run), "--resume")
    bundle = job.work / name / "bundle"
    if ALL[name].bundled and not bundle.exists():
        on_core(core, "export", str(run), "-o", str(bundle))


def measure(job: Job, name: str, *words: str) -> None:
    """Evaluate one method on the test patients."""
    folder, out = job.work / name, result(job, name, *words)
    if (out / "evaluation.json").is_file() or not (folder / "run").is_dir():
        return
    count = ("--limit", str(job.patients))
    if ALL[name].bundled:
        subject: tuple[str, ...] = ("--model", str(folder / "bundle"), *ALL[name].words, *words)
    else:
        if not (folder / "predictions" / "predictions.csv").is_file():
            said = ("--cohort", str(job.test), "--split", "all", "-o", str(folder / "predictions"))
            bonescan("predict", str(folder / "run"), *said, *count)
        subject = ("--predictions", str(folder / "predictions"))
    bonescan(
        "evaluate",
        "--cohort",
        str(job.test),
        *subject,
        *count,
        "--split",
        "all",
        "--processes",
        str(job.processes),
        "-o",
        str(out),
    )


def write(job: Job, name: str, methods: dict[str, str], minutes: float | None) -> None:
    """Compare those that were measured, and write the result file.

    Args:
        job: Where they are.
        name: Of the result file.
        methods: Name of a result → what it is; the first is the one that the others are held against.
        minutes: That each of them was trained; None if `job.steps` ended it.
    """
    found = {m: job.work / "results" / m for m in methods if (job.work / "results" / m / "evaluation.json").is_file()}
    documents = {m: json.loads((path / "evaluation.json").read_text("utf-8")) for m, path in found.items()}
    comparison = compared(found.values(), job.work / f"{name}-compared")
    # The comparison calls methods by their bundles' names where these differ.
    ours = dict(zip(comparison["methods"], found, strict=True))
    pairs = [{**p, "first": ours[p["first"]], "second": ours[p["second"]]} for p in comparison["pairs"]]
    document = {
        "command": f"python -m benchmarks.equal_budget WORK --phantoms DIR --patients {job.patients}",
        "what": f"the first {job.patients:,} of {COHORTS['default'].says}; simulated, built-in body",
        "trained_on": trained_on(job),
        "minutes": minutes,
        "machine": describe(),
        "says": {m: methods[m] for m in documents},
        "steps": {m: steps(job, m.removesuffix("-ungated")) for m in documents},
        "methods": {m: shortened(d) for m, d in documents.items()},
        "pairs": [pair for pair in pairs if pair["first"] == next(iter(found))],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def shortened(document: dict[str, Any]) -> dict[str, Any]:
    """An evaluation without its long lists, but for the right calls by kind of patient."""
    kinds = {row["class"]: row["accuracy"] for row in document["strata"].get("kind_of_patient") or ()}
    return {**{k: v for k, v in document.items() if k not in LEFT_OUT}, "right_calls": kinds}


def trained_on(job: Job) -> int:
    """Training patients, those who steer it left out."""
    facts = json.loads((job.work / "joint" / "run" / "run.json").read_text("utf-8"))
    return int(facts["cases"]["train"])


def steps(job: Job, name: str) -> dict[str, int]:
    """Of training, stage → its steps."""
    lines = (job.work / name / "run" / "metrics.jsonl").read_text("utf-8").splitlines()
    # The last line of each stage has the last step.
    return {fact["stage"]: int(fact["step"]) for fact in map(json.loads, lines)}


def result(job: Job, name: str, *words: str) -> Path:
    """Folder of its evaluation, named as the method is to be called."""
    return job.work / "results" / f"{name}{''.join(words).replace('--', '-')}"


def recipe_text(job: Job, name: str) -> str:
    """The method's recipe on one core: its minutes scaled so that all stages together take what every method gets.

    Those of `LONG` end after as many steps as every one of them gets, whatever the clock says.
    """
    chosen = ALL[name]
    document = tomllib.loads((RECIPES / f"{chosen.recipe}.toml").read_text("utf-8"))
    stages = [table for table in document.values() if isinstance(table, dict) and "minutes" in table]
    if name in LONG:
        document["joint"]["steps"] = job.steps
        for stage in stages:
            del stage["minutes"]
    else:
        factor = (job.short if name in VARIANTS else job.minutes) / sum(stage["minutes"] for stage in stages)
        for stage in stages:
            stage["minutes"] = round(stage["minutes"] * factor, 2)
    document["threads"] = 1
    for table, key, value in chosen.changes:
        document.setdefault(table, {})[key] = value
    return toml(document)


def toml(document: dict[str, Any]) -> str:
    """A document of plain values, tables and lists of tables as TOML."""
    return "\n".join(_toml(document)) + "\n"


def _toml(document: dict[str, Any]) -> Iterator[str]:
    plain = {key: value for key, value in document.items() if not isinstance(value, dict | list)}
    # JSON's numbers, texts and truth values are TOML's.
    yield from (f"{key} = {json.dumps(value)}" for key, value in plain.items())
    for key, value in document.items():
        if key in plain:
            continue
        for table in value if isinstance(value, list) else [value]:
            yield f"\n[[{key}]]" if isinstance(value, list) else f"\n[{key}]"
            yield from _toml(table)


def on_core(core: int, *words: str) -> None:
    """Run the command line on one core."""
    command = [*BONESCAN, *words]
    pinned = [sys.executable, "-c", _PINNED, str(core), *command] if hasattr(os, "sched_setaffinity") else command
    subprocess.run(pinned, check=True, stdout=sys.stderr, env=os.environ | {"OMP_NUM_THREADS": "1"})


_PINNED = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execv(sys.argv[2], sys.argv[2:])"


if __name__ == "__main__":
    main()
