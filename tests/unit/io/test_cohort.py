from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.anatomy import Site
from bonescan.core.errors import CohortError, OutputError
from bonescan.io.cohort import CohortCase, read_cohort, split_patients, write_cohort, write_masks
from bonescan.io.cohort_check import check_contents
from bonescan.io.cohort_rows import COLUMNS
from bonescan.io.dicom import write_nm
from bonescan.io.labelme import write_labelme

CASES = (
    CohortCase(
        "S1",
        "P1",
        ("S1/S1.dcm",),
        split="train",
        metastasis=True,
        sites=(Site.SPINE, Site.RIBS),
        primary="prostate",
        sex="M",
        age_years=71.5,
        alp_u_l=212,
        treatment_start_days=-14,
    ),
    CohortCase("S2", "P2", ("S2/S2.dcm",), split="test", benign=True, sex="F", age_years=44),
)


@pytest.fixture
def folder(tmp_path, study):
    for case in CASES:
        write_nm(study, tmp_path / case.files[0])
        write_masks(tmp_path, case.study_id, {view.name: np.zeros((1024, 256), dtype=np.uint8) for view in study.views})
    write_cohort(tmp_path, CASES)
    return tmp_path


def rewrite(folder, *changes):
    """Replace text in the table."""
    table = (folder / "cohort.csv").read_text()
    for old, new in changes:
        assert old in table
        table = table.replace(old, new)
    (folder / "cohort.csv").write_text(table)


def test_the_table_is_plain(folder):
    lines = (folder / "cohort.csv").read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1] == "S1,P1,S1/S1.dcm,train,1,spine;ribs,0,prostate,M,71.5,212,-14"
    assert lines[2] == "S2,P2,S2/S2.dcm,test,0,,1,,F,44,,"


def test_what_is_written_is_read(folder, study):
    cohort = read_cohort(folder)
    assert cohort.cases == CASES
    assert [case.study_id for case in cohort] == ["S1", "S2"]
    assert len(cohort) == 2
    assert cohort["S2"].benign
    assert cohort.split("train") == (cohort["S1"],)
    read = cohort["S1"].read_study()
    assert read.name == "S1"
    np.testing.assert_array_equal(read.views[0].counts, study.views[0].counts)


def test_a_table_from_a_spreadsheet(folder):
    """With a byte-order mark, Windows line ends, other order of columns, and blank lines."""
    lines = [line.split(",") for line in (folder / "cohort.csv").read_text().splitlines()]
    text = "\r\n".join(",".join(reversed(cells)) for cells in lines) + "\r\n\r\n"
    (folder / "cohort.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_cohort(folder).cases == CASES


def test_every_fault_is_listed_with_its_row(folder):
    rewrite(
        folder,
        ("S1,P1,S1/S1.dcm,train,1,", "S1,P1,S1/gone.dcm,trian,1,"),
        ("spine;ribs", "spine;rib"),
        ("71.5", "old"),
        ("S2,P2,S2/S2.dcm,test,0,,1", "S2,,../S2.dcm,test,yes,,1"),
    )
    with pytest.raises(CohortError) as caught:
        read_cohort(folder)
    message = str(caught.value)
    assert "6 faults" in message
    for fault in (
        "cohort.csv row 2: split 'trian' is none of train, val, test",
        "cohort.csv row 2: sites 'rib' is none of spine, pelvis, scapula, ribs, femur, other",
        "cohort.csv row 2: age_years 'old' is no number from 0 to 130",
        "cohort.csv row 3: patient_id is empty",
        "cohort.csv row 3: files '../S2.dcm' is no path below the folder of the cohort",
        "cohort.csv row 3: metastasis 'yes' is neither 0 nor 1",
    ):
        assert fault in message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("S2/S2.dcm", "S1/./S1.dcm"), "file S1/./S1.dcm is of two patients, in studies S1 and S2"),
        (("S2/S2.dcm", "S2/gone.dcm"), "row 3: file S2/gone.dcm does not exist"),
        (("S2,P2", "S1,P2"), "row 3: study_id S1 is already in row 2"),
        (("S2,P2,", "S2,P1,"), "patient of study S1 is in test and train"),
        (("test,0,,1", "test,0,pelvis,1"), "row 3: sites are named though metastasis is 0"),
        (("S2,P2", "../S2,P2"), "row 3: study_id '../S2' is no name"),
        (("benign", "begnin"), "column benign is missing; column begnin is unknown"),
        ((",F,44,,", ",F,44"), "row 3: 10 cells for 12 columns"),
        (("alp_u_l", "alp_u_l,alp_u_l"), "13 columns"),
    ],
)
def test_faults(folder, change, words):
    rewrite(folder, change)
    with pytest.raises(CohortError, match=words.replace(".", r"\.")):
        read_cohort(folder)


