"""The committed evaluations as tables: the block of figures in `docs/usage/accuracy.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.accuracy import COHORTS, RESULTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "usage" / "accuracy.md"
AIMED = "default"
"""The cohort that the aims are about."""
FIGURES: tuple[tuple[str, tuple[str, ...], float | None], ...] = (
    ("Area under the ROC curve, patients", ("auc", "metastasis", "patient"), 0.98),
    ("Area under the ROC curve, windows", ("auc", "metastasis", "window"), None),
    ("Accuracy", ("calls", "at_threshold", "accuracy"), None),
    ("Sensitivity", ("calls", "at_threshold", "sensitivity"), 0.93),
    ("Specificity", ("calls", "at_threshold", "specificity"), 0.93),
    ("Dice of metastasis, pooled", ("dice", "metastasis", "as_drawn", "by_view", "pooled"), 0.82),
    ("Dice of metastasis, views with lesions", ("dice", "metastasis", "as_drawn", "by_view", "lesion_bearing"), None),
    ("Dice of bladder, pooled", ("dice", "bladder", "as_drawn", "by_view", "pooled"), 0.95),
    ("Dice of benign uptake, pooled", ("dice", "benign", "as_drawn", "by_view", "pooled"), None),
    ("Lesions hit", ("lesions", "sensitivity"), None),
    ("Lesions hit that are named right", ("lesions", "named_right"), None),
    ("False alarms a study", ("lesions", "false_alarms_a_study"), None),
    ("False alarms on benign uptake, all", ("lesions", "false_alarms_on_benign_uptake"), None),
    ("Right calls, patients with benign uptake alone", ("right_calls", "benign uptake alone"), None),
    ("Right calls, patients with nothing abnormal", ("right_calls", "nothing abnormal"), None),
    ("All six sites right, ungated", ("localisation", "exact_ungated"), None),
    ("Report accuracy", ("report_accuracy",), 0.88),
    ("BSTBI against that of the truth, Pearson", ("bstbi_against_truth", "pearson"), None),
    ("Brier score", ("calibration", "brier"), None),
    ("Wrong calls among flagged for review", ("needs_review", "errors", "call", "flagged"), None),
    ("Wrong calls among the others", ("needs_review", "errors", "call", "unflagged"), None),
)
STRATA = {
    "lesion_area_cm2": ("Lesions hit, by area in cm²", "sensitivity"),
    "lesion_contrast_seen": ("Lesions hit, by contrast seen", "sensitivity"),
    "lesion_uptake_simulated": ("Lesions hit, by simulated uptake over bone", "sensitivity"),
    "lesion_site": ("Lesions hit, by site", "sensitivity"),
    "counts_of_a_view_million": ("Right calls, by million counts a view", "accuracy"),
    "kind_of_patient": ("Right calls, by kind of patient", "accuracy"),
}
BUDGETS = {
    "equal-budget": "Every method, the same patients, the same minutes",
    "ablation": "What each part of the joint network is worth",
    "ablation-benign": "What the benign class is worth",
    "ablation-gate": "What the paper's gate is worth",
}
"""Result files of `benchmarks.equal_budget` with their titles."""
DIFFERENCES = (
    ("area under the curve", "auc", "delong_p"),
    ("pooled Dice of metastasis", "dice_metastasis_as_drawn", ""),
    ("of bladder", "dice_bladder", ""),
    ("lesions hit that are named right", "lesions_named_right", ""),
    ("false alarms a study", "false_alarms_a_study", ""),
    ("report accuracy", "report_accuracy", "mcnemar_p"),
)


def block() -> str:
    """All cohorts that have a result file."""
    lines: list[str] = []
    for name in COHORTS:
        path = RESULTS / f"accuracy-{name}.json"
        if path.is_file():
            lines += [*_cohort(name, json.loads(path.read_text(encoding="utf-8"))), ""]
    for name, title in BUDGETS.items():
        path = RESULTS / f"{name}.json"
        if path.is_file():
            lines += [*_budget(name, title, json.loads(path.read_text(encoding="utf-8"))), ""]
    lines += [*_looks(json.loads((RESULTS / "looks.json").read_text(encoding="utf-8"))), ""]
    lines += _limits(json.loads((RESULTS / "limits.json").read_text(encoding="utf-8")))
    return "\n".join(lines).rstrip()


def summary() -> Iterator[str]:
    """The short table of the README: the cohort that the aims are about."""
    result = json.loads((RESULTS / f"accuracy-{AIMED}.json").read_text(encoding="utf-8"))
    yield (
        f"**Accuracy**, on {result['what']}, which none of the models has seen; simulated patients say little about "
        f"real ones. From [accuracy-{AIMED}.json](benchmarks/results/accuracy-{AIMED}.json) by `{result['command']}`; "
        "more figures and cohorts, and where the models fail, are on [a page of their own](docs/usage/accuracy.md)."
    )
    yield ""
    yield from _figures(result["methods"], AIMED, only_aimed=True)


def _cohort(name: str, result: dict[str, Any]) -> Iterator[str]:
    methods = result["methods"]
    said = ", ".join(f"`{method}` {m['method']['version']}" for method, m in methods.items())
    yield f"### {name}"
    yield ""
    yield (
        f"{said} on {result['what']} (`{result['simulated_with']}`). Value and 95 % interval. From "
        f"[accuracy-{name}.json](../../benchmarks/results/accuracy-{name}.json) by `{result['command']}`."
    )
    yield ""
    yield from _figures(methods, name)
    for pair in result.get("comparison", {}).get("pairs", ()):
        yield ""
        yield _difference(pair)
    first = next(iter(methods))
    yield ""
    yield f"Where `{first}` fails:"
    yield ""
    yield "| | Class | n | Share |"
    yield "|---|---|--:|--:|"
    for key, (label, share) in STRATA.items():
        for row in methods[first]["strata"].get(key) or ():
            yield f"| {label} | {row['class']} | {row['n']} | {_number(row.get(share))} |"


def _figures(methods: dict[str, Any], name: str, *, only_aimed: bool = False) -> Iterator[str]:
    aim = " Aim |" if name == AIMED else ""
    yield f"| |{''.join(f' {method} |' for method in methods)}{aim}"
    yield "|---|" + "--:|" * (len(methods) + (name == AIMED))
    for label, keys, wanted in FIGURES:
        values = [_at(m, keys) for m in methods.values()]
        if all(value is None for value in values) or (only_aimed and wanted is None):
            continue
        row = f"| {label} |" + "".join(f" {_number(value)} |" for value in values)
        yield row + (f" {_aim(values[0], wanted)} |" if name == AIMED else "")


def _at(document: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _number(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}"
    if not isinstance(value, dict) or value.get("value") is None:
        return ""
    known = value.get("low") is not None and value.get("high") is not None
    return f"{value['value']:.3f}" + (f" ({value['low']:.3f} to {value['high']:.3f})" if known else "")


def _aim(value: Any, wanted: float | None) -> str:
    if wanted is None or not isinstance(value, dict) or value.get("value") is None:
        return ""
    return f"at least {wanted:g}" + (" (missed)" if value["value"] < wanted else "")


def _difference(pair: dict[str, Any]) -> str:
    def of(key: str, test: str = "") -> str:
        value = pair[key]
        known = value["low"] is not None and value["high"] is not None
        inside = [f"{value['low']:+.3f} to {value['high']:+.3f}"] if known else []
        inside += [f"p = {value[test]:.2g}"] if test and value.get(test) is not None else []
        return f"{value['value']:+.3f}" + (f" ({', '.join(inside)})" if inside else "")

    defined = [row for row in DIFFERENCES if _at(pair, (row[1], "value")) is not None]
    said = ", ".join(f"{words} {of(key, test)}" for words, key, test in defined)
    return f"`{pair['first']}` minus `{pair['second']}` on the same patients: {said}."


def _budget(name: str, title: str, result: dict[str, Any]) -> Iterator[str]:
    minutes = f"{result['minutes']:g} minutes" if result["minutes"] else "the same steps"
    yield f"### {title}"
    yield ""
    yield (
        f"Each was trained on the same {result['trained_on']:,} simulated patients, half of them with each body, for "
        f"{minutes} on one core of {result['machine']['processor']}, two methods side by side, and judged on "
        f"{result['what']}, which none of them has seen. Value and 95 % interval over patients; each was trained "
        f"once. From [{name}.json](../../benchmarks/results/{name}.json) by `{result['command']}`."
    )
    yield ""
    for method, words in result["says"].items():
        yield f"- `{method}`: {words}; {_steps(result['steps'][method])}"
    yield ""
    yield from _figures(result["methods"], name)
    for pair in result["pairs"]:
        yield ""
        yield _difference(pair)


def _steps(stages: dict[str, int]) -> str:
    if len(stages) == 1:
        return f"{next(iter(stages.values())):,} steps"
    return "steps: " + ", ".join(f"{stage} {count:,}" for stage, count in stages.items())


def _looks(result: dict[str, Any]) -> Iterator[str]:
    version = result["methods"]["joint"]["method"]["version"]
    yield "### What a second look is worth"
    yield ""
    yield (
        f"`joint` {version} on {result['what']}. `joint` looks at the mirror image too where it is in doubt, "
        "`joint-once` never, `joint-twice` always; thresholds are those for `joint`. Value and 95 % interval. From "
        f"[looks.json](../../benchmarks/results/looks.json) by `{result['command']}`."
    )
    yield ""
    yield from _figures(result["methods"], "looks")
    for pair in result["pairs"]:
        yield ""
        yield _difference(pair)


def _limits(result: dict[str, Any]) -> Iterator[str]:
    model = result["model"]
    yield "### What noise costs, and where wrong pixels lie"
    yield ""
    yield (
        f"`{model['name']}` {model['version']} on {result['what']}; simulated, built-in body "
        f"(`{result['simulated_with']}`), each seen as counted, with more counts, and without noise. From "
        f"[limits.json](../../benchmarks/results/limits.json) by `{result['command']}`."
    )
    yield ""
    yield "| Counts | Area under the ROC curve, patients | Dice of metastasis, pooled | Lesions hit |"
    yield "|---|--:|--:|--:|"
    for row in result["noise"]:
        times = row["counts_times"]
        counts = "without noise" if times is None else "as counted" if times == 1 else f"{times:g} times as many"
        yield f"| {counts} | {_number(row['auc'])} | {row['dice_metastasis_pooled']:.3f} | {row['lesions_hit']:.3f} |"
    yield ""
    yield f"Of {result['wrong_pixels']['total']:,} pixels of metastasis wrong as counted:"
    yield ""
    yield "| | Share |"
    yield "|---|--:|"
    for where, share in sorted(result["wrong_pixels"]["share"].items(), key=lambda item: -item[1]):
        yield f"| {where} | {share:.3f} |"
