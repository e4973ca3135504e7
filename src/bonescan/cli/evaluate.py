"""`bonescan evaluate`: a model, or the predictions of another method, on cohorts whose truth is known."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bonescan.cli.extras import need_matplotlib
from bonescan.cli.output import aligned, progress, say, say_json
from bonescan.core.errors import UsageError

EPILOG = """\b
Examples:
  bonescan evaluate --cohort cohort -o result
  bonescan evaluate --cohort cohort --model bundle -o result --split all --processes 2
  bonescan evaluate --cohort ours --readers readers.csv -o result
  bonescan evaluate --cohort cohort --predictions nnunet -o nnunet-result
  bonescan evaluate --compare result nnunet-result -o compared
  bonescan evaluate --counts counts.csv -o tables

OUT gets evaluation.json, report.html, pictures, and cases.jsonl, one line a study; with --compare comparison.json in
place of evaluation.json and cases.jsonl, with --counts readers.json and report.html alone. An interrupted run goes on
where it stopped. Every figure is defined in docs/usage/evaluation.md.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(evaluate)


def evaluate(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="FOLDER", help="With --compare: results of earlier evaluations.")
    ] = None,
    *,
    cohort: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Cohort folder with annotations; may be repeated.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Model bundle; by default that of the settings.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Predictions of another method, instead of a model.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Folder for the results.")],
    split: Annotated[
        Literal["train", "val", "test", "all"], typer.Option(help="Side of the split to evaluate on.")
    ] = "test",
    readers: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Calls of readers: study_id, reader, metastasis, and sites.")
    ] = None,
    counts: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Counts of readers alone: tables and chi-square tests of them.")
    ] = None,
    ungated: Annotated[
        bool, typer.Option("--ungated", help="Segment every window of a stepwise model, whatever its classifier says.")
    ] = False,
    apart: Annotated[
        bool, typer.Option("--apart", help="Show the model each view alone: what seeing both at once is worth.")
    ] = False,
    looks: Annotated[
        Literal["once", "in-doubt", "twice"],
        typer.Option(help="How often a joint model looks; by default at the mirror image too where it is in doubt."),
    ] = "in-doubt",
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare the results in FOLDERs, with paired tests.")
    ] = False,
    processes: Annotated[int, typer.Option(metavar="P", min=1, help="Worker processes, which share the cores.")] = 1,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the first N studies.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures for programs.")] = False,
) -> None:
    """Measure a model on a cohort: the paper's tables and figures.

    Accuracy with intervals, ROC curves, Dice in four definitions, lesions, sites, reports, burden, calibration, time,
    and where it fails; readers beside it; methods side by side.
    """
    _check_words(folders, cohort, counts, readers, predictions, model, compare=compare)
    for word, said in (("--ungated", ungated), ("--apart", apart), ("--looks", looks != "in-doubt")):
        if said and (predictions or not cohort):
            raise UsageError(f"{word} without a model", hint="Name a cohort with --cohort, and a model with --model")
    from bonescan.core.files import check_writable
    from bonescan.evaluation.write import COMPARISON, DOCUMENT, READERS, check_kind

    check_writable(out)
    check_kind(out, READERS if counts else COMPARISON if compare else DOCUMENT)
    if counts:
        document = _counts(counts, out)
        lines = _counts_lines(document)
    elif compare:
        need_matplotlib("evaluate")
        document = _compare(folders or [], out)
        lines = _comparison_lines(document)
    else:
        need_matplotlib("evaluate")
        from bonescan.evaluation.methods import MethodName

        name = MethodName(model, predictions, gated=not ungated, apart=apart, looks=looks)
        document = _evaluate(name, cohort or [], out, split, readers, processes=processes, limit=limit)
        lines = _evaluation_lines(document)
    if as_json:
        say_json(document)
        return
    for line in lines:
        say(line)
    say(f"{document['disclaimer']} -> {out / 'report.html'}")


def _check_words(
    folders: Sequence[Path] | None,
    cohort: Sequence[Path] | None,
    counts: Path | None,
    readers: Path | None,
    predictions: Path | None,
    model: str | None,
    *,
    compare: bool,
) -> None:
    if sum([bool(cohort), bool(counts), compare]) != 1:
        raise UsageError("nothing to evaluate, or too much", expected="one of --cohort, --counts and --compare")
    if folders and not compare:
        raise UsageError(f"{folders[0]} without --compare", hint="Name a cohort with --cohort")
    if predictions and model:
        raise UsageError("--predictions and --model", expected="one of them")
    if not cohort and (readers or predictions or model):
        raise UsageError("--readers, --predictions and --model need a cohort", hint="Name it with --cohort")


