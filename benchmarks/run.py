"""Measure time and memory on two cores and write `benchmarks/results/speed.json`: `python -m benchmarks.run`.

The patients are simulated from a fixed seed. Close other programs first: the load of the machine when the run began is
kept beside the figures. The model is that of the settings.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import bind, describe
from benchmarks.processes import import_seconds, throughput, whole_commands

RESULT = Path(__file__).parent / "results" / "speed.json"
SEED = 2024


def main() -> None:
    """Run all measurements and write the result file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--patients", type=int, default=12, help="simulated patients")
    arguments.add_argument("--rounds", type=int, default=3, help="times that each patient is analysed")
    arguments.add_argument("--runs", type=int, default=7, help="runs of each whole process")
    arguments.add_argument("--copies", type=int, default=5, help="times that each patient lies in the folder")
    arguments.add_argument("--nnunet", type=Path, help="run of an nnU-Net, to time its predictor on the same patients")
    chosen = arguments.parse_args()
    bind()
    command = f"python -m benchmarks.run{' --nnunet RUN' if chosen.nnunet else ''}"
    result: dict[str, object] = {"machine": describe(), "command": command}
    with tempfile.TemporaryDirectory() as folder:
        compressed = _patients(Path(folder) / "compressed", chosen.patients)
        studies = _uncompressed(compressed, Path(folder) / "plain")
        result["processes"] = {
            "import_bonescan": import_seconds(chosen.runs),
            **whole_commands(studies[0], chosen.runs),
        }
        result["folder"] = throughput(studies, chosen.copies)
        result["in_process"] = _json_of("in_process", str(chosen.rounds), *map(str, (*studies, *compressed)))
        if chosen.nnunet:
            result["nnunet"] = _json_of("nnunet_seconds", str(chosen.nnunet.resolve()), *map(str, studies))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def _patients(folder: Path, number: int) -> list[Path]:
    words = ["simulate", "-n", str(number), "--seed", str(SEED), "-o", str(folder)]
    subprocess.run([sys.executable, "-m", "bonescan", *words], check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.glob("*/*.dcm"))


def _uncompressed(studies: list[Path], folder: Path) -> list[Path]:
    """The same scans as gamma cameras send them."""
    import pydicom

    folder.mkdir()
    plain = []
    for study in studies:
        dataset = pydicom.dcmread(study)
        dataset.decompress()
        plain.append(folder / study.name)
        dataset.save_as(plain[-1])
    return plain


def _json_of(module: str, *words: str) -> object:
    """What a measurement in a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *words], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
