"""Score readers of mixed sheets into `benchmarks/results/blind-reading.json` and the page about realism.

A sheet is what `bonescan simulate --realism REAL -n 12 --seed 821 --sheet SHEET.png --json > SHEET.json` writes; a
reader sees the picture once, as a whole, and says of each frame R or S and how sure he or she is, from 50 to 100.

    python -m benchmarks.blind_reading --sheet SHEET.json --seed 821 --simulator COMMIT --reader WHO \
        --calls RSRRSSRRSRSSSSRSRRRR --sure 70 58 60 ...

adds a reading; without a sheet the page is written anew from the committed readings. They hold calls and keys alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.blocks import with_block
from bonescan.metrics.proportions import wilson

RESULT = Path(__file__).parent / "results" / "blind-reading.json"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "usage" / "realism.md"
BEGIN = "<!-- blind reading: begin (python -m benchmarks.blind_reading) -->"
END = "<!-- blind reading: end -->"


def main() -> None:
    """Add a reading, if one is given, and write the page."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    arguments.add_argument("--sheet", type=Path, help="JSON that the command printed with the sheet")
    arguments.add_argument("--seed", type=int, help="of the sheet")
    arguments.add_argument("--simulator", help="commit of the simulator, or a few words for it")
    arguments.add_argument("--reader", help="who read it; no name of a person")
    arguments.add_argument("--calls", help="one letter a frame, R or S")
    arguments.add_argument("--sure", type=int, nargs="+", help="per cent, one a frame")
    chosen = arguments.parse_args()
    result: dict[str, Any] = {"command": "python -m benchmarks.blind_reading", "readings": []}
    if RESULT.is_file():
        result = json.loads(RESULT.read_text(encoding="utf-8"))
    if chosen.sheet:
        key = json.loads(chosen.sheet.read_text(encoding="utf-8"))["sheet_key"]
        result["readings"].append(
            reading(key, chosen.calls or "", chosen.sure or [], chosen.simulator, chosen.seed, chosen.reader)
        )
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8"), result), encoding="utf-8")


def reading(key: str, calls: str, sure: list[int], simulator: str, seed: int, reader: str) -> dict[str, Any]:
    """One reader's calls on one sheet, checked.

    Raises:
        SystemExit: Calls or confidences do not fit the sheet.
    """
    if len(calls) != len(key) or set(calls) - set("RS"):
        raise SystemExit(f"--calls: found {calls!r}; expected {len(key)} letters, R or S, one for each frame")
    if len(sure) != len(key) or not all(50 <= value <= 100 for value in sure):
        raise SystemExit(f"--sure: found {len(sure)} numbers; expected {len(key)} from 50 to 100, one for each frame")
    return {"simulator": simulator, "seed": seed, "reader": reader, "key": key, "calls": calls, "sure_percent": sure}


def table(result: dict[str, Any]) -> list[str]:
    """A line for each simulator, in the order of the readings."""
    lines = [
        "| Simulator | Sheets | Frames told right (95 % interval) | Simulated ones taken for real "
        "| Real ones taken for simulated | Mean confidence |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for simulator in dict.fromkeys(one["simulator"] for one in result["readings"]):
        mine = [one for one in result["readings"] if one["simulator"] == simulator]
        pairs = [pair for one in mine for pair in zip(one["key"], one["calls"], strict=True)]
        right = sum(key == call for key, call in pairs)
        low, high = wilson(right, len(pairs))
        fooled = [sum(pair == wrong for pair in pairs) for wrong in (("S", "R"), ("R", "S"))]
        of = [sum(key == kind for key, _ in pairs) for kind in "SR"]
        sure = [value for one in mine for value in one["sure_percent"]]
        lines.append(
            f"| {simulator} | {len(mine)} "
            f"| {right} of {len(pairs)}: {right / len(pairs):.2f} ({low:.2f} to {high:.2f}) "
            f"| {fooled[0]} of {of[0]} | {fooled[1]} of {of[1]} | {sum(sure) / len(sure):.0f} % |"
        )
    return lines


def updated(text: str, result: dict[str, Any]) -> str:
    """The page with its block of readings taken from the result."""
    readers = ", ".join(dict.fromkeys(one["reader"] for one in result["readings"]))
    source = "[blind-reading.json](../../benchmarks/results/blind-reading.json)"
    said = f"Readers: {readers}; a new one for each sheet. From {source}."
    return with_block(text, BEGIN, END, [said, "", *table(result)])


if __name__ == "__main__":
    main()
