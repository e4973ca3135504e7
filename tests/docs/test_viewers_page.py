"""What the page has written for 3D Slicer says on which side of the patient it lies."""

import shutil
import sys
import textwrap
from types import SimpleNamespace

import pytest

from bonescan import examples
from tests.docs.commands import ROOT

PAGE = (ROOT / "docs" / "how-to" / "3d-slicer-and-ohif.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "columns_run_to_the_right"), [("posterior", True), ("anterior", False)])
def test_columns_run_to_the_side_that_the_camera_shows(tmp_path, monkeypatch, name, columns_run_to_the_right):
    first = PAGE.index("    import nibabel")
    code = textwrap.dedent(PAGE[first : PAGE.index("\n\n", first)]).replace('scan["posterior"]', f'scan["{name}"]')
    saved = {}
    nibabel = SimpleNamespace(Nifti1Image=lambda *image: image, save=lambda image, file: saved.update({file: image}))
    monkeypatch.setitem(sys.modules, "nibabel", nibabel)
    monkeypatch.chdir(tmp_path)
    shutil.copy(examples.path(), "study.dcm")
    exec(code, {})
    assert saved.keys() == {"view.nii", "labels.nii"}
    for values, affine in saved.values():
        column, row, depth, _ = affine.T[:, :3]  # each in millimetres to the patient's right, forward and up
        assert values.shape[0] < values.shape[1], "columns first"
        assert (column[0] > 0) == columns_run_to_the_right
        assert row[2] < 0, "rows run to the feet"
        assert (depth[1] > 0) == columns_run_to_the_right, "away from the camera"
