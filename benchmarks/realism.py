"""Measure realism into `benchmarks/results/realism.json` and its page: `python -m benchmarks.realism --real DIR`.

The file holds aggregate numbers only: no picture, nothing of a single patient. `before` is the simulator of commit
289d98c, measured once with the same code, and is kept.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.blocks import with_block

RESULT = Path(__file__).parent / "results" / "realism.json"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "usage" / "realism.md"
BEGIN = "<!-- figures: begin (python -m benchmarks.realism) -->"
END = "<!-- figures: end -->"
PATIENTS, SEED = 32, 1
LIMBS = "limbs/"


def main() -> None:
    """Measure, or take what `bonescan simulate --realism DIR -n 32 --seed 1 --json` printed, and write the result."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--real", type=Path, help="folder of real scans")
    arguments.add_argument("--from", type=Path, dest="printed", help="JSON that the command printed")
    arguments.add_argument("--processes", type=int, default=1)
    chosen = arguments.parse_args()
    if chosen.printed:
        document = json.loads(chosen.printed.read_text(encoding="utf-8"))
    elif chosen.real:
        from bonescan.simulate.realism.run import measure_realism

        document = measure_realism(chosen.real, PATIENTS, seed=SEED, processes=chosen.processes).document()
    else:
        arguments.error("--real or --from is needed")
    document.pop("sheet_key", None)
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    result |= {"command": "python -m benchmarks.realism", "now": document}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8"), result), encoding="utf-8")


def updated(text: str, result: dict[str, Any]) -> str:
    """The page with its block of figures taken from the result."""
    simulated, real = (result["now"]["patients"][kind] for kind in ("simulated", "real"))
    said = (
        f"{simulated} simulated patients against {real} real ones. *Before* is the simulator of commit "
        f"{result['before']['commit']}. From [realism.json](../../benchmarks/results/realism.json)."
    )
    off = "Off now (10th / 50th / 90th percentile over patients):"
    lines = [said, "", *table(result), "", *hot_spots(result), "", *limbs(result), "", off, "", *far(result)]
    return with_block(text, BEGIN, END, lines)


def table(result: dict[str, Any]) -> list[str]:
    """The lines of the table of before and now."""
    before, now = result["before"], result["now"]
    lines = ["| | Before | Now |", "|---|--:|--:|"]
    off = [f"{one['figures_off']} of {one['figures']}" for one in (before, now)]
    lines.append(
        f"| Figures with the simulated median outside of the real 10th to 90th percentile | {off[0]} | {off[1]} |"
    )
    told = [f"{t['accuracy']:.3f} ({t['low']:.3f} to {t['high']:.3f})" for t in (before["telling"], now["telling"])]
    lines.append(f"| Patches told right (95 % interval) | {told[0]} | {told[1]} |")
    for kind, words in (("by_scale", "from the {} alone"), ("by_region", "where most is {}")):
        names = [*before["telling"][kind], *(n for n in now["telling"][kind] if n not in before["telling"][kind])]
        for name in names:
            cells = [one["telling"][kind].get(name) for one in (before, now)]
            shown = ["" if cell is None else f"{cell:.3f}" for cell in cells]
            lines.append(f"| … {words.format(name)} | {shown[0]} | {shown[1]} |")
    return lines


def hot_spots(result: dict[str, Any]) -> list[str]:
    """The lines of the table of hot spots."""
    spots = result["now"]["hot_spots"]
    lines = [
        "| Hot spots (10th / 25th / 50th / 75th / 90th percentile) | Number | Peak over the bone around "
        "| Pixels at half of it |",
        "|---|--:|--:|--:|",
    ]
    for kind, words in (("real", "real, marked abnormal"), ("simulated", "simulated metastases, visible")):
        over, area = (" / ".join(f"{v:.3g}" for v in spots[kind][key]) for key in ("over_bone", "area_px"))
        lines.append(f"| {words} | {spots[kind]['count']} | {over} | {area} |")
    return lines


def far(result: dict[str, Any]) -> list[str]:
    """The lines of the table of what is off now."""
    return [
        "| View | Figure | Real | Simulated | |",
        "|---|---|--:|--:|---|",
        *(
            f"| {row['view'] or 'both'} | {row['name']} | {spreads(row)} | {row['verdict']} |"
            for row in result["now"]["rows"]
            if row["verdict"]
        ),
    ]


def limbs(result: dict[str, Any]) -> list[str]:
    """The lines of the table of arms and legs."""
    lines = ["| Limbs | View | Real | Simulated |", "|---|---|--:|--:|"]
    for row in result["now"]["rows"]:
        if row["name"].startswith(LIMBS):
            name = row["name"].removeprefix(LIMBS).replace("_", " ")
            lines.append(f"| {name} | {row['view']} | {spreads(row)} |")
    return lines


def spreads(row: dict[str, Any]) -> str:
    """Two cells: percentiles of real and of simulated patients."""
    return " | ".join("{:.3g} / {:.3g} / {:.3g}".format(*row[kind]) for kind in ("real", "simulated"))


if __name__ == "__main__":
    main()
