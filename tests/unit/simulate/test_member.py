"""One planned patient: fits the plan, and is harder where the recipe says so."""

import numpy as np
import pytest

from bonescan.core.anatomy import Site
from bonescan.simulate import member as members
from bonescan.simulate.member import draw_member, misfit, simulate_member
from bonescan.simulate.patient import draw_patient
from bonescan.simulate.plan import Member
from bonescan.simulate.recipe import CohortRecipe, read_recipe


def _metastases(recipe, count):
    member = Member(0, metastatic=True, benign=False)
    records = [draw_member(np.random.SeedSequence(i), member, recipe, "x") for i in range(count)]
    return [[f for f in record.foci if f.kind == "metastasis"] for record in records if not record.superscan], records


def test_a_hard_recipe_makes_fewer_smaller_weaker_lesions_and_more_mimics():
    easy, easy_records = _metastases(CohortRecipe(superscan_fraction=0), 30)
    hard, hard_records = _metastases(read_recipe("hard").model_copy(update={"superscan_fraction": 0.0}), 30)
    for weaker, than in ((hard, easy),):
        assert np.median([f.contrast for p in weaker for f in p]) < 0.75 * np.median(
            [f.contrast for p in than for f in p]
        )
        assert np.median([f.radius_mm for p in weaker for f in p]) < np.median([f.radius_mm for p in than for f in p])
        assert np.mean([len(p) for p in weaker]) < np.mean([len(p) for p in than])
        assert min(len(p) for p in weaker) >= 1

    def benign(records):
        return np.mean([sum(f.kind == "benign" for f in record.foci) for record in records])

    assert benign(hard_records) > benign(easy_records)
    assert np.median([r.camera.counts for r in hard_records]) < np.median([r.camera.counts for r in easy_records])


def test_the_visible_sites_are_the_planned_ones():
    member = Member(3, metastatic=True, benign=False, sites=(Site.SPINE, Site.FEMUR))
    simulated = simulate_member(member, CohortRecipe(), 1, "x")
    assert simulated.sites == (Site.SPINE, Site.FEMUR)
    assert misfit(simulated, member) == 0
    assert misfit(simulated, Member(3, metastatic=True, benign=False, sites=(Site.SPINE, Site.RIBS))) == 2
    assert misfit(simulated, Member(3, metastatic=False, benign=simulated.has_benign)) == 1


@pytest.mark.parametrize(("share", "fewest", "most"), [(0.0, 0, 0), (0.5, 5, 25), (1.0, 30, 30)])
def test_a_cohort_may_mix_both_bodies(monkeypatch, tmp_path, share, fewest, most):
    asked = []

    def drawn(seed, study_id, *, phantoms, **options):
        asked.append(phantoms)
        return draw_patient(seed, study_id, phantoms=None, **options)

    monkeypatch.setattr(members, "draw_patient", drawn)
    recipe = CohortRecipe(voxel_fraction=share)
    for i in range(30):
        draw_member(
            np.random.SeedSequence(i), Member(i, metastatic=False, benign=False), recipe, "x", phantoms=tmp_path
        )
    assert fewest <= asked.count(tmp_path) <= most
    assert set(asked) <= {None, tmp_path}
