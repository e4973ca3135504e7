"""Numbers of the simulator on its pages are those of the code."""

from bonescan.simulate.benign import CONDITIONS
from bonescan.simulate.part_uptake import PART_UPTAKE
from bonescan.simulate.parts import Part
from bonescan.simulate.recipe import read_recipe
from tests.docs.commands import ROOT

USAGE = ROOT / "docs" / "usage"
MODEL = (USAGE / "simulation-model.md").read_text(encoding="utf-8")


def test_the_number_of_benign_conditions():
    for page in (MODEL, (USAGE / "simulation.md").read_text(encoding="utf-8")):
        assert f"{len(CONDITIONS)} conditions" in page


def test_the_uptake_of_the_lower_sacrum():
    assert f"lower sacrum {PART_UPTAKE[Part.APEX]:g}," in MODEL


def test_the_counts_of_a_view():
    usual, hard = (
        f"{recipe.counts_low / 1e6:g} to {recipe.counts_high / 1e6:g} million"
        for recipe in map(read_recipe, ("default", "hard"))
    )
    assert f"({usual}; {hard} in `hard`)" in MODEL
