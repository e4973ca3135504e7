"""The joint pipeline with a hand-made network, so that every answer is known beforehand."""

import numpy as np
import pytest

from bonescan.core.anatomy import SITES, MaskLabel, Region, Site
from bonescan.core.errors import BundleCorruptError, ModelError
from bonescan.core.study import ViewName
from bonescan.inference import runtime
from bonescan.inference.joint import SURE, Calibration, Joint, look
from tests.bodies import body, disc, study, view
from tests.joint_bundle import joint_bundle

SIZE = (900, 320)
LESION = disc(SIZE, 250, 100, 12)  # on the left of the picture
BLADDER = disc(SIZE, 470, 160, 14)


def counts():
    return np.where(LESION, 60, np.where(BLADDER, 300, body(SIZE)))


def both():
    return study(view(counts()), view(counts()[:, ::-1], "posterior"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return joint_bundle(tmp_path_factory.mktemp("joint"))


@pytest.fixture(params=runtime.available())
def pipeline(bundle, request):
    return Joint(bundle, backend=request.param, precision="f32" if request.param == "openvino" else None)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def test_findings_land_on_their_spots_in_both_views(pipeline):
    anterior, posterior = pipeline.run(both()).views
    assert anterior.labels.shape == SIZE
    assert dice(anterior.labels == MaskLabel.METASTASIS, LESION) > 0.8
    assert dice(posterior.labels == MaskLabel.METASTASIS, LESION[:, ::-1]) > 0.8
    assert dice(anterior.labels == MaskLabel.BLADDER, BLADDER) > 0.85
    assert anterior.benign.shape == anterior.metastasis.shape == SIZE


def test_what_a_run_gave_stays_when_the_network_runs_again(pipeline):
    first = pipeline.run(both())
    kept = [(x.metastasis.copy(), x.labels.copy(), x.regions.copy()) for x in first.views]
    sites = dict(first.sites)
    pipeline.run(study(view(counts()[:, ::-1]), view(body(SIZE), "posterior")))
    for view_, (metastasis, labels, regions) in zip(first.views, kept, strict=True):
        np.testing.assert_array_equal(view_.metastasis, metastasis)
        np.testing.assert_array_equal(view_.labels, labels)
        np.testing.assert_array_equal(view_.regions, regions)
    assert first.sites == sites


def test_regions_come_back_the_right_way_round(pipeline):
    """The network calls its left half skull, its right half femur; mirrored back, a posterior view has them swapped."""
    anterior, posterior = pipeline.run(both()).views
    assert anterior.regions[450, 100] == posterior.regions[450, 220] == Region.SKULL
    assert anterior.regions[450, 220] == posterior.regions[450, 100] == Region.FEMUR
    assert anterior.regions[0, 0] == Region.BACKGROUND


def test_a_network_that_was_taught_no_regions_names_none(tmp_path):
    bundle = joint_bundle(tmp_path, regions=False)
    anterior, posterior = Joint(bundle).run(both()).views
    assert (anterior.regions, posterior.regions) == (None, None)
    assert not anterior.regions_measured
    assert (anterior.labels == MaskLabel.METASTASIS).any()


def test_the_study_is_what_both_views_say(pipeline):
    result = pipeline.run(both())
    assert result.probability == pytest.approx(0.75, abs=1e-3)
    assert result.by_view[ViewName.ANTERIOR] == pytest.approx(0.6, abs=1e-3)
    assert result.by_view[ViewName.POSTERIOR] == pytest.approx(0.3, abs=1e-3)
    assert result.sites[Site.SPINE] == pytest.approx(0.75 * 0.75, abs=1e-3)


def test_a_lone_view_speaks_for_itself(pipeline):
    result = pipeline.run(study(view(counts()[:, ::-1], "posterior")))
    assert result.probability == pytest.approx(0.3, abs=1e-3)
    assert list(result.by_view) == [ViewName.POSTERIOR]
    assert len(result.views) == 1
    assert dice(result.views[0].labels == MaskLabel.METASTASIS, LESION[:, ::-1]) > 0.8


class _Network:
    """Finds what is hot, and says of the study what it was told to; each answer lies where the one before lay."""

    def __init__(self, *logits):
        self.logits, self.seen = list(logits), []
        self.out = {
            "findings": np.zeros((1, 2, 3, 8, 4), np.float32),
            "regions": np.zeros((1, 2, 4, 2), np.float32),
            "study": np.zeros((1, 3, 7), np.float32),
        }

    def __call__(self, images):
        self.seen.append(images.copy())
        self.out["findings"][:] = images[:, :, None]
        self.out["regions"][:] = images[:, :, ::2, ::2]
        self.out["study"][:] = self.logits[len(self.seen) - 1]
        return self.out


def _picture():
    images = np.zeros((1, 2, 8, 4), np.float32)
    images[0, 0, 3, 0] = images[0, 1, 5, 3] = 1
    return images


@pytest.mark.parametrize("logit", [SURE, -SURE, 7.0])
def test_a_network_that_is_sure_is_asked_once(logit):
    network = _Network(logit)
    out = look(network, _picture())
    assert len(network.seen) == 1
    assert out["study"][0, 0, 0] == np.float32(logit)


@pytest.mark.parametrize("logit", [0.0, SURE - 0.01, 0.01 - SURE])
def test_a_network_in_doubt_sees_the_mirror_image_and_the_mean_counts(logit):
    network = _Network(logit, logit + 1)
    out = look(network, _picture())
    np.testing.assert_array_equal(network.seen[1], network.seen[0][..., ::-1])
    np.testing.assert_array_equal(out["findings"], np.repeat(_picture()[:, :, None], 3, axis=2))
    np.testing.assert_array_equal(out["regions"], _picture()[:, :, ::2, ::2])
    np.testing.assert_allclose(out["study"], logit + 0.5, rtol=1e-6)


def test_doubt_is_that_about_what_is_asked():
    study = np.repeat(np.array([[0.0], [5.0], [1.0]], np.float32), 7, axis=1)
    for asked, looks in ((0, 2), (1, 1), (2, 2)):
        network = _Network(study, study)
        look(network, _picture(), asked)
        assert len(network.seen) == looks


def test_bladder_wins_over_metastasis_and_that_over_benign_uptake(tmp_path):
    every = joint_bundle(tmp_path, thresholds={"segment_metastasis": 0, "segment_benign": 0})
    (found,) = Joint(every).run(study(view(counts()))).views
    assert (found.labels[~BLADDER] != MaskLabel.BENIGN).all()
    assert dice(found.labels == MaskLabel.BLADDER, BLADDER) > 0.85


def test_a_model_without_benign_uptake_draws_none(tmp_path):
    without = joint_bundle(tmp_path, thresholds={"segment_benign": None})
    (found,) = Joint(without).run(study(view(counts()))).views
    assert not (found.labels == MaskLabel.BENIGN).any()


@pytest.mark.parametrize(("band", "doubtful"), [((0.7, 0.8), True), ((0.2, 0.7), False), ((0.75001, 0.9), False)])
def test_a_probability_in_the_band_asks_for_review(tmp_path, band, doubtful):
    calibration = {"patient": [1, 0], "sites_if_metastasis": [1, 0], "review": list(band)}
    assert Joint(joint_bundle(tmp_path, calibration=calibration)).run(both()).needs_review is doubtful


def test_calibration_changes_probabilities(tmp_path):
    calibrated = joint_bundle(
        tmp_path, calibration={"patient": [0, 2], "sites_if_metastasis": [1, 0], "review": [0.5, 0.5]}
    )
    result = Joint(calibrated).run(both())
    assert result.probability == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-3)
    assert result.calibrated
    assert not Joint(joint_bundle(tmp_path / "without")).run(both()).calibrated
    # Three in four at the spine if there is metastasis.
    assert result.sites[Site.SPINE] == pytest.approx(0.75 * result.probability, abs=1e-3)


@pytest.mark.parametrize(
    "values", [{}, {"patient": [1, 0]}, {"patient": "x", "sites_if_metastasis": [1, 0], "review": [0, 1]}]
)
def test_a_calibration_that_is_none_is_refused(values):
    with pytest.raises(BundleCorruptError, match="calibration"):
        Calibration.of(values)


@pytest.mark.parametrize("scale", [3.0, np.nan])
def test_what_is_no_probability_is_refused(tmp_path, scale):
    with pytest.raises(ModelError, match="outside"):
        Joint(joint_bundle(tmp_path, scale=scale)).run(both())


def test_outputs_of_another_shape_are_refused(tmp_path):
    with pytest.raises(ModelError, match="regions"):
        Joint(joint_bundle(tmp_path, region_step=4)).run(both())


def test_a_stepwise_bundle_is_refused(tmp_path):
    from tests.tiny_bundle import tiny_bundle

    with pytest.raises(ModelError, match="stepwise"):
        Joint(tiny_bundle(tmp_path))


def test_the_study_has_an_answer_for_each_site(pipeline):
    assert tuple(pipeline.run(both()).sites) == SITES


def test_an_analysis_names_the_regions_and_keeps_their_maps(bundle):
    import bonescan as bs

    analysis = bs.analyze(both(), model=bundle)
    assert analysis.regions == {Region.SKULL: "skull", Region.FEMUR: "femur"}
    assert analysis.region_maps["posterior"][450, 220] == Region.SKULL
    assert "not assessed" not in analysis.report.description
