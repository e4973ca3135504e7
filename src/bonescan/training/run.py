"""The folder of a training run.

::

    <run>/recipe.toml          copy of the recipe
    <run>/run.json             hash of the recipe, fingerprint and sizes of the cohort, versions
    <run>/metrics.jsonl        one line a validation
    <run>/curves.png           the same, drawn
    <run>/checkpoints/*.pt     one a stage: last state and best network
    <run>/region_prior_*.png   where bones usually lie, for cohorts with region maps
    <run>/cache/               the cohort on the network's grid
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

import bonescan
from bonescan.core.errors import ModelError, UsageError
from bonescan.core.files import write_bytes, write_text
from bonescan.training.cache import Cohorts
from bonescan.training.recipe import AnyRecipe, JointRecipe, read_recipe
from bonescan.training.team import ALONE, Team

RECORD = "run.json"


class Started(Protocol):
    """What a run keeps of that which it started from."""

    @property
    def identity(self) -> dict[str, Any]:
        """What names it."""

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
        return {**facts, "simulated": self.simulated_only}


def begin(recipe_path: Path, cohorts: Cohorts, folder: Path, *, resume: bool, start: Started | None = None) -> Run:
    """Start a run, or go on with the one that is there.

    Args:
        recipe_path: TOML.
        cohorts: To train on.
        folder: Of the run.
        resume: Whether a run may be there.
        start: What its networks start from.

    Raises:
        UsageError: The folder holds a run and `resume` was not asked for, or its recipe or cohort is another one.
        RecipeError: The recipe is faulty.
    """
    recipe, sha256 = read_recipe(recipe_path)
    facts = {
        "bonescan": getattr(bonescan, "__version__", "unknown"),
        "recipe_sha256": sha256,
        "cohort_fingerprint": cohorts.fingerprint,
        "cohort_fingerprints": list(cohorts.fingerprints.values()),
        "simulated": cohorts.simulated,
        "simulated_train": cohorts.simulated_train,
        "regions": cohorts.regions or bool(start and start.regions),
        "cases": {name: len(cohorts.split(name)) for name in ("train", "val")},
        "started_from": start.identity if start else None,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    }
    record = folder / RECORD
    if record.exists():
        earlier = json.loads(record.read_text(encoding="utf-8"))
        if not resume:
            raise UsageError(f"{folder} already holds a run", hint="Add --resume to go on, or name another folder")
        keys = (("recipe_sha256", "recipe"), ("cohort_fingerprint", "cohort"), ("started_from", "start"))
        for key, what in keys:
            if earlier.get(key) != facts[key]:
                raise UsageError(f"the run in {folder} was begun with another {what}", hint="Name another folder")
        return Run(folder, recipe, sha256, earlier)
    write_bytes(folder / "recipe.toml", recipe_path.read_bytes())
    write_text(record, json.dumps(facts, indent=2) + "\n")
    return Run(folder, recipe, sha256, facts)


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
