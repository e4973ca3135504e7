"""Metastases and benign uptake: where, how many, how large, and confined to bone."""

import numpy as np
import pytest

from bonescan.core.anatomy import Site
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.benign import CONDITIONS, draw_benign
from bonescan.simulate.focal import focus_activity, within_half_maximum
from bonescan.simulate.metastases import CONTRAST, RADIUS_MM, draw_metastases
from bonescan.simulate.primaries import (
    SITE_PREVALENCE,
    SUPERSCAN_SHARE,
    Primary,
    draw_primary,
    draw_sites,
    prevalence_of,
)
from bonescan.simulate.structures import STRUCTURES
from bonescan.simulate.surgery import prostheses_of, prosthesis_rim


@pytest.fixture(scope="module")
def anatomy():
    return reference("F")


def _site(focus):
    return STRUCTURES[focus.structure].region.site


def test_site_prevalence_over_all_patients_is_that_of_the_paper():
    """Both sexes, every primary, superscans as often as by default: within three standard errors of Table 3."""
    rng = np.random.default_rng(5)
    n = 1500
    found = []
    for i in range(n):
        sex = "MF"[i % 2]
        superscan = i < SUPERSCAN_SHARE * n
        foci = draw_metastases(rng, reference(sex), superscan=superscan, primary=draw_primary(rng, sex))
        found.append({_site(focus) for focus in foci})
    assert all(found)
    for site, prevalence in SITE_PREVALENCE.items():
        error = np.sqrt(prevalence * (1 - prevalence) / n)
        assert np.mean([site in sites for sites in found]) == pytest.approx(prevalence, abs=3 * error)


def test_metastases_spare_the_bone_beside_joints(anatomy):
    """Of the bone within 30 mm of shoulder or hip a share lies within 12 mm; of the lesions there, a smaller one."""
    rng = np.random.default_rng(8)
    joints = [anatomy.landmarks[f"{name} {side}"] for name in ("shoulder", "hip") for side in ("left", "right")]

    def share(places, weights=None):
        nearest = np.min([np.linalg.norm(places - joint, axis=1) for joint in joints], axis=0)
        return np.average((nearest < 12)[nearest < 30], weights=None if weights is None else weights[nearest < 30])

    foci = [f for _ in range(400) for f in draw_metastases(rng, anatomy, sites=(Site.FEMUR, Site.OTHER))]
    lesions = np.array([f.centre_mm for f in foci if STRUCTURES[f.structure].name in ("femur", "humerus")])
    at = np.r_[anatomy.body.of("femur"), anatomy.body.of("humerus")]
    assert share(lesions) < 0.65 * share(anatomy.body.points_mm[at], anatomy.body.volume_mm3[at])


@pytest.mark.parametrize("primary", Primary)
def test_each_primary_spreads_by_its_own_prevalence(primary):
    rng = np.random.default_rng(6)
    drawn = [draw_sites(rng, primary) for _ in range(3000)]
    for site, prevalence in prevalence_of(primary).items():
        assert np.mean([site in sites for sites, _ in drawn]) == pytest.approx(prevalence, abs=0.028)
    number = [len(sites) for sites, _ in drawn]
    extent = [extent for _, extent in drawn]
    assert np.corrcoef(number, extent)[0, 1] > 0.4  # sites go together


def test_primaries_differ_as_published():
    prostate, breast, lung = (prevalence_of(p) for p in (Primary.PROSTATE, Primary.BREAST, Primary.LUNG))
    assert prostate[Site.PELVIS] > breast[Site.PELVIS]
    assert breast[Site.RIBS] > prostate[Site.RIBS] + 0.2
    assert lung[Site.RIBS] > lung[Site.SPINE]
    rng = np.random.default_rng(0)
    assert {draw_primary(rng, "F") for _ in range(50)} == {Primary.BREAST, Primary.LUNG, Primary.OTHER}


