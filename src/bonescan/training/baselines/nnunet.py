"""The nnU-Net baseline: export the cohort, let the `nnunetv2` package plan, train and predict, read what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bonescan.core.errors import MissingExtraError, ModelError
from bonescan.training.baselines.found import Floats, Found, Method, SiteMap, of_maps
from bonescan.training.baselines.nnunet_dataset import as_picture, export_dataset
from bonescan.training.cache import GridCases
from bonescan.training.log import append_to_log
from bonescan.training.recipe import NnunetRecipe

FOLDER = "nnunet"
"""Below the run: everything that nnU-Net reads and writes, and ``log.txt``."""
MARK = "@bonescan "
"""Begins a line that the process sends to this one."""
_WORKER = "bonescan.training.baselines.nnunet_process"


def need_nnunet() -> None:
    """Refuse with the command that installs it where `nnunetv2` is missing.

    Raises:
        MissingExtraError: It is not installed.
    """
    if find_spec("nnunetv2") is None:
        raise MissingExtraError(
            "this recipe needs the package nnunetv2, which is not installed",
            hint="Install it with: pip install 'bonescan[train,nnunet]'",
        )


def train_nnunet(
    run: Path, recipe: NnunetRecipe, cases: tuple[GridCases, GridCases], say: Callable[[str], None]
) -> None:
    """Export, plan and train; each is done once however often the run is resumed.

    Args:
        run: Folder of the run.
        recipe: Its recipe.
        cases: Training and validation cases.
        say: Called with lines for people.

    Raises:
        MissingExtraError: `nnunetv2` is not installed.
        ModelError: nnU-Net failed; the message has its last words.
    """
    need_nnunet()
    folder = run / FOLDER
    if (folder / "trained").exists():
        return
    if not (folder / "exported").exists():
        export_dataset(folder, *cases, benign=recipe.nnunet.benign)
        (folder / "exported").touch()
        say(f"nnunet: {len(cases[0])} + {len(cases[1])} patients exported")
    _run("plan", folder, _options(recipe), lambda facts: None)
    say("nnunet: planned and preprocessed")

    def hear(facts: dict[str, Any]) -> None:
        if "resumed" in facts:
            say(f"nnunet: resumed at epoch {facts['resumed']}")
            return
        append_to_log(run, facts)
        dice = ", ".join(f"{key} {value:.4f}" for key, value in facts.items() if key.startswith("dice"))
        say(f"nnunet: step {facts['step']} ({facts['progress']:.0%}, {facts['seconds']:.0f} s): {dice}")

    _run("train", folder, _options(recipe), hear)
    (folder / "trained").touch()


def nnunet_method(run: Path, recipe: NnunetRecipe, where: SiteMap) -> Method:
    """The trained nnU-Net as a method; each call starts a process of its own.

    Raises:
        MissingExtraError: `nnunetv2` is not installed.
    """
    need_nnunet()

    def method(images: Floats) -> list[Found]:
        with tempfile.TemporaryDirectory(prefix="exchange-", dir=run / FOLDER) as name:
            exchange = Path(name)
            np.save(exchange / "images.npy", as_picture(images.reshape(-1, *images.shape[2:])))
            options = {**_options(recipe), "exchange": name}
            _run("predict", run / FOLDER, options, lambda facts: None)
            maps = np.load(exchange / "probabilities.npy").reshape(len(images), 2, 2, *images.shape[2:])
            seconds = np.load(exchange / "seconds.npy").reshape(len(images), 2).sum(axis=1)
        # (case, view, class) as predicted; a missing view is all zeros, and what is seen in it does not count.
        maps *= np.asarray(images.any(axis=(2, 3)))[:, :, None, None, None]
        return [of_maps(m[:, 0], m[:, 1], where, float(s)) for m, s in zip(maps, seconds, strict=True)]

    return method


def _options(recipe: NnunetRecipe) -> dict[str, Any]:
    named = recipe.model_dump(include={"seed", "threads", "precision"})
    return {**named, **recipe.nnunet.model_dump()}


def _run(task: str, folder: Path, options: dict[str, Any], hear: Callable[[dict[str, Any]], None]) -> None:
    """Run a task in a process of its own, hear its facts and keep all else that it prints."""
    folder = folder.resolve()
    environment = os.environ | {
        "nnUNet_raw": str(folder / "raw"),
        "nnUNet_preprocessed": str(folder / "preprocessed"),
        "nnUNet_results": str(folder / "results"),
        # Zero is for its training alone: the planner takes the same number for its threads.
        "nnUNet_n_proc_DA": str(options["augmenters"] if task == "train" else options["threads"]),
        "nnUNet_def_n_proc": str(options["threads"]),
        "nnUNet_wandb_enabled": "0",
    }
    job = json.dumps({"task": task, "folder": str(folder), "options": options})
    words = [sys.executable, "-u", "-m", _WORKER, job]
    last = "it printed nothing"
    with (
        (folder / "log.txt").open("a", encoding="utf-8") as log,
        subprocess.Popen(
            words,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(MARK):
                hear(json.loads(line.removeprefix(MARK)))
                continue
            log.write(line)
            log.flush()
            last = line.strip() or last
    if process.returncode != 0:
        raise ModelError(f"nnU-Net failed to {task}: {last}", hint=f"All that it printed is in {folder / 'log.txt'}")
