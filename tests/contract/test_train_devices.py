"""`bonescan train --devices 2` on a CPU: killed at any moment, it ends where an uninterrupted run does."""

import signal
import subprocess
import sys
import time

import pytest

from bonescan.io.predictions import read_predictions
from tests.contract.commands import bonescan
from tests.training_cohort import write_training_cohort

RECIPE = """
name = "mini"
version = "0.0.1"
pipeline = "unet"
threads = 2
[unet]
steps = 40
batch = 2
base = 2
patch_px = 32
validate_every = 40
validation_windows = 1
checkpoint_every = 1
"""


@pytest.mark.slow
@pytest.mark.train
def test_a_run_on_two_devices_survives_a_kill(tmp_path):
    import torch

    from bonescan.training.checkpoint import Checkpoint

    write_training_cohort(tmp_path / "cohort")
    (tmp_path / "mini.toml").write_text(RECIPE)
    words = ["train", "mini.toml", "--cohort", "cohort", "--devices", "2", "--accelerator", "cpu", "-o"]
    done = bonescan(*words, "whole", cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "trained -> whole; next: bonescan predict whole --cohort DIR -o PRED\n"

    checkpoint = tmp_path / "cut" / "checkpoints" / "unet.pt"
    killed = subprocess.Popen([sys.executable, "-m", "bonescan", *words, "cut"], cwd=tmp_path, stderr=subprocess.PIPE)
    while not checkpoint.exists() and killed.poll() is None:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()  # returns when the processes that it started are gone too
    state = Checkpoint.load(checkpoint)
    assert 1 <= state.step < 40, "it was killed in between"
    assert not state.finished

    done = bonescan(*words, "cut", "--resume", cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr
    assert f"unet: resumed at step {state.step}" in done.stderr
    ends = [Checkpoint.load(tmp_path / run / "checkpoints" / "unet.pt").network for run in ("whole", "cut")]
    torch.testing.assert_close(*ends, rtol=0, atol=0)

    done = bonescan(
        "predict", "cut", "--cohort", "cohort", "--split", "val", "-o", "answers", cwd=tmp_path, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 studies predicted -> answers; drafts for review by a physician")
    assert set(read_predictions(tmp_path / "answers").studies) == {"T4", "T5"}
    assert bonescan("export", "cut", "-o", "bundle", cwd=tmp_path, timeout=600).returncode == 4, (
        "a baseline is no bundle"
    )
