"""Write the figures of the README from committed results: `python -m benchmarks.readme` (`--check` only compares).

Every figure comes from `benchmarks/results/*.json` or from the `bundle.json` of a shipped model; none is typed by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bonescan.models.bundle import Manifest, read_manifest
from bonescan.models.registry import list_bundles

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN = "<!-- figures: begin (python -m benchmarks.readme) -->"
END = "<!-- figures: end -->"
LIMITS = {"patient_s": 0.55, "process_s": 2.5, "import_s": 0.3, "simulated_s": 0.5, "simulator_mib": 1536}
"""What the project aims at on two cores (a simulated patient: on one); the table says where it is missed."""


def main() -> None:
    """Rewrite the block, or with `--check` exit with 1 where it is not what the results say."""
    text = README.read_text(encoding="utf-8")
    fresh = updated(text)
    if "--check" in sys.argv[1:]:
        sys.exit(0 if fresh == text else "README.md is behind the results; run: make figures")
    README.write_text(fresh, encoding="utf-8")


def updated(text: str) -> str:
    """The README's text with its block of figures as the committed results give it."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no block {BEGIN} … {END}")
    return f"{head}{BEGIN}\n{block()}\n{END}{tail}"


def block() -> str:
    """Both tables with where they come from."""
    speed, install, simulation = _result("speed"), _result("install"), _result("simulation")
    lines = [*_speed(speed, install, simulation)]
    for manifest in (read_manifest(folder)[0] for folder in list_bundles()):
        lines += ["", *_model(manifest)]
    return "\n".join(lines)


def _result(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return result


def _speed(speed: dict[str, Any], install: dict[str, Any], simulation: dict[str, Any]) -> Iterator[str]:
    machine, processes, inside = speed["machine"], speed["processes"], speed["in_process"]
    chain, networks = inside["dicom_to_analysis"], inside["networks"]
    yield (
        f"**Time, memory and size**, on simulated patients: medians over {inside['patients']} patients, "
        f"{inside['rounds']} times each, on {machine['cores']} cores of {machine['processor']} "
        f"({', '.join(machine['features'])}); load average when the "
        f"run began {machine['load_average_at_start']:g}. From [speed.json](benchmarks/results/speed.json) by "
        f"`{speed['command']}`, [install.json](benchmarks/results/install.json) by `{install['command']}`, and "
        "for simulating, in processor time of one core, [simulation.json](benchmarks/results/simulation.json) "
        f"by `{simulation['command']}`."
    )
    rows = [
        ("Raw DICOM to analysis, one patient", chain["median_s"], LIMITS["patient_s"], "s"),
        ("`bonescan analyze` with PDF, whole process", processes["analyze"]["median_s"], LIMITS["process_s"], "s"),
        ("`bonescan info`, whole process", processes["info"]["median_s"], None, "s"),
        ("`import bonescan`", processes["import_bonescan"]["median_s"], LIMITS["import_s"], "s"),
        ("The networks alone, by OpenVINO", networks["openvino"]["median_s"], None, "s"),
        ("The networks alone, by ONNX Runtime", networks["onnxruntime"]["median_s"], None, "s"),
        ("Peak memory of `bonescan analyze`", processes["analyze"]["peak_memory_mib"], None, "MiB"),
        ("Simulating a patient with its truth", simulation["builtin"]["study_median_s"], LIMITS["simulated_s"], "s"),
        ("Simulating a patient of diffuse disease", simulation["builtin"]["superscan_median_s"], None, "s"),
        ("Peak memory of simulating", simulation["builtin"]["peak_memory_mib"], LIMITS["simulator_mib"], "MiB"),
        ("Base install, environment and all", install["environment_mb"], install["limit_mb"], "MB"),
    ]
    yield from ("", "| | Measured | Aim: at most |", "|---|--:|--:|")
    for name, value, limit, unit in rows:
        aim = f"{limit:g} {unit}" if limit else ""
        yield f"| {name} | {value:.3g} {unit} | {aim}{' (missed)' if limit and value > limit else ''} |"


def _model(manifest: Manifest) -> Iterator[str]:
    warning = ", trained and measured on simulated patients, which says little about real ones"
    yield (
        f"**Accuracy of the model `{manifest.name}` {manifest.version}**{warning if manifest.simulated_only else ''}. "
        "From its `bundle.json`, as `bonescan models` shows it."
    )
    yield from ("", "| Figure | Value | 95 % interval | n | Measured on |", "|---|--:|--:|--:|---|")
    for figure in manifest.figures:
        known = figure.low is not None and figure.high is not None
        interval = f"{figure.low:.3f} to {figure.high:.3f}" if known else ""
        value = "not defined" if figure.value is None else f"{figure.value:.3f}"
        count = "" if figure.count is None else figure.count
        yield f"| {figure.name.replace('_', ' ')} | {value} | {interval} | {count} | {figure.dataset} |"


if __name__ == "__main__":
    main()
