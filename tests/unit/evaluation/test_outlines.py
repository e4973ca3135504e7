"""Dice as drawn and as reported, of views and of studies; lesions hit and false alarms."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bonescan.evaluation.document import document_of
from bonescan.evaluation.outlines import detection, dice, froc_of, surface_dice
from bonescan.evaluation.page import report
from bonescan.evaluation.plots import pictures
from bonescan.evaluation.strata import strata
from bonescan.io.cohort import Cohort
from tests.evaluations import HEADER, columns, lesion, record, view

SICK = view(60, 100, 80), view(0, 0, 20, name="posterior")
WELL = view(0, 30, 0), view(name="posterior")


def cohort(missed=False):
    sick = [record(k, 0.2 if missed else 0.9, metastasis=True, views=SICK) for k in range(6)]
    return columns(*sick, *[record(6 + k, 0.1, views=WELL) for k in range(6)])


def test_what_is_not_reported_is_not_drawn():
    found = dice(cohort())["metastasis"]
    assert found["as_drawn"]["by_view"]["pooled"]["value"] == pytest.approx(120 / (100 + 80 + 20 + 30))
    assert found["as_reported"]["by_view"]["pooled"]["value"] == pytest.approx(120 / 200)
    assert dice(cohort(missed=True))["metastasis"]["as_reported"]["by_view"]["pooled"]["value"] == 0


def test_a_study_is_both_its_views():
    found = dice(cohort())["metastasis"]["as_drawn"]
    assert found["by_study"]["pooled"] == pytest.approx(found["by_view"]["pooled"] | {"n": 12})
    assert found["by_view"]["lesion_bearing"]["value"] == pytest.approx((120 / 180 + 0) / 2)
    assert found["by_study"]["lesion_bearing"]["value"] == pytest.approx(120 / 200)
    assert found["by_view"]["all_empty_one"]["value"] == pytest.approx((120 / 180 + 0 + 0 + 1) / 4)


def test_the_number_of_a_mean_is_of_the_images_that_it_is_over():
    found = dice(cohort())["metastasis"]["as_drawn"]
    counts = {key: figure["n"] for key, figure in found["by_view"].items()}
    assert counts == {"pooled": 24, "lesion_bearing": 12, "all_empty_one": 24, "all_false_zero": 18}
    assert {key: figure["n"] for key, figure in found["by_study"].items()} == {**dict.fromkeys(counts, 12)} | {
        "lesion_bearing": 6
    }
    assert found["by_view"]["lesion_bearing"]["low"] is not None


def test_the_bladder_does_not_depend_on_the_patient_s_decision():
    found = dice(cohort(missed=True))["bladder"]
    assert list(found) == ["as_drawn"]
    assert found["as_drawn"]["by_view"]["pooled"]["value"] == pytest.approx(0.8)


def test_few_patients_have_no_interval():
    few = dice(columns(*[record(k, 0.9, metastasis=True, views=SICK) for k in range(4)]))
    assert few["metastasis"]["as_drawn"]["by_view"]["pooled"]["low"] is None


def test_patients_and_not_views_are_drawn():
    rng = np.random.default_rng(0)
    both = rng.integers(0, 50, 30)
    each = [record(k, 0.9, metastasis=True, views=(view(int(b), 50, 50),)) for k, b in enumerate(both)]
    twice = [record(k, 0.9, metastasis=True, views=(view(int(b), 50, 50),) * 2) for k, b in enumerate(both)]
    found = [dice(columns(*rows))["metastasis"]["as_drawn"]["by_view"]["pooled"] for rows in (each, twice)]
    assert found[0]["low"] == pytest.approx(found[1]["low"])
    assert found[0]["low"] < found[0]["value"] < found[0]["high"]


def test_lesions_and_alarms_are_counted():
    views = view(lesions=[lesion(), lesion(score=None)], alarms=[0.7, 0.95], alarms_benign=1), view(name="posterior")
    found = detection(columns(*[record(k, 0.9, metastasis=True, views=views) for k in range(5)], record(9, 0.1)))
    assert found["sensitivity"]["value"] == 0.5
    assert found["sensitivity"]["lesions"] == 10
    assert found["false_alarms_a_study"]["value"] == pytest.approx(10 / 6, abs=1e-5)
    assert found["false_alarms_on_benign_uptake"] == 5
    # Marks at 0.95 and above give 5 alarms in 6 studies and no hit; those at 0.9 hit.
    curve = froc_of(columns(*[record(k, 0.9, metastasis=True, views=views) for k in range(5)], record(9, 0.1)))
    assert curve.at(0.8) == 0
    assert curve.at(0.84) == 0.5
    assert found["sensitivity_at_false_alarms"] == {"0.125": 0, "0.25": 0, "0.5": 0, "1": 0.5}


def test_lesion_figures_that_are_not_defined_are_none():
    """Normals alone, and a method that only draws."""
    normals = detection(columns(*[record(k, 0.1, views=(view(alarms=[0.9, 0.4]),)) for k in range(6)]))
    assert normals["sensitivity"]["value"] is None
    assert set(normals["sensitivity_at_false_alarms"].values()) == {None}
    drawing = view(lesions=[lesion(score=1.0)], alarms=[1.0])
    drawn = detection(columns(*[record(k, 0.9, metastasis=True, views=(drawing,)) for k in range(6)]))
    assert drawn["sensitivity_at_false_alarms"] == {"0.125": None, "0.25": None, "0.5": None, "1": 1}


def test_benign_uptake_is_counted_where_it_is_annotated():
    known = view(alarms=[0.7, 0.8], alarms_benign=1)
    unknown = replace(view(alarms=[0.9]), benign=None, bladder=None)
    found = detection(columns(record(0, 0.1, views=(known,)), record(1, 0.1, views=(unknown,))))
    assert (found["false_alarms_on_benign_uptake"], found["false_alarms_where_benign_is_known"]) == (1, 2)
    assert found["false_alarms_a_study"]["marks"] == 3
    found = detection(columns(record(1, 0.1, views=(unknown,))))
    assert found["false_alarms_on_benign_uptake"] is None


def test_the_page_says_nothing_where_nothing_is_known():
    unknown = replace(view(alarms=[0.9]), benign=None, bladder=None)
    rows = [record(k, 0.1, views=(unknown,)) for k in range(6)]
    document = document_of(HEADER, rows, [Cohort(Path(), ())])
    drawn = pictures(columns(*rows), document, [True])
    page = report(document, drawn)
    assert "froc" not in drawn
    assert "lie on benign uptake" not in page
    assert "<td>lesions hit</td><td>–</td>" in page


def test_names_are_counted_of_lesions_hit_whose_site_is_known():
    right, wrong, nowhere = (lesion(site="ribs", named=name) for name in ("ribs", "scapula", ""))
    others = lesion(score=None, site="ribs"), lesion(site=None, named="ribs")
    views = view(lesions=[right, right, wrong, nowhere, *others]), view(name="posterior")
    found = detection(columns(*[record(k, 0.9, metastasis=True, views=views) for k in range(5)]))
    assert found["named_right"]["value"] == 0.5
    assert found["named_right"]["lesions"] == 20
    unnamed = view(lesions=[lesion(site="ribs")])
    assert detection(columns(*[record(k, 0.9, views=(unnamed,)) for k in range(5)]))["named_right"] is None


def test_masks_are_not_needed():
    bare = columns(*[record(k, 0.9, metastasis=True, views=()) for k in range(5)])
    assert dice(bare) == {}
    assert detection(bare) is None
    assert surface_dice(bare) is None
    assert "lesion_area_cm2" not in strata(bare)


def test_surface_dice_is_pooled():
    rows = [record(k, 0.9, metastasis=True, views=(view(1, 1, 1, surface=(s, 40)),)) for k, s in enumerate((40, 20))]
    assert surface_dice(columns(*rows))["value"] == 0.75


def test_grey_levels_are_no_counts():
    dim, bright, grey = (tuple(view(counts=c, name=n) for n in ("anterior", "posterior")) for c in (4e5, 2e6, None))
    rows = [record(k, 0.1, views=(dim, bright, grey)[k % 3]) for k in range(9)]
    found = strata(columns(*rows))["counts_of_a_view_million"]
    assert [(row["class"], row["n"]) for row in found] == [("< 0.5", 3), ("≥ 1.5", 3)]
    assert "counts_of_a_view_million" not in strata(columns(*rows[2::3]))


def test_strata_part_what_is_found_from_what_is_not():
    views = (
        view(80, 100, 100, lesions=[lesion(2000, contrast=4.0, site="spine", uptake=9.0, rose=80)], counts=2e6),
        view(
            0, 0, 60, name="posterior", lesions=[lesion(20, contrast=1.1, site="ribs", uptake=1.5, rose=6, score=None)]
        ),
    )
    rows = [record(k, 0.9, metastasis=True, views=views, superscan=False) for k in range(6)]
    found = strata(columns(*rows, *[record(9 + k, 0.1, benign=k % 2 == 0) for k in range(4)]))
    for name, classes in (
        ("lesion_area_cm2", {"< 1": 0, "≥ 16": 1}),
        ("lesion_contrast_seen", {"< 1.25": 0, "≥ 3": 1}),
        ("lesion_uptake_simulated", {"< 2": 0, "≥ 8": 1}),
        ("lesion_visibility", {"5–10": 0, "≥ 40": 1}),
        ("lesion_site", {"spine": 1, "ribs": 0}),
        ("lesion_view", {"anterior": 1, "posterior": 0}),
    ):
        assert {row["class"]: row["sensitivity"]["value"] for row in found[name]} == classes, name
    kinds = {row["class"]: row["n"] for row in found["kind_of_patient"]}
    assert kinds == {"nothing abnormal": 2, "benign uptake alone": 2, "metastases alone": 6}
    counts = {row["class"]: row.get("dice_pooled", {}).get("value") for row in found["counts_of_a_view_million"]}
    assert counts["≥ 1.5"] == pytest.approx(160 / 260)
    assert counts["1–1.5"] is None