def test_size_contrast_and_number_span_the_ranges(anatomy):
    rng = np.random.default_rng(7)
    patients = [draw_metastases(rng, anatomy) for _ in range(300)]
    foci = [focus for foci in patients for focus in foci]
    radius = np.array([f.radius_mm for f in foci])
    contrast = np.array([f.contrast for f in foci])
    assert RADIUS_MM[0] <= radius.min() < 4
    assert 25 < radius.max() <= RADIUS_MM[1]
    assert CONTRAST[0] <= contrast.min() < 1.6
    assert 9 < contrast.max() <= CONTRAST[1]
    number = np.array([len(p) for p in patients])
    assert number.min() == 1
    assert number.max() > 25
    superscan = draw_metastases(rng, anatomy, superscan=True)
    assert len(superscan) >= 35
    assert {_site(f) for f in superscan} >= {Site.SPINE, Site.PELVIS, Site.RIBS}


def test_metastases_stay_in_their_bone_and_have_ragged_shapes(anatomy):
    rng = np.random.default_rng(8)
    ones = anatomy.uptake
    for focus in [f for _ in range(20) for f in draw_metastases(rng, anatomy)]:
        at, extra = focus_activity(anatomy, focus, ones)
        assert set(anatomy.body.structure[at]) <= {focus.structure}
        assert (extra >= 0).all()
        assert len(within_half_maximum(anatomy, focus)) <= len(at)


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("sex", ["M", "F"])
def test_every_benign_condition_makes_foci_in_bone(name, sex):
    anatomy = reference(sex)
    rng = np.random.default_rng(9)
    drawn = [CONDITIONS[name][2](rng, anatomy) for _ in range(8)]
    assert any(drawn)
    for focus in [f for foci in drawn for f in foci]:
        assert focus.kind == "benign"
        assert focus.cause
        assert STRUCTURES[focus.structure].is_bone
        assert focus.contrast > 1
        at, extra = focus_activity(anatomy, focus, anatomy.uptake)
        assert len(at) > 3
        assert extra.max() > 0


def test_rib_fractures_are_neighbours_in_a_row(anatomy):
    rng = np.random.default_rng(10)
    rows = [CONDITIONS["rib fractures"][2](rng, anatomy) for _ in range(30)]
    assert max(map(len, rows)) >= 4
    for row in [r for r in rows if len(r) > 1]:
        ribs = [int(STRUCTURES[f.structure].name.split()[1]) for f in row]
        assert (np.diff(ribs) >= 1).all()
        assert max(ribs) - min(ribs) <= 5
        assert len({STRUCTURES[f.structure].side for f in row}) == 1


def test_hips_are_often_symmetric(anatomy):
    rng = np.random.default_rng(11)
    pairs = [foci for foci in (CONDITIONS["hip"][2](rng, anatomy) for _ in range(40)) if len(foci) == 2]
    assert len(pairs) > 15
    assert all(abs(np.log(a.contrast / b.contrast)) < 0.2 for a, b in pairs)


def test_wear_comes_with_age(anatomy):
    def worn(age_years):
        rng = np.random.default_rng(12)
        foci = draw_benign(rng, anatomy, count=400, age_years=age_years)
        return np.mean(["degenerative" in f.cause for f in foci])

    assert worn(80) > worn(35) + 0.1


def test_a_rim_has_its_prosthesis_on_its_side(anatomy):
    rng = np.random.default_rng(13)
    seen = set()
    for _ in range(12):
        foci = prosthesis_rim(rng, anatomy)
        (prosthesis,) = prostheses_of(foci)
        nearest = anatomy.landmarks[f"{prosthesis.joint} {prosthesis.side}"]
        assert min(np.linalg.norm(np.array(f.centre_mm) - nearest) for f in foci) < 40
        seen.add(prosthesis.joint)
    assert seen == {"hip", "knee"}
    assert prostheses_of(()) == ()
