"""Show models real scans: `python -m benchmarks.reality --real ../shared/real [--compare NAME|DIR ...] [--sheet PNG]`.

Counts how far what a model reports agrees with pseudo-labels and prints it. `--results` writes the counts (nothing of a
single patient); where that is the committed file, the page's table follows. Accuracy cannot be told from these scans:
nobody knows their truth.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.reality import page
from benchmarks.reality.agreement import agreement
from benchmarks.reality.found import find
from benchmarks.reality.sheets import finding_panels, region_panels, write_sheets
from benchmarks.reality.studies import SHOWN, Marked, read_marked
from bonescan.core.errors import BonescanError
from bonescan.inference.pipelines import pipeline_for
from bonescan.models.registry import DEFAULT_MODEL
from bonescan.simulate.realism.sheet import refuse_in_repository


def main(arguments: list[str] | None = None) -> None:
    """Measure the models that were named."""
    parser = argparse.ArgumentParser("python -m benchmarks.reality", description=__doc__)
    parser.add_argument("--real", type=Path, required=True, help="folder of real scans")
    models = parser.add_mutually_exclusive_group()
    models.add_argument("--model", default=DEFAULT_MODEL, help="name or folder of a bundle")
    models.add_argument("--compare", nargs="+", metavar="MODEL", help="several, into one table")
    parser.add_argument("--shown", choices=[*SHOWN], action="append", help="how studies are shown; by default all ways")
    parser.add_argument("--sheet", type=Path, help="PNG of findings and boxes, page by page; outside any repository")
    parser.add_argument("--region-sheet", type=Path, help="PNG of region maps, given and found side by side")
    parser.add_argument("--results", type=Path, help="JSON to write; with the committed one the page follows")
    parser.add_argument("--json", action="store_true", help="print JSON, not the table")
    chosen = parser.parse_args(arguments)
    try:
        for path in filter(None, (chosen.sheet, chosen.region_sheet)):
            refuse_in_repository(path)
        marked = read_marked(chosen.real)
        names = chosen.compare or [chosen.model]
        result = page.document(
            [_model(name, marked, chosen, number if len(names) > 1 else None) for number, name in enumerate(names)],
            marked,
        )
    except BonescanError as error:
        sys.exit(f"{error}")
    if chosen.results:
        chosen.results.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        if chosen.results.resolve() == page.RESULT:
            page.PAGE.write_text(page.updated(page.PAGE.read_text(encoding="utf-8"), result), encoding="utf-8")
    print(json.dumps(result, indent=1) if chosen.json else "\n".join(page.report(result)))


def _model(name: str, marked: list[Marked], chosen: argparse.Namespace, number: int | None) -> dict[str, Any]:
    """Measure one model each way, and draw its sheets as the files are stored."""
    bundle = pipeline_for(name).bundle
    measured = {}
    for shown in chosen.shown or SHOWN:
        pairs = [(one, find(name, one.study, SHOWN[shown])) for one in marked]
        measured[shown] = agreement(pairs)
        for path, panels in ((chosen.sheet, finding_panels), (chosen.region_sheet, region_panels)):
            if path and shown == (chosen.shown or [*SHOWN])[0]:
                stem = path.stem if number is None else f"{path.stem}-{number + 1}-{bundle.manifest.name}"
                for written in write_sheets(path.with_name(stem + path.suffix), pairs, panels):
                    print(f"wrote {written}", file=sys.stderr)
    facts = bundle.manifest
    about = {"name": facts.name, "version": facts.version, "sha256": bundle.sha256, "pipeline": facts.pipeline}
    return {**about, "shown": measured}


if __name__ == "__main__":
    main()
