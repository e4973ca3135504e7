"""Times and peak memory of whole processes.

The parent must stay small: Linux counts what a process held before `exec` into the child's peak.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

BONESCAN = (sys.executable, "-m", "bonescan")
IMPORT = "from time import perf_counter as now; start = now(); import bonescan; print(now() - start)"


def process(words: list[str]) -> tuple[float, float]:
    """Run a command; return wall-clock seconds and peak resident memory in MiB."""
    start = perf_counter()
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        message = child.stderr.read().decode() if child.stderr else ""
        raise RuntimeError(f"{' '.join(words)} ended with {child.returncode}: {message}")
    if child.stderr:
        child.stderr.close()
    return seconds, usage.ru_maxrss / 1024


def whole_commands(study: Path, runs: int) -> dict[str, dict[str, float]]:
    """`bonescan analyze` with and without the PDF, and `bonescan info`: median seconds and highest peak memory."""
    with tempfile.TemporaryDirectory() as out:
        commands = {
            "analyze": [*BONESCAN, "analyze", str(study), "-o", out],
            "analyze_without_pdf": [*BONESCAN, "analyze", str(study), "-o", out, "--formats", "json,png"],
            "info": [*BONESCAN, "info", str(study)],
        }
        for words in commands.values():
            process(words)  # once unmeasured, so that files are in the page cache and bytecode is compiled
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, words in commands.items():
                measured[name].append(process(words))
    return {
        name: {
            "median_s": round(median(s for s, _ in values), 3),
            "slowest_s": round(max(s for s, _ in values), 3),
            "peak_memory_mib": round(max(m for _, m in values), 1),
            "runs": runs,
        }
        for name, values in measured.items()
    }


def throughput(studies: list[Path], copies: int) -> dict[str, float]:
    """`bonescan analyze FOLDER --formats json`: studies a second with reading and writing, the start counted too."""
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "in", Path(place) / "out"
        folder.mkdir()
        for copy in range(copies):
            for study in studies:
                shutil.copyfile(study, folder / f"{study.stem}-{copy}.dcm")  # links to one file are one study
        count = copies * len(studies)
        seconds, memory = process([*BONESCAN, "analyze", str(folder), "-o", str(out), "--formats", "json"])
        written = len(list(out.glob("*/analysis.json")))
    if written != count:
        raise RuntimeError(f"{written} of {count} studies were written")
    return {
        "studies": count,
        "seconds": round(seconds, 2),
        "studies_per_s": round(count / seconds, 2),
        "peak_memory_mib": round(memory, 1),
    }


def import_seconds(runs: int) -> dict[str, float]:
    """`import bonescan` in a fresh interpreter, the interpreter's own start not counted."""
    words = [sys.executable, "-c", IMPORT]
    values = [float(subprocess.run(words, capture_output=True, text=True, check=True).stdout) for _ in range(runs)]
    return {"median_s": round(median(values), 4), "slowest_s": round(max(values), 4), "runs": runs}
