"""The pipelines of this process: a bundle is checked and loaded once, however many studies follow."""

from __future__ import annotations

import threading
from pathlib import Path

from bonescan.core.settings import settings
from bonescan.inference.joint import Joint
from bonescan.inference.stepwise import Stepwise
from bonescan.models.bundle import MANIFEST, Bundle, load_bundle
from bonescan.models.registry import find_bundle

Pipeline = Stepwise | Joint
PIPELINES: dict[str, type[Stepwise] | type[Joint]] = {"stepwise": Stepwise, "joint": Joint}
"""By the name that a bundle gives."""
_pipelines: dict[str, Pipeline] = {}
_bundles: dict[tuple[Path, int], Bundle] = {}
_lock = threading.Lock()


def pipeline_for(model: str | Path | Bundle | None = None) -> Pipeline:
    """Return the pipeline of a model; its networks begin to load in the background.

    Args:
        model: A bundle, its name or its folder; by default the model of the settings.

    Raises:
        UnknownModelError: There is no such model.
        BundleCorruptError: A file of it is missing or altered.
    """
    bundle = model if isinstance(model, Bundle) else _bundle(find_bundle(model or settings().model))
    with _lock:
        if bundle.sha256 not in _pipelines:
            chosen = settings()
            _pipelines[bundle.sha256] = PIPELINES[bundle.manifest.pipeline](
                bundle, backend=chosen.backend, threads=chosen.threads
            )
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
