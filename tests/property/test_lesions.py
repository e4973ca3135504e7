"""What must hold of lesions whatever the mask."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bonescan.burden.components import components, remove_small
from bonescan.burden.lesions import Segmented, count, find_lesions
from bonescan.core.anatomy import MaskLabel
from tests.bodies import body, view

SIZE = (64, 32)
COUNTS = body(SIZE)
labels = hnp.arrays(np.uint8, SIZE, elements=st.sampled_from([0, 0, 0, 0, 0, 1, 2, 3]), fill=st.just(0))


def scan(anterior, posterior):
    views = (("anterior", COUNTS, anterior), ("posterior", COUNTS[:, ::-1], posterior))
    return [Segmented(view(np.ascontiguousarray(c), n), m, np.full(SIZE, 0.7, np.float32)) for n, c, m in views]


@settings(max_examples=60, deadline=None)
@given(labels, labels)
def test_lesions_cover_the_mask_once_and_pair_both_ways(anterior, posterior):
    lesions = find_lesions(scan(anterior, posterior))
    assert [x.id for x in lesions] == list(range(1, len(lesions) + 1))
    for name, mask in (("anterior", anterior), ("posterior", posterior)):
        for label, lesion_class in ((MaskLabel.METASTASIS, "metastasis"), (MaskLabel.BENIGN, "benign")):
            areas = [x.area_px for x in lesions if x.view == name and x.class_ == lesion_class]
            assert sum(areas) == (mask == label).sum()
    by_id = {x.id: x for x in lesions}
    for x in lesions:
        row0, column0, row1, column1 = x.bbox
        assert row0 <= x.centroid[0] <= row1 - 1
        assert column0 <= x.centroid[1] <= column1 - 1
        if x.pair is not None:
            other = by_id[x.pair]
            assert (other.pair, other.class_) == (x.id, x.class_)
            assert other.view != x.view
    single = sum(x.class_ == "metastasis" for x in lesions)
    assert (single + 1) // 2 <= count(lesions) <= single


@settings(max_examples=60, deadline=None)
@given(labels)
def test_cleaning_is_idempotent_and_leaves_only_what_counts(mask):
    spacing = (2.2, 2.2)
    cleaned = remove_small(mask, spacing)
    np.testing.assert_array_equal(remove_small(cleaned, spacing), cleaned)
    assert not ((cleaned != mask) & (cleaned != 0)).any(), "nothing is relabelled"
    np.testing.assert_array_equal(cleaned == MaskLabel.BLADDER, mask == MaskLabel.BLADDER)
    for label in (MaskLabel.METASTASIS, MaskLabel.BENIGN):
        assert all(c.area_px >= 50 / 2.2**2 for c in components(cleaned == label))


place = st.tuples(st.integers(0, 511), st.integers(0, 127), st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=40)
@given(st.lists(place, max_size=12), st.integers(2, 4), st.integers(2, 4))
def test_without_spacing_as_many_lesions_are_left_whatever_the_matrix(places, rows, columns):
    mask = np.zeros((512, 128), np.uint8)
    for row, column, height, width in places:
        mask[row : row + height, column : column + width] = MaskLabel.METASTASIS
    larger = mask.repeat(rows, axis=0).repeat(columns, axis=1)
    kept, of_larger = (components(remove_small(labels, None) == MaskLabel.METASTASIS) for labels in (mask, larger))
    assert len(kept) == len(of_larger)
    assert sum(c.area_px for c in kept) * rows * columns == sum(c.area_px for c in of_larger)
