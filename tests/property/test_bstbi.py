"""What must hold of the index whatever the image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bonescan.burden.bstbi import bstbi, linear_fraction, pooled

SHAPE = (6, 5)
counts = hnp.arrays(np.float32, SHAPE, elements=st.integers(0, 500).map(float))
masks = hnp.arrays(np.bool_, SHAPE)
factors = st.floats(1, 50)


@given(counts, masks, masks, factors)
def test_within_0_and_1(image, lesion, bladder, k):
    assert 0 <= bstbi(image, lesion, bladder, k) <= 1


@given(counts, masks, masks, st.sampled_from([0.125, 0.5, 3, 16]))
def test_scale_invariant(image, lesion, bladder, scale):
    scaled = (image * scale).astype(np.float32)
    assert bstbi(scaled, lesion, bladder) == pytest.approx(bstbi(image, lesion, bladder), rel=1e-6)


@given(counts, masks, masks, masks)
def test_never_falls_when_the_lesion_grows(image, lesion, more, bladder):
    assert bstbi(image, lesion | more, bladder) >= bstbi(image, lesion, bladder) - 1e-12


@given(counts, masks, masks, st.integers(1, 1000))
def test_never_falls_when_the_lesion_gets_hotter(image, lesion, bladder, extra):
    hotter = image + np.where(lesion & ~bladder, np.float32(extra), np.float32(0))
    assert bstbi(hotter, lesion, bladder) >= bstbi(image, lesion, bladder) - 1e-12


@given(counts, masks, masks, factors)
def test_inverse_gives_the_linear_fraction(image, lesion, bladder, k):
    fraction = bstbi(image, lesion, bladder, k=1)
    assert linear_fraction(bstbi(image, lesion, bladder, k), k) == pytest.approx(fraction, abs=1e-9)


@given(counts, masks, masks, counts, masks, masks)
def test_pooled_lies_between_the_views(image_a, lesion_a, bladder_a, image_b, lesion_b, bladder_b):
    a, b = (image_a, lesion_a, bladder_a), (image_b, lesion_b, bladder_b)
    if image_a[~bladder_a].sum() == 0 or image_b[~bladder_b].sum() == 0:
        return  # a view without uptake has no index of its own to lie between
    low, high = sorted((bstbi(*a), bstbi(*b)))
    assert low - 1e-9 <= pooled([a, b]) <= high + 1e-9


@given(counts, masks, masks)
def test_mirroring_the_view_changes_nothing(image, lesion, bladder):
    assert bstbi(image[:, ::-1], lesion[:, ::-1], bladder[:, ::-1]) == pytest.approx(bstbi(image, lesion, bladder))
