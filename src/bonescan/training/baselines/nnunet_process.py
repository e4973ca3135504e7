"""What runs inside nnU-Net's own process: ``python -m bonescan.training.baselines.nnunet_process JOB``.

nnU-Net takes its folders from the environment, prints as it goes and starts processes of its own; a process apart keeps
all of that away from ours. `nnunet` starts it. The only file that imports `nnunetv2`.

Lines that begin with `MARK` are for the parent, as JSON; everything else it prints is kept as a log. When the parent
dies, standard input ends, and this process goes with it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bonescan.training.allocator import keep_freed_memory

keep_freed_memory()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from nnunetv2.experiment_planning import plan_and_preprocess_api as planning  # noqa: E402
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor  # noqa: E402
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer  # noqa: E402
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager  # noqa: E402

from bonescan.core.anatomy import MaskLabel  # noqa: E402
from bonescan.training.baselines.nnunet import MARK  # noqa: E402
from bonescan.training.baselines.nnunet_dataset import DATASET, SPLITS  # noqa: E402

PLANS = "nnUNetPlans"
SPACING = {"spacing": (999, 1, 1)}
"""What nnU-Net's reader of pictures says of each."""


class ShortTrainer(nnUNetTrainer):  # type: ignore[misc]
    """nnU-Net's trainer, ended by epochs or by the clock, with its learning rate falling to the end of either.

    Attributes:
        options: The stage of the recipe, and `seed`.
    """

    options: dict[str, Any]

    def take(self, options: dict[str, Any]) -> None:
        """Set what the recipe says; to be called before anything else."""
        self.options = options
        self.num_epochs = options["epochs"]
        self.num_iterations_per_epoch = options["iterations"]
        self.num_val_iterations_per_epoch = options["validation_iterations"]
        self.save_every = 1

    def initialize(self) -> None:
        """Build the network as nnU-Net does, and compute as our own networks do."""
        torch.manual_seed(self.options["seed"])
        super().initialize()
        if self.device.type == "cpu":
            compute_on_cpu(self.network, self.options["precision"])

    def run_training(self) -> None:
        """nnU-Net's epochs, until either end is reached."""
        self.on_train_start()
        while (done := self._progress(0, 0.0)) < 1:
            self.on_epoch_start()
            self._seed()
            self.on_train_epoch_start()
            began = time.monotonic()
            losses: list[Any] = []
            for iteration in range(self.num_iterations_per_epoch):
                done = self._progress(iteration, time.monotonic() - began)
                if losses and done >= 1:
                    break
                self._set_learning_rate(done)
                losses.append(self.train_step(next(self.dataloader_train)))
            self.on_train_epoch_end(losses)
            with torch.no_grad():
                self.on_validation_epoch_start()
                count = self.num_val_iterations_per_epoch
                self.on_validation_epoch_end([self.validation_step(next(self.dataloader_val)) for _ in range(count)])
            self.on_epoch_end()
            self._tell(self._progress(0, 0.0))
        self.on_train_end()

    def save_checkpoint(self, filename: str) -> None:
        """Save under another name, then rename: a kill leaves the earlier one."""
        super().save_checkpoint(filename + ".part")
        Path(filename + ".part").replace(filename)

    def _spent(self) -> float:
        """Seconds of all finished epochs, those before a resumption included."""
        ends, starts = (self.logger.get_value(f"epoch_{edge}_timestamps", step=None) for edge in ("end", "start"))
        return float(sum(end - start for start, end in zip(starts, ends, strict=False)))

    def _progress(self, iteration: int, seconds: float) -> float:
        by_epochs = (self.current_epoch + iteration / self.num_iterations_per_epoch) / self.num_epochs
        minutes = self.options["minutes"]
        by_time = (self._spent() + seconds) / (60 * minutes) if minutes else 0.0
        return float(min(1.0, max(by_epochs, by_time)))

    def _set_learning_rate(self, done: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr * (1 - done) ** 0.9

    def _seed(self) -> None:
        """Make an epoch depend on seed and number alone, so that a resumed run draws what another would have."""
        seed = int(np.random.default_rng([self.options["seed"], self.current_epoch]).integers(2**31))
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002  # what nnU-Net's loaders draw from
        torch.manual_seed(seed)

    def _tell(self, done: float) -> None:
        value = {key: self.logger.get_value(key, step=-1) for key in ("train_losses", "dice_per_class_or_region")}
        dice = [float(v) if np.isfinite(v) else 0.0 for v in value["dice_per_class_or_region"]]
        names = [name for name in self.dataset_json["labels"] if name != "background"]
        tell(
            {
                "stage": "nnunet",
                "step": self.current_epoch * self.num_iterations_per_epoch,
                "seconds": round(self._spent(), 1),
                "progress": round(done, 4),
                "loss": round(float(value["train_losses"]), 5),
                **{f"dice_{name}": round(v, 5) for name, v in zip(names, dice, strict=True)},
            }
        )


def compute_on_cpu(network: Any, precision: str) -> None:
    """Let a network compute as fast as ours do: channels last, and in bfloat16 where the recipe says so."""
    network.to(memory_format=torch.channels_last)
    if precision != "bfloat16":
        return
    forward = network.forward

    def in_bfloat16(images: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            out = forward(images)
        return [part.float() for part in out] if isinstance(out, list | tuple) else out.float()

    network.forward = in_bfloat16


def plan(folder: Path, options: dict[str, Any]) -> None:
    """Take the fingerprint, plan and preprocess; nothing is done twice."""
    prepared = folder / "preprocessed" / DATASET
    finished = prepared / "finished"
    if finished.exists():
        return
    workers = options["threads"]
    planning.extract_fingerprint_dataset(1, num_processes=workers, check_dataset_integrity=True, verbose=False)
    planning.plan_experiment_dataset(1)
    plans = prepared / f"{PLANS}.json"
    if options["batch"]:
        document = json.loads(plans.read_text(encoding="utf-8"))
        document["configurations"][options["configuration"]]["batch_size"] = options["batch"]
        plans.write_text(json.dumps(document, indent=4), encoding="utf-8")
    planning.preprocess_dataset(
        1, configurations=(options["configuration"],), num_processes=(workers,), show_progress_bar=False
    )
    (prepared / SPLITS).write_bytes((folder / SPLITS).read_bytes())
    finished.touch()


def train(folder: Path, options: dict[str, Any]) -> None:
    """Train the one fold, from its last checkpoint where there is one."""
    prepared = folder / "preprocessed" / DATASET
    plans = json.loads((prepared / f"{PLANS}.json").read_text(encoding="utf-8"))
    document = json.loads((prepared / "dataset.json").read_text(encoding="utf-8"))
    latest = output_folder(folder, options["configuration"]) / "fold_0" / "checkpoint_latest.pth"
    trainer = ShortTrainer(
        {**plans, "continue_training": latest.exists()}, options["configuration"], 0, document, device()
    )
    trainer.take(options)
    trainer.initialize()
    if latest.exists():
        trainer.load_checkpoint(str(latest))
        tell({"resumed": trainer.current_epoch})
    trainer.run_training()


def predict(folder: Path, options: dict[str, Any]) -> None:
    """Probabilities of metastasis and bladder, view by view.

    Reads ``images.npy``, (N, 1024, 256) uint16, in `options["exchange"]` and writes ``probabilities.npy``,
    (N, 2, 1024, 256) float32, and ``seconds.npy``, (N,) float64, beside it.
    """
    predictor = load_predictor(folder, options)
    exchange = Path(options["exchange"])
    images = np.load(exchange / "images.npy", mmap_mode="r")
    shape = (len(images), 2, *images.shape[1:])
    found = np.lib.format.open_memmap(exchange / "probabilities.npy", mode="w+", dtype=np.float32, shape=shape)
    seconds = np.zeros(len(images))
    for number, image in enumerate(images):
        began = time.perf_counter()
        values = image[None, None].astype(np.float32)
        _, probability = predictor.predict_single_npy_array(values, SPACING, None, None, True)
        found[number] = probability[[MaskLabel.METASTASIS, MaskLabel.BLADDER], 0]
        seconds[number] = time.perf_counter() - began
    found.flush()
    np.save(exchange / "seconds.npy", seconds)


def load_predictor(folder: Path, options: dict[str, Any]) -> Any:
    """nnU-Net's predictor with the last network of the run, and its own mirroring where the recipe says so."""
    output = output_folder(folder, options["configuration"])
    plans = PlansManager(json.loads((output / "plans.json").read_text(encoding="utf-8")))
    document = json.loads((output / "dataset.json").read_text(encoding="utf-8"))
    configuration = plans.get_configuration(options["configuration"])
    heads = plans.get_label_manager(document).num_segmentation_heads
    network = ShortTrainer.build_network_architecture(plans, configuration, 1, heads, enable_deep_supervision=False)
    state = torch.load(output / "fold_0" / "checkpoint_final.pth", map_location="cpu", weights_only=False)
    network.load_state_dict(state["network_weights"])
    network.to(device())
    if device().type == "cpu":
        compute_on_cpu(network, options["precision"])
    predictor = nnUNetPredictor(use_mirroring=options["mirroring"], device=device(), allow_tqdm=False)
    axes = state["inference_allowed_mirroring_axes"]
    weights = [state["network_weights"]]
    predictor.manual_initialization(network.eval(), plans, configuration, weights, document, "ShortTrainer", axes)
    return predictor


def output_folder(folder: Path, configuration: str) -> Path:
    """Where the trainer writes."""
    return folder / "results" / DATASET / f"{ShortTrainer.__name__}__{PLANS}__{configuration}"


def device() -> torch.device:
    """CUDA where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def tell(facts: dict[str, Any]) -> None:
    """Send a line to the parent."""
    sys.stdout.write(MARK + json.dumps(facts) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    def wait() -> None:
        os.read(0, 1)  # of the descriptor: a lock on `sys.stdin` would hang the processes that nnU-Net forks
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Do the job that the command line holds: JSON with `task`, `folder` and `options`."""
    job = json.loads(sys.argv[1])
    _end_with_parent()
    torch.set_num_threads(job["options"]["threads"])
    {"plan": plan, "train": train, "predict": predict}[job["task"]](Path(job["folder"]), job["options"])


if __name__ == "__main__":
    main()
