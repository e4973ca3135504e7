"""An analytic patient for tests of burden, inference and report: symmetric, with spots exactly where asked for."""

import numpy as np

from bonescan.core.study import Scan, Study, View, ViewName

SIZE = (1024, 256)


def body(size=SIZE, *, centre=0.5, tilt=0.0, level=20.0):
    """Counts of a symmetric patient: soft tissue, skull, spine, pelvis, arms and legs.

    Args:
        size: (rows, columns).
        centre: Midline at the head, as a fraction of the columns.
        tilt: Columns by which the midline moves per row.
        level: Counts of the spine.
    """
    rows, columns = size
    r, c = np.mgrid[0:rows, 0:columns].astype(np.float64)
    y = r / rows
    x = (c - (centre * columns - 0.5) - tilt * (r - 0.05 * rows)) / columns
    out = np.zeros(size)
    out += 0.2 * (((y - 0.11) / 0.065) ** 2 + (x / 0.13) ** 2 < 1)  # head
    out += 0.2 * ((np.abs(x) < 0.3) & (y > 0.17) & (y < 0.52))  # trunk
    out += 0.2 * ((np.abs(np.abs(x) - 0.14) < 0.11) & (y >= 0.52) & (y < 0.96))  # legs
    out += 0.15 * ((np.abs(np.abs(x) - 0.38) < 0.05) & (y > 0.19) & (y < 0.55))  # arms
    out += 0.6 * (((y - 0.10) / 0.05) ** 2 + (x / 0.1) ** 2 < 1)  # skull
    out += 0.8 * ((np.abs(x) < 0.035) & (y > 0.16) & (y < 0.46))  # spine
    out += 0.5 * ((np.abs(np.abs(x) - 0.13) < 0.06) & (np.abs(y - 0.46) < 0.035))  # pelvis
    out += 0.3 * ((np.abs(np.abs(x) - 0.14) < 0.025) & (y > 0.52) & (y < 0.95))  # thigh and shin
    return (level * out).astype(np.float32)


def disc(size, row, column, radius):
    """Mask of a disc; a radius pair gives an ellipse (rows, columns)."""
    r, c = np.mgrid[0 : size[0], 0 : size[1]]
    a, b = radius if isinstance(radius, tuple) else (radius, radius)
    return ((r - row) / a) ** 2 + ((c - column) / b) ** 2 <= 1


def view(counts, name="anterior", spacing=(2.2, 2.2), **facts):
    """Wrap counts as a view."""
    return View(ViewName(name), np.asarray(counts, np.float32), pixel_spacing_mm=spacing, **facts)


def study(*views, name="patient", quality=(), **facts):
    """Wrap views as a study."""
    of_scan = ("radiopharmaceutical", "injected_activity_mbq", "acquisition_date")
    scan = {k: facts.pop(k) for k in of_scan if k in facts}
    return Study(name, Scan(tuple(views), **scan), quality=tuple(quality), **facts)
