"""Break the node and count: `python -m benchmarks.node_faults` writes `benchmarks/results/node_faults.json`.

200 studies from four senders while the node is killed twenty times, then each other fault by itself, on loopback, with
the shipped model and simulated patients. Takes some ten minutes on two cores; `tests/network` runs a small one of it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.machine import bind, describe
from benchmarks.node.faults import FAULTS
from benchmarks.node.kills import killed_again_and_again

RESULT = Path(__file__).parent / "results" / "node_faults.json"


def main() -> None:
    """Simulate a few patients, break the node in every way, write the numbers."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--studies", type=int, default=200)
    words.add_argument("--senders", type=int, default=4)
    words.add_argument("--kills", type=int, default=20)
    words.add_argument("--only", choices=["kills", *FAULTS], help="one of them alone; the others stay as they are")
    given = words.parse_args()
    bind()
    result = json.loads(RESULT.read_text(encoding="utf-8")) if given.only else {}
    result |= {"command": "python -m benchmarks.node_faults", "machine": describe()}
    with tempfile.TemporaryDirectory(prefix="bonescan-faults-") as name:
        folder = Path(name)
        bases = _patients(folder / "cohort")
        if given.only in (None, "kills"):
            result["killed_again_and_again"] = killed_again_and_again(
                folder / "kills",
                bases,
                studies=given.studies,
                senders=given.senders,
                kills=given.kills,
                every_s=(1.0, 8.0),
            )
            print(json.dumps(result["killed_again_and_again"], indent=2), flush=True)
        for fault, run in FAULTS.items():
            if given.only in (None, fault):
                result[fault] = run(folder / fault, bases)
                print(fault, json.dumps(result[fault], indent=2), flush=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _patients(folder: Path) -> list[Path]:
    from bonescan.simulate.cohort import simulate_cohort

    simulate_cohort(folder, 8, seed=1)
    return sorted(folder.rglob("*.dcm"))


if __name__ == "__main__":
    main()
