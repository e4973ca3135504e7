"""Both backends run a bundle's networks, agree, and fail with one clear sentence."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bonescan.core.errors import MissingExtraError, ModelError, UsageError
from bonescan.inference import runtime
from tests.tiny_bundle import HOT, SURE, WARM

WINDOWS = np.random.default_rng(5).uniform(0, 4, (3, 1, 256, 256)).astype(np.float32)
BOTH = pytest.mark.parametrize("backend", runtime.BACKENDS)


@BOTH
def test_values_are_those_of_the_network(bundle, backend):
    flat = np.zeros((2, 1, 256, 256), np.float32)
    flat[1] = (WARM + HOT) / 2
    network = runtime.load(bundle.path("classify.onnx"), backend=backend)
    np.testing.assert_allclose(network(flat), [[0, 0], [SURE, 0]], atol=1e-3)


@pytest.mark.parametrize("name", ["classify.onnx", "segment_metastasis.onnx", "segment_bladder.onnx"])
def test_the_backends_agree(bundle, name):
    first, second = (
        runtime.load(bundle.path(name), backend=backend, precision="f32")(WINDOWS) for backend in runtime.BACKENDS
    )
    assert first.dtype == second.dtype == np.float32
    np.testing.assert_allclose(first, second, atol=1e-4)


@BOTH
def test_any_number_of_windows(bundle, backend):
    network = runtime.load(bundle.path("classify.onnx"), backend=backend)
    together = network(WINDOWS)
    assert together.shape == (3, 2)
    for i, window in enumerate(WINDOWS):
        np.testing.assert_allclose(network(window[None])[0], together[i], atol=1e-5)


@BOTH
def test_results_stay_when_the_network_runs_again(bundle, backend):
    network = runtime.load(bundle.path("segment_metastasis.onnx"), backend=backend)
    first = network(WINDOWS)
    kept = first.copy()
    network(WINDOWS[::-1])
    np.testing.assert_array_equal(first, kept)


@BOTH
def test_one_network_may_serve_several_threads(bundle, backend):
    network = runtime.load(bundle.path("segment_metastasis.onnx"), backend=backend)
    expected = [network(window[None]) for window in WINDOWS]
    with ThreadPoolExecutor(3) as pool:
        for _ in range(5):
            for got, wanted in zip(pool.map(lambda w: network(w[None]), WINDOWS), expected, strict=True):
                np.testing.assert_array_equal(got, wanted)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or os.cpu_count() == 1, reason="there is nothing to share")
@BOTH
def test_who_shares_the_processors_is_not_pinned_to_one(bundle, backend):
    """Else all processes of an evaluation would run on the first, and the others stand idle."""
    before = os.sched_getaffinity(0)
    runtime.load(bundle.path("classify.onnx"), backend=backend, threads=1)(WINDOWS)
    assert os.sched_getaffinity(0) == before


def test_a_network_is_loaded_once(bundle):
    path = bundle.path("classify.onnx")
    assert runtime.load(path) is runtime.load(str(path))
    assert runtime.load(path) is not runtime.load(path, threads=runtime._processors() + 1)
    runtime.load(path)
    before = runtime.load(path)
    runtime.clear()
    assert runtime.load(path) is not before


def test_a_rewritten_file_is_loaded_anew(bundle, tmp_path):
    file = tmp_path / "net.onnx"
    file.write_bytes(bundle.path("classify.onnx").read_bytes())
    first = runtime.load(file)
    file.write_bytes(bundle.path("segment_bladder.onnx").read_bytes())
    assert runtime.load(file) is not first
    assert runtime.load(file)(WINDOWS).shape == WINDOWS.shape


@BOTH
@pytest.mark.parametrize("content", [b"", b"this is no network", b"\x08\x09\x12\x04" * 50])
def test_a_damaged_file_is_one_sentence(tmp_path, capfd, backend, content):
    file = tmp_path / "damaged.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot load the network damaged\.onnx") as error:
        runtime.load(file, backend=backend)
    assert "\n" not in error.value.message
    assert len(error.value.message) < 400


@BOTH
def test_a_missing_file(tmp_path, backend):
    with pytest.raises(ModelError, match=r"none\.onnx cannot be opened"):
        runtime.load(tmp_path / "none.onnx", backend=backend)


@BOTH
def test_an_input_that_does_not_fit(bundle, backend):
    network = runtime.load(bundle.path("classify.onnx"), backend=backend)
    with pytest.raises(ModelError, match=r"cannot run classify\.onnx on an input of shape \(1, 3, 64, 64\)"):
        network(np.zeros((1, 3, 64, 64), np.float32))


def test_preference_and_absence_of_backends(bundle, monkeypatch):
    path = bundle.path("classify.onnx")
    assert runtime.available() == runtime.BACKENDS
    monkeypatch.setattr(runtime, "available", lambda: ("onnxruntime",))
    assert runtime.load(path)(WINDOWS).shape == (3, 2)
    with pytest.raises(MissingExtraError, match="no openvino is installed"):
        runtime.load(path, backend="openvino")
    monkeypatch.setattr(runtime, "available", tuple)
    with pytest.raises(MissingExtraError, match="neither OpenVINO nor ONNX Runtime"):
        runtime.load(path)


def test_impossible_requests(bundle):
    with pytest.raises(UsageError, match="unknown backend 'cuda'"):
        runtime.load(bundle.path("classify.onnx"), backend="cuda")
    with pytest.raises(UsageError, match="bf16"):
        runtime.load(bundle.path("classify.onnx"), backend="onnxruntime", precision="bf16")


def test_openvino_is_imported_without_its_telemetry(tmp_path):
    """Importing OpenVINO alone would report the import and write an id into the home folder."""
    code = (
        "import sys; from bonescan.inference import runtime; openvino = runtime.import_openvino(); openvino.Core();"
        "assert 'openvino_telemetry' not in sys.modules, 'telemetry was loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []
