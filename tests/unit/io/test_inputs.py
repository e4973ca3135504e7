import numpy as np
import pytest

from bonescan.core.errors import NotABoneScanError, UnreadableInputError
from bonescan.core.study import ViewName
from bonescan.io.inputs import find_inputs, kind_of
from pictures import picture, save_picture


def pair(folder, stem, suffix="png"):
    """A pair of tiny pictures."""
    pixels = np.zeros((16, 4), dtype=np.uint8)
    return tuple(save_picture(folder / f"{stem}_{view}.{suffix}", pixels) for view in ViewName)


def names(path):
    return [entry.name for entry in find_inputs(path)]


def single_view(dataset, save, index, name, uid="1.2.3"):
    """An object with one of the two frames of `dataset`."""
    from copy import deepcopy

    one = deepcopy(dataset)
    one.StudyInstanceUID, one.NumberOfFrames, one.EnergyWindowVector, one.DetectorVector = uid, 1, 1, 1
    one.DetectorInformationSequence = [dataset.DetectorInformationSequence[index]]
    size = len(dataset.PixelData) // 2
    one.PixelData = dataset.PixelData[index * size : (index + 1) * size]
    return save(one, name)


def test_kinds_are_told_by_content(study_file, tmp_path):
    (tmp_path / "scan").write_bytes(study_file.read_bytes()[:300])
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "a.dcm").write_text("text")
    save_picture(tmp_path / "a.png", np.zeros((2, 2), dtype=np.uint8)).rename(tmp_path / "b")
    kinds = {path.name: kind_of(path) for path in tmp_path.iterdir()}
    assert kinds == {"scan": "dicom", "a.txt": None, "a.dcm": "dicom", "b": "picture"}


def test_a_file_is_one_study(study_file):
    (entry,) = find_inputs(study_file)
    assert (entry.name, entry.files) == ("scan", (study_file,))


def test_a_picture_brings_its_partner(tmp_path):
    files = pair(tmp_path, "R001")
    pair(tmp_path, "R002")
    for file in files:
        (entry,) = find_inputs(file)
        assert (entry.name, entry.files) == ("R001", files)


@pytest.mark.parametrize(
    ("anterior", "posterior", "name"),
    [
        ("ANT.png", "POST.png", ""),
        ("x ant 1.png", "x post 1.png", "x 1"),
        ("7_post_op_ant.png", "7_post_op_post.png", "7_post_op"),
        ("wb-Anterior.jpg", "wb-posterior.png", "wb"),
    ],
)
def test_names_of_pairs(tmp_path, anterior, posterior, name):
    folder = tmp_path / "case7"
    pixels = np.zeros((16, 4), dtype=np.uint8)
    files = (save_picture(folder / anterior, pixels), save_picture(folder / posterior, pixels))
    (entry,) = find_inputs(files[1])
    assert entry.files == files
    assert entry.name == (name or "case7")
    assert find_inputs(folder)[0].files == files


def test_a_folder_of_pairs_ignores_what_else_lies_there(tmp_path):
    for stem in ("R001", "R002"):
        pair(tmp_path, stem)
        pair(tmp_path, f"{stem}_regions")
    for other in ("boxes.csv", "statistics.json", "README.md", ".hidden_anterior.png"):
        (tmp_path / other).write_text("text")
    assert names(tmp_path) == ["R001", "R002"]


def test_a_folder_that_is_one_study_has_its_name(tmp_path, study_file):
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "IM0001").write_bytes(study_file.read_bytes())
    assert names(tmp_path / "case") == ["case"]


def test_a_folder_of_folders(tmp_path, study_file):
    for case in ("b", "a"):
        (tmp_path / case / "masks").mkdir(parents=True)
        (tmp_path / case / "scan.dcm").write_bytes(study_file.read_bytes())
        pair(tmp_path / case / "masks", "x")
    assert names(tmp_path) == ["a", "b"]


def test_names_are_unique(tmp_path, study_file):
    for folder in ("x/case", "y/case", "z/Case"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "scan.dcm").write_bytes(study_file.read_bytes())
    assert sorted(name.lower() for name in names(tmp_path)) == ["case", "case-2", "case-3"]


