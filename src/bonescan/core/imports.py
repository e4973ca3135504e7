"""Keeping libraries from importing what they offer and nobody here uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

UNUSED = ("requests", "tqdm", "openvino.tools.ovc")
"""Optional imports that take a tenth of a short command's time: pydicom downloads its examples with the first two,
OpenVINO converts networks with the last."""


@contextmanager
def hidden(*modules: str) -> Iterator[None]:
    """Hide modules meanwhile: importing one fails as if it were not installed. Those imported already stay.

    For optional imports alone, which their libraries do without. It holds for all threads.

    Example:
        >>> with hidden("turtledemo"):
        ...     import turtledemo
        Traceback (most recent call last):
        ModuleNotFoundError: import of turtledemo halted; None in sys.modules
    """
    absent = [name for name in modules if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]  # as the import system itself marks what must not be found
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
