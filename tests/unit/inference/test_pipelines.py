import pytest

from bonescan.core.errors import BundleCorruptError, ModelError, UnknownModelError
from bonescan.inference import pipelines
from bonescan.inference.pipelines import pipeline_for
from tests.tiny_bundle import tiny_bundle


def test_one_pipeline_a_bundle(bundle):
    pipeline = pipeline_for(bundle)
    assert pipeline_for(bundle) is pipeline
    assert pipeline_for(bundle.folder) is pipeline
    assert pipeline_for(str(bundle.folder)) is pipeline
    assert pipeline.bundle.sha256 == bundle.sha256


def test_files_are_checked_once(tmp_path, monkeypatch):
    folder = tiny_bundle(tmp_path / "once", name="once").folder
    checks = []
    original = pipelines.load_bundle
    monkeypatch.setattr(pipelines, "load_bundle", lambda path: checks.append(path) or original(path))
    pipeline_for(folder)
    pipeline_for(folder)
    assert len(checks) == 1


def test_a_rewritten_bundle_is_another(tmp_path):
    folder = tiny_bundle(tmp_path / "b", name="before").folder
    before = pipeline_for(folder)
    tiny_bundle(folder, name="after")
    assert pipeline_for(folder).bundle.manifest.name == "after"
    assert pipeline_for(folder) is not before


def test_the_default_is_the_settings(bundle, monkeypatch):
    from bonescan.core.settings import settings

    monkeypatch.setenv("BONESCAN_MODEL", str(bundle.folder))
    settings.cache_clear()
    try:
        assert pipeline_for(None) is pipeline_for(bundle)
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_bad_models(tmp_path):
    with pytest.raises(UnknownModelError):
        pipeline_for("no-such-model")
    altered = tiny_bundle(tmp_path / "altered").folder
    (altered / "locate.onnx").write_bytes(b"altered")
    with pytest.raises(BundleCorruptError, match=r"locate\.onnx"):
        pipeline_for(altered)
    joint = tiny_bundle(tmp_path / "joint", pipeline="joint", name="joint")
    with pytest.raises(ModelError, match=r"no file joint\.onnx"):
        pipeline_for(joint)
