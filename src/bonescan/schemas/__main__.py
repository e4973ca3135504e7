"""Regenerate the published schema file: `python -m bonescan.schemas`."""

from bonescan.core.files import write_text
from bonescan.schemas import ANALYSIS, render

if __name__ == "__main__":
    write_text(ANALYSIS, render())
