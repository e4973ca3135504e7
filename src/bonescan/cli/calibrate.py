"""`bonescan calibrate`: thresholds and probabilities of a model anew, on annotated patients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bonescan.cli.extras import need_torch
from bonescan.cli.output import aligned, remark, say, say_json

EPILOG = """\b
Examples:
  bonescan calibrate --cohort ours -o ours-joint
  bonescan calibrate --cohort ours --model bundle -o bundle
  bonescan evaluate --cohort ours --model ours-joint -o result

Patients of the test side take no part, so that the result can be measured on them.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(calibrate)


def calibrate(
    *,
    cohort: Annotated[list[Path], typer.Option(metavar="DIR", help="Cohort folder with annotations; may be repeated.")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Model bundle; by default that of the settings.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="BUNDLE", help="Folder of the bundle to write.")],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Its name; by default that of the model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False,
) -> None:
    """Fit a model's thresholds to your patients.

    The networks stay as they are, nothing is trained; the thresholds, the meaning of the probabilities and the figures
    become those of the patients given. Forty or more should take part, some with and some without metastases.
    """
    need_torch("calibrate")
    from bonescan.core.files import check_writable
    from bonescan.core.settings import settings
    from bonescan.models.registry import find_bundle
    from bonescan.training.calibrate import calibrate_bundle

    check_writable(out)
    folder = find_bundle(model or settings().model)
    bundle = calibrate_bundle(folder, cohort, out, name=name, progress=remark)
    manifest = bundle.manifest
    if as_json:
        say_json({"sha256": bundle.sha256, **manifest.model_dump(mode="json", by_alias=True)})
        return
    shown = ("patient_auc", "patient_sensitivity", "patient_specificity", "dice_metastasis_pooled", "report_accuracy")
    found = [figure for figure in manifest.figures if figure.name in shown]
    say(f"on {found[0].dataset}:")
    for line in aligned(
        (figure.name.replace("_", " "), "not defined" if figure.value is None else f"{figure.value:.3f}")
        for figure in found
    ):
        say(line)
    say(f"bundle -> {out}; use it with: bonescan analyze INPUT --model {out} -o OUT")
