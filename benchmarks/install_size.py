"""Install the base package into a fresh environment and write its size: `python -m benchmarks.install_size`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import describe

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).parent / "results" / "install.json"
LIMIT_MB = 700
LISTED = 10


def main() -> None:
    """Make the environment, install, measure, write."""
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder) / "venv"
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        python = str(environment / "bin" / "python")
        before = size_mb(environment)
        words = [python, "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt"), str(ROOT)]
        subprocess.run(words, check=True)
        (packages,) = environment.glob("lib/python*/site-packages")
        parts = {entry.name: size_mb(entry) for entry in packages.iterdir() if entry.is_dir()}
        result = {
            "command": "python -m benchmarks.install_size",
            "python": describe()["python"],
            "measured": describe()["measured"],
            "environment_mb": round(size_mb(environment), 1),
            "installed_mb": round(size_mb(environment) - before, 1),
            "limit_mb": LIMIT_MB,
            "holds_torch": (packages / "torch").exists(),
            "package_mb": round(package_mb(), 1),
            "largest_mb": {
                name: round(size, 1) for name, size in sorted(parts.items(), key=lambda item: -item[1])[:LISTED]
            },
        }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def package_mb() -> float:
    """Size of bonescan itself in the checkout in MB, without compiled modules; another one makes a result stale."""
    package = ROOT / "src" / "bonescan"
    return size_mb(package) - sum(size_mb(compiled) for compiled in package.rglob("__pycache__"))


def size_mb(folder: Path) -> float:
    """Size of all files below a folder in MB (10^6 bytes)."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


if __name__ == "__main__":
    main()