def test_one_object_a_view_makes_one_study(dataset, save, tmp_path):
    posterior = single_view(dataset, save, 1, "case/A1.dcm")
    anterior = single_view(dataset, save, 0, "case/B2.dcm")
    (entry,) = find_inputs(tmp_path / "case")
    assert (entry.name, entry.files) == ("case", (anterior, posterior))


def test_objects_are_grouped_by_study(dataset, save, tmp_path):
    for uid, stem in (("1.2.3", "p"), ("1.2.4", "q")):
        for index, view in enumerate(("ant", "post")):
            single_view(dataset, save, index, f"all/{stem}_{view}.dcm", uid)
    assert names(tmp_path / "all") == ["p", "q"]


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (("case/s1/IM1.dcm", "case/s2/IM1.dcm"), "case"),
        (("all/P_ant/1.dcm", "all/P_post/1.dcm"), "P"),
        (("all/ANT/1.dcm", "all/POST/1.dcm"), "all"),
    ],
)
def test_one_folder_a_series_makes_one_study(dataset, save, tmp_path, files, name):
    paths = tuple(single_view(dataset, save, index, file) for index, file in enumerate(files))
    (entry,) = find_inputs(tmp_path)
    assert (entry.name, entry.files) == (name, paths)


def test_series_of_several_studies_are_told_apart(dataset, save, tmp_path):
    for number, uid in enumerate(("1.2.3", "1.2.4")):
        for index, view in enumerate(("ant", "post")):
            single_view(dataset, save, index, f"all/{uid}-{number + index}/{view}.dcm", uid)
    assert [len(entry.files) for entry in find_inputs(tmp_path / "all")] == [2, 2]


def test_without_a_uid_only_a_folder_holds_objects_together(dataset, save, tmp_path):
    single_view(dataset, save, 0, "apart/a/1.dcm", "")
    single_view(dataset, save, 1, "apart/b/1.dcm", "")
    assert names(tmp_path / "apart") == ["a", "b"]
    single_view(dataset, save, 0, "together/a.dcm", "")
    single_view(dataset, save, 1, "together/b.dcm", "")
    assert names(tmp_path / "together") == ["together"]


def test_objects_of_other_modalities_are_passed_over(dataset, save, tmp_path):
    save(dataset, "all/scan.dcm")
    dataset.Modality = "SEG"
    save(dataset, "all/result.dcm")
    (entry,) = find_inputs(tmp_path / "all")
    assert [file.name for file in entry.files] == ["scan.dcm"]


def test_a_folder_of_another_modality(dataset, save, tmp_path):
    dataset.Modality = "CT"
    save(dataset, "all/scan.dcm")
    with pytest.raises(NotABoneScanError, match="holds only CT"):
        find_inputs(tmp_path / "all")


def test_spot_views_and_spect_beside_a_whole_body_scan_are_passed_over(dataset, save, tmp_path):
    save(dataset, "all/wb.dcm")
    dataset.Rows, dataset.Columns = 512, 512
    save(dataset, "all/spot.dcm")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]
    save(dataset, "all/spect.dcm")
    (entry,) = find_inputs(tmp_path / "all")
    assert [file.name for file in entry.files] == ["wb.dcm"]
    (tmp_path / "all" / "wb.dcm").unlink()
    with pytest.raises(NotABoneScanError, match="spot views"):
        find_inputs(tmp_path / "all")


def test_damaged_objects_are_kept_so_that_reading_tells(tmp_path, study_file):
    (tmp_path / "bad.dcm").write_text("text")
    (tmp_path / "good.dcm").write_bytes(study_file.read_bytes())
    assert names(tmp_path) == ["bad", "good"]


def test_nothing_there(tmp_path):
    with pytest.raises(UnreadableInputError, match="holds no study"):
        find_inputs(tmp_path)
    with pytest.raises(UnreadableInputError, match="does not exist"):
        find_inputs(tmp_path / "absent.dcm")


def test_an_unpaired_picture_stays_alone(tmp_path):
    save_picture(tmp_path / "p_anterior.png", np.zeros((16, 4), dtype=np.uint8))
    save_picture(tmp_path / "composite.png", picture(np.eye(16)))
    assert names(tmp_path) == ["composite", "p_anterior"]
