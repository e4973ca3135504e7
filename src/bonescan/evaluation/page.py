"""``report.html``: the figures of an evaluation for people, in the order of the paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from bonescan.core.anatomy import SITES
from bonescan.evaluation.document import taught_words
from bonescan.evaluation.html import heading, page, paragraph, picture, table
from bonescan.evaluation.numbers import p_text, text
from bonescan.evaluation.shares import INTERVALS, NO_P

DEFINITIONS = {
    "pooled": "pooled pixels",
    "lesion_bearing": "mean of images with the class",
    "all_empty_one": "mean of all images, empty on empty 1",
    "all_false_zero": "mean of images with anything true or drawn",
}
CALLS = {
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "positive_predictive_value": "positive predictive value",
    "negative_predictive_value": "negative predictive value",
}
_STRATA = {
    "lesion_area_cm2": "Lesions by area (cm²)",
    "lesion_contrast_seen": "Lesions by mean counts over those of the surroundings",
    "lesion_visibility": "Lesions by their counts over the surroundings, in standard deviations of the noise",
    "lesion_uptake_simulated": "Lesions that stand alone, by simulated uptake over bone",
    "lesion_site": "Lesions by site",
    "lesion_view": "Lesions by view",
    "counts_of_a_view_million": "Studies by mean counts of a view (million)",
    "true_bstbi": "Metastatic studies by true BSTBI",
    "kind_of_patient": "Studies by kind of patient",
}
_INTERVALS = "Brackets hold 95 % intervals."

Document = Mapping[str, Any]


def report(document: Document, pictures: Mapping[str, bytes]) -> str:
    """The page.

    Args:
        document: Of `document_of`.
        pictures: Of `plots.pictures`.
    """
    parts = (_top, _sites, _calls, _readers, _areas, _calibration, _dice, _lesions, _localisation, _burden, _strata)
    body = [line for part in parts for line in part(document, pictures)]
    name = document["method"]["name"]
    return page(f"bonescan evaluation: {name}", [*body, *_origin(document)])


def readers_page(document: Document) -> str:
    """The page of counts of readers alone."""
    top = ["<h1>Readers, by their counts</h1>", paragraph(document["disclaimer"], "banner")]
    note = "Of counts alone; the test takes the groups for different cases, which readings of the same cases are not."
    return page("bonescan: readers", [*top, *reader_tables(document), paragraph(note, "note")])


def _top(document: Document, _: Mapping[str, bytes]) -> Iterator[str]:
    method = document["method"]
    cohorts = ", ".join(cohort["name"] for cohort in document["cohorts"])
    yield f"<h1>Evaluation of {method['name']} {method['version']}</h1>"
    yield paragraph(
        f"{document['studies']:,} studies ({document['metastatic']:,} with metastases) of {document['patients']:,} "
        f"patients of {cohorts}, split: {document['split']}."
    )
    if document["patients"] < document["studies"]:
        yield paragraph(NO_P, "note")
    words = f"{document['disclaimer']} All figures on this page are of {document['data']}."
    yield paragraph(words, "banner")
    if remembered := taught_words(document):
        yield paragraph(remembered, "banner")
    calls, dice = document["calls"]["at_threshold"], document["dice"].get("metastasis")
    rows = [
        ("Area under the ROC curve, patients", text(document["auc"]["metastasis"]["patient"])),
        ("Sensitivity", text(calls["sensitivity"])),
        ("Specificity", text(calls["specificity"])),
        ("Dice of metastases, pooled, as drawn", text(dice and dice["as_drawn"]["by_view"]["pooled"])),
        ("Report accuracy", text(document["report_accuracy"])),
    ]
    if document["seconds"]:
        spent = document["seconds"]
        rows.append(("Seconds a study: median, 90th percentile", f"{spent['median']:.3f}, {spent['p90']:.3f}"))
    yield table(("", "value"), rows, _INTERVALS)


def _sites(document: Document, _: Mapping[str, bytes]) -> Iterator[str]:
    yield heading("Studies and sites of metastases (the paper's Table 3)")
    rows = [
        (
            row["side"],
            *(f"{row['sites'][site]:,}" for site in SITES),
            *(f"{row[key]:,}" for key in ("metastatic", "others", "with_benign_uptake", "all")),
        )
        for row in document["sites_in_cohorts"]
    ]
    yield table(("side", *SITES, "metastatic", "others", "with benign uptake", "all"), rows)


def _calls(document: Document, _: Mapping[str, bytes]) -> Iterator[str]:
    yield heading("Metastasis, yes or no (Table 4)")
    tables = document["calls"]
    by_pixels = document["method"]["scored_by"] != "probability"
    names = {"at_threshold": "any lesion drawn" if by_pixels else "at its threshold, {:.3g}", "at_half": "at {:.3g}"}
    heads = [names[key].format(found["threshold"]) for key, found in tables.items()]
    rows = [
        (words, *(f"{text(found[key])}, {found[key]['good']}/{found[key]['n']}" for found in tables.values()))
        for key, words in CALLS.items()
    ]
    yield table(("", *heads), rows, INTERVALS)
    if review := document["needs_review"]:
        rows = [(n, text(e["flagged"]), text(e["unflagged"])) for n, e in review["errors"].items()]
        words = f"Errors among studies flagged “needs review” ({text(review['flagged'])} of all) and among the others"
        yield table(("wrong", "flagged", "not flagged"), rows, words)


def _readers(document: Document, _: Mapping[str, bytes]) -> Iterator[str]:
    if document["readers"]:
        yield heading("Readers on the same cases (Tables 4 and 5)")
        yield from reader_tables(document["readers"])


def reader_tables(found: Document) -> Iterator[str]:
    """Tables 4 and 5 of readers; of counts alone without McNemar's test."""
    measures = ("accuracy", "sensitivity", "specificity")
    paired = "mcnemar_p" in found["pairs"][0]["accuracy"] if found["pairs"] else False
    shown = [*measures, *(["report_accuracy"] if any("report_accuracy" in c for c in found["calls"].values()) else [])]
    # The method, which stands first, has answered for every study.
    everyone = next(iter(found["calls"].values()))["accuracy"]["n"]

    def reader(name: str, read: int) -> str:
        return f"{name}, who read {read:,} of {everyone:,}" if paired and read < everyone else name

    rows = [
        (
            reader(name, calls["accuracy"]["n"]),
            *(f"{text(calls[m])}, {calls[m]['good']}/{calls[m]['n']}" if m in calls else "–" for m in shown),
        )
        for name, calls in found["calls"].items()
    ]
    words = INTERVALS if paired else "Wilson intervals."
    yield table(("", *(m.replace("_", " ") for m in shown)), rows, words)

    def cell(measure: Mapping[str, Any]) -> str:
        chi = p_text(measure["chi_square_p"])
        return f"{chi} / {p_text(measure['mcnemar_p'])}, n = {measure['n']:,}" if paired else chi

    rows = [(f"{p['first']} vs {p['second']}", *(cell(p[m]) for m in measures)) for p in found["pairs"]]
    words = "P of Pearson's chi-square without continuity correction, as in the paper"
    if paired:
        words += (
            " / P of McNemar's exact test, which is right for readings of the same cases; of the n studies that both "
            "have read"
        )
    yield table(("", *measures), rows, words + ".")


