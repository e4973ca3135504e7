"""The numbers of the paper: what its published indices mean as fractions, and the shape of its figures."""

import numpy as np
import pytest

from bonescan.burden.bstbi import K, Sums, bstbi, index, linear_fraction, paper_literal


@pytest.mark.parametrize(
    ("published", "fraction"),
    [  # Figure 6A, Figure 5 C-F, and the mean of the 50 patients
        (0.0, 0.0),
        (0.0181, 0.0037),
        (0.1379, 0.031),
        (0.4432, 0.137),
        (0.7531, 0.379),
        (0.8420, 0.516),
        (0.5160, 0.176),
        (0.7940, 0.435),
        (0.12, 0.0265),
    ],
)
def test_published_indices_as_linear_fractions(published, fraction):
    f = linear_fraction(published)
    assert f == pytest.approx(fraction, abs=6e-4)
    assert index(Sums(lesion=f, rest=1.0)) == pytest.approx(published, abs=1e-12)


def test_the_papers_k():
    assert K == 5


def test_known_uptake_gives_the_index_of_figure_6():
    # 100 pixels of 31 within a view whose other pixels sum to 96 900: f = 0.031, the third scan of Figure 6A.
    counts = np.zeros((100, 100), np.float32)
    lesion = np.zeros(counts.shape, bool)
    lesion[:10, :10] = True
    counts[lesion] = 31
    counts[50:, :] = 96_900 / 5000
    assert bstbi(counts, lesion) == pytest.approx(0.1379, abs=5e-4)


def test_two_grey_levels_of_one_scan_differ_as_in_figure_7():
    # A weak and a saturating rendering of one scan: the literal index depends on the grey level, the index of counts
    # does not. Figure 7 shows a factor of about four between the levels of a patient.
    rows, columns = np.mgrid[0:128, 0:64]
    body = 20 * np.exp(-(((columns - 32) / 14) ** 2))
    spot = 400 * np.exp(-(((rows - 40) ** 2 + (columns - 34) ** 2) / 8))
    counts = (body + spot).astype(np.float32)
    lesion = spot > 40
    faint = (255 - np.clip(counts / counts.max(), 0, 1) * 255).round().astype(np.uint8)
    strong = (255 - np.clip(counts / 40, 0, 1) * 255).round().astype(np.uint8)
    literal = paper_literal([(faint, lesion, None), (strong, lesion, None)])
    assert literal.panels[0] > 2 * literal.panels[1]
    assert bstbi(counts, lesion) == pytest.approx(bstbi(counts * 7, lesion))
