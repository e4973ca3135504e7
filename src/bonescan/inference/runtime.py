"""Running a bundle's ONNX networks: OpenVINO where installed, else ONNX Runtime.

Both turn 8-bit weights back into floats once, when they load a network. OpenVINO computes in bf16 on processors that
have it unless told otherwise, ONNX Runtime in f32.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import MissingExtraError, ModelError, UsageError
from bonescan.core.imports import hidden

Floats = npt.NDArray[np.float32]
Backend = Literal["auto", "openvino", "onnxruntime"]
Precision = Literal["f32", "bf16"]

BACKENDS: tuple[Literal["openvino", "onnxruntime"], ...] = ("openvino", "onnxruntime")
"""In order of preference."""


class Network:
    """A loaded network; may be called from several threads.

    Args:
        run: From (N, …) float32 to every output by name, each (N, …) float32; they need not outlive the next call.
    """

    def __init__(self, run: Callable[[Floats], dict[str, Floats]]) -> None:
        self.passing = run
        """Every output by name, to be used before the same thread calls again: nothing is copied."""

    def outputs(self, values: Floats) -> dict[str, Floats]:
        """Every output by name."""
        return {name: np.array(value) for name, value in self.passing(values).items()}

    def __call__(self, values: Floats) -> Floats:
        """The first output, for networks that have one."""
        return np.array(next(iter(self.passing(values).values())))


_loaded: dict[tuple[Any, ...], Network] = {}
_lock = threading.Lock()
_import_lock = threading.Lock()
_request_lock = threading.Lock()


def available() -> tuple[str, ...]:
    """Return the installed backends in order of preference, without importing them."""
    return tuple(name for name in BACKENDS if find_spec(name) is not None)


def load(
    path: Path | str, *, backend: Backend = "auto", threads: int | None = None, precision: Precision | None = None
) -> Network:
    """Load an ONNX network; a second call for the same file in this process returns the same one.

    Args:
        path: ONNX file with one float32 input and float32 outputs.
        backend: "auto" takes OpenVINO where installed, else ONNX Runtime.
        threads: Number of threads; all the process may use by default.
        precision: "f32" or "bf16"; by default what the backend holds best for this processor.

    Returns:
        A function from input to output array.

    Raises:
        ModelError: The file is missing or no network that the backend can run.
        MissingExtraError: The backend is not installed.
        UsageError: ONNX Runtime was asked for bf16.
    """
    chosen = _choose(backend)
    if chosen == "onnxruntime" and precision == "bf16":
        raise UsageError("ONNX Runtime was asked for bf16", expected="f32", hint="Use backend='openvino' for bf16")
    file = Path(path)
    try:
        state = file.stat()
    except OSError as error:
        raise ModelError(f"the network {file.name} cannot be opened: {error.strerror or error}") from error
    threads = threads or _processors()
    key = (file.resolve(), state.st_mtime_ns, state.st_size, chosen, threads, precision)
    with _lock:
        if key in _loaded:
            return _loaded[key]
    network = (_openvino if chosen == "openvino" else _onnxruntime)(file, threads, precision)
    with _lock:
        return _loaded.setdefault(key, network)


def clear() -> None:
    """Forget the loaded networks and free their memory."""
    with _lock:
        _loaded.clear()


def _choose(backend: Backend) -> str:
    have = available()
    if backend == "auto" and have:
        return have[0]
    if backend in have:
        return backend
    if backend not in ("auto", *BACKENDS):
        raise UsageError(f"unknown backend {backend!r}", expected=", ".join(("auto", *BACKENDS)))
    wanted = "neither OpenVINO nor ONNX Runtime" if backend == "auto" else f"no {backend}"
    raise MissingExtraError(f"{wanted} is installed", hint="Run pip install openvino, or pip install onnxruntime")


def _processors() -> int:
    """Processors this process may use: fewer than the machine's in a container with an affinity mask."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry, which would report the import to a web service and mark the home folder.

    Its own fallback for a missing telemetry package is a stub that does nothing, so the package is hidden meanwhile.
    """
    with _import_lock, hidden("openvino_telemetry"):
        import openvino
    return openvino


def _openvino(file: Path, threads: int, precision: Precision | None) -> Network:
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": str(threads)}
    if threads < _processors():
        # Who asks for fewer threads shares the processors with others; pinned, all of them would share the first.
        options["ENABLE_CPU_PINNING"] = "NO"
    if precision:
        options["INFERENCE_PRECISION_HINT"] = precision
    if precision == "f32":
        # Else processors with VNNI quantise the activations of fully connected layers whose weights are quantised.
        options["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = "0"
    try:
        compiled = _core().compile_model(str(file), "CPU", options)
    except RuntimeError as error:
        raise _unusable(file, "OpenVINO", error) from error
    local = threading.local()  # a request is not safe to share between threads

    # A tensor may go by several names, of which the file's is one.
    names = [tuple(output.get_names()) for output in compiled.outputs]

    def run(images: Floats) -> dict[str, Floats]:
        try:
            if not hasattr(local, "request"):
                local.request = _request(compiled)
            given = np.ascontiguousarray(images, dtype=np.float32)
            result = local.request.infer({0: given}, share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise _failed(file, images, "OpenVINO", error) from error
        values = [np.asarray(result[i], dtype=np.float32) for i in range(len(names))]
        return {name: value for group, value in zip(names, values, strict=True) for name in group}

    return Network(run)


def _request(compiled: Any) -> Any:
    """A request whose tensors have been looked at.

    OpenVINO makes its bridge to NumPy when the first tensor is looked at. Two threads that do so at once wait for each
    other for ever, one with the bridge, the other with the interpreter.
    """
    with _request_lock:
        request = compiled.create_infer_request()
        _ = request.get_input_tensor(0).data
        return request


@functools.cache
def _core() -> Any:
    return import_openvino().Core()


def _onnxruntime(file: Path, threads: int, precision: Precision | None) -> Network:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    errors: tuple[type[Exception], ...] = (ValueError,)
    errors += tuple(e for e in vars(state).values() if isinstance(e, type) and issubclass(e, Exception))
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Only then are 8-bit weights turned into floats once at loading, and not at every call.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except errors as error:
        raise _unusable(file, "ONNX Runtime", error) from error
    name = session.get_inputs()[0].name
    names = [output.name for output in session.get_outputs()]

    def run(values: Floats) -> dict[str, Floats]:
        try:
            results = session.run(None, {name: np.ascontiguousarray(values, dtype=np.float32)})
        except errors as error:
            raise _failed(file, values, "ONNX Runtime", error) from error
        return {key: np.asarray(value, dtype=np.float32) for key, value in zip(names, results, strict=True)}

    return Network(run)


def _unusable(file: Path, backend: str, error: Exception) -> ModelError:
    return ModelError(
        f"{backend} cannot load the network {file.name}: {_reason(error)}", hint="Export the bundle again"
    )


def _failed(file: Path, values: Floats, backend: str, error: Exception) -> ModelError:
    return ModelError(f"{backend} cannot run {file.name} on an input of shape {values.shape}: {_reason(error)}")


def _reason(error: Exception) -> str:
    """Last line of an error that says something: the backends print their call stack first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
