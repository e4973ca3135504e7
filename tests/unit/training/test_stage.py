"""A stage that is killed and resumed ends with the weights of one that was not."""

import json

import pytest
import torch
from torch import nn

from bonescan.core.errors import ModelError
from bonescan.core.files import write_bytes
from bonescan.training import checkpoint as checkpoint_module
from bonescan.training.checkpoint import Checkpoint, best_network
from bonescan.training.log import read_log
from bonescan.training.recipe import StageRecipe, StepwiseRecipe
from bonescan.training.stage import Task, train_stage

pytestmark = pytest.mark.train

STAGE = StageRecipe(steps=9, batch=4, validate_every=3, checkpoint_every=2, lr=0.05)
RECIPE = StepwiseRecipe(
    name="tiny",
    version="1",
    pipeline="stepwise",
    classify={"steps": 1},
    segment_metastasis={"steps": 1},
    segment_bladder={"steps": 1},
    locate={"steps": 1},
)


class _KilledError(Exception):
    pass


class _Line:
    """y = 2 x + noise; dies before drawing a given batch, once."""

    def __init__(self, dies_at=None):
        self.dies_at, self.drawn = dies_at, 0

    def batch(self, rng, count):
        if self.drawn == self.dies_at:
            self.dies_at = None
            raise _KilledError
        self.drawn += 1
        x = torch.from_numpy(rng.normal(size=(count, 3)).astype("float32"))
        return x, 2 * x[:, :1] + 0.1 * torch.from_numpy(rng.normal(size=(count, 1)).astype("float32"))


def _network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))


def _train(run, samples, stage=STAGE, recipe=RECIPE, fit=None):
    def loss(network, inputs, targets, done):
        return ((network(inputs) - targets) ** 2).mean()

    def validate(network):
        network.eval()
        return {"bias": float(network[3].bias.detach())}

    network = _network()
    task = Task("line", 0, samples, loss, validate, fit)
    return train_stage(network, task, stage, recipe, run, lambda line: None), network


@pytest.mark.parametrize("dies_at", [0, 1, 2, 5, 8])
def test_killed_and_resumed_ends_where_uninterrupted_does(tmp_path, dies_at):
    expected, _ = _train(tmp_path / "whole", _Line())
    with pytest.raises(_KilledError):
        _train(tmp_path / "cut", _Line(dies_at))
    resumed, _ = _train(tmp_path / "cut", _Line())
    assert resumed.step == expected.step == 9
    torch.testing.assert_close(resumed.network, expected.network, rtol=0, atol=0)
    torch.testing.assert_close(resumed.best_network, expected.best_network, rtol=0, atol=0)


def test_a_resumed_stage_says_each_validation_once(tmp_path):
    """Killed after a validation at step 3, of which the last checkpoint, at step 2, knows nothing."""
    _train(tmp_path / "whole", _Line())
    with pytest.raises(_KilledError):
        _train(tmp_path / "cut", _Line(dies_at=3))
    _train(tmp_path / "cut", _Line())
    whole, cut = (read_log(tmp_path / name) for name in ("whole", "cut"))
    assert [line["step"] for line in cut] == [line["step"] for line in whole] == [3, 6, 9]


def test_micro_batches_add_up_to_the_batch(tmp_path):
    class Plain(_Line):
        pass

    def network():
        torch.manual_seed(0)
        return nn.Linear(3, 1)

    def loss(net, inputs, targets, done):
        return ((net(inputs) - targets) ** 2).mean()

    ends = []
    for name, micro in (("one", None), ("two", 2)):
        stage = STAGE.model_copy(update={"micro_batch": micro})
        task = Task("line", 0, Plain(), loss, lambda net: {"nothing": 0.0})
        ends.append(train_stage(network(), task, stage, RECIPE, tmp_path / name, lambda line: None).network)
    torch.testing.assert_close(ends[0], ends[1])


def test_a_finished_stage_is_not_trained_again(tmp_path):
    first, _ = _train(tmp_path, _Line())
    samples = _Line()
    again, _ = _train(tmp_path, samples)
    assert samples.drawn == 0
    torch.testing.assert_close(again.network, first.network)


def test_what_is_fitted_after_the_steps_is_fitted_though_that_was_interrupted(tmp_path):
    def fit(network):
        nn.init.constant_(network[3].bias, float(network[0].weight.detach().sum()))

    def killed(network):
        raise KeyboardInterrupt

    expected, _ = _train(tmp_path / "whole", _Line(), fit=fit)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path / "cut", _Line(), fit=killed)
    assert best_network(tmp_path / "cut", "line") is None, "not finished"
    samples = _Line()
    resumed, _ = _train(tmp_path / "cut", samples, fit=fit)
    assert samples.drawn == 0
    torch.testing.assert_close(resumed.best_network, expected.best_network, rtol=0, atol=0)
    torch.testing.assert_close(best_network(tmp_path / "cut", "line"), expected.best_network, rtol=0, atol=0)
    _train(tmp_path / "cut", samples, fit=killed)  # and never again


