"""The pipelines of this process: a bundle is checked and loaded once, however many studies follow."""

from __future__ import annotations

import threading
from pathlib import Path

from bonescan.core.errors import ModelError
from bonescan.core.settings import settings
from bonescan.inference.stepwise import Stepwise
from bonescan.models.bundle import MANIFEST, Bundle, load_bundle
from bonescan.models.registry import find_bundle

_pipelines: dict[str, Stepwise] = {}
_bundles: dict[tuple[Path, int], Bundle] = {}
_lock = threading.Lock()


def pipeline_for(model: str | Path | Bundle | None = None) -> Stepwise:
    """Return the pipeline of a model; its networks begin to load in the background.

    Args:
        model: A bundle, its name or its folder; by default the model of the settings.

    Raises:
        UnknownModelError: There is no such model.
        BundleCorruptError: A file of it is missing or altered.
        ModelError: Its pipeline is not one that this version runs.
    """
    bundle = model if isinstance(model, Bundle) else _bundle(find_bundle(model or settings().model))
    with _lock:
        if bundle.sha256 not in _pipelines:
            if bundle.manifest.pipeline != "stepwise":
                raise ModelError(
                    f"the model {bundle.manifest.name} needs the pipeline {bundle.manifest.pipeline}",
                    expected="stepwise",
                    hint="Update bonescan, or name another model; 'bonescan models' lists them",
                )
            chosen = settings()
            _pipelines[bundle.sha256] = Stepwise(bundle, backend=chosen.backend, threads=chosen.threads)
        pipeline = _pipelines[bundle.sha256]
    pipeline.prepare()
    return pipeline


def _bundle(folder: Path) -> Bundle:
    """Open a bundle, once for as long as its manifest is not written anew."""
    manifest = folder.resolve() / MANIFEST
    key = (manifest, manifest.stat().st_mtime_ns)
    with _lock:
        known = _bundles.get(key)
    if known is None:
        known = load_bundle(folder)
        with _lock:
            _bundles[key] = known
    return known
