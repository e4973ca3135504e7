"""Runs the real command in a process of its own, as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "bonescan"


def bonescan(*words, cwd=None, env=None, timeout=120):
    """Run `bonescan WORDS`; settings of the machine that runs the tests play no part."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BONESCAN_")}
    clean |= {"XDG_CONFIG_HOME": "/nonexistent", "OMP_NUM_THREADS": "2", **(env or {})}
    return subprocess.run(
        [sys.executable, "-m", "bonescan", *map(str, words)],
        cwd=cwd,
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def python(code, timeout=60):
    """Run a line of Python in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
