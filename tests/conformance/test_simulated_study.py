"""What `bonescan simulate` writes, judged by dciodvfy.

Messages that are allowed, each with its reason, stand in `ALLOWED`; there is none at present.
"""

import subprocess

import pytest

from bonescan.simulate.cohort import simulate_cohort
from bonescan.simulate.recipe import CohortRecipe, SerialRecipe
from tests.conformance.test_nm_object import tool

ALLOWED: dict[str, str] = {}
"""Message of dciodvfy → why it is no fault."""


@pytest.fixture(scope="module", params=[1, 2])
def cohort(request, tmp_path_factory):
    """A patient's only scan, and a first scan and a later one."""
    recipe = CohortRecipe(metastasis_fraction=1, serial=SerialRecipe(courses={"stable": 1}))
    folder = tmp_path_factory.mktemp("dicom") / "cohort"
    return simulate_cohort(folder, 1, seed=6, recipe=recipe, visits=request.param)


def test_dciodvfy_has_nothing_to_say(cohort):
    for case in cohort:
        result = subprocess.run([tool("dciodvfy"), *case.paths], capture_output=True, text=True, check=False)
        remarks = [line for line in result.stderr.splitlines() if line.startswith(("Error", "Warning"))]
        assert [line for line in remarks if line not in ALLOWED] == []
        assert "NMImage" in result.stderr
