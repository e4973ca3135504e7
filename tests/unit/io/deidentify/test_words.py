"""Names are found however they are written."""

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from bonescan.io.deidentify.words import survives, telling_words


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Müllerová", "utf-8"),
        ("Müllerová", "iso8859-2"),
        ("Łukasz", "iso8859-2"),
        ("Иванова", "utf-8"),
        ("Иванова", "iso8859-5"),
        ("Παπαδόπουλος", "iso8859-7"),
        ("Yıldırım", "iso8859-9"),
        ("สมชาย", "tis-620"),
        ("山田太郎", "shift_jis"),
    ],
)
@pytest.mark.parametrize("form", [str, str.upper, str.lower])
def test_a_name_is_found_in_capitals_and_in_every_encoding(name, encoding, form):
    assert survives(b"seen: " + form(name).encode(encoding), frozenset({name.lower()}))


def test_a_name_is_one_whatever_kind_of_value_holds_it():
    dataset = Dataset()
    dataset.PatientName = "ROE^JANE"
    dataset["OperatorsName"] = DataElement(0x00081070, "LO", "Doe^Ann")
    dataset.PatientBirthDate = "19310917"
    assert telling_words(dataset) == {"roe", "jane", "doe", "ann", "19310917"}


def test_words_that_anybody_uses_tell_nothing():
    dataset = Dataset()
    dataset.PatientID, dataset.StudyID, dataset.InstitutionName = "unknown", "BONE SCAN", "Whole-Body Scan"
    assert telling_words(dataset) == set()
