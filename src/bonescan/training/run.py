"""The folder of a training run.

::

    <run>/recipe.toml          copy of the recipe
    <run>/run.json             hash of the recipe, fingerprint, content and sizes of the cohort, versions
    <run>/metrics.jsonl        one line a validation
    <run>/curves.png           the same, drawn
    <run>/checkpoints/*.pt     one a stage: last state and best network
    <run>/region_prior_*.png   where bones usually lie, for cohorts with region maps
    <run>/cache/               the cohort on the network's grid
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

import bonescan
from bonescan.core.errors import ModelError, RecipeError, UsageError
from bonescan.core.files import remove_unfinished, write_bytes, write_text
from bonescan.io.cohort_content import content_of, scan_marks
from bonescan.training.cache import Cohorts
from bonescan.training.recipe import AnyRecipe, JointRecipe, read_recipe
from bonescan.training.team import ALONE, Team

RECORD = "run.json"


class Started(Protocol):
    """What a run keeps of that which it started from."""

    @property
    def words(self) -> str:
        """What it is, in words for people."""

    @property
    def identity(self) -> dict[str, Any]:
        """What names it exactly."""

    @property
    def taught_by(self) -> dict[str, int]:
        """Fingerprint of each cohort that taught it → the seed of its split, where that was drawn."""

    @property
    def trained_scans(self) -> tuple[str, ...]:
        """Marks of the scans that taught it, sorted; none where they were not kept."""

    @property
    def regions(self) -> bool:
        """Whether it was taught where the bones are."""

    @property
    def simulated_only(self) -> bool:
        """Whether simulated patients alone taught it."""


@dataclass(frozen=True)
class Run:
    """An opened run.

    Attributes:
        folder: Where it lies.
        recipe: What it trains.
        recipe_sha256: Of the recipe's file.
        facts: What ``run.json`` says.
        team: The processes that train it.
    """

    folder: Path
    recipe: AnyRecipe
    recipe_sha256: str
    facts: dict[str, Any]
    team: Team = ALONE

    @property
    def words(self) -> str:
        """Where it lies, as it was given."""
        return f"the run in {self.folder}"

    @property
    def taught_by(self) -> dict[str, int]:
        """Fingerprint of each cohort that taught its networks, here and before → the seed of its split."""
        own = (self.facts["cohort_fingerprint"], *self.facts.get("cohort_fingerprints", ()))
        return {**self.facts.get("taught_before", {}), **dict.fromkeys(own, self.recipe.seed)}

    @property
    def trained_scans(self) -> tuple[str, ...]:
        """Marks of the scans that taught its networks, here and before; none where they were not kept."""
        return tuple(self.facts.get("trained_scans", ()))

    @property
    def regions(self) -> bool:
        """Whether its networks were taught where the bones are, here or in the run that it started from."""
        taught = not isinstance(self.recipe, JointRecipe) or bool(self.recipe.joint.regions)
        return taught and bool(self.facts.get("regions", True))

    @property
    def simulated_only(self) -> bool:
        """Whether simulated patients alone taught its networks, here and in what it started from."""
        start = self.facts.get("started_from") or {}
        return bool(self.facts.get("simulated", False)) and bool(start.get("simulated", True))

    @property
    def identity(self) -> dict[str, Any]:
        """What names the run: its recipe, its cohort, and what it started from itself."""
        facts = {key: self.facts.get(key) for key in ("recipe_sha256", "cohort_fingerprint", "started_from")}
        # Named only where there is one, so that other runs are called what they were before it was kept.
        init = {"init": self.facts["init"]} if self.facts.get("init") else {}
        return {**facts, **init, "simulated": self.simulated_only}


def begin(
    recipe_path: Path,
    cohorts: Cohorts,
    folder: Path,
    *,
    resume: bool,
    start: Started | None = None,
    init: Path | None = None,
) -> Run:
    """Start a run, or go on with the one that is there.

    Args:
        recipe_path: TOML.
        cohorts: To train on.
        folder: Of the run.
        resume: Whether a run may be there.
        start: What its networks start from.
        init: Checkpoint that one of them starts from.

    Raises:
        UsageError: The folder holds a run and `resume` was not asked for, or its recipe, its cohort or what it started
            from is another one, or scans or annotations have changed since.
        RecipeError: The recipe is faulty, or `init` cannot be read.
        CohortError: A scan or an annotation cannot be read.
    """
    recipe, sha256 = read_recipe(recipe_path)
    facts = {
        "bonescan": getattr(bonescan, "__version__", "unknown"),
        "recipe_sha256": sha256,
        "cohort_fingerprint": cohorts.fingerprint,
        "cohort_fingerprints": list(cohorts.fingerprints.values()),
        # Seconds for thousands of patients; the test side is never opened.
        "content": content_of(case for case in cohorts.cases if case.split in ("train", "val")),
        "simulated": cohorts.simulated,
        "simulated_train": cohorts.simulated_train,
        "regions": cohorts.regions or bool(start and start.regions),
        "cases": {name: len(cohorts.split(name)) for name in ("train", "val")},
        "started_from": start.identity if start else None,
        "start": start.words if start else None,
        "taught_before": start.taught_by if start else {},
        "init": _named(init) if init else None,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    }
    record = folder / RECORD
    if record.exists():
        # Runs of earlier versions do not know what --init gave them, nor what the cohort's files held.
        earlier = {"init": facts["init"], "content": facts["content"], **json.loads(record.read_text(encoding="utf-8"))}
        if not resume:
            raise UsageError(f"{folder} already holds a run", hint="Add --resume to go on, or name another folder")
        keys = (
            ("recipe_sha256", "recipe", "Name another folder"),
            ("cohort_fingerprint", "cohort", "Name another folder"),
            ("content", "version of the scans or annotations", "Name another folder, to train on them as they are now"),
            ("started_from", "start", _hint("--start", _start_in_words(earlier))),
            ("init", "checkpoint to start from", _hint("--init", earlier["init"] and earlier["init"]["name"])),
        )
        for key, what, hint in keys:
            if earlier.get(key) != facts[key]:
                raise UsageError(f"the run in {folder} was begun with another {what}", hint=hint)
        for place in (folder, folder / "checkpoints"):
            remove_unfinished(place)
        return Run(folder, recipe, sha256, earlier)
    before = start.trained_scans if start else ()
    facts["trained_scans"] = sorted({*before, *(mark for case in cohorts.split("train") for mark in scan_marks(case))})
    write_bytes(folder / "recipe.toml", recipe_path.read_bytes())
    write_text(record, json.dumps(facts, indent=2) + "\n")
    return Run(folder, recipe, sha256, facts)


def started_from(folder: Path) -> str | None:
    """What the run in a folder started from, in words for people; None where from nothing, or where there is no run."""
    try:
        return _start_in_words(json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError):
        return None


def _start_in_words(facts: dict[str, Any]) -> str | None:
    start = facts.get("started_from")
    if not start:
        return None
    # Runs of earlier versions have only what names it exactly.
    return str(facts.get("start") or start.get("bundle") or f"a run of the recipe {start['recipe_sha256'][:16]}")


def _hint(option: str, begun_with: str | None) -> str:
    if begun_with is None:
        return f"It was begun without {option}: leave that out, or name another folder"
    return f"It was begun from {begun_with}: name that with {option}, or name another folder"


def _named(checkpoint: Path) -> dict[str, str]:
    try:
        return {"name": checkpoint.name, "sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest()}
    except OSError as error:
        raise RecipeError(f"cannot read the checkpoint {checkpoint.name}: {error.strerror}") from error


def open_run(folder: Path) -> Run:
    """Open a run that has begun.

    Raises:
        ModelError: The folder holds no run.
    """
    try:
        facts = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ModelError(f"{folder} holds no training run", expected="a folder written by 'bonescan train'") from error
    recipe, sha256 = read_recipe(folder / "recipe.toml")
    return Run(folder, recipe, sha256, facts)
