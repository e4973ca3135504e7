"""The NM objects that we write, judged by dciodvfy and read by DCMTK."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.study import Scan
from bonescan.io.dicom import write_nm
from phantoms import analytic_study
from tests.conformance.tools import tool


@pytest.mark.parametrize(
    ("views", "options"),
    [
        (("anterior", "posterior"), {}),
        (("anterior", "posterior"), {"rle": True, "age_years": 70}),
        (("posterior",), {}),
    ],
)
def test_dciodvfy_finds_no_error(tmp_path, views, options):
    write_nm(analytic_study(views=views), tmp_path / "scan.dcm", **options)
    result = subprocess.run([tool("dciodvfy"), tmp_path / "scan.dcm"], capture_output=True, text=True, check=False)
    remarks = [line for line in result.stderr.splitlines() if line.startswith(("Error", "Warning"))]
    assert remarks == []
    assert "NMImage" in result.stderr


def test_dciodvfy_finds_no_error_in_a_study_of_few_facts(tmp_path):
    study = analytic_study(pixel_spacing_mm=None)
    write_nm(replace(study, scan=Scan(study.views), patient_sex=None), tmp_path / "scan.dcm")
    result = subprocess.run([tool("dciodvfy"), tmp_path / "scan.dcm"], capture_output=True, text=True, check=False)
    assert [line for line in result.stderr.splitlines() if line.startswith("Error")] == []


def test_dcmtk_reads_the_same_pixels(tmp_path):
    study = analytic_study()
    write_nm(study, tmp_path / "scan.dcm", rle=True)
    subprocess.run([tool("dcmdrle"), tmp_path / "scan.dcm", tmp_path / "plain.dcm"], check=True, capture_output=True)
    subprocess.run(
        [tool("dcmdump"), "+W", tmp_path, "+P", "PixelData", tmp_path / "plain.dcm"], check=True, capture_output=True
    )
    (raw,) = tmp_path.glob("*.raw")
    pixels = np.frombuffer(raw.read_bytes(), dtype="<u2").reshape(2, 1024, 256)
    np.testing.assert_array_equal(pixels, np.stack([view.counts for view in study.views]))
