"""The output folder: complete or absent, replaced as a whole, safe in its name."""

import json
import stat

import jsonschema
import numpy as np
import pytest
from PIL import Image

from bonescan.core.errors import NoHeaderError, OutputError, UsageError
from bonescan.core.findings import json_schema
from bonescan.export import folder
from bonescan.export.folder import check_formats, folder_name, unique_names, write
from tests.analyses import make_analysis
from tests.filed import filed


@pytest.fixture(scope="module")
def analysis():
    return make_analysis(name="case-7")


def names(path):
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())


ALWAYS = ["analysis.json", "masks/anterior.png", "masks/posterior.png", "report.txt"]


def test_everything_the_contract_names(analysis, tmp_path):
    path = write(analysis, tmp_path / "out")
    assert path == tmp_path / "out" / "case-7"
    assert names(path) == sorted([*ALWAYS, "overlay.png", "report.pdf"])
    document = json.loads((path / "analysis.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    assert (path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "IMPRESSION" in (path / "report.txt").read_text(encoding="utf-8")
    for file in path.rglob("*"):
        assert file.stat().st_mode & stat.S_IROTH, "readable by others, as files written by any program"


def test_masks_are_8_bit_labels_in_the_geometry_of_the_view(analysis, tmp_path):
    path = write(analysis, tmp_path, formats=("json",))
    for view, mask in analysis.masks.items():
        with Image.open(path / "masks" / f"{view}.png") as image:
            assert image.mode == "L"
            np.testing.assert_array_equal(np.asarray(image), mask)


@pytest.mark.parametrize(("formats", "drawn"), [(["json"], []), (["png"], ["overlay.png"]), (["pdf"], ["report.pdf"])])
def test_picture_and_page_only_when_asked_for(analysis, tmp_path, formats, drawn):
    assert names(write(analysis, tmp_path, formats=formats)) == sorted([*ALWAYS, *drawn])


def test_nothing_is_drawn_that_is_not_asked_for(analysis, tmp_path, monkeypatch):
    monkeypatch.setattr("bonescan.report.figures.views_image", lambda _: pytest.fail("drawn"))
    write(analysis, tmp_path, formats=["json"])


def test_one_view_has_one_mask(tmp_path):
    path = write(make_analysis(views=("posterior",)), tmp_path, formats=["json"])
    assert names(path / "masks") == ["posterior.png"]


def test_writing_again_replaces_the_folder_as_a_whole(analysis, tmp_path):
    path = write(analysis, tmp_path)
    (path / "masks" / "stale.png").write_text("of an earlier run")
    (path / ".DS_Store").write_text("")
    assert write(analysis, tmp_path, formats=["json"]) == path
    assert names(path) == ALWAYS
    assert [p.name for p in tmp_path.iterdir()] == ["case-7"], "no temporary folder is left"


@pytest.mark.parametrize("earlier", [False, True])
def test_a_folder_with_other_files_is_never_replaced(analysis, tmp_path, earlier):
    """The output folder may be the one that holds the scans, each in a folder of the study's name."""
    scans = tmp_path / "case-7"
    if earlier:
        write(analysis, tmp_path)
    scans.mkdir(exist_ok=True)
    (scans / "IM0001").write_text("a scan")
    with pytest.raises(OutputError, match=r"case-7 .* holds other files \(1\)"):
        write(analysis, tmp_path)
    assert (scans / "IM0001").read_text() == "a scan"
    assert [p.name for p in tmp_path.iterdir()] == ["case-7"]


def test_a_scan_without_extension_is_never_replaced(analysis, tmp_path):
    (tmp_path / "case-7").write_text("a scan")
    with pytest.raises(OutputError, match="is a file"):
        write(analysis, tmp_path)
    assert (tmp_path / "case-7").read_text() == "a scan"
    assert [p.name for p in tmp_path.iterdir()] == ["case-7"]


def test_a_failure_leaves_the_earlier_result(analysis, tmp_path, monkeypatch):
    path = write(analysis, tmp_path)
    before = {name: (path / name).read_bytes() for name in names(path)}
    monkeypatch.setattr(folder, "_png", lambda image: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="No space left"):
        write(analysis, tmp_path)
    assert {name: (path / name).read_bytes() for name in names(path)} == before
    assert [p.name for p in tmp_path.iterdir()] == ["case-7"]


def test_a_folder_below_a_file_is_an_output_error(analysis, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write(analysis, tmp_path / "file")


def test_another_name_can_be_given(analysis, tmp_path):
    assert write(analysis, tmp_path, ["json"], name="case-7-2").name == "case-7-2"


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "a\\b", "C:thing", "..", "", "x" * 500, " .hidden. "])
def test_no_name_leaves_the_output_folder(name, tmp_path):
    path = write(make_analysis(name=name), tmp_path / "out", ["json"])
    assert path.parent == tmp_path / "out"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert len(path.name) <= 100


def test_dicom_results_of_a_picture_are_refused(analysis, tmp_path):
    """No patient and no study is made up: a result that belongs to nobody is lost, or found by the wrong reader."""
    with pytest.raises(NoHeaderError, match="no DICOM object"):
        write(analysis, tmp_path, ["json", "sc"])
    assert list(tmp_path.iterdir()) == []


def test_a_header_without_uids_is_refused(tmp_path):
    filed_analysis = filed(tmp_path / "scan")
    del filed_analysis.source.headers[0].StudyInstanceUID
    with pytest.raises(NoHeaderError, match="lacks StudyInstanceUID"):
        write(filed_analysis, tmp_path / "out", ["sc"])


def test_dicom_results_lie_in_a_folder_of_their_own(tmp_path):
    path = write(filed(tmp_path / "scan"), tmp_path / "out", ["sc", "pdf"])
    assert names(path / "dicom") == ["pdf.dcm", "sc.dcm"]
    assert write(filed(tmp_path / "scan"), tmp_path / "out", ["sc"]) == path
    assert names(path / "dicom") == ["sc.dcm"]


def test_the_pdf_alone_is_no_dicom_object(tmp_path):
    """By default nothing that is written names the patient."""
    assert not (write(filed(tmp_path / "scan"), tmp_path / "out") / "dicom").exists()


def test_region_maps_are_written_where_there_are_some(tmp_path):
    analysis = filed(tmp_path / "scan", regions=True)
    path = write(analysis, tmp_path / "out", ["json"])
    for view, regions in analysis.region_maps.items():
        with Image.open(path / "masks" / f"regions_{view}.png") as image:
            np.testing.assert_array_equal(np.asarray(image), regions)


@pytest.mark.parametrize(
    ("formats", "said"),
    [(["docx"], "unknown format"), ("json", "text 'json'")],
)
def test_formats_that_are_refused(analysis, tmp_path, formats, said):
    with pytest.raises(UsageError, match=said):
        write(analysis, tmp_path, formats)
    assert list(tmp_path.iterdir()) == []


def test_formats_of_the_contract():
    assert check_formats(("json", "png", "pdf", "pdf")) == ("json", "png", "pdf")


def test_names_are_made_unique_as_any_file_system_sees_them():
    assert unique_names(["a", "b", "A", "a", "a-2"]) == ["a", "b", "A-2", "a-3", "a-2-2"]
    assert unique_names(["a/b", "a:b"]) == ["a_b", "a_b-2"]
    assert folder_name("IM0001") == "IM0001"
    assert folder_name("骨" * 100) == "骨" * 66  # 198 bytes
