"""The checks of `bonescan doctor`: each a function that returns one or more findings and never raises."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from bonescan.cli.failure import DEBUG_VARIABLE
from bonescan.core.errors import BonescanError
from bonescan.inference.runtime import import_openvino

TRAIN_HINT = "pip install 'bonescan[train]' (see the README for a CPU-only torch)"
REINSTALL_HINT = "pip install --force-reinstall . (in the checkout)"
LIBRARIES = ("numpy", "scipy", "pydicom", "pynetdicom", "python-gdcm", "pillow", "pydantic", "reportlab")
CPU_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "asimd", "asimddp", "bf16")


@dataclass(frozen=True)
class Check:
    """One finding of the doctor."""

    name: str
    state: Literal["ok", "note", "broken"]
    detail: str
    hint: str = ""


def run_checks() -> list[Check]:
    """All checks, in the order in which a person wants to read them."""
    groups = (_python, _processor, _libraries, _runtimes, _codecs, _bundles, _settings, _folders, _training)
    return [check for group in groups for check in group()]


def cpu_features() -> list[str]:
    """Which of the instruction sets that decide the speed of networks the processor has, as far as Linux tells."""
    cpuinfo = Path("/proc/cpuinfo")
    words = set(cpuinfo.read_text(errors="replace").split()) if cpuinfo.is_file() else set[str]()
    return [feature for feature in CPU_FEATURES if feature in words]


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _python() -> Iterator[Check]:
    yield Check("bonescan", "ok", f"{_version('bonescan') or 'not installed as a package'}")
    yield Check("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _processor() -> Iterator[Check]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Check("processor", "ok", f"{usable} cores usable; {' '.join(cpu_features()) or 'features unknown'}")


def _libraries() -> Iterator[Check]:
    missing = [name for name in LIBRARIES if _version(name) is None]
    found = ", ".join(f"{name} {_version(name)}" for name in LIBRARIES if name not in missing)
    if missing:
        yield Check("libraries", "broken", f"missing: {', '.join(missing)}", REINSTALL_HINT)
    else:
        yield Check("libraries", "ok", found)


def _runtimes() -> Iterator[Check]:
    loaders: dict[str, Callable[[], object]] = {
        "openvino": import_openvino,
        "onnxruntime": partial(import_module, "onnxruntime"),
    }
    problems = {name: _problem(name, loader) for name, loader in loaders.items()}
    for name, problem in problems.items():
        if problem:
            yield Check(name, "note", problem, f"pip install {name}")
        else:
            yield Check(name, "ok", f"{_version(name)}")
    if all(problems.values()):
        yield Check("runtime", "broken", "neither OpenVINO nor ONNX Runtime can be loaded", REINSTALL_HINT)


def _problem(module: str, loader: Callable[[], object]) -> str | None:
    """Why a module cannot be imported, or None; a foreign library may fail with an OSError of its loader too."""
    if find_spec(module) is None:
        return "not installed"
    try:
        loader()
    except (ImportError, OSError, RuntimeError) as error:
        return f"installed but cannot be loaded: {error}"
    return None


def _codecs() -> Iterator[Check]:
    problem = _problem("gdcm", partial(import_module, "gdcm"))
    if problem:
        yield Check("codecs", "broken", f"gdcm: {problem}", "pip install python-gdcm")
    else:
        yield Check("codecs", "ok", "RLE, JPEG lossless, JPEG-LS, JPEG 2000 (gdcm)")


def _bundles() -> Iterator[Check]:
    from bonescan.core.settings import settings
    from bonescan.models.bundle import load_bundle
    from bonescan.models.registry import find_bundle, list_bundles

    try:
        for folder in list_bundles():
            try:
                manifest = load_bundle(folder).manifest
            except BonescanError as error:
                yield Check("model", "broken", error.message)
            else:
                yield Check("model", "ok", f"{manifest.name} {manifest.version}, every file has its SHA-256")
        find_bundle(settings().model)
    except BonescanError as error:
        yield Check("model", "broken", error.message)


def _settings() -> Iterator[Check]:
    from bonescan.core.settings import CONFIG_VARIABLE, Settings, config_file, settings

    try:
        file, values = config_file(), settings()
    except BonescanError as error:
        yield Check("settings", "broken", error.message)
        return
    changed = [
        f"{name}={value}" for name, value in values if name != "node" and value != Settings.model_fields[name].default
    ]
    changed += [f"node.{name}={getattr(values.node, name)}" for name in sorted(values.node.model_fields_set)]
    yield Check("settings", "ok", f"{file or 'no bonescan.toml'}; {', '.join(changed) or 'all at their defaults'}")
    known = {f"BONESCAN_{name.upper()}" for name in Settings.model_fields} | {CONFIG_VARIABLE, DEBUG_VARIABLE}
    known |= {f"BONESCAN_NODE__{name.upper()}" for name in type(values.node).model_fields}
    stray = sorted(name for name in os.environ if name.startswith("BONESCAN_") and name not in known)
    if stray:
        yield Check("settings", "note", f"not a setting: {', '.join(stray)}", "docs/usage/settings.md has them all")


def _folders() -> Iterator[Check]:
    for name, folder in (("working folder", Path.cwd()), ("temporary folder", Path(tempfile.gettempdir()))):
        writable = os.access(folder, os.W_OK | os.X_OK)
        yield Check(name, "ok" if writable else "note", f"{folder}{'' if writable else ' is not writable'}")


def _training() -> Iterator[Check]:
    if find_spec("torch") is None:
        yield Check("training", "note", "no torch, which `train`, `predict`, `export` and `calibrate` need", TRAIN_HINT)
    else:
        # The version alone: importing torch takes seconds, and a doctor is asked often.
        yield Check("training", "ok", f"torch {_version('torch')}")
