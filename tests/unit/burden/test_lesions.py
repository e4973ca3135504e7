"""Lesions of an analytic patient: every property has a known value."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.burden.lesions import Segmented, count, covered_sites, find_lesions
from bonescan.core.anatomy import MaskLabel, Region, Site
from tests.bodies import SIZE, body, disc, view

MET, BLADDER, BENIGN = MaskLabel.METASTASIS, MaskLabel.BLADDER, MaskLabel.BENIGN


def segmented(name, spots, *, spacing=(2.2, 2.2), regions=None, heat=60.0):
    """A view with spots [(row, column, radius, label)], mirrored by the caller for the posterior view."""
    counts, labels = body(), np.zeros(SIZE, np.uint8)
    for row, column, radius, label in spots:
        inside = disc(SIZE, row, column, radius)
        counts[inside], labels[inside] = heat, label
    probability = np.where(labels == MET, 0.75, 0).astype(np.float32)
    return Segmented(view(counts, name, spacing), labels, probability, regions)


def test_one_lesion_with_all_its_properties():
    (lesion,) = find_lesions([segmented("anterior", [(470, 94, 6, MET)])])
    area = int(disc(SIZE, 470, 94, 6).sum())
    assert (lesion.id, lesion.view, lesion.class_, lesion.pair) == (1, "anterior", "metastasis", None)
    assert lesion.area_px == area
    assert lesion.area_mm2 == pytest.approx(area * 2.2 * 2.2)
    assert lesion.centroid == (470, 94)
    assert lesion.bbox == (464, 88, 477, 101)
    assert lesion.probability == 0.75
    assert lesion.laterality == "right"
    # The mirrored pixels hold the pelvis: (0.2 + 0.5) * 20 counts.
    assert lesion.uptake_ratio == pytest.approx(60 / 14, rel=0.05)
    assert (lesion.region, lesion.site) == (None, None)


def test_each_lesion_has_the_probability_of_its_own_class():
    outlined = segmented("anterior", [(300, 60, 5, BENIGN), (470, 94, 6, MET)])
    benign = np.where(outlined.labels == BENIGN, 0.6, 0.9).astype(np.float32)
    found = find_lesions([replace(outlined, benign=benign)])
    assert [(x.class_, x.probability) for x in found] == [("benign", pytest.approx(0.6)), ("metastasis", 0.75)]
    (alone, _) = find_lesions([outlined])
    assert alone.probability == 0  # one map speaks for both


def test_a_midline_lesion_has_no_other_side():
    (lesion,) = find_lesions([segmented("anterior", [(300, 127, 5, MET)])])
    assert lesion.laterality == "midline"
    assert lesion.uptake_ratio is None


def test_mirrored_lesions_do_not_serve_as_each_others_reference():
    right, left = find_lesions([segmented("anterior", [(470, 94, 6, MET), (470, 161, 6, MET)])])
    assert (right.laterality, left.laterality) == ("right", "left")
    assert right.uptake_ratio is None
    assert left.uptake_ratio is None


def test_the_air_beside_the_body_is_no_reference():
    item = segmented("anterior", [(470, 30, 5, MET)])
    counts = item.view.counts.copy()
    counts[300:600, 215:] = 0.1  # the other arm lies outside the view
    (lesion,) = find_lesions([replace(item, view=view(counts, "anterior"))])
    assert lesion.uptake_ratio is None


def test_without_spacing_there_is_no_area_in_mm():
    (lesion,) = find_lesions([segmented("anterior", [(470, 94, 6, MET)], spacing=None)])
    assert lesion.area_mm2 is None


def test_pairs_across_the_views_count_once():
    anterior = segmented("anterior", [(470, 94, 6, MET), (300, 127, 5, MET)])
    posterior = segmented("posterior", [(472, 255 - 94, 6, MET), (250, 60, 5, MET)])
    lesions = find_lesions([posterior, anterior])  # order of the views is without influence
    assert [x.view for x in lesions] == ["anterior", "anterior", "posterior", "posterior"]
    assert [x.id for x in lesions] == [1, 2, 3, 4]
    assert [x.pair for x in lesions] == [None, 4, None, 2]
    assert [x.laterality for x in lesions] == ["midline", "right", "left", "right"]
    assert count(lesions) == 3


def test_classes_are_not_paired_with_each_other():
    anterior = segmented("anterior", [(470, 94, 6, MET)])
    posterior = segmented("posterior", [(470, 255 - 94, 6, BENIGN)])
    lesions = find_lesions([anterior, posterior])
    assert [x.pair for x in lesions] == [None, None]
    assert (count(lesions), count(lesions, "benign")) == (1, 1)


def test_the_bladder_is_no_lesion():
    assert find_lesions([segmented("anterior", [(500, 127, 12, BLADDER)])]) == ()


def test_region_is_the_most_frequent_at_the_lesion():
    regions = np.zeros(SIZE, np.uint8)
    regions[:, :92], regions[:, 92:] = Region.RIBS, Region.SACRUM
    regions[470, :] = Region.BACKGROUND
    (lesion,) = find_lesions([segmented("anterior", [(470, 94, 6, MET)], regions=regions)])
    assert (lesion.region, lesion.site) == ("sacrum", "pelvis")


def test_stray_pixels_under_a_lesion_name_no_bone():
    """At the tip of the shoulder: a few pixels of another region under it, the humerus beside it."""
    regions = np.zeros(SIZE, np.uint8)
    regions[468:471, 90:94] = Region.SKULL
    regions[460:560, 72:85] = Region.HUMERUS
    (lesion,) = find_lesions([segmented("anterior", [(470, 94, 6, MET)], regions=regions)])
    assert lesion.region == "humerus"


def test_an_island_of_another_bone_under_the_lesion_does_not_name_it():
    """A region map that says ribs where a lesion lies, amid the sacrum."""
    regions = np.zeros(SIZE, np.uint8)
    regions[440:500, 70:130] = Region.SACRUM
    regions[466:475, 90:99] = Region.RIBS
    (lesion,) = find_lesions([segmented("anterior", [(470, 94, 6, MET)], regions=regions)])
    assert (lesion.region, lesion.site) == ("sacrum", "pelvis")


def test_the_bones_beside_a_slanting_lesion_do_not_name_it():
    """Along a rib under the shoulder blade: of the lesion's box most is scapula."""
    regions = np.full(SIZE, Region.SCAPULA, np.uint8)
    labels = np.zeros(SIZE, np.uint8)
    for column in range(80, 140):
        regions[column + 212 : column + 228, column] = Region.RIBS
        labels[column + 217 : column + 223, column] = MET
    (lesion,) = find_lesions([replace(segmented("anterior", [], regions=regions), labels=labels)])
    assert (lesion.region, lesion.site) == ("ribs", "ribs")