def test_a_finished_checkpoint_of_an_earlier_version_stays_finished(tmp_path):
    _train(tmp_path, _Line())
    path = tmp_path / "checkpoints" / "line.pt"
    earlier = torch.load(path, weights_only=True)
    del earlier["stepped"]
    torch.save(earlier, path)
    samples = _Line()
    _train(tmp_path, samples)
    assert samples.drawn == 0


def test_a_checkpoint_of_a_network_of_another_shape_is_refused(tmp_path):
    with pytest.raises(_KilledError):
        _train(tmp_path, _Line(dies_at=5))
    path = tmp_path / "checkpoints" / "line.pt"
    whole = Checkpoint.load(path)
    whole.network["3.weight"] = torch.zeros(1, 6)
    whole.save(path)
    with pytest.raises(ModelError, match="another version"):
        _train(tmp_path, _Line())


def test_the_best_network_is_kept(tmp_path):
    state, _ = _train(tmp_path, _Line())
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert state.best == pytest.approx(max(line["bias"] for line in lines), abs=1e-4)
    assert float(state.best_network["3.bias"]) == pytest.approx(state.best)


@pytest.mark.parametrize(("last", "kept"), [(0.89, 3.0), (0.87, 1.0)])
def test_the_last_network_is_kept_unless_an_earlier_one_was_clearly_better(tmp_path, last, kept):
    figures = iter([0.9, 0.5, last])
    steps = iter([1.0, 2.0, 3.0])

    def validate(network):
        nn.init.constant_(network[3].bias, next(steps))
        return {"figure": next(figures)}

    task = Task("line", 0, _Line(), lambda net, x, y, done: net(x).mean() * 0, validate)
    stage = STAGE.model_copy(update={"lr": 1e-12})
    state = train_stage(_network(), task, stage, RECIPE, tmp_path, lambda line: None)
    assert float(state.best_network["3.bias"]) == pytest.approx(kept)


def test_a_figure_that_is_not_defined_is_left_out_and_chooses_nothing(tmp_path):
    others, said = iter([0.9, 0.8, 0.7]), []

    def validate(network):
        return {"undefined": float("nan"), "other": next(others)}

    task = Task("line", 0, _Line(), lambda net, x, y, done: net(x).mean(), validate)
    state = train_stage(_network(), task, STAGE, RECIPE, tmp_path, said.append)
    assert [line.get("other") for line in read_log(tmp_path)] == [0.9, 0.8, 0.7]
    assert not any("undefined" in line for line in (*read_log(tmp_path), *said))
    torch.testing.assert_close(state.best_network, state.network, rtol=0, atol=0)


def test_what_steps_end_is_said_to_be_done(tmp_path):
    _train(tmp_path, _Line())
    assert [line["progress"] for line in read_log(tmp_path)] == [0.3333, 0.6667, 1.0]


def test_a_kill_while_writing_leaves_the_earlier_checkpoint(tmp_path, monkeypatch):
    state, _ = _train(tmp_path, _Line())
    path = tmp_path / "checkpoints" / "line.pt"
    before = path.read_bytes()

    def torn(target, data):
        target.with_suffix(".part").write_bytes(data[: len(data) // 2])
        raise _KilledError

    monkeypatch.setattr(checkpoint_module, "write_bytes", torn)
    state.step = 99
    with pytest.raises(_KilledError):
        state.save(path)
    assert path.read_bytes() == before
    assert Checkpoint.load(path).step == 9
    monkeypatch.setattr(checkpoint_module, "write_bytes", write_bytes)
    state.save(path)
    assert Checkpoint.load(path).step == 99


@pytest.mark.parametrize("dies_at", [None, 5])
def test_a_share_of_the_start_is_kept_in_what_ships_and_not_in_training(tmp_path, dies_at):
    plain, _ = _train(tmp_path / "plain", _Line())
    recipe = RECIPE.model_copy(update={"optimizer": RECIPE.optimizer.model_copy(update={"keep_start": 0.25})})
    if dies_at is not None:
        with pytest.raises(_KilledError):
            _train(tmp_path / "kept", _Line(dies_at), recipe=recipe)
    kept, _ = _train(tmp_path / "kept", _Line(), recipe=recipe)
    start = _network().state_dict()
    for name, value in kept.best_network.items():
        assert torch.equal(kept.network[name], plain.network[name])
        if value.is_floating_point():
            assert torch.allclose(value, plain.network[name].lerp(start[name], 0.25), atol=1e-6), name
