"""The programs that judge what we write: absent they skip a test, but not in CI."""

import os
import shutil
import subprocess

import pytest

ALLOWED = ()
"""(beginning of a line of dciodvfy, why it is no fault of ours): the one list of exceptions."""


def tool(name):
    """Path of a tool; absent it skips the test, but not in CI."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI", "").lower() != "true":
        pytest.skip(f"{name} is not installed")
    assert found, f"{name} is not installed"
    return found


def run(name, *words, timeout=60):
    """Run a tool that has to succeed, and return all it says."""
    done = subprocess.run(
        [tool(name), *map(str, words)], capture_output=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL
    )
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode == 0, said
    return said


def errors(path):
    """Errors that dciodvfy finds in a file, those of `ALLOWED` left out."""
    done = subprocess.run([tool("dciodvfy"), "-new", path], capture_output=True, check=False, timeout=60)
    lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
    assert lines, "dciodvfy says nothing"
    allowed = tuple(beginning for beginning, _ in ALLOWED)
    return [line for line in lines if line.startswith("Error") and not (allowed and line.startswith(allowed))]
