"""What a measurement ran on, so that a figure is never quoted without it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bonescan.cli.checks import cpu_features

LIBRARIES = ("bonescan", "numpy", "scipy", "pydicom", "openvino", "onnxruntime", "reportlab")
CORES = 2


def bind() -> list[int]:
    """Bind this process and its children to two cores, the machine of the contract."""
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    return cores


def describe() -> dict[str, object]:
    """Processor, instruction sets, cores, load and versions."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")), "")
    return {
        "processor": model or platform.machine(),
        "features": cpu_features(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "measured": datetime.now(UTC).date().isoformat(),
    }
