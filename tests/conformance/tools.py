"""The programs that judge what we write: absent they skip a test, but not in CI."""

import os
import re
import shutil
import subprocess

import pytest

ALLOWED = {
    "retired class": (
        r"ReferencedFrameNumber\(0008,1160\)> - Shall not be present for Referenced SOP Class that is not multi-frame$",
        "dciodvfy does not know that the retired Nuclear Medicine class has frames",
    ),
    "odd values": (
        r"^Error - </AccessionNumber.*Length invalid for this VR",
        "the archive files by it, so it is carried over as it stands",
    ),
}
"""Name of a study → an error of dciodvfy that is no fault of ours, and why: the one list of exceptions."""


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


def errors(path, study=""):
    """Errors that dciodvfy finds in a result of a study, those of `ALLOWED` left out."""
    done = subprocess.run([tool("dciodvfy"), "-new", path], capture_output=True, check=False, timeout=60)
    lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
    assert lines, "dciodvfy says nothing"
    allowed, _ = ALLOWED.get(study, (r"(?!)", ""))
    return [line for line in lines if line.startswith("Error") and not re.search(allowed, line)]
