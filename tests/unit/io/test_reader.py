import subprocess
import sys
import time

import numpy as np
import pytest

from bonescan.core.errors import MissingViewError, MixedStudyError, NotABoneScanError, UnreadableInputError, UsageError
from bonescan.core.study import Polarity, Units, ViewName
from bonescan.io.dicom import nm_dataset, write_nm
from bonescan.io.inputs import StudyInput
from bonescan.io.reader import read_study
from phantoms import analytic_study
from pictures import picture, save_picture


def save_pair(study, folder, stem="case", **options):
    return [save_picture(folder / f"{stem}_{view.name}.png", picture(view.counts, **options)) for view in study.views]


def codes(study):
    return {finding.code for finding in study.quality}


def test_a_pair_by_the_name_of_one(study, tmp_path):
    files = save_pair(study, tmp_path)
    for file in files:
        read = read_study(file)
        assert read.name == "case"
        assert read.scan.names == tuple(ViewName)
        np.testing.assert_array_equal(read.views[1].counts, 255.0 - picture(study.views[1].counts))
        assert codes(read) == {"display_units", "clipped"}


def test_a_folder_with_a_pair(study, tmp_path):
    save_pair(study, tmp_path / "case7", stem="x")
    assert read_study(tmp_path / "case7").name == "case7"


def test_views_given_one_by_one(study, tmp_path):
    files = [save_picture(tmp_path / f"{i}.png", v.counts.astype(np.uint16)) for i, v in enumerate(study.views)]
    read = read_study(anterior=files[0], posterior=str(files[1]))
    for view, expected in zip(read.views, study.views, strict=True):
        np.testing.assert_array_equal(view.counts, expected.counts)
    assert read.quality == ()
    assert [view.name for view in read_study(posterior=files[1]).views] == ["posterior"]


def test_a_view_of_an_object_given_by_name(study_file, study):
    read = read_study(posterior=study_file)
    assert [view.name for view in read.views] == ["posterior"]
    np.testing.assert_array_equal(read.views[0].counts, study.views[1].counts)


def test_a_missing_posterior_file(study, tmp_path):
    files = save_pair(study, tmp_path)
    with pytest.raises(MissingViewError, match=r"posterior file gone\.png does not exist"):
        read_study(anterior=files[0], posterior=tmp_path / "gone.png")


def test_a_file_without_the_view_asked_for(study, tmp_path):
    write_nm(analytic_study(views=("anterior",)), tmp_path / "a.dcm")
    with pytest.raises(MissingViewError, match=r"a\.dcm holds no posterior view; its View Code says anterior"):
        read_study(posterior=tmp_path / "a.dcm")
    assert read_study(anterior=tmp_path / "a.dcm").scan.names == ("anterior",)
    write_nm(study, tmp_path / "b.dcm")
    assert read_study(anterior=tmp_path / "b.dcm", posterior=tmp_path / "b.dcm").scan.names == tuple(ViewName)


def test_where_no_code_names_the_view_the_caller_does(tmp_path):
    uncoded = nm_dataset(analytic_study(views=("anterior",)))
    del uncoded.DetectorInformationSequence[0].ViewCodeSequence
    uncoded.SeriesDescription = "WB ANT"
    uncoded.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert read_study(posterior=tmp_path / "a.dcm").scan.names == ("posterior",)


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"PatientID": "P2"}, "patients"),
        ({"StudyInstanceUID": "1.2.3"}, "studies"),
        ({"PatientID": ""}, ""),
        ({"StudyInstanceUID": ""}, ""),
    ],
)
def test_views_of_two_patients_or_studies_are_no_study(tmp_path, other, what):
    files = [tmp_path / f"{view}.dcm" for view in ViewName]
    for view, file in zip(ViewName, files, strict=True):
        dataset = nm_dataset(analytic_study(views=(view,)), patient_id="P1")
        dataset.StudyInstanceUID = "1.2"
        for keyword, value in other.items() if view is ViewName.POSTERIOR else ():
            setattr(dataset, keyword, value)
        dataset.save_as(file, enforce_file_format=True)
    for given in ({"path": StudyInput("both", tuple(files))}, {"anterior": files[0], "posterior": files[1]}):
        if not what:
            assert read_study(**given).scan.names == tuple(ViewName)
            continue
        with pytest.raises(MixedStudyError, match=f"of different {what}") as refused:
            read_study(**given)
        assert not any(value in str(refused.value) for value in ("P1", "P2", "1.2"))


