"""Pictures and page of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from bonescan.evaluation import patients
from bonescan.evaluation.compare import RATIOS, Compared
from bonescan.evaluation.html import heading, page, paragraph, picture, table
from bonescan.evaluation.numbers import p_text, text
from bonescan.evaluation.plots import GRID, SERIES, canvas, dress, froc_plot, legend, png, series, square
from bonescan.evaluation.shares import NO_P
from bonescan.metrics.roc import curve

_SHOWN = ("auc", "accuracy", "dice_metastasis_as_drawn", "report_accuracy")
WORDS = {"auc": "area under the ROC curve, patients"} | RATIOS


def comparison_pictures(methods: Sequence[Compared], document: Mapping[str, Any]) -> dict[str, bytes]:
    """Name → PNG: ROC curves, free-response curves, and the main figures with their intervals."""
    pictures = {"roc": png(roc_of_methods(methods, document))}
    if (lesions := froc_plot([(method.name, method.columns) for method in methods])) is not None:
        pictures["froc"] = png(lesions)
    return pictures | {"comparison": png(_intervals(document))}


def roc_of_methods(methods: Sequence[Compared], document: Mapping[str, Any]) -> Any:
    """ROC curves of patients, one a method."""
    figure, (ax,) = canvas(1)
    ax.plot([0, 1], [0, 1], color=GRID, lw=1)
    for method, (colour, style) in zip(methods, series(), strict=False):
        found, truth, _ = patients.scores(method.columns, "metastasis", "patient")
        area = document["methods"][method.name]["auc"]["value"]
        if area is not None:
            false_rate, true_rate, _ = curve(found, truth)
            ax.plot(false_rate, true_rate, style, color=colour, label=f"{method.name}: {area:.3f}")
    square(ax, "ROC of patients", "1 - specificity", "sensitivity")
    legend(ax, "area under the curve")
    return figure


def _intervals(document: Mapping[str, Any]) -> Any:
    names = list(document["methods"])
    shown = [key for key in _SHOWN if any(document["methods"][name][key] for name in names)]
    figure, axes = canvas(2, -(-len(shown) // 2), width=4.4, height=1.2 + 0.35 * len(names))
    for ax, key in zip(axes, shown, strict=False):
        for at, name in enumerate(names):
            found = document["methods"][name][key]
            if found is None or found["value"] is None:
                continue
            low, high = found["low"], found["high"]
            colour = SERIES[at % len(SERIES)]
            if low is not None and high is not None:
                ax.plot([low, high], [at, at], color=colour, lw=1.4)
            ax.plot(found["value"], at, "o", color=colour, ms=6)
        ax.set_yticks(np.arange(len(names)), names)
        ax.set_ylim(len(names) - 0.5, -0.5)
        dress(ax, WORDS[key].replace(", pooled", ",\npooled").replace(", patients", ""), "", "")
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    return figure


def comparison_page(document: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """The page."""
    return page("bonescan: methods compared", _body(document, pictures))


def _body(document: Mapping[str, Any], pictures: Mapping[str, bytes]) -> Iterator[str]:
    methods = document["methods"]
    cohorts = ", ".join(cohort["name"] for cohort in document["cohorts"])
    yield f"<h1>{escape(' · '.join(methods))}</h1>"
    yield paragraph(
        f"The same {document['studies']:,} studies ({document['metastatic']:,} with metastases) of "
        f"{document['patients']:,} patients of {cohorts} for all."
    )
    yield paragraph(f"{document['disclaimer']} All figures on this page are of {document['data']}.", "banner")
    rows = [(words, *(text(found[key]) for found in methods.values())) for key, words in WORDS.items()]
    briers = (found["brier"] for found in methods.values())
    rows.append(("Brier score", *("–" if brier is None else f"{brier:.3f}" for brier in briers)))
    spent = (found["seconds"] for found in methods.values())
    rows.append(("seconds a study, median", *("–" if s is None else f"{s['median']:.3f}" for s in spent)))
    yield table(("", *methods), rows, "Brackets hold 95 % intervals: DeLong, Wilson, or bootstrap over patients.")
    if pixels := [name for name, found in methods.items() if found["scored_by"] != "probability"]:
        yield paragraph(f"Without a probability, scored by the number of lesion pixels: {', '.join(pixels)}.", "note")
    yield picture(pictures.get("comparison"), "The main figures with their intervals")
    yield picture(pictures.get("roc"), "ROC curves of patients")
    yield picture(pictures.get("froc"), "Free-response ROC curves")
    yield heading("Pairs")
    words = (
        "First minus second on the same cases. Intervals are DeLong's for the area under the curve, else of a "
        "bootstrap with the same draws of patients for both. P is DeLong's for the area, else McNemar's exact; what "
        "has no P has its interval alone."
    )
    yield paragraph(words, "note")
    if document["patients"] < document["studies"]:
        yield paragraph(NO_P, "note")
    for pair in document["pairs"]:
        rows = [(name, *_cells(pair[key])) for key, name in WORDS.items() if pair[key] is not None]
        yield f"<h3>{escape(pair['first'])} against {escape(pair['second'])}</h3>"
        yield table(("", "difference", "P", "right by one alone"), rows)
    if document["command"]:
        yield f"<p class='note'><code>{escape(document['command'])}</code></p>"


def _cells(found: Mapping[str, Any]) -> tuple[str, str, str]:
    tests = [p_text(found[key]) for key in ("delong_p", "mcnemar_p") if key in found]
    alone = f"{found['only_first']} : {found['only_second']}" if "only_first" in found else ""
    return text(found), "".join(tests), alone
