"""A body of ellipses with Poisson noise: cheap, deterministic, and enough to exercise everything but a model.

>>> from phantoms import analytic_study
>>> study = analytic_study(seed=3)

The patient is asymmetric on purpose (a hot spot at the right shoulder), so that a flipped view is noticed.
"""

from __future__ import annotations

import functools

import numpy as np

from bonescan.core.study import Scan, Study, View, ViewName

# (row, column, row radius, column radius, level): the centre and radii as fractions of rows and columns, anterior
# view, patient's right at the image's left. Levels add up.
_SOFT_TISSUE = [
    (0.075, 0.50, 0.070, 0.14, 0.6),
    (0.15, 0.50, 0.05, 0.09, 0.6),
    (0.33, 0.50, 0.19, 0.30, 1.0),
    (0.36, 0.14, 0.19, 0.075, 0.6),
    (0.36, 0.86, 0.19, 0.075, 0.6),
    (0.62, 0.36, 0.20, 0.13, 0.8),
    (0.62, 0.64, 0.20, 0.13, 0.8),
    (0.84, 0.37, 0.15, 0.075, 0.6),
    (0.84, 0.63, 0.15, 0.075, 0.6),
]
_BONE = [
    (0.065, 0.50, 0.055, 0.12, 3.0),  # skull
    (0.20, 0.24, 0.020, 0.07, 4.0),  # shoulders
    (0.20, 0.76, 0.020, 0.07, 4.0),
    (0.455, 0.40, 0.040, 0.12, 4.0),  # iliac bones
    (0.455, 0.60, 0.040, 0.12, 4.0),
    (0.60, 0.37, 0.090, 0.030, 2.5),  # femora
    (0.60, 0.63, 0.090, 0.030, 2.5),
    (0.715, 0.38, 0.022, 0.055, 4.5),  # knees
    (0.715, 0.62, 0.022, 0.055, 4.5),
    (0.83, 0.38, 0.090, 0.022, 2.0),  # tibiae
    (0.83, 0.62, 0.090, 0.022, 2.0),
    (0.955, 0.38, 0.020, 0.045, 2.5),  # ankles and feet
    (0.955, 0.62, 0.020, 0.045, 2.5),
    *[(0.19 + 0.022 * i, 0.50, 0.0045, 0.24, 2.5) for i in range(8)],  # ribs
]
_ANTERIOR_ONLY = [
    (0.105, 0.50, 0.020, 0.07, 4.0),  # face
    (0.25, 0.50, 0.055, 0.030, 3.5),  # sternum
    (0.49, 0.50, 0.018, 0.07, 12.0),  # bladder
    (0.32, 0.50, 0.13, 0.030, 1.5),  # spine through the trunk
]
_POSTERIOR_ONLY = [
    (0.28, 0.50, 0.16, 0.035, 6.0),  # spine
    (0.445, 0.50, 0.028, 0.05, 5.0),  # sacrum
    (0.22, 0.30, 0.030, 0.08, 2.5),  # scapulae
    (0.22, 0.70, 0.030, 0.08, 2.5),
    (0.34, 0.38, 0.020, 0.05, 2.5),  # kidneys
    (0.34, 0.62, 0.020, 0.05, 2.5),
    (0.49, 0.50, 0.015, 0.06, 3.0),
]
_RIGHT_SHOULDER_SPOT = (0.195, 0.23, 0.012, 0.04, 20.0)


def analytic_counts(view: ViewName | str = "anterior", *, rows: int = 1024, columns: int = 256) -> np.ndarray:
    """Noise-free (rows, columns) float64 expectation of a view, scaled to a sum of 1."""
    shapes = [*_SOFT_TISSUE, *_BONE, _RIGHT_SHOULDER_SPOT]
    shapes += _ANTERIOR_ONLY if view == ViewName.ANTERIOR else _POSTERIOR_ONLY
    return _render(tuple(shapes), view == ViewName.POSTERIOR, rows, columns).copy()


@functools.lru_cache(maxsize=16)
def _render(shapes: tuple[tuple[float, ...], ...], mirrored: bool, rows: int, columns: int) -> np.ndarray:
    y = (np.arange(rows)[:, None] + 0.5) / rows
    x = (np.arange(columns)[None, :] + 0.5) / columns
    image = np.full((rows, columns), 0.01)
    for row, column, row_radius, column_radius, level in shapes:
        distance = ((y - row) / row_radius) ** 2 + ((x - column) / column_radius) ** 2
        image += level / (1 + np.exp(np.clip(8 * (distance - 1), -50, 50)))  # a soft edge in place of a blur
    image /= image.sum()
    return image[:, ::-1] if mirrored else image


def analytic_view(
    name: ViewName | str = "anterior",
    *,
    rows: int = 1024,
    columns: int = 256,
    counts: float = 2.0e6,
    seed: int = 0,
    pixel_spacing_mm: tuple[float, float] | None = (2.2, 2.2),
) -> View:
    """A view with Poisson noise, of about `counts` counts."""
    name = ViewName(name)
    generator = np.random.default_rng([seed, list(ViewName).index(name)])
    image = generator.poisson(analytic_counts(name, rows=rows, columns=columns) * counts)
    return View(name, image.astype(np.float32), pixel_spacing_mm)


def analytic_study(
    name: str = "analytic",
    *,
    rows: int = 1024,
    columns: int = 256,
    counts: float = 2.0e6,
    seed: int = 0,
    pixel_spacing_mm: tuple[float, float] | None = (2.2, 2.2),
    views: tuple[str, ...] = ("anterior", "posterior"),
) -> Study:
    """A study of the given views."""
    made = tuple(
        analytic_view(v, rows=rows, columns=columns, counts=counts, seed=seed, pixel_spacing_mm=pixel_spacing_mm)
        for v in views
    )
    return Study(name, Scan(made, "99mTc-MDP", 740.0, "20260102"), patient_sex="F")