@pytest.mark.parametrize("mirrored", [False, True])
def test_one_picture_is_not_both_views(study, tmp_path, mirrored):
    pixels = study.views[0].counts.astype(np.uint16)
    front = save_picture(tmp_path / "front.png", pixels)
    back = save_picture(tmp_path / "back.png", pixels[:, ::-1] if mirrored else pixels)
    with pytest.raises(MixedStudyError, match="both views are the same picture"):
        read_study(anterior=front, posterior=back)


def test_one_view_alone(study, tmp_path):
    read = read_study(save_picture(tmp_path / "x_post.png", study.views[1].counts.astype(np.uint16)))
    assert read.scan.names == ("posterior",)
    assert codes(read) == {"one_view"}


@pytest.mark.parametrize("white", [False, True])
def test_side_by_side(study, tmp_path, white):
    pixels = np.concatenate([picture(view.counts, top=80, white=white) for view in study.views], axis=1)
    read = read_study(save_picture(tmp_path / "both.png", pixels))
    assert [view.counts.shape for view in read.views] == [(1024, 256)] * 2
    assert read.views[0].polarity is (Polarity.HOT_LOW if white else Polarity.HOT_HIGH)
    assert codes(read) >= {"display_units", "views_assumed"}


def test_the_composite_of_the_paper(study, tmp_path):
    a, p = (view.counts for view in study.views)
    panels = [picture(a, top=12), picture(p, top=12), picture(a, top=70), picture(p, top=70)]
    pixels = np.concatenate(panels, axis=1)
    assert pixels.shape == (1024, 1024)
    read = read_study(save_picture(tmp_path / "composite.png", pixels))
    np.testing.assert_array_equal(read.views[0].counts, 255.0 - panels[2])
    np.testing.assert_array_equal(read.views[1].counts, 255.0 - panels[3])
    assert all(view.units is Units.DISPLAY for view in read.views)


def test_polarity_is_overridden(study, tmp_path):
    path = save_picture(tmp_path / "a_ant.png", picture(study.views[0].counts))
    assert read_study(path).views[0].polarity is Polarity.HOT_LOW
    with pytest.raises(NotABoneScanError):
        read_study(path, polarity=Polarity.HOT_HIGH)  # the background would be the uptake


def test_an_input_of_find_inputs(study, tmp_path):
    files = save_pair(study, tmp_path)
    assert read_study(StudyInput("name", tuple(files))).name == "name"


def test_usage(study, tmp_path):
    with pytest.raises(UsageError, match="no input"):
        read_study()
    with pytest.raises(UsageError, match="one or the other"):
        read_study(tmp_path, anterior=tmp_path)
    save_pair(study, tmp_path, "a")
    save_pair(study, tmp_path, "b")
    with pytest.raises(UsageError, match="holds 2 studies"):
        read_study(tmp_path)


def test_an_unknown_format(tmp_path):
    (tmp_path / "a.txt").write_text("findings")
    with pytest.raises(UnreadableInputError, match="no known format"):
        read_study(tmp_path / "a.txt")


def test_an_unreadable_file(tmp_path, monkeypatch):
    (tmp_path / "a.dcm").touch()

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(UnreadableInputError, match="may not be read"):
        read_study(tmp_path / "a.dcm")


@pytest.mark.parametrize(
    ("question", "given"),
    [
        ("is_dir", {"path": "a_ant.png"}),
        ("is_file", {"anterior": "a_ant.png"}),
        ("iterdir", {"path": "a_ant.png"}),
    ],
)
def test_a_path_that_may_not_be_asked_about(study, tmp_path, monkeypatch, question, given):
    save_picture(tmp_path / "a_ant.png", picture(study.views[0].counts))

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(f"pathlib.Path.{question}", refuse)
    with pytest.raises(UnreadableInputError, match="may not be read"):
        read_study(**{word: tmp_path / name for word, name in given.items()})


def test_a_name_too_long_for_the_disk(tmp_path):
    with pytest.raises(UnreadableInputError, match="cannot be read: File name too long"):
        read_study(tmp_path / ("x" * 300))


def test_reading_is_fast(study_file):
    read_study(study_file)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        read_study(study_file)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1  # 15 ms on an idle machine; the benchmarks hold the figure


def test_importing_the_reader_loads_no_decoder():
    script = (
        "import sys, bonescan.io.reader; print([m for m in ('pydicom', 'PIL', 'gdcm', 'scipy') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
