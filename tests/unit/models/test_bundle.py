"""Bundles are read whole or not at all."""

import json
import subprocess
import sys

import pytest

from bonescan.core.errors import BundleCorruptError, ModelError, UnknownModelError, UsageError
from bonescan.models.bundle import MANIFEST, Figure, check_name, load_bundle, write_bundle
from tests.tiny_bundle import tiny_bundle


@pytest.fixture
def bundle(tmp_path):
    return tiny_bundle(tmp_path / "tiny")


def test_what_was_written_is_read(bundle):
    again = load_bundle(bundle.folder)
    assert again == bundle
    assert again.manifest.name == "tiny"
    assert again.path("classify.onnx").is_file()
    assert len(again.sha256) == 64


def test_a_file_that_is_not_listed_has_no_path(bundle):
    with pytest.raises(ModelError, match="no file weights"):
        bundle.path("weights.pt")


@pytest.mark.parametrize("name", ["classify.onnx", "locate.onnx"])
def test_one_changed_byte_is_noticed(bundle, name):
    data = bytearray((bundle.folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (bundle.folder / name).write_bytes(data)
    with pytest.raises(BundleCorruptError, match=f"{name} .*altered"):
        load_bundle(bundle.folder)


def test_a_missing_file_is_noticed(bundle):
    (bundle.folder / "segment_bladder.onnx").unlink()
    with pytest.raises(BundleCorruptError, match=r"segment_bladder.onnx is missing"):
        load_bundle(bundle.folder)


def test_an_empty_folder_is_no_bundle(tmp_path):
    with pytest.raises(UnknownModelError, match=MANIFEST):
        load_bundle(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(schema="bonescan.bundle/9"), "schema"),
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d["thresholds"].update(patient=1.5), "thresholds.patient"),
        (lambda d: d.pop("files"), "files"),
    ],
)
def test_a_manifest_with_faults_is_refused_and_the_place_named(bundle, change, said):
    document = json.loads((bundle.folder / MANIFEST).read_text())
    change(document)
    (bundle.folder / MANIFEST).write_text(json.dumps(document))
    with pytest.raises(BundleCorruptError, match=said):
        load_bundle(bundle.folder)


@pytest.mark.parametrize("name", ["../outside.onnx", "/etc/passwd"])
def test_files_outside_the_folder_are_refused(bundle, name):
    document = json.loads((bundle.folder / MANIFEST).read_text())
    document["files"][name] = next(iter(document["files"].values()))
    (bundle.folder / MANIFEST).write_text(json.dumps(document))
    with pytest.raises(BundleCorruptError, match="plain file names"):
        load_bundle(bundle.folder)


def test_writing_replaces_the_bundle_as_a_whole(bundle):
    (bundle.folder / "left_over.txt").write_text("old")
    write_bundle(bundle.folder, bundle.manifest, {"classify.onnx": b"new"})
    assert sorted(path.name for path in bundle.folder.iterdir()) == [MANIFEST, "classify.onnx"]


def test_a_manifest_that_could_not_be_read_back_replaces_nothing(bundle):
    faulty = bundle.manifest.model_copy(update={"name": "Not a name"})
    with pytest.raises(BundleCorruptError, match="of tiny has 1 faults, the first at name"):
        write_bundle(bundle.folder, faulty, {"classify.onnx": b"new"})
    assert load_bundle(bundle.folder) == bundle
    assert [path.name for path in bundle.folder.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize("name", ["", "Ours", "-ours", "ours joint", "../ours", "ours\n"])
def test_names_that_no_bundle_can_have_are_refused(name):
    check_name("ours-joint_2")
    with pytest.raises(UsageError, match="expected lower-case letters"):
        check_name(name)


def test_figures_are_found_by_name(bundle):
    manifest = bundle.manifest.model_copy(update={"figures": (Figure(name="a", value=0.5, dataset="d"),)})
    assert manifest.figure("a").value == 0.5
    assert manifest.figure("b") is None


def test_reading_a_bundle_loads_no_model_runtime():
    code = (
        "import sys, bonescan.models.bundle, bonescan.models.registry;"
        "print([m for m in ('torch', 'onnx', 'onnxruntime', 'openvino') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
