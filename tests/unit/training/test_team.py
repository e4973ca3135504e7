"""Two processes on a CPU do what one does."""

import json
import math
import pickle

import pytest
import torch

from bonescan.core.errors import STATUS, InputError, MissingExtraError, RecipeError, UsageError
from bonescan.training import team as team_module
from bonescan.training.loop import train
from bonescan.training.team import ALONE, Team, launch
from tests.two_processes import STAGE, fail_in_the_second, network, train_line

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


@pytest.mark.parametrize(("devices", "said"), [(2, "joint: a batch of 1 cannot be shared by 2"), (1, "cohort.csv")])
def test_a_batch_must_have_a_sample_for_every_process_before_anything_is_begun(tmp_path, devices, said):
    recipe = tmp_path / "small.toml"
    recipe.write_text('name = "a"\nversion = "1"\npipeline = "joint"\n[joint]\nsteps = 1\nbatch = 1\n')
    with pytest.raises(InputError, match=said):
        train(recipe, tmp_path / "no cohort", tmp_path / "run", devices=devices, accelerator="cpu")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_an_error_of_any_process_is_that_of_the_whole(tmp_path):
    with pytest.raises(RecipeError, match=r"^process 1 found a fault; expected none\. Mend it\.$") as caught:
        launch(fail_in_the_second, devices=2, accelerator="cpu")
    assert caught.value.hint == "Mend it"


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.__name__)
def test_every_error_can_be_sent_from_one_process_to_another(kind):
    error = kind("it ends here", expected="more", hint="Send it again")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.found, again.expected, again.hint) == (error.found, error.expected, error.hint)
    assert str(again) == str(error)


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