def _evaluate(
    name: Any,
    cohorts: Sequence[Path],
    out: Path,
    split: Literal["train", "val", "test", "all"],
    readers: Path | None,
    *,
    processes: int,
    limit: int | None,
) -> dict[str, Any]:
    from bonescan.evaluation.columns import Columns
    from bonescan.evaluation.document import document_of
    from bonescan.evaluation.page import report
    from bonescan.evaluation.plots import pictures
    from bonescan.evaluation.readers import read_readers
    from bonescan.evaluation.run import answer_all, collect
    from bonescan.evaluation.write import write_results
    from bonescan.io.cohort import read_cohort

    read = [read_cohort(folder) for folder in cohorts]
    calls = read_readers(readers, {case.study_id for cohort in read for case in cohort}) if readers else []
    with progress("Evaluating", len(collect(read, split, limit))) as told:
        header, records = answer_all(name, read, out, split=split, limit=limit, processes=processes, progress=told)
    document = document_of(header, records, read, command=_command(), readers=calls)
    drawn = pictures(Columns(header.method, records), document, [facts.simulated for facts in header.cohorts])
    write_results(out, document, report(document, drawn), drawn)
    return document


def _compare(folders: Sequence[Path], out: Path) -> dict[str, Any]:
    from bonescan.evaluation.compare import comparison, read_compared
    from bonescan.evaluation.compare_page import comparison_page, comparison_pictures
    from bonescan.evaluation.write import COMPARISON, write_results

    methods = read_compared(folders)
    document = comparison(methods, command=_command())
    drawn = comparison_pictures(methods, document)
    write_results(out, document, comparison_page(document, drawn), drawn, name=COMPARISON)
    return document


def _counts(counts: Path, out: Path) -> dict[str, Any]:
    from bonescan.core.findings import DISCLAIMER
    from bonescan.evaluation.page import readers_page
    from bonescan.evaluation.readers import compare_counts
    from bonescan.evaluation.write import READERS, write_results

    found = compare_counts(counts)
    document = {"schema": "bonescan.readers/1", "disclaimer": DISCLAIMER, "command": _command()} | found
    write_results(out, document, readers_page(document), {}, name=READERS)
    return document


def _command() -> str:
    """The command line as it was typed, for the record."""
    return shlex.join(["bonescan", *sys.argv[1:]])


def _evaluation_lines(document: Mapping[str, Any]) -> Iterator[str]:
    from bonescan.evaluation.document import taught_words
    from bonescan.evaluation.numbers import text

    method, calls = document["method"], document["calls"]["at_threshold"]
    dice = {name: found["as_drawn"]["by_view"]["pooled"] for name, found in document["dice"].items()}
    yield (
        f"{method['name']} {method['version']} on {document['studies']:,} studies ({document['metastatic']:,} with "
        f"metastases), {document['data']}; 95 % intervals"
    )
    rows = [
        ("area under the ROC curve, patients", text(document["auc"]["metastasis"]["patient"])),
        *((name, text(calls[name])) for name in ("accuracy", "sensitivity", "specificity")),
        *((f"Dice of {name}, pooled, as drawn", text(found)) for name, found in dice.items()),
        ("report accuracy", text(document["report_accuracy"])),
    ]
    if document["seconds"]:
        rows.append(("seconds a study, median", f"{document['seconds']['median']:.3f}"))
    yield from aligned(rows)
    if remembered := taught_words(document):
        yield f"Warning: {remembered}"


def _comparison_lines(document: Mapping[str, Any]) -> Iterator[str]:
    from bonescan.evaluation.compare_page import WORDS
    from bonescan.evaluation.numbers import text

    methods = document["methods"]
    yield f"the same {document['studies']:,} studies for all, {document['data']}; 95 % intervals"
    yield from aligned(
        [("", *methods), *((words, *(text(m[key]) for m in methods.values())) for key, words in WORDS.items())]
    )


def _counts_lines(document: Mapping[str, Any]) -> Iterator[str]:
    from bonescan.evaluation.numbers import p_text, text
    from bonescan.evaluation.readers import MEASURES

    calls = ((name, *(text(found[m]) for m in MEASURES)) for name, found in document["calls"].items())
    pairs = (
        (f"{pair['first']} vs {pair['second']}, P", *(p_text(pair[m]["chi_square_p"]) for m in MEASURES))
        for pair in document["pairs"]
    )
    yield from aligned([("", *MEASURES), *calls, *pairs])