def test_a_confluent_lesion_covers_several_sites():
    regions = np.zeros(SIZE, np.uint8)
    regions[200:450, 110:146], regions[450:500, 80:176] = Region.LUMBAR_SPINE, Region.PELVIS
    regions[300:310, 146:176] = Region.RIBS
    labels = np.zeros(SIZE, np.uint8)
    labels[205:480, 115:141] = MET
    labels[305, 141:150] = MET  # onto the ribs, by less than what counts as a lesion
    confluent = replace(segmented("anterior", [], regions=regions), labels=labels)
    assert [x.site for x in find_lesions([confluent])] == ["spine"]
    assert covered_sites([confluent]) == {Site.SPINE, Site.PELVIS}
    assert covered_sites([replace(confluent, regions=None)]) == frozenset()


def test_region_unknown_off_the_skeleton():
    regions = np.zeros(SIZE, np.uint8)
    (lesion,) = find_lesions([segmented("anterior", [(470, 94, 6, MET)], regions=regions)])
    assert (lesion.region, lesion.site) == (None, None)


def test_no_counts_on_the_other_side_gives_no_ratio():
    (lesion,) = find_lesions([segmented("anterior", [(700, 10, 5, MET)])])
    assert lesion.uptake_ratio is None


@pytest.mark.parametrize(("ribs_in_front", "named"), [(0.9, "ribs"), (0.6, "scapula")])
def test_a_pair_sits_in_the_bone_that_both_views_together_show_most(ribs_in_front, named):
    """From behind a fifth of the bone around it is ribs; larger there, which makes that view no louder."""
    small, large = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
    small[455:485] = Region.SCAPULA
    small[455 : 455 + round(30 * ribs_in_front)] = Region.RIBS
    large[440:500] = Region.SCAPULA
    large[440:452] = Region.RIBS
    anterior = segmented("anterior", [(470, 94, 6, MET)], regions=small)
    posterior = segmented("posterior", [(470, 255 - 94, 20, MET)], regions=large)
    front, back = find_lesions([anterior, posterior])
    assert (front.pair, back.pair) == (2, 1)
    assert (front.region, front.site) == (back.region, back.site) == (named, named)


def test_a_view_without_a_bone_leaves_the_name_to_the_other():
    regions = np.full(SIZE, Region.SACRUM, np.uint8)
    anterior = segmented("anterior", [(470, 94, 6, MET)], regions=regions)
    posterior = segmented("posterior", [(470, 255 - 94, 6, MET)], regions=np.zeros(SIZE, np.uint8))
    assert [x.region for x in find_lesions([anterior, posterior])] == ["sacrum", "sacrum"]
