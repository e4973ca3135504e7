"""Write figures into README and docs from committed results: `python -m benchmarks.readme` (`--check` only compares).

Every figure comes from `benchmarks/results/*.json`; none is typed by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import accuracy_page
from benchmarks.blocks import with_block

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN = "<!-- figures: begin (python -m benchmarks.readme) -->"
END = "<!-- figures: end -->"
SPEED_PAGE = ROOT / "docs" / "usage" / "speed.md"
LIMITS = {
    "patient_s": 0.06,
    "process_s": 1.5,
    "import_s": 0.3,
    "memory_mib": 800,
    "simulated_s": 0.5,
    "simulator_mib": 1536,
}
STUDIES_PER_S = 12
RATIO = 10
"""Times that the default model is to be faster than the paper's pipeline."""
PAPER_S = 0.55
"""What the paper says that its pipeline takes, on a 1080Ti; it does not say what is counted."""
"""What the project aims at on two cores (a simulated patient: on one); the table says where it is missed."""


def main() -> None:
    """Rewrite the blocks, or with `--check` exit with 1 where one is not what the results say."""
    for page, block in PAGES.items():
        text = page.read_text(encoding="utf-8")
        fresh = updated(text, block())
        if "--check" in sys.argv[1:] and fresh != text:
            sys.exit(f"{page.name} is behind the results; run: make figures")
        page.write_text(fresh, encoding="utf-8")


def updated(text: str, block: str) -> str:
    """A page's text with its block of figures replaced."""
    return with_block(text, BEGIN, END, [block])


def readme_block() -> str:
    """Both tables with where they come from."""
    speed, install, simulation = _result("speed"), _result("install"), _result("simulation")
    return "\n".join([*_speed(speed, install, simulation), "", *accuracy_page.summary()])


def speed_block() -> str:
    """Where the time goes, pipeline beside pipeline and runtime beside runtime."""
    speed = _result("speed")
    inside, folder = speed["in_process"], speed["folder"]
    here, stepwise = inside["dicom_to_analysis"], inside["stepwise"]
    rows = [
        (f"`{inside['model']['name']}`, raw DICOM to analysis", here["median_s"]),
        ("the same, mean: it looks twice where it is in doubt", here["mean_s"]),
        ("run-length compressed DICOM to analysis", inside["run_length_compressed"]["median_s"]),
        ("`stepwise`, raw DICOM to analysis", stepwise["median_s"]),
        *nnunet_rows(speed),
        ("the paper's pipeline on a 1080Ti, as it says", PAPER_S),
    ]
    parts = [(stage, value) for stage, value in inside["stages_ms"].items() if stage != "total"]
    networks = sorted(inside["networks"].items(), key=lambda item: item[1]["median_s"])
    ratio = inside[f"ratio_stepwise_to_{inside['model']['name']}"]
    lines = [
        f"Medians over {inside['patients']} simulated patients, {inside['rounds']} times each, on "
        f"{speed['machine']['cores']} cores of {speed['machine']['processor']} "
        f"({', '.join(speed['machine']['features'])}); load average when the run began "
        f"{speed['machine']['load_average_at_start']:g}. From [speed.json](../../benchmarks/results/speed.json) by "
        f"`{speed['command']}`.",
        "",
        f"The default model takes 1/{ratio:g} of what stepwise takes; a folder of {folder['studies']} studies goes "
        f"through at {folder['studies_per_s']:g} a second, reading, start and writing counted "
        f"({folder['peak_memory_mib']:.0f} MiB at most).",
        "",
        *_table(("One patient", "s"), [(name, f"{value:.3f}") for name, value in rows]),
        "",
        *_table(("Part of it", "ms"), [(stage, f"{value:.1f}") for stage, value in parts]),
        "",
        *_table(
            ("Preprocessing and network, by runtime", "ms"),
            [(name.replace("_", " "), f"{1e3 * value['median_s']:.0f}") for name, value in networks],
        ),
    ]
    return "\n".join(lines)


def nnunet_rows(speed: dict[str, Any]) -> list[tuple[str, float]]:
    """Its predictor on the same patients, where it was measured."""
    measured = speed.get("nnunet", {})
    words = {"plain": "nnU-Net's predictor, its network alone", "mirrored": "the same with its mirroring, its default"}
    return [(words[name], measured[name]["median_s"]) for name in words if name in measured]


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from (f"| {head[0]} | {head[1]} |", "|---|--:|")
    yield from (f"| {name} | {value} |" for name, value in rows)


def _result(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return result


def _speed(speed: dict[str, Any], install: dict[str, Any], simulation: dict[str, Any]) -> Iterator[str]:
    machine, processes, inside = speed["machine"], speed["processes"], speed["in_process"]
    chain, folder = inside["dicom_to_analysis"], speed["folder"]
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
        ("Peak memory of `bonescan analyze`", processes["analyze"]["peak_memory_mib"], LIMITS["memory_mib"], "MiB"),
        ("Simulating a patient with its truth", simulation["builtin"]["study_median_s"], LIMITS["simulated_s"], "s"),
        ("Simulating a patient of diffuse disease", simulation["builtin"]["superscan_median_s"], None, "s"),
        ("Peak memory of simulating", simulation["builtin"]["peak_memory_mib"], LIMITS["simulator_mib"], "MiB"),
        ("Base install, environment and all", install["environment_mb"], install["limit_mb"], "MB"),
    ]
    yield from ("", "| | Measured | Aim |", "|---|--:|--:|")
    rate = folder["studies_per_s"]
    missed = " (missed)" if rate < STUDIES_PER_S else ""
    yield f"| `bonescan analyze` of a folder | {rate:.3g} studies/s | at least {STUDIES_PER_S} studies/s{missed} |"
    ratios = {
        "Times faster than `stepwise`, the paper's pipeline made cheap": f"ratio_stepwise_to_{inside['model']['name']}",
        "Networks, times faster than the paper's at their full size": "ratio_paper_full_size_to_openvino",
    }
    for name, key in ratios.items():
        if (ratio := inside.get(key)) is not None:
            yield f"| {name} | {ratio:.3g} | at least {RATIO}{' (missed)' if ratio < RATIO else ''} |"
    for name, value, limit, unit in rows:
        aim = f"at most {limit:g} {unit}" if limit else ""
        yield f"| {name} | {value:.3g} {unit} | {aim}{' (missed)' if limit and value > limit else ''} |"


PAGES = {README: readme_block, SPEED_PAGE: speed_block, accuracy_page.PAGE: accuracy_page.block}


if __name__ == "__main__":
    main()
