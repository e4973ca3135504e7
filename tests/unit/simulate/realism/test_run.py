"""The whole comparison, on a made-up folder in the form of the real one."""

import json

import numpy as np
import pytest
from PIL import Image

from bonescan.core.errors import UnreadableInputError, UsageError
from bonescan.simulate.realism.real import read_real
from bonescan.simulate.realism.run import measure_realism
from bonescan.simulate.realism.sheet import write_mixed_sheet
from tests.unit.simulate.realism.made_up import made_up_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made_up_folder(tmp_path_factory.mktemp("made-up") / "real")


@pytest.fixture(scope="module")
def realism(folder):
    return measure_realism(folder, 4, seed=2)


def test_frames_are_read_on_their_native_grid(folder):
    frames, statistics = read_real(folder)
    assert len(frames) == 8
    rows = [frame.values.shape[0] for frame in frames]
    assert np.percentile(rows, 50) == pytest.approx(statistics["native_size"]["rows"]["p50"], rel=0.03)
    assert all(frame.values.shape == frame.regions.shape for frame in frames)


def test_marked_boxes_come_back_to_the_native_grid(folder):
    frames, _ = read_real(folder)
    assert sum(len(frame.hot_spots) for frame in frames) > 2
    for frame in frames:
        for rows, columns in frame.hot_spots:
            # Rows of zeros at the edge of a frame repeat each other and count once.
            assert 0 <= rows.start < rows.stop <= frame.values.shape[0]
            assert 0 <= columns.start < columns.stop <= frame.values.shape[1]
            assert max(rows.stop - rows.start, columns.stop - columns.start) < 90


def test_the_simulator_is_hardly_told_from_itself(realism):
    assert 0.3 < realism.telling.accuracy < 0.75
    assert len(realism.rows) > 150
    assert sum(bool(row.verdict) for row in realism.rows) < len(realism.rows) / 2


def test_the_document_is_plain_and_of_aggregates(realism):
    document = realism.document()
    assert json.loads(json.dumps(document)) == document
    assert document["patients"] == {"simulated": 4, "real": 4}
    assert document["figures_off"] == sum(bool(row["verdict"]) for row in document["rows"])
    assert "R0" not in json.dumps(document)


def test_the_sheet_mixes_both_kinds_and_stays_out_of_repositories(realism, tmp_path):
    key = write_mixed_sheet(tmp_path / "sheet.png", realism.real, realism.simulated, pairs=4)
    assert sorted(key) == list("RRRRSSSS")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size[0] > 8 * 200
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    with pytest.raises(UsageError, match="repository"):
        write_mixed_sheet(tmp_path / "checkout" / "docs" / "s.png", realism.real, realism.simulated)


def test_a_folder_of_another_form_is_refused(tmp_path):
    (tmp_path / "statistics.json").write_text("{}")
    (tmp_path / "frames.csv").write_text("code,view\nR1,anterior\n")
    with pytest.raises(UnreadableInputError, match=r"frames\.csv"):
        read_real(tmp_path)
