"""From a raw whole-body bone scan to outlined lesions, tumour burden and a draft report.

::

    import bonescan as bs

    study = bs.read("study.dcm")              # or a folder, a PNG pair, a four-panel capture
    analysis = bs.analyze(study)
    analysis.metastasis.probability, analysis.burden.bstbi, analysis.report.impression
    bs.write(analysis, "out/")

Research software: every result is a draft for review by a physician; not a medical device. The names below are loaded
when first used, so that importing the package stays quick and loads neither torch nor a model runtime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bonescan.analysis import analyze as analyze
    from bonescan.core.findings import Analysis as Analysis
    from bonescan.core.study import Study as Study
    from bonescan.export.folder import write as write
    from bonescan.io.reader import read_study as read

    __version__: str

_HOMES = {
    "read": ("bonescan.io.reader", "read_study"),
    "analyze": ("bonescan.analysis", "analyze"),
    "write": ("bonescan.export.folder", "write"),
    "Study": ("bonescan.core.study", "Study"),
    "Analysis": ("bonescan.core.findings", "Analysis"),
}
"""Public name → module that holds it, and its name there."""

__all__ = ["Analysis", "Study", "analyze", "read", "write"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("bonescan")
    elif name in _HOMES:
        module, attribute = _HOMES[name]
        value = getattr(import_module(module), attribute)
    else:
        raise AttributeError(f"module 'bonescan' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
