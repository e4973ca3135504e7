"""`bonescan models`: the bundles that can be named, what they were trained on and how they measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bonescan.cli.failure import exit_code, explain_error
from bonescan.cli.output import aligned, remark, say, say_json
from bonescan.core.errors import ModelError

if TYPE_CHECKING:
    from bonescan.models.bundle import Figure, Manifest

EPILOG = """\b
Examples:
  bonescan models
  bonescan models --json

A bundle that cannot be read is named on stderr, after the others are listed, and the exit code is 4.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(models)


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List models, their licence and figures.

    The bundles that --model can name: shipped and installed ones, with training data and measured figures. An installed
    one has the name of its folder; its own, where that is another, stands behind.
    """
    from bonescan.models.bundle import read_manifest
    from bonescan.models.registry import hidden_bundles, list_bundles

    found, failed = [], []
    for folder in list_bundles():
        try:
            found.append((folder.name, *read_manifest(folder)))
        except ModelError as error:
            failed.append((folder, error))
    if as_json:
        say_json(
            [
                {"model": name, "sha256": sha256, **manifest.model_dump(mode="json", by_alias=True)}
                for name, manifest, sha256 in found
            ]
        )
    elif not found and not failed:
        say("No model is shipped or installed; train one with: bonescan train")
    else:
        for name, manifest, sha256 in found:
            for line in _lines(name, manifest, sha256):
                say(line)
    for folder in hidden_bundles():
        remark(f"{folder}: not listed, since a shipped model has its name; rename the folder, or name it by its path")
    for folder, reason in failed:
        explain_error(reason, str(folder))
    if failed:
        raise typer.Exit(exit_code(failed[0][1]))


def _lines(name: str, manifest: Manifest, sha256: str) -> Iterator[str]:
    size_mb = sum(file.bytes for file in manifest.files.values()) / 1e6
    cases = ", ".join(f"{number} {split}" for split, number in manifest.training_cohort.cases.items())
    source = "simulated patients only" if manifest.simulated_only else "patients"
    later = manifest.calibration_cohort
    words = "calibrated on" if manifest.calibration else "thresholds from"
    calibrated = [(words, f"{sum(later.cases.values())} cases: {later.description}")] if later else []
    own = f"{manifest.name} {manifest.version}"
    yield own if name == manifest.name else f"{name} ({own})"
    yield from aligned(
        [
            ("pipeline", manifest.pipeline),
            ("licence", manifest.licence),
            ("size", f"{size_mb:.1f} MB, SHA-256 {sha256[:12]}"),
            ("trained on", f"{source} ({cases}): {manifest.training_cohort.description}"),
            *calibrated,
            ("use", manifest.intended_use),
        ]
    )
    for dataset in dict.fromkeys(figure.dataset for figure in manifest.figures):
        yield f"  figures on {dataset}:"
        yield from aligned(
            (figure_row(figure) for figure in manifest.figures if figure.dataset == dataset), indent="    "
        )


def figure_row(figure: Figure) -> tuple[str, str, str, str]:
    """Name, value, interval and number of cases of a figure, in words."""
    known = figure.low is not None and figure.high is not None
    return (
        figure.name.replace("_", " "),
        "not defined" if figure.value is None else f"{figure.value:.3f}",
        f"{figure.low:.3f} to {figure.high:.3f}" if known else "",
        f"n = {figure.count}" if figure.count is not None else "",
    )
