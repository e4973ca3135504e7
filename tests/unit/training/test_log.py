"""The log of a run: what a kill leaves of it, and the picture that is drawn of it."""

import pytest

from bonescan.training.curves import draw_curves
from bonescan.training.log import append_to_log, cut_log, read_log

pytestmark = pytest.mark.train


def _line(stage, step, **figures):
    return {"stage": stage, "step": step, "seconds": 1.0, "progress": 0.5, "loss": 0.7, **figures}


def test_a_line_that_was_torn_costs_no_other(tmp_path):
    first, second = _line("joint", 2, dice=0.5), _line("joint", 4, auc=0.6)
    append_to_log(tmp_path, first)
    with (tmp_path / "metrics.jsonl").open("a") as handle:
        handle.write('{"stage": "joint", "st')
    assert read_log(tmp_path) == [first]
    append_to_log(tmp_path, second)
    assert read_log(tmp_path) == [first, second]
    draw_curves(tmp_path)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_log_of_which_nothing_is_left_is_not_drawn(tmp_path):
    assert read_log(tmp_path) == []
    (tmp_path / "metrics.jsonl").write_text('{"sta')
    draw_curves(tmp_path)
    assert not (tmp_path / "curves.png").exists()


def test_what_a_stage_will_say_again_is_dropped(tmp_path):
    kept = [_line("classify", 9), _line("joint", 2)]
    for line in (*kept, _line("joint", 4)):
        append_to_log(tmp_path, line)
    cut_log(tmp_path, "joint", 3)
    assert read_log(tmp_path) == kept
