"""The committed counts as tables: what the command prints, and the block of figures in `docs/usage/reality.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.blocks import with_block
from benchmarks.reality.agreement import OF_BOX, OF_COMPONENT
from benchmarks.reality.studies import Marked

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "benchmarks" / "results" / "reality.json"
PAGE = ROOT / "docs" / "usage" / "reality.md"
BEGIN = "<!-- figures: begin (python -m benchmarks.reality) -->"
END = "<!-- figures: end -->"
CAVEAT = (
    "Agreement with pseudo-labels that networks wrote and no physician checked; not accuracy. Boxes miss lesions and "
    "mark joints."
)
GROUPS = {
    "with_abnormal_boxes": "with boxes marked abnormal",
    "without_abnormal_boxes": "without such boxes",
    "looks_focal": "that look focal to a layman who was sure",
    "looks_normal": "that look normal to a layman who was sure",
}


def document(models: Sequence[dict[str, Any]], marked: Sequence[Marked]) -> dict[str, Any]:
    """The result file.

    Args:
        models: What was measured, model by model.
        marked: The real studies.
    """
    views = [view for one in marked for view in one.study.views]
    return {
        "command": "python -m benchmarks.reality",
        "what": CAVEAT,
        "rule": f"component and box meet: {OF_COMPONENT} of the component, or {OF_BOX} of the box",
        "studies": len(marked),
        "views": len(views),
        "models": list(models),
    }


def updated(text: str, result: dict[str, Any]) -> str:
    """The page with its block of figures taken from the result."""
    return with_block(text, BEGIN, END, report(result))


def report(result: dict[str, Any]) -> list[str]:
    """All tables in Markdown."""
    columns = [(model, shown, counts) for model in result["models"] for shown, counts in model["shown"].items()]
    names = [f"{model['name']} {model['version']}, {shown}" for model, shown, _ in columns]
    lines = [
        f"{result['studies']} studies, {result['views']} views. {result['what']} From "
        "[reality.json](../../benchmarks/results/reality.json).",
        "",
    ]
    for title, rows in TABLES.items():
        lines += _table([title, *names], [[*rows(counts)] for _, _, counts in columns])
    return lines[:-1]


def _table(head: Sequence[str], columns: Sequence[Sequence[tuple[str, str]]]) -> Iterator[str]:
    """Columns of (name, cell), joined by their names in the order of appearance."""
    names = dict.fromkeys(name for column in columns for name, _ in column)
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "--:|" * len(columns)
    for name in names:
        yield "| " + " | ".join([name, *(dict(column).get(name, "") for column in columns)]) + " |"
    yield ""


def _rows(counts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, words in GROUPS.items():
        group = counts["suspected"][key]
        yield f"Suspected studies {words}", f"{group['suspected']} of {group['studies']}"
    if "rank" in counts["suspected"]:
        yield "A study with abnormal boxes is likelier than one without", f"{counts['suspected']['rank']:.2f}"
    if counts["review"] is not None:
        yield "Studies with a call for review", str(counts["review"])
    for label, boxes in counts["boxes"].items():
        for name in ("metastasis", "benign", "bladder"):
            if name in boxes:
                yield f"Boxes marked {label} that {name} hits", f"{boxes[name]} of {boxes['boxes']}"
    for name, alone in counts["outside"].items():
        yield f"Components of {name} outside any box, a study", f"{alone['per_study']:.1f}"
        yield f"Studies without {name} outside any box", f"{alone['studies_with_none']}"
    bladder = counts["bladder"]
    yield "Studies with a bladder near the pelvis", f"{bladder['found_near_pelvis']} of {bladder['studies']}"
    yield "Studies with a bladder elsewhere", f"{bladder['drawn_elsewhere']} of {bladder['studies']}"
    yield "Boxes marked normal amid the pelvis that bladder hits", f"{bladder['boxes_hit']} of {bladder['boxes']}"
    if bladder["boxes"]:
        yield "Overlap of bladder with these boxes (median IoU of bounding boxes)", f"{bladder['boxes_iou']:.2f}"
    yield "Region map, mean Dice over regions", f"{counts['regions']['mean']:.2f}" if counts["regions"] else "none"


def _regions(counts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, dice in (counts["regions"] or {"by_region": {}})["by_region"].items():
        yield name, f"{dice:.2f}"


def _places(counts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, views in counts["outside"]["metastasis"]["by_place"].items():
        yield name, " + ".join(str(n) for n in views.values())


TABLES = {
    "Figure": _rows,
    "Region map, Dice": _regions,
    "Metastasis outside any box, anterior + posterior": _places,
}
