"""Bodies from voxel phantoms: a tiny made-up one in the published format, and the real ones where they are."""

import os
from pathlib import Path

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality
from bonescan.core.errors import InputError, UnreadableInputError
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.parts import Part, Tissue
from bonescan.simulate.phantom_files import read_phantom
from bonescan.simulate.structures import RIBS, STRUCTURES, VERTEBRAE
from bonescan.simulate.voxel_body import body_of_phantom

L, R = Laterality.LEFT, Laterality.RIGHT
SHAPES = {"AM": ((60, 20, 31), (8.0, 4.0, 4.0))}
PHANTOMS = Path(os.environ.get("BONESCAN_SHARED", Path(__file__).parents[4] / "shared")) / "phantoms"


def _made_up() -> np.ndarray:
    """A block of muscle with a spine, two femora and a kidney; slice 0 at the toes."""
    ids = np.zeros(SHAPES["AM"][0], np.uint8)
    ids[2:58, 2:18, 3:28] = 107
    ids[20:50, 12:15, 13:18] = 48
    ids[30:44, 12:15, 13:18] = 50
    ids[20:30, 12:15, 13:18] = 52
    for z in (22, 24, 26, 28):
        ids[z, 12:15, 13:18] = 0
        ids[z, 12:15, 13:18] = 58
    for column in (7, 22):
        ids[4:18, 9:13, column : column + 3] = 29
        ids[4:18, 9, column : column + 3] = 28
        ids[6:14, 10:12, column + 1] = 30
    ids[25:28, 10:13, 21:24] = 89
    ids[52:57, 8:12, 12:19] = 27
    return ids


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "AM.dat").write_text("\n".join(" ".join(map(str, row)) for row in _made_up().reshape(-1, 31)))
    (tmp_path / "AM_organs.dat").write_text(
        "Organ ID  Organ/tissue  Tissue number  Density\n"
        "28        Femora, upper half, cortical          2    1.92\n"
        "89        Kidney, left, cortex                 32    1.05\n"
    )
    return tmp_path


def test_the_published_format_is_read(folder):
    phantom = read_phantom(folder, "M", SHAPES)
    assert np.array_equal(phantom.ids, _made_up())
    assert phantom.spacing_mm == (8.0, 4.0, 4.0)
    assert phantom.names == {28: "Femora, upper half, cortical", 89: "Kidney, left, cortex"}


def test_a_folder_of_its_own_and_the_compact_form_read_the_same(folder, tmp_path):
    own = tmp_path / "both"
    (own / "AM").mkdir(parents=True)
    (folder / "AM.dat").rename(own / "AM" / "AM.dat")
    assert np.array_equal(read_phantom(own, "M", SHAPES).ids, _made_up())
    np.savez_compressed(own / "icrp110_AM.npz", vol=_made_up(), spacing=[8.0, 4.0, 4.0])
    compact = read_phantom(own, "M")
    assert np.array_equal(compact.ids, _made_up())
    assert compact.names == {}


@pytest.mark.parametrize(("text", "message"), [("1 2 3", "3 voxels"), ("one two", "no list of organ ids")])
def test_a_wrong_file_is_refused(tmp_path, text, message):
    (tmp_path / "AF.dat").write_text(text)
    with pytest.raises(UnreadableInputError, match=message):
        read_phantom(tmp_path, "F")
    np.savez(tmp_path / "icrp110_AM.npz", other=[1])
    with pytest.raises(UnreadableInputError, match="no compact phantom"):
        read_phantom(tmp_path, "M")


def test_no_phantom_is_refused_with_a_hint(tmp_path):
    with pytest.raises(InputError, match="holds neither") as refused:
        read_phantom(tmp_path, "M")
    assert "ICRP" in str(refused.value.hint)


def test_the_made_up_body_has_sides_tissues_and_vertebrae_in_order(folder):
    body = body_of_phantom(read_phantom(folder, "M", SHAPES), "M")
    assert body.centre_of("femur", L)[2] > 0 > body.centre_of("femur", R)[2]
    tissues = set(np.unique(body.tissue[body.of("femur", L)]))
    assert tissues == {Tissue.CORTICAL, Tissue.TRABECULAR, Tissue.MARROW_CAVITY}
    lumbar = [body.centre_of(name)[0] for name in VERTEBRAE[19:]]
    assert lumbar == sorted(lumbar)
    # Cut at the slices of cartilage: each lumbar vertebra is one slice of bone, the last two.
    assert np.ptp(np.diff(lumbar)) < 12
    assert body.centre_of("T12")[0] < lumbar[0]
    voxel = 8 * 4 * 4
    assert body.litres_of("kidney", L) == pytest.approx(27 * voxel / 1e6, rel=0.15)


needs_phantoms = pytest.mark.skipif(not PHANTOMS.is_dir(), reason="no phantoms beside the checkout")


@needs_phantoms
@pytest.mark.parametrize("sex", ["M", "F"])
class TestPhantoms:
    def test_every_structure_is_there(self, sex):
        body = reference(sex, PHANTOMS).body
        for structure in STRUCTURES.values():
            assert len(body.of(structure.name, structure.side)) >= 8, structure

    def test_sides_are_alike(self, sex):
        body = reference(sex, PHANTOMS).body
        for name in {s.name for s in STRUCTURES.values() if s.side == L and s.is_bone}:
            left, right = body.litres_of(name, L), body.litres_of(name, R)
            assert left == pytest.approx(right, rel=0.35), name
            assert body.centre_of(name, L)[2] > 0 > body.centre_of(name, R)[2]

    def test_vertebrae_and_ribs_are_in_order(self, sex):
        body = reference(sex, PHANTOMS).body
        z = [body.centre_of(name)[0] for name in VERTEBRAE]
        assert (np.diff(z) > 8).all()
        for side in (L, R):
            heads = [body.centre_of(rib, side, Part.HEAD)[0] for rib in RIBS]
            assert (np.diff(heads) > 5).all()

    def test_ribs_meet_their_vertebrae(self, sex):
        body = reference(sex, PHANTOMS).body
        for i, rib in enumerate(RIBS):
            assert abs(body.centre_of(rib, L, Part.HEAD)[0] - body.centre_of(f"T{i + 1}")[0]) < 30

    def test_neighbours_are_told_apart(self, sex):
        body = reference(sex, PHANTOMS).body
        for side, sign in ((L, 1), (R, -1)):
            assert body.centre_of("patella", side)[1] < body.centre_of("femur", side, Part.CONDYLE)[1] - 20
            assert sign * body.centre_of("fibula", side)[2] > sign * body.centre_of("tibia", side)[2] + 10
            assert body.centre_of("pubis", side)[1] < body.centre_of("ischium", side)[1]
            assert body.litres_of("fibula", side) < 0.3 * body.litres_of("tibia", side)
            assert 0.5 < body.litres_of("radius", side) / body.litres_of("ulna", side) < 1.6
            olecranon = body.points_mm[body.of("ulna", side), 0].min()
            assert olecranon <= body.points_mm[body.of("radius", side), 0].min() + 5
