"""Two processes on a CPU do what one does."""

import json
import math

import pytest
import torch

from bonescan.core.errors import MissingExtraError, RecipeError, UsageError
from bonescan.training import team as team_module
from bonescan.training.stage import Task, train_stage
from bonescan.training.team import ALONE, Team, launch
from tests.two_processes import RECIPE, STAGE, Line, network, train_line

pytestmark = pytest.mark.train

HALF = math.ceil(STAGE.batch / 2)


def _end(folder, rank):
    return torch.load(folder / f"{rank}.pt", weights_only=True)


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "batch-norm"])
def pair(request, tmp_path_factory):
    """Where two processes trained, and where one did with micro batches as large as their parts."""
    folders = [tmp_path_factory.mktemp(name) for name in ("two", "one")]
    launch(train_line, folders[0], request.param, None, folders[0], devices=2, accelerator="cpu")
    launch(train_line, folders[1], request.param, HALF, folders[1], devices=1, accelerator="cpu")
    return *folders, request.param


@pytest.mark.slow
def test_two_processes_learn_what_one_does(pair):
    two, one, norm = pair
    expected = _end(one, 0)["network"]
    statistics = {name for name in expected if "running" in name or "tracked" in name}
    assert bool(statistics) == norm
    for name in expected.keys() - statistics:
        torch.testing.assert_close(_end(two, 0)["network"][name], expected[name], rtol=1e-5, atol=1e-6)
    start = network(norm).state_dict()
    assert (expected["0.weight"] - start["0.weight"]).abs().max() > 0.01
    torch.testing.assert_close(expected["unused.weight"], start["unused.weight"], rtol=0, atol=0)


@pytest.mark.slow
def test_both_processes_hold_the_same_network(pair):
    two, _, _ = pair
    torch.testing.assert_close(_end(two, 0), _end(two, 1), rtol=0, atol=0)


@pytest.mark.slow
def test_the_first_process_alone_writes_and_speaks(pair):
    two, one, _ = pair
    lines = [[json.loads(line) for line in (f / "metrics.jsonl").read_text().splitlines()] for f in (two, one)]
    assert [line["step"] for line in lines[0]] == [3, 6]
    assert [line["loss"] for line in lines[0]] == pytest.approx([line["loss"] for line in lines[1]], abs=1e-4)
    assert (two / "0.txt").is_file()
    assert not (two / "1.txt").exists()


def test_parts_make_up_the_batch():
    values = torch.arange(5)
    parts = [Team(torch.device("cpu"), rank, 2).part(values) for rank in range(2)]
    assert [part.tolist() for part in parts] == [[0, 1, 2], [3, 4]]
    assert ALONE.part(values) is values


def test_a_batch_must_have_a_sample_for_every_process(tmp_path):
    crowd = Team(torch.device("cpu"), 0, 8)
    task = Task("line", 0, Line(), lambda *a: None, lambda net: {})
    with pytest.raises(RecipeError, match="cannot be shared by 8"):
        train_stage(network(False), task, STAGE, RECIPE, tmp_path, print, crowd)


def test_devices_that_are_not_there_are_said(monkeypatch):
    monkeypatch.setattr(team_module.torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UsageError, match="there are 1 CUDA devices, not 2"):
        launch(train_line, devices=2, accelerator="cuda")


def test_without_fabric_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lightning_fabric", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'bonescan\[train\]'"):
        launch(train_line, devices=2, accelerator="cpu")


def test_one_device_needs_no_fabric(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lightning_fabric", None)
    teams = []
    launch(teams.append, accelerator="cpu")
    assert teams == [ALONE]
