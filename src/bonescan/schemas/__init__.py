"""The published JSON Schema of `analysis.json`, as a file for programs in any language.

`python -m bonescan.schemas` regenerates the file from `bonescan.core.findings`; a test proves the two equal.
"""

from __future__ import annotations

import json
from pathlib import Path

ANALYSIS = Path(__file__).with_name("analysis-1.json")
"""The committed schema file of `bonescan.analysis/1`."""


def render() -> str:
    """The schema as the code defines it, as the text of the file."""
    from bonescan.core.findings import json_schema

    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