def _areas(document: Document, pictures: Mapping[str, bytes]) -> Iterator[str]:
    yield heading("ROC curves (Figure 5)")
    rows = [
        (level, *(text(document["auc"][name][level]) for name in ("metastasis", "bladder")))
        for level in ("patient", "view", "window")
    ]
    yield table(("area under the curve", "metastasis", "bladder"), rows, "DeLong intervals, clustered by patient.")
    yield picture(pictures.get("roc"), "ROC curves of metastasis and bladder")


def _calibration(document: Document, pictures: Mapping[str, bytes]) -> Iterator[str]:
    found = document["calibration"]
    if found is None:
        return
    yield heading("Calibration")
    yield paragraph(
        f"Brier score {found['brier']:.3f} (always saying the prevalence would give "
        f"{found['brier_of_the_prevalence']:.3f}); expected calibration error {found['calibration_error']:.3f}."
    )
    yield picture(pictures.get("calibration"), "Reliability plot")


def _dice(document: Document, pictures: Mapping[str, bytes]) -> Iterator[str]:
    if not document["dice"]:
        return
    yield heading("Outlines: Dice in four definitions")
    columns = [
        (f"{name}, {way.replace('_', ' ')}, {image.replace('by_', 'a ')}", found[way][image])
        for name, found in document["dice"].items()
        for way in found
        for image in ("by_view", "by_study")
    ]
    rows = [(name, *(text(numbers[key]) for key in DEFINITIONS)) for name, numbers in columns]
    words = (
        "As drawn: before the patient is decided on. As reported: no metastases where none are said to be present. An "
        "image is a view, or both views of a study. Bootstrap intervals over patients."
    )
    yield table(("", *DEFINITIONS.values()), rows, words)
    if surface := document["surface_dice"]:
        yield paragraph(f"Surface Dice of metastases at {surface['tolerance_px']:g} pixels, as drawn: {text(surface)}.")
    yield picture(pictures.get("dice"), "Histograms of Dice")
    if found := document["region_dice"]:
        regions = [(name, text(numbers)) for name, numbers in found["regions"].items()]
        yield table(("skeletal region", "Dice, pooled"), regions, f"Mean over the regions: {found['mean']:.3f}.")


