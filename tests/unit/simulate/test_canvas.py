"""Painted shapes have the volume of the shapes they stand for."""

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality
from bonescan.simulate.canvas import STEP_MM, Canvas
from bonescan.simulate.curves import catmull_rom
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import number_of

FEMUR = number_of("femur", Laterality.LEFT)
TIBIA = number_of("tibia", Laterality.LEFT)


@pytest.fixture
def canvas():
    return Canvas((200.0, 120.0, 120.0))


def _volume(canvas: Canvas, number: int = FEMUR) -> float:
    return float(canvas.cells(number, number).inside.sum()) * STEP_MM**3


@pytest.mark.parametrize("radius", [6.0, 10.0, 25.0])
def test_sphere(canvas, radius):
    canvas.ellipsoid((100, 60, 60), (radius, radius, radius), FEMUR, Part.HEAD)
    assert _volume(canvas) == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.04 if radius > 6 else 0.08)


@pytest.mark.parametrize("tilt", [0.0, 25.0])
def test_a_thin_ribbon_is_as_thick_as_told(canvas, tilt):
    """Thinner than two cells, at any angle to the lattice."""
    canvas.sweep([(40, 60, 60), (160, 60 + tilt, 60 - tilt)], (8.0, 3.2), FEMUR, Part.SHAFT, flat=(0, 0.7, 0.7))
    length = np.linalg.norm([120, tilt, tilt])
    whole = np.pi * 8.0 * 3.2 * length + 4 / 3 * np.pi * 8 * 3.2**2
    assert _volume(canvas) == pytest.approx(whole, rel=0.12)
    assert canvas.cells(FEMUR, FEMUR).points[:, 0].max() < 165


def test_plate_has_its_thickness(canvas):
    rows = [[(z, 60.0, x, 3.0) for x in (20.0, 50.0, 80.0)] for z in (50.0, 90.0, 130.0)]
    canvas.plate(rows, FEMUR, Part.WING)
    assert _volume(canvas) == pytest.approx((60 + 4.5) * (80 + 4.5) * 6.0, rel=0.12)


def test_shell_is_hollow_and_open_where_told(canvas):
    canvas.shell((100, 60, 60), (40, 40, 40), 6.0, FEMUR, Part.VAULT, away=(1, 0, 0), open_from=0.5)
    p = canvas.cells(FEMUR, FEMUR).points - np.array([100, 60, 60])
    assert np.linalg.norm(p, axis=1).min() > 31
    assert (p[:, 0] / np.linalg.norm(p, axis=1)).max() < 0.5 + 0.05


def test_a_cell_goes_to_the_bone_in_which_it_lies_deeper(canvas):
    canvas.ellipsoid((100, 60, 50), (20, 20, 20), FEMUR, Part.HEAD)
    before = _volume(canvas)
    canvas.ellipsoid((100, 60, 80), (20, 20, 20), TIBIA, Part.CONDYLE)
    femur, tibia = (canvas.cells(n, n).points[:, 2] for n in (FEMUR, TIBIA))
    assert femur.max() <= 66 <= tibia.min() + 3
    assert _volume(canvas) < before


def test_parts_and_cavity_along_a_shaft(canvas):
    table = [(30, 60, 60, 12, 12, 0.0), (100, 60, 60, 12, 12, 0.6), (170, 60, 60, 12, 12, 0.0)]
    canvas.shaft(table, FEMUR, ((0.3, Part.HEAD), (0.8, Part.SHAFT), (1.0, Part.CONDYLE)))
    cells = canvas.cells(FEMUR, FEMUR)
    z = cells.points[:, 0]
    assert z[cells.part == Part.HEAD].max() < z[cells.part == Part.CONDYLE].min()
    assert cells.cavity[np.abs(z - 100) < 5].mean() > cells.cavity[np.abs(z - 150) < 5].mean()
    assert (cells.depth_mm[cells.cavity] > 2).all()


def test_soft_tissue_fills_only_what_is_free(canvas):
    canvas.ellipsoid((100, 60, 0), (20, 20, 20), FEMUR, Part.HEAD)
    bone = _volume(canvas)
    soft = number_of("soft tissue of the trunk")
    canvas.column([(20, 50, 60, 50), (180, 50, 60, 50)], soft)
    assert _volume(canvas) == bone
    assert _volume(canvas, soft) > 10 * bone


def test_smooth_curve_passes_through_its_nodes():
    nodes = np.array([[0.0, 1.0], [2.0, 0.0], [5.0, 4.0], [6.0, 1.0]])
    assert np.allclose(catmull_rom(nodes, np.arange(4.0)), nodes)
    assert np.allclose(catmull_rom(nodes[:2], np.array([0.5])), [[1.0, 0.5]])
