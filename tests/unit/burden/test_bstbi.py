"""The index by hand, its limits, and its refusals."""

import numpy as np
import pytest

from bonescan.burden.bstbi import Sums, bstbi, index, linear_fraction, paper_literal, pooled, sums
from bonescan.core.errors import UsageError

COUNTS = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.float32)


def mask(*pixels):
    out = np.zeros((3, 3), bool)
    for row, column in pixels:
        out[row, column] = True
    return out


def test_formula_by_hand():
    # S_L = 5 + 6 = 11, S_R = 45, S_B = 9: 5 * 11 / (4 * 11 + 45 - 9)
    assert bstbi(COUNTS, mask((1, 1), (1, 2)), mask((2, 2))) == pytest.approx(55 / 80)


def test_linear_at_k_1():
    assert bstbi(COUNTS, mask((1, 1), (1, 2)), mask((2, 2)), k=1) == pytest.approx(11 / 36)


def test_lesion_under_the_bladder_does_not_count():
    assert bstbi(COUNTS, mask((2, 2)), mask((2, 2))) == 0
    assert bstbi(COUNTS, mask((1, 1), (2, 2)), mask((2, 2))) == bstbi(COUNTS, mask((1, 1)), mask((2, 2)))


def test_bladder_uptake_is_without_influence():
    louder = COUNTS.copy()
    louder[2, 2] = 1000
    assert bstbi(louder, mask((1, 1)), mask((2, 2))) == bstbi(COUNTS, mask((1, 1)), mask((2, 2)))
    assert bstbi(louder, mask((1, 1))) < bstbi(COUNTS, mask((1, 1)))


def test_no_lesion_is_exactly_0_and_all_lesion_exactly_1():
    assert bstbi(COUNTS, mask()) == 0
    assert bstbi(COUNTS, np.ones((3, 3), bool)) == 1
    assert bstbi(COUNTS, ~mask((2, 2)), mask((2, 2))) == 1


def test_empty_image_is_0():
    assert bstbi(np.zeros((3, 3), np.float32), mask((0, 0))) == 0
    assert bstbi(COUNTS, mask((0, 0)), np.ones((3, 3), bool)) == 0


def test_pooled_adds_the_sums_and_does_not_average():
    quiet, loud = COUNTS, COUNTS * 100
    lesion, none = mask((2, 2)), mask()
    together = pooled([(quiet, lesion, None), (loud, none, None)])
    assert together == pytest.approx(5 * 9 / (4 * 9 + 45 + 4500))
    assert together != pytest.approx((bstbi(quiet, lesion) + 0) / 2)


def test_pooled_of_one_view_is_the_view_and_of_none_is_0():
    assert pooled([(COUNTS, mask((1, 1)), None)]) == bstbi(COUNTS, mask((1, 1)))
    assert pooled([]) == 0


def test_sums_are_exact_for_large_views():
    counts = np.full((2048, 512), 0.1, np.float32)
    assert sums(counts, np.zeros(counts.shape, bool)).rest == pytest.approx(
        2048 * 512 * float(np.float32(0.1)), rel=1e-12
    )


@pytest.mark.parametrize("k", [0.5, 0, -1, float("nan")])
def test_k_below_1_is_refused(k):
    with pytest.raises(UsageError, match="at least 1"):
        index(Sums(1.0, 2.0), k)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_impossible_counts_are_refused(bad):
    counts = COUNTS.copy()
    counts[0, 0] = bad
    with pytest.raises(UsageError, match="at least 0"):
        bstbi(counts, mask((1, 1)))


def test_shapes_must_agree():
    with pytest.raises(UsageError, match="shape"):
        bstbi(COUNTS, np.zeros((3, 4), bool))
    with pytest.raises(UsageError, match="shape"):
        bstbi(COUNTS, mask(), np.zeros((4, 3), bool))


def test_linear_fraction_refuses_what_is_no_index():
    with pytest.raises(UsageError):
        linear_fraction(1.5)
    assert linear_fraction(0) == 0
    assert linear_fraction(1) == 1


def test_paper_literal_is_the_formula_on_255_minus_value():
    pixels = (255 - COUNTS).astype(np.uint8)
    lesion, bladder = mask((1, 1), (1, 2)), mask((2, 2))
    result = paper_literal([(pixels, lesion, bladder)])
    assert result.panels == (pytest.approx(55 / 80),)
    assert result.mean == pytest.approx(55 / 80)


def test_paper_literal_averages_its_four_panels():
    faint = (255 - COUNTS).astype(np.uint8)
    strong = (255 - np.clip(COUNTS * 4, 0, 20)).astype(np.uint8)
    empty = mask()
    panels = [(faint, mask((2, 2)), None), (strong, mask((2, 2)), None), (faint, empty, None), (strong, empty, None)]
    result = paper_literal(panels)
    assert len(result.panels) == 4
    assert result.panels[2:] == (0, 0)
    assert result.panels[0] != result.panels[1]  # saturation changes the index, which is why counts are the default
    assert result.mean == pytest.approx(sum(result.panels) / 4)


def test_paper_literal_refuses_anything_but_8_bit():
    with pytest.raises(UsageError, match="8-bit"):
        paper_literal([(COUNTS, mask(), None)])
    with pytest.raises(UsageError, match="at least one"):
        paper_literal([])
