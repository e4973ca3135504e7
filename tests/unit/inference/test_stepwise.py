"""The pipeline on analytic patients and hand-made networks: what is gated, joined, located, and where masks land."""

from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np
import pytest

from bonescan.core.anatomy import MaskLabel, Region, Site
from bonescan.core.errors import ModelError
from bonescan.inference import stepwise
from bonescan.inference.regions import labels_from_grid, near_pelvis
from bonescan.inference.stepwise import NETWORKS, Stepwise
from bonescan.inference.windows import STARTS, WINDOW
from tests.bodies import SIZE, body, disc, study, view
from tests.tiny_bundle import tiny_bundle

LESION, BLADDER = (0.46, 0.37, 0.020), (0.50, 0.5, 0.035)  # row and column as fractions, radius as one of the columns
HEAT = {"lesion": 60, "bladder": 300}


def place(size, spot):
    row, column, radius = spot
    return disc(size, row * size[0], column * size[1], (radius * size[0] / 4, radius * size[1]))


def patient(size=SIZE, *, lesion=True, bladder=True, mirrored=False):
    """Counts, lesion mask and bladder mask."""
    counts, here, there = body(size), place(size, LESION), place(size, BLADDER)
    if lesion:
        counts[here] = HEAT["lesion"]
    if bladder:
        counts[there] = HEAT["bladder"]
    return tuple(x[:, ::-1] if mirrored else x for x in (counts, here, there))


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.fixture(scope="module")
def pipeline(bundle):
    return Stepwise(bundle)


@pytest.mark.parametrize("size", [(1024, 256), (2048, 512), (512, 128), (900, 320)])
def test_masks_land_on_the_spots_in_the_geometry_of_the_input(pipeline, size):
    counts, lesion, bladder = patient(size)
    (found,) = pipeline.run(study(view(counts))).views
    assert found.labels.shape == found.metastasis.shape == found.bladder.shape == size
    assert found.labels.dtype == np.uint8
    assert dice(found.labels == MaskLabel.METASTASIS, lesion) > 0.85
    assert dice(found.labels == MaskLabel.BLADDER, bladder) > 0.9


@pytest.mark.parametrize(("rows", "columns"), [(slice(30, 1000), slice(0, 256)), (slice(0, 1024), slice(12, 246))])
def test_cropping_the_input_crops_the_masks(pipeline, rows, columns):
    counts, lesion, _ = patient()
    (found,) = pipeline.run(study(view(counts[rows, columns]))).views
    assert dice(found.labels == MaskLabel.METASTASIS, lesion[rows, columns]) > 0.85


def test_scaling_the_counts_changes_nothing(pipeline):
    counts, _, _ = patient()
    one, other = (pipeline.run(study(view(c))) for c in (counts, counts * 7))
    np.testing.assert_array_equal(one.views[0].labels, other.views[0].labels)
    assert one.probability == pytest.approx(other.probability, abs=1e-5)


def test_two_views_keep_their_own(pipeline):
    anterior, _, _ = patient()
    posterior, _, _ = patient(lesion=False, bladder=False, mirrored=True)
    result = pipeline.run(study(view(anterior), view(posterior, "posterior")))
    assert [x.view.name for x in result.views] == ["anterior", "posterior"]
    assert result.by_view["anterior"] == result.probability > 0.99
    assert not result.calibrated
    assert result.by_view["posterior"] < 0.01
    assert (result.views[0].labels == MaskLabel.METASTASIS).any()
    assert not result.views[1].labels.any()
    assert result.views[0].windows.shape == (7, 2)


def test_patient_probability_is_the_highest_window(pipeline):
    counts, _, _ = patient()
    result = pipeline.run(study(view(counts)))
    assert result.probability == result.views[0].windows[:, 0].max()
    # The lesion lies at 0.46 of the height: in the third and fourth window, not in the first or last.
    assert result.views[0].windows[[0, -1], 0].max() < 0.01


def test_sites_are_those_of_the_located_map(pipeline):
    counts, _, _ = patient(bladder=False)
    sites = pipeline.run(study(view(counts))).sites
    assert list(sites) == list(Site)
    assert [name for name, p in sites.items() if p > 0.5] == ["scapula"]  # the third sixth of the rows


def test_nothing_found_is_nothing_drawn(pipeline):
    counts, _, _ = patient(lesion=False, bladder=False)
    result = pipeline.run(study(view(counts)))
    assert result.probability < 0.01
    assert not result.views[0].labels.any()
    assert not result.views[0].metastasis.any(), "closed gates leave exact zeros"


