"""One patient from seed to study."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality, MaskLabel, Region, Site
from bonescan.core.study import ViewName
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.focal import Focus, focus_activity
from bonescan.simulate.patient import MASK_OF_BACKGROUND, PatientParameters, draw_patient, render
from bonescan.simulate.pose import apply_posture
from bonescan.simulate.posture import Posture
from bonescan.simulate.structures import number_of
from bonescan.simulate.uptake import bone_activity
from bonescan.simulate.urine import Bladder


@pytest.fixture(scope="module")
def parameters() -> PatientParameters:
    return draw_patient(11, "P", metastatic=False, benign=False, sex="M")


@pytest.fixture(scope="module")
def left_femur(parameters):
    """The patient with one hot lesion of the left femur shaft."""
    anatomy = reference("M")
    points = anatomy.body.points_mm[anatomy.body.of("femur", Laterality.LEFT)]
    centre = points[np.argsort(points[:, 0])[len(points) // 2]]
    focus = Focus("metastasis", "metastasis", number_of("femur", Laterality.LEFT), tuple(map(float, centre)), 14.0, 8.0)
    return render(replace(parameters, foci=(focus,)))


def test_record_survives_json(parameters):
    assert PatientParameters.from_json(parameters.to_json()) == parameters


def test_same_record_gives_the_same_bytes(left_femur):
    again = render(left_femur.parameters)
    for view in ViewName:
        assert np.array_equal(again.study.scan[view].counts, left_femur.study.scan[view].counts)
        assert np.array_equal(again.labels[view], left_femur.labels[view])


def test_lesion_is_on_the_patients_left_in_both_views(left_femur):
    for view, beyond in ((ViewName.ANTERIOR, True), (ViewName.POSTERIOR, False)):
        labels = left_femur.labels[view]
        column = np.argwhere(labels == MaskLabel.METASTASIS)[:, 1].mean()
        femora = np.argwhere(left_femur.regions[view] == Region.FEMUR)[:, 1].mean()
        assert (column > femora) == beyond
    assert left_femur.sites == (Site.FEMUR,)


def test_mask_holds_what_is_visible(left_femur):
    without = render(replace(left_femur.parameters, foci=()))
    for view in ViewName:
        mask = left_femur.labels[view] == MaskLabel.METASTASIS
        # The same total of counts is shared out, so compare after matching the level outside the lesion.
        scale = np.median(left_femur.expected[view][~mask] / np.maximum(without.expected[view][~mask], 1e-6))
        excess = left_femur.expected[view] / (without.expected[view] * scale + 1e-9) - 1
        assert excess[mask].min() > 0.6 * MASK_OF_BACKGROUND
        assert not (without.labels[view] == MaskLabel.METASTASIS).any()


def test_the_region_map_names_the_bone_that_a_focus_sits_in(parameters):
    """A rib behind the shoulder blade: before it the blade is named, under the hot spot the rib."""
    anatomy = reference("M")
    without = render(parameters)
    hidden = []
    for name in ("rib 3", "rib 4", "rib 5", "rib 6"):
        along = anatomy.body.points_mm[anatomy.body.of(name, Laterality.LEFT)]
        for centre in along[:: len(along) // 8]:
            place = tuple(map(float, centre))
            hidden.append(Focus("metastasis", "metastasis", number_of(name, Laterality.LEFT), place, 9.0, 9.0))
    crowd = render(replace(parameters, foci=tuple(hidden)))
    view = ViewName.POSTERIOR
    seen = crowd.labels[view] == MaskLabel.METASTASIS
    blade = without.regions[view] == Region.SCAPULA
    assert (seen & blade).sum() > 20
    assert (crowd.regions[view][seen] == Region.RIBS).all()
    assert np.array_equal(crowd.regions[view][~seen], without.regions[view][~seen])


def test_counts_are_poisson(left_femur):
    for view in ViewName:
        expected, seen = left_femur.expected[view], left_femur.study.scan[view].counts
        body = expected > 1
        chi2 = ((seen[body] - expected[body]) ** 2 / expected[body]).mean()
        assert chi2 == pytest.approx(1, abs=0.03)
    total = sum(v.counts_total for v in left_femur.study.views)
    assert total == pytest.approx(2 * left_femur.parameters.camera.counts, rel=0.01)


def test_bladder_is_seen_and_goes_before_metastasis(parameters):
    anatomy = reference("M")
    full = replace(parameters, tracer=replace(parameters.tracer, bladder=Bladder(uptake=30.0)))
    pubis = anatomy.body.points_mm[anatomy.body.of("bladder")].mean(0)
    behind = Focus(
        "metastasis", "metastasis", number_of("sacrum"), (float(pubis[0]), 222.0, 0.0), 20.0, 6.0, confined=False
    )
    seen = render(replace(full, foci=(behind,))).labels[ViewName.ANTERIOR]
    alone = render(full).labels[ViewName.ANTERIOR]
    bladder = alone == MaskLabel.BLADDER
    assert bladder.sum() > 50
    assert (seen[bladder] == MaskLabel.BLADDER).all()


def test_focus_stays_in_its_bone_and_scales_with_contrast(parameters):
    anatomy = reference("M")
    activity = bone_activity(anatomy, parameters.tracer)
    rib = number_of("rib 6", Laterality.LEFT)
    centre = anatomy.body.points_mm[anatomy.body.of("rib 6", Laterality.LEFT)][300]
    focus = Focus("metastasis", "metastasis", rib, tuple(map(float, centre)), 12.0, 3.0)
    at, extra = focus_activity(anatomy, focus, activity)
    assert set(anatomy.body.structure[at]) == {rib}
    _, double = focus_activity(anatomy, replace(focus, contrast=5.0), activity)
    assert double.sum() == pytest.approx(2 * extra.sum(), rel=1e-5)


def test_neutral_posture_moves_nothing():
    anatomy = reference("M")
    moved = apply_posture(anatomy, Posture())
    offset = moved - anatomy.body.points_mm
    assert np.abs(offset - offset.mean(0)).max() < 0.01


def test_arm_abduction_moves_arms_outwards_only():
    anatomy = reference("M")
    still = apply_posture(anatomy, Posture())
    moved = apply_posture(anatomy, Posture(arm_abduction_deg=(10.0, 0.0)))
    wrist = anatomy.body.of("hand", Laterality.LEFT)
    other = anatomy.body.of("hand", Laterality.RIGHT)
    assert (moved[wrist, 2] - still[wrist, 2]).min() > 50
    assert np.abs(moved[other, 2] - still[other, 2]).max() < 0.01
