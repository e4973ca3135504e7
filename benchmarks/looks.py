"""What it is worth that the joint model looks twice where it is in doubt: `python -m benchmarks.looks`.

Evaluates it on the default cohort of `benchmarks.accuracy`, after which it runs, as it ships, with one look at
everybody and with two; compares these with paired tests, and writes `benchmarks/results/looks.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.accuracy import COHORTS, DROPPED, RESULTS, bonescan, compared

COHORT = "default"
LOOKS = ("once", "twice")


def main() -> None:
    """Evaluate, compare and write the result file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, default=Path("accuracy"), help="folder that benchmarks.accuracy used")
    arguments.add_argument("--processes", type=int, default=2, help="worker processes")
    chosen = arguments.parse_args()
    document = run(chosen.work, chosen.processes)
    (RESULTS / "looks.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def run(work: Path, processes: int) -> dict[str, Any]:
    """The result.

    Args:
        work: Holds the cohort and what the model that ships makes of it.
        processes: Worker processes.
    """
    results = [work / f"{COHORT}-joint"]
    for looks in LOOKS:
        results.append(work / f"{COHORT}-joint-{looks}")
        words = ("--cohort", str(work / COHORT), "--model", "joint", "--looks", looks, "--split", "all")
        bonescan("evaluate", *words, "--processes", str(processes), "-o", str(results[-1]))
    methods = [json.loads((result / "evaluation.json").read_text("utf-8")) for result in results]
    return {
        "command": "python -m benchmarks.looks",
        "what": f"{COHORTS[COHORT].says}; simulated, built-in body",
        "fingerprint": methods[0]["cohorts"][0]["fingerprint"],
        "methods": {m["method"]["name"]: {k: v for k, v in m.items() if k not in DROPPED} for m in methods},
        "pairs": compared(results, work / f"{COHORT}-looks-compared")["pairs"],
    }


if __name__ == "__main__":
    main()