def test_an_empty_view_passes(pipeline):
    result = pipeline.run(study(view(np.zeros(SIZE))))
    assert not result.views[0].labels.any()


def test_bladder_wins_where_both_are_found(pipeline, monkeypatch):
    fake(pipeline, monkeypatch, classify=np.ones((7, 2)), metastasis=0.9, bladder=0.8)
    (found,) = pipeline.run(study(view(body()))).views
    assert set(np.unique(found.labels)) <= {MaskLabel.BACKGROUND, MaskLabel.BLADDER}
    assert (found.labels == MaskLabel.BLADDER).any()


def test_a_closed_gate_hides_what_the_segmentation_would_find(tmp_path):
    strict = tiny_bundle(tmp_path / "strict", thresholds={"window_metastasis": 1.0})
    counts, lesion, _ = patient()
    gated, ungated = (Stepwise(strict, gated=gate).run(study(view(counts))) for gate in (True, False))
    assert gated.probability == ungated.probability > 0.99
    assert not (gated.views[0].labels == MaskLabel.METASTASIS).any()
    assert dice(ungated.views[0].labels == MaskLabel.METASTASIS, lesion) > 0.85


def test_a_closed_window_weighs_in_as_zero(pipeline, monkeypatch):
    classes = np.zeros((7, 2))
    classes[2, 0] = 1  # rows 256 to 511 of the grid alone
    fake(pipeline, monkeypatch, classify=classes, metastasis=1.0)
    maps = []
    monkeypatch.setattr(stepwise, "from_grid", lambda values, grid: maps.append(values) or np.zeros((8, 8), np.float32))
    pipeline.run(study(view(body())))
    column = maps[0][:, 0]
    assert not column[: STARTS[2]].any()
    assert not column[STARTS[2] + WINDOW :].any()
    middle = column[STARTS[2] + WINDOW // 2 - 1]
    edge = column[STARTS[2]]
    assert 0.8 < middle < 1  # the neighbours' zeros have little weight here ...
    assert edge < 0.2  # ... and most of it there


def test_metastasis_and_bladder_have_gates_of_their_own(pipeline, monkeypatch):
    classes = np.zeros((7, 2))
    classes[3, 1] = 1
    calls = fake(pipeline, monkeypatch, classify=classes, metastasis=1.0, bladder=1.0)
    (found,) = pipeline.run(study(view(body()))).views
    assert "segment_metastasis.onnx" not in calls, "no window passes, so the network is not run"
    assert calls["segment_bladder.onnx"].shape == (1, 1, 256, 256)
    assert not (found.labels == MaskLabel.METASTASIS).any()
    assert (found.labels == MaskLabel.BLADDER).any()


@pytest.mark.parametrize(("name", "half"), [("anterior", slice(0, 256)), ("posterior", slice(256, 512))])
def test_an_absent_view_is_zeros_to_the_report_network(pipeline, monkeypatch, name, half):
    calls = fake(pipeline, monkeypatch, classify=np.ones((7, 2)), metastasis=1.0)
    pipeline.run(study(view(body(), name)))
    given = calls["locate.onnx"]
    assert given.shape == (1, 2, 1024, 512)
    other = slice(256, 512) if half.start == 0 else slice(0, 256)
    assert given[0, :, :, half].min(axis=(1, 2)).max() >= 0
    assert given[0, 0, :, half].max() > 0.5
    assert given[0, 1, :, half].min() == 1
    assert not given[0, :, :, other].any()


@pytest.mark.parametrize("bad", [np.full((7, 2), np.nan), np.full((7, 2), 3.0), np.zeros((7, 3))])
def test_a_network_that_returns_no_probabilities_is_refused(pipeline, monkeypatch, bad):
    fake(pipeline, monkeypatch, classify=bad)
    with pytest.raises(ModelError, match=r"classify\.onnx returned"):
        pipeline.run(study(view(body())))


def test_a_damaged_network_is_a_model_error(tmp_path):
    broken = tiny_bundle(tmp_path / "broken", files={"classify.onnx": b"no network"})
    with pytest.raises(ModelError, match=r"classify\.onnx"):
        Stepwise(broken).run(study(view(body())))


def test_another_pipeline_is_refused(tmp_path):
    joint = tiny_bundle(tmp_path / "joint", pipeline="joint")
    with pytest.raises(ModelError, match="joint"):
        Stepwise(joint)


def test_networks_are_loaded_once_and_only_when_needed(bundle, monkeypatch):
    loaded = []
    monkeypatch.setattr(stepwise.runtime, "load", lambda path, **options: loaded.append(path.name))
    lazy = Stepwise(bundle)
    assert loaded == []
    lazy.prepare()
    lazy.prepare()
    for future in lazy._loading._networks.values():
        future.result()
    assert sorted(loaded) == sorted(NETWORKS)


def mapped_bundle(folder, prior):
    """The hand-made bundle with a region map of the anterior view."""
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(prior).save(buffer, "PNG")
    return tiny_bundle(folder, files={"region_prior_anterior.png": buffer.getvalue()})


def test_a_bladder_is_only_found_near_the_pelvis(tmp_path):
    prior = np.full((1024, 256), Region.RIBS, np.uint8)
    prior[430:600, 64:192] = Region.PELVIS
    pipeline = Stepwise(mapped_bundle(tmp_path / "mapped", prior))
    counts, _, bladder = patient()
    injection = place(SIZE, (0.25, 0.4, 0.03))
    counts[injection] = HEAT["bladder"]
    (found,) = pipeline.run(study(view(counts))).views
    assert dice(found.labels == MaskLabel.BLADDER, bladder) > 0.9
    assert not (found.labels[injection] == MaskLabel.BLADDER).any()
    assert found.bladder[injection].max() == 0


@pytest.mark.parametrize("rows", [(430, 600), (0, 40), (1000, 1024)])
def test_the_place_of_a_bladder_reaches_a_little_above_the_pelvis(rows):
    prior = np.zeros((1024, 256), np.uint8)
    prior[slice(*rows), 60:200] = Region.PELVIS
    allowed = near_pelvis(prior)
    assert allowed[prior == Region.PELVIS].all()
    above = (rows[1] - rows[0] - 1) // 4
    assert allowed.any(axis=1).sum() == rows[1] - max(rows[0] - above, 0)
    assert near_pelvis(np.zeros_like(prior)).all()


def test_regions_come_from_the_bundles_map(tmp_path):
    prior = np.full((1024, 256), Region.RIBS, np.uint8)
    prior[512:] = Region.FEMUR
    mapped = mapped_bundle(tmp_path / "mapped", prior)
    counts, _, _ = patient()
    anterior, posterior = Stepwise(mapped).run(study(view(counts), view(counts[:, ::-1], "posterior"))).views
    assert posterior.regions is None
    assert anterior.regions[200, 128] == Region.RIBS
    assert anterior.regions[800, 128] == Region.FEMUR
    assert anterior.regions[5, 5] == Region.BACKGROUND, "outside the body's box"


def test_a_region_map_of_another_shape_is_refused(tmp_path):
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.new("L", (10, 10)).save(buffer, "PNG")
    wrong = tiny_bundle(tmp_path / "wrong", files={"region_prior_anterior.png": buffer.getvalue()})
    with pytest.raises(ModelError, match="1024 x 256"):
        Stepwise(wrong).run(study(view(body())))
    noise = tiny_bundle(tmp_path / "noise", files={"region_prior_anterior.png": b"\x89PNG but no more"})
    with pytest.raises(ModelError, match="cannot be read"):
        Stepwise(noise).run(study(view(body())))


def test_labels_leave_the_grid_where_they_entered_it():
    from bonescan.inference.preprocess import labels_to_grid, to_grid

    counts, lesion, _ = patient((700, 200))
    grid = to_grid(view(counts)).grid
    back = labels_from_grid(labels_to_grid(lesion.astype(np.uint8), grid), grid)
    assert dice(back > 0, lesion) > 0.95


def fake(pipeline, monkeypatch, *, classify, metastasis=0.0, bladder=0.0):
    """Put functions in place of the networks; returns what each was last given."""
    calls = {}

    def network(name, answer):
        def run(values):
            calls[name] = values
            return np.asarray(answer(values), np.float32)

        future = Future()
        future.set_result(run)
        return future

    answers = SimpleNamespace(
        classify=lambda v: classify,
        metastasis=lambda v: np.full_like(v, metastasis),
        bladder=lambda v: np.full_like(v, bladder),
        locate=lambda v: np.full((len(v), 6), 0.5),
    )
    networks = {name: network(name, getattr(answers, name.split("_")[-1].split(".")[0])) for name in NETWORKS}
    monkeypatch.setattr(pipeline._loading, "_networks", networks)
    return calls
