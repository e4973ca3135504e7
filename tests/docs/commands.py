"""Code and commands in the project's pages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page, language):
    """Fenced blocks of one language in a page."""
    return [body for name, body in _FENCE.findall(page.read_text(encoding="utf-8")) if name == language]


def console_lines():
    """(page, words) of every command after a `$` in a console block; comments cut off."""
    for page in PAGES:
        for block in blocks(page, "console"):
            for line in block.splitlines():
                if line.startswith("$ "):
                    for command in line[2:].split("&&"):
                        yield page.name, shlex.split(command, comments=True)
