from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.study import Units
from bonescan.io.orientation import SWAPPED_BELOW, looks_swapped, orientation_score
from bonescan.io.quality import assess
from bonescan.io.thumbnail import COLUMNS, ROWS, Looked
from phantoms import analytic_study, analytic_view


def assessed(views):
    return assess([Looked(view) for view in views])


def found(views):
    return {(finding.code, finding.severity, finding.view) for finding in assessed(views)}


def changed(view, counts):
    return replace(view, counts=np.asarray(counts, dtype=np.float32))


@pytest.mark.parametrize("seed", range(3))
def test_a_good_scan_has_no_finding(seed):
    assert assessed(analytic_study(seed=seed).views) == ()


@pytest.mark.parametrize(("counts", "severity"), [(3e5, "warning"), (4.9e5, "warning"), (8e5, "info"), (1.4e6, "info")])
def test_low_counts(counts, severity):
    assert found([analytic_view(counts=counts), analytic_view("posterior")]) == {("low_counts", severity, "anterior")}


def test_counts_that_round_to_what_is_usual_are_enough():
    assert not found([analytic_view(counts=1.4985e6), analytic_view("posterior")])


def test_grey_levels_have_no_low_counts():
    view = replace(analytic_view(counts=1e5), units=Units.DISPLAY)
    assert found([view, analytic_view("posterior")]) == {("display_units", "warning", "anterior")}


@pytest.mark.parametrize("name", ["anterior", "posterior"])
def test_one_view(name):
    (finding,) = assessed([analytic_view(name)])
    assert (finding.code, finding.severity, finding.view) == ("one_view", "warning", None)
    assert name not in finding.message


def test_clipped():
    view = analytic_view()
    assert ("clipped", "warning", "anterior") in found([changed(view, np.minimum(view.counts, 40))])


def test_the_highest_value_of_noise_is_not_clipped():
    for counts in (2e5, 2e6, 2e7):
        assert "clipped" not in {code for code, _, _ in found([analytic_view(counts=counts)])}


def test_truncated_head_and_legs():
    view = analytic_view()
    assert ("truncated_body", "warning", "anterior") in found([changed(view, view.counts[80:])])
    assert ("truncated_body", "info", "anterior") in found([changed(view, view.counts[:740])])


def test_a_body_that_just_fits_is_not_truncated():
    view = analytic_view()
    lit = np.flatnonzero(view.counts.sum(axis=1) > 40)
    assert "truncated_body" not in {c for c, _, _ in found([changed(view, view.counts[lit[0] : lit[-1] + 1])])}


@pytest.mark.parametrize(
    ("step", "spacing", "coarse"), [(8, None, True), (1, (8.1, 8.1), True), (2, (4.4, 4.4), False)]
)
def test_low_resolution(step, spacing, coarse):
    views = [
        replace(changed(view, view.counts[::step, ::step] * step**2), pixel_spacing_mm=spacing)
        for view in analytic_study().views
    ]
    codes = {("low_resolution", "warning", view.name.value) for view in views}
    assert found(views) & codes == (codes if coarse else set())


def swap(views):
    return [replace(views[1], name=views[0].name), replace(views[0], name=views[1].name)]


@pytest.mark.parametrize("counts", [3e5, 2e6])
def test_swapped_views(counts):
    views = analytic_study(counts=counts).views
    assert ("views_swapped", "warning", None) in found(swap(views))
    assert "views_swapped" not in {code for code, _, _ in found(views)}


def test_one_hot_place_does_not_swap_the_views():
    even = np.ones((ROWS, COLUMNS))
    hot = even.copy()
    hot[:6, 20:44] = 50  # the vault of the skull
    assert orientation_score(hot, even) > SWAPPED_BELOW


@pytest.mark.parametrize("counts", [3e5, 2e6])
@pytest.mark.parametrize("turn", [np.flipud, lambda counts: np.rot90(counts, 2)])
def test_upside_down(counts, turn):
    views = analytic_study(counts=counts).views
    turned = [changed(view, turn(view.counts)) for view in views]
    assert {("upside_down", "warning", view.name.value) for view in views} <= found(turned)
    assert "upside_down" not in {code for code, _, _ in found(views)}


@pytest.mark.parametrize("rows", [slice(0, 600), slice(0, 400), slice(300, None), slice(500, None)])
def test_a_part_of_a_body_does_not_look_upside_down(rows):
    parts = [changed(view, view.counts[rows]) for view in analytic_study().views]
    assert "upside_down" not in {code for code, _, _ in found(parts)}


def test_the_score_changes_sign_with_the_views_and_nothing_else():
    a, p = (Looked(view).small_body for view in analytic_study().views)
    assert orientation_score(a, p) == pytest.approx(-orientation_score(p, a))
    assert orientation_score(a, p) == pytest.approx(orientation_score(3 * a, 7 * p))
    assert orientation_score(a, p) == pytest.approx(orientation_score(a[:, ::-1], p[:, ::-1]), abs=0.02)


def test_half_a_body_is_not_judged():
    views = [Looked(changed(view, view.counts[:600])) for view in analytic_study().views]
    assert not looks_swapped(*views)
    assert not looks_swapped(*views[::-1])