def test_two_readers_of_one_scan(folder):
    write_cohort(folder, [CASES[0], replace(CASES[0], study_id="S1-again")])
    assert len(read_cohort(folder)) == 2


def test_no_table(tmp_path):
    with pytest.raises(CohortError, match=r"no cohort\.csv in .*'bonescan cohort fill "):
        read_cohort(tmp_path)
    (tmp_path / "cohort.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CohortError, match="UTF-8"):
        read_cohort(tmp_path)
    (tmp_path / "cohort.csv").write_text(",".join(COLUMNS) + "\n")
    with pytest.raises(CohortError, match="no row"):
        read_cohort(tmp_path)


def test_nothing_wrong_is_written(folder):
    before = (folder / "cohort.csv").read_bytes()
    for cases, words in [
        ((CASES[0], CASES[0]), "S1 appears 2 times"),
        ((CASES[0], replace(CASES[1], patient_id="P1")), "is in test and train"),
        ((CASES[0], replace(CASES[1], files=CASES[0].files)), "file S1/S1.dcm is of two patients"),
        ((replace(CASES[0], study_id="a/b"),), "is no name"),
        ((replace(CASES[0], files=()),), "files is empty"),
    ]:
        with pytest.raises(CohortError, match=words):
            write_cohort(folder, cases)
    assert (folder / "cohort.csv").read_bytes() == before
    with pytest.raises(OutputError):
        write_cohort(folder / "cohort.csv", CASES)


def test_splits_are_assigned(folder):
    cohort = read_cohort(folder)
    split = cohort.with_splits(split_patients(cohort))
    write_cohort(folder, split)
    assert read_cohort(folder) == split
    assert all(case.split for case in split)


def test_the_fingerprint_is_of_the_content(folder):
    cohort = read_cohort(folder)
    assert cohort.fingerprint == replace(cohort, cases=cohort.cases[::-1]).fingerprint
    assert cohort.fingerprint != replace(cohort, cases=cohort.cases[:1]).fingerprint
    assert len(cohort.fingerprint) == 64


def test_the_slow_check_finds_what_the_table_hides(folder):
    cohort = read_cohort(folder)
    assert check_contents(cohort) == []
    write_masks(
        folder, "S2", {"anterior": np.ones((1024, 256), dtype=np.uint8)}, {"posterior": np.eye(9, dtype=np.uint8)}
    )
    (folder / "S1" / "S1.dcm").write_text("text")
    assert check_contents(cohort) == [
        "S1: S1.dcm is no DICOM file",
        "S2: the posterior region map has 9 x 9 pixels, its view 1024 x 256",
        "S2: its masks hold metastases though metastasis is 0",
    ]


def test_a_scan_that_cannot_be_read_names_its_study(folder):
    (folder / "S2" / "S2.dcm").write_text("text")
    with pytest.raises(CohortError, match=r"^S2: S2\.dcm is no DICOM file"):
        read_cohort(folder).cases[1].read_study()


def test_the_slow_check_holds_a_row_against_itself_and_its_masks(folder):
    benign = np.full((1024, 256), 3, dtype=np.uint8)
    for name in ("S1", "S2"):
        write_masks(folder, name, {"anterior": benign, "posterior": benign})
    (folder / "S2" / "masks" / "posterior.png").unlink()
    rewrite(folder, ("spine;ribs", ""))
    assert check_contents(read_cohort(folder)) == [
        "S1: its masks hold benign uptake though benign is 0",
        "S1: metastasis is 1, but no site is named",
        "S2: its posterior view is not annotated, the other is",
    ]


def test_what_the_scan_does_not_show_may_be_known_all_the_same(folder):
    cohort = read_cohort(folder)
    assert (cohort["S1"].metastasis, cohort["S2"].benign) == (True, True)
    assert not any(mask.any() for case in cohort for mask in case.read_labels().values())
    assert check_contents(cohort) == []


def test_the_slow_check_finds_annotations_of_a_view_that_is_not_there(folder, study):
    write_nm(replace(study, scan=replace(study.scan, views=study.views[1:])), folder / "S2" / "S2.dcm")
    (folder / "S2" / "masks" / "anterior.png").unlink()
    assert check_contents(read_cohort(folder)) == []
    lesion = np.zeros((1024, 256), dtype=np.uint8)
    lesion[300:320, 120:140] = 1
    write_labelme(folder / "S2" / "masks" / "anterior.json", lesion)
    assert check_contents(read_cohort(folder)) == [
        "S2: it has no anterior view, but a mask of one",
        "S2: its masks hold metastases though metastasis is 0",
    ]


def test_faults_are_also_given_one_by_one(folder):
    rewrite(folder, ("test,0,,1", "tset,0,,2"))
    with pytest.raises(CohortError) as caught:
        read_cohort(folder)
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["cohort.csv row 3"] * 2