def _lesions(document: Document, pictures: Mapping[str, bytes]) -> Iterator[str]:
    found = document["lesions"]
    if found is None:
        return
    yield heading("Lesions")
    yield paragraph(found["rule"], "note")
    words = (
        f"Of {found['sensitivity']['lesions']:,} lesions {text(found['sensitivity'])} are hit, with "
        f"{text(found['false_alarms_a_study'])} false alarms a study"
    )
    if (benign := found["false_alarms_on_benign_uptake"]) is not None:
        words += (
            f"; {benign:,} of {found['false_alarms_where_benign_is_known']:,} false alarms in annotated views lie on "
            "benign uptake"
        )
    yield paragraph(f"{words}.")
    named = found.get("named_right")
    if named is not None:
        yield paragraph(
            f"Of {named['lesions']:,} lesions hit whose site is known, the region map drawn names {text(named)} right."
        )
    at = found["sensitivity_at_false_alarms"]
    if at:
        head = ("false alarms a study, at most", *at)
        yield table(head, [("lesions hit", *("–" if v is None else f"{v:.3f}" for v in at.values()))])
    yield picture(pictures.get("froc"), "Free-response ROC curve")


def _localisation(document: Document, _: Mapping[str, bytes]) -> Iterator[str]:
    found = document["localisation"]
    if found is None:
        return
    yield heading("Sites and reports")
    rows = [
        ("all six sites right, ungated (the paper's 40/54)", text(found["exact_ungated"])),
        ("all six sites right, gated", text(found["exact_gated"])),
        ("report right (the paper's 96/123)", text(document["report_accuracy"])),
    ]
    words = (
        f"The first two of the {found['exact_ungated']['n']:,} truly metastatic studies whose sites are known, the "
        f"last of these and of those without metastases. {INTERVALS}"
    )
    yield table(("", "value"), rows, words)
    measures = [(way, m) for way in ("ungated", "gated") for m in ("sensitivity", "specificity")]
    sites = [
        (site, *(text(found[way][site][m]) for way, m in measures), text(found["auc"][site]))
        for site in map(str, SITES)
    ]
    head = ("site", "sensitivity, ungated", "specificity, ungated", "sensitivity, gated", "specificity, gated", "AUC")
    yield table(head, sites, "Of truly metastatic studies.")


def _burden(document: Document, pictures: Mapping[str, bytes]) -> Iterator[str]:
    found = document["bstbi_against_truth"]
    if found:
        yield heading("BSTBI")
        limits = found["bland_altman"]
        yield paragraph(
            f"Reported against true, both views pooled: Pearson's r of all {text(found['pearson'])}, of the metastatic "
            f"alone {text(found['pearson_of_metastatic'])}, Spearman's of all {text(found['spearman'])}; mean "
            f"difference and limits of agreement {text(limits)}."
        )
        yield picture(pictures.get("bstbi"), "BSTBI, reported against true")
    if alp := document["bstbi_against_alp"]:
        yield heading("BSTBI and alkaline phosphatase (Figure 6B)")
        rows = [
            (words, text(alp[key]), p_text(alp[key]["p"]), f"{alp[key]['n']:,}")
            for key, words in (
                ("pearson", "Pearson, as in the paper"),
                ("spearman", "Spearman"),
                ("pearson_of_logarithms", "Pearson of the logarithms"),
            )
        ]
        words = (
            "Metastatic studies of patients not under treatment. A BSTBI reported as 0 has no logarithm: the last row "
            "is of the others."
        )
        yield table(("", "correlation", "P", "studies"), rows, words)
        yield picture(pictures.get("alp"), "BSTBI against alkaline phosphatase")


def _strata(document: Document, pictures: Mapping[str, bytes]) -> Iterator[str]:
    if not document["strata"]:
        return
    yield heading("Where it fails")
    yield picture(pictures.get("strata"), "Figures of one kind of lesion or patient at a time")
    for name, rows in document["strata"].items():
        keys = [k for k in ("sensitivity", "specificity", "accuracy", "dice_pooled") if any(k in row for row in rows)]
        cells = [(row["class"], f"{row['n']:,}", *(text(row.get(k)) for k in keys)) for row in rows]
        heads = [key.replace("_", " ").replace("dice pooled", "Dice, pooled, as drawn") for key in keys]
        yield table(("", "n", *heads), cells, _STRATA[name])


def _origin(document: Document) -> Iterator[str]:
    method = document["method"]
    yield heading("Where this comes from")
    yield f"<p class='note'>Method {method['name']} {method['version']}, SHA-256 <code>{method['sha256']}</code></p>"
    for cohort in document["cohorts"]:
        kind = "Simulated cohort" if cohort["simulated"] else "Cohort"
        words = f"{kind} {cohort['name']}, {cohort['studies']:,} studies, fingerprint"
        yield f"<p class='note'>{words} <code>{cohort['fingerprint']}</code></p>"
    if document["command"]:
        yield f"<p class='note'><code>{escape(document['command'])}</code></p>"
