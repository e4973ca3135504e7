"""The shipped example study: a simulated patient as a two-frame NM whole-body file."""

from __future__ import annotations

from pathlib import Path


def path() -> Path:
    """The DICOM file of the example study; `make demo` analyses it.

    Example:
        >>> path().name
        'example.dcm'
    """
    return Path(__file__).with_name("example.dcm")
