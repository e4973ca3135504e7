"""What is written is read back; what is wrong is named with its row."""

import numpy as np
import pytest

from bonescan.core.anatomy import SITES
from bonescan.core.errors import UnreadableInputError
from bonescan.core.study import ViewName
from bonescan.io.predictions import (
    COLUMNS,
    PredictedStudy,
    PredictionsAbout,
    read_predictions,
    write_predicted_masks,
    write_predictions,
)

ABOUT = PredictionsAbout(name="nnunet", version="2.5", made_with={"epochs": 50})
SURE = PredictedStudy("A", 0.75, dict(zip(SITES, (0.1, 0.2, 0.3, 0.4, 0.5, 1.0), strict=True)), 1.25)
SILENT = PredictedStudy("B")


def test_predictions_come_back(tmp_path):
    mask = np.arange(12, dtype=np.uint8).reshape(3, 4) % 4
    write_predicted_masks(tmp_path, "A", {ViewName.POSTERIOR: mask})
    write_predictions(tmp_path, ABOUT, [SURE, SILENT])
    found = read_predictions(tmp_path)
    assert found.about == ABOUT
    assert list(found.studies.values()) == [SURE, SILENT]
    assert list(found.read_masks("A")) == [ViewName.POSTERIOR]
    assert np.array_equal(found.read_masks("A")[ViewName.POSTERIOR], mask)
    assert found.read_masks("B") == {}


def test_another_threshold_is_another_hash(tmp_path):
    for number, patient in enumerate((0.5, 0.6)):
        about = ABOUT.model_copy(update={"thresholds": ABOUT.thresholds.model_copy(update={"patient": patient})})
        write_predictions(tmp_path / str(number), about, [SURE])
    assert read_predictions(tmp_path / "0").sha256 != read_predictions(tmp_path / "1").sha256


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("../A,0.5,,,,,,,", "no name of a study"),
        ("C,1.5,,,,,,,", "probability '1.5' is no number from 0 to 1"),
        ("C,nan,,,,,,,", "probability 'nan'"),
        ("C,,0.1,,,,,,", "some of the six sites are empty"),
        ("C,,,,,,,,-1", "seconds '-1'"),
        ("A,,,,,,,,", "study_id A was there before"),
    ],
)
def test_every_fault_is_named_with_its_row(tmp_path, line, fault):
    write_predictions(tmp_path, ABOUT, [SURE])
    with (tmp_path / "predictions.csv").open("a") as table:
        table.write(f"{line}\nD,x,,,,,,,\n")
    with pytest.raises(UnreadableInputError, match="has 2 faults") as caught:
        read_predictions(tmp_path)
    assert fault in caught.value.message
    assert "row 3" in caught.value.message
    assert "row 4: probability 'x'" in caught.value.message


def test_a_folder_without_them_is_refused(tmp_path):
    with pytest.raises(UnreadableInputError, match=r"no predictions\.json"):
        read_predictions(tmp_path)


def test_a_document_of_another_kind_is_refused(tmp_path):
    write_predictions(tmp_path, ABOUT, [SURE])
    (tmp_path / "predictions.json").write_text('{"schema": "bonescan.predictions/2"}')
    with pytest.raises(UnreadableInputError, match=r"predictions\.json"):
        read_predictions(tmp_path)


def test_other_columns_are_refused(tmp_path):
    write_predictions(tmp_path, ABOUT, [SURE])
    (tmp_path / "predictions.csv").write_text("study_id,probability\nA,0.5\n")
    with pytest.raises(UnreadableInputError, match=", ".join(COLUMNS)):
        read_predictions(tmp_path)
