"""The example that ships: a simulated study with metastases, so that everything can be tried without patient data."""

from __future__ import annotations

from pathlib import Path


def path() -> Path:
    """Path of the example study, an NM DICOM file with both views.

    Made by `make_example.py` from the built-in simulated body; no patient has ever had these bones.

    Example:
        >>> path().name
        'example.dcm'
    """
    return Path(__file__).with_name("example.dcm")
