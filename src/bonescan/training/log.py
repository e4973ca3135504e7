"""The log of a run, ``metrics.jsonl``: one line a validation, appended, so that it can be followed while it grows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bonescan.core.files import write_text

_FILE = "metrics.jsonl"


def read_log(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's log, none where there is no log; what a kill left of a line is passed over."""
    path = run / _FILE
    lines = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return lines


def append_to_log(run: Path, line: dict[str, Any]) -> None:
    """Add a line at the end, beginning a new one where a kill has torn the last."""
    path = run / _FILE
    torn = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
    with path.open("a", encoding="utf-8") as handle:
        handle.write("\n" * torn + json.dumps(line) + "\n")


def cut_log(run: Path, stage: str, step: int) -> None:
    """Drop what a stage said after a step, from which it goes on and will say it again."""
    lines = read_log(run)
    kept = [line for line in lines if line["stage"] != stage or line["step"] <= step]
    if len(kept) < len(lines):
        write_text(run / _FILE, "".join(json.dumps(line) + "\n" for line in kept))
