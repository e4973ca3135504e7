"""Who is in a cohort, by number."""

from collections import Counter

import pytest

from bonescan.core.anatomy import Site
from bonescan.core.errors import UsageError
from bonescan.simulate.plan import plan_cohort
from bonescan.simulate.recipe import CohortRecipe, read_recipe

TABLE_3 = {
    "train": {"spine": 176, "pelvis": 152, "scapula": 48, "ribs": 150, "femur": 82, "other": 58},
    "test": {"spine": 44, "pelvis": 44, "scapula": 9, "ribs": 34, "femur": 16, "other": 20},
}


def test_the_papers_cohort_has_the_papers_numbers():
    members = plan_cohort(read_recipe("paper-621"), 621, seed=4)
    assert [member.index for member in members] == list(range(621))
    assert sum(member.metastatic for member in members) == 280
    assert sum(member.benign for member in members) == 172
    for side, metastatic, other in (("train", 226, 272), ("test", 54, 69)):
        here = [member for member in members if member.side == side]
        assert sum(member.metastatic for member in here) == metastatic
        assert sum(not member.metastatic for member in here) == other
        found = Counter(str(site) for member in here for site in member.sites or ())
        assert found == TABLE_3[side]
        assert all(bool(member.sites) == member.metastatic for member in here)


def test_sites_go_together_as_extent_of_disease_does():
    members = [m for m in plan_cohort(read_recipe("paper-621"), 621, seed=4) if m.metastatic]
    rare = [m for m in members if Site.SCAPULA in m.sites]
    assert sum(len(m.sites) for m in rare) / len(rare) - 1 > sum(len(m.sites) for m in members) / len(members)


@pytest.mark.parametrize("n", [1, 3, 10, 62])
def test_another_number_keeps_the_proportions(n):
    members = plan_cohort(read_recipe("paper-621"), n, seed=4)
    assert [member.index for member in members] == list(range(n))
    assert abs(sum(member.metastatic for member in members) - n * 280 / 621) <= 1.5


def test_without_sides_a_larger_cohort_begins_with_the_smaller():
    recipe = CohortRecipe(metastasis_fraction=0.5, benign_fraction=0.5)
    small, large = plan_cohort(recipe, 20, seed=1), plan_cohort(recipe, 60, seed=1)
    assert large[:20] == small
    assert 15 < sum(member.metastatic for member in large) < 45
    assert not any(member.metastatic and member.benign for member in large)


def test_too_few_for_the_sites_of_a_side_is_refused():
    sites = dict.fromkeys(["spine", "pelvis", "ribs", "scapula", "femur"], 2)
    side = {"name": "train", "metastatic": 10, "benign": 0, "normal": 30, "sites": sites}
    recipe = CohortRecipe(sides=[side])
    assert len(plan_cohort(recipe, 40, seed=1)) == 40
    with pytest.raises(UsageError, match=r"too few patients with metastases \(1\) for the sites of the side 'train'"):
        plan_cohort(recipe, 4, seed=1)


def test_nobody_is_refused():
    with pytest.raises(UsageError, match="at least 1"):
        plan_cohort(CohortRecipe(), 0, seed=1)
