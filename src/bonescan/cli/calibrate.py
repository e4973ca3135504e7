"""`bonescan calibrate`: thresholds of a model, and probabilities of a joint one, anew on annotated patients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bonescan.cli.extras import need_torch
from bonescan.cli.models import figure_row
from bonescan.cli.output import aligned, remark, say, say_json

if TYPE_CHECKING:
    from bonescan.models.bundle import Manifest

EPILOG = """\b
Examples:
  bonescan calibrate --cohort ours -o ours-joint
  bonescan calibrate --cohort ours --model bundle -o bundle
  bonescan evaluate --cohort ours --model ours-joint -o result

Give patients that the model was not trained on; of a cohort that it was trained on only the validation patients take
part. Those of the test side take no part, so that the result can be measured on them.
"""

THRESHOLDS = {
    "patient": "patient",
    "window_metastasis": "window with metastasis",
    "window_bladder": "window with bladder",
    "segment_metastasis": "pixel of metastasis",
    "segment_bladder": "pixel of bladder",
    "segment_benign": "pixel of benign uptake",
}
SHOWN = (
    "patient_auc",
    "patient_sensitivity",
    "patient_specificity",
    "dice_metastasis_pooled",
    "dice_bladder_pooled",
    "report_accuracy",
)
"""Figures that are printed; the model card has all of them."""


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

    The networks stay as they are, nothing is trained; the thresholds, of a joint model the meaning of its probabilities
    too, and the figures become those of the patients given. What a stepwise model says of a patient stays a score.
    Forty or more should take part, some with and some without metastases. It needs the extra `train` (torch).
    """
    need_torch("calibrate")
    from bonescan.core.files import check_writable
    from bonescan.core.settings import settings
    from bonescan.models.bundle import read_manifest
    from bonescan.models.registry import find_bundle
    from bonescan.training.calibrate import calibrate_bundle

    check_writable(out)
    folder = find_bundle(model or settings().model)
    before, _ = read_manifest(folder)
    bundle = calibrate_bundle(folder, cohort, out, name=name, progress=remark)
    manifest = bundle.manifest
    if as_json:
        say_json({"sha256": bundle.sha256, **manifest.model_dump(mode="json", by_alias=True)})
        return
    for line in aligned(_thresholds(before, manifest)):
        say(line)
    found = [figure for name in SHOWN if (figure := manifest.figure(name))]
    say(f"on {found[0].dataset}:")
    for line in aligned(figure_row(figure) for figure in found):
        say(line)
    say(f"bundle -> {out}; use it with: bonescan analyze INPUT --model {out} -o OUT")


def _thresholds(before: Manifest, now: Manifest) -> Iterator[tuple[str, ...]]:
    yield ("threshold", "before", "now")
    old, new = (manifest.thresholds for manifest in (before, now))
    for field, words in THRESHOLDS.items():
        values = [getattr(thresholds, field) for thresholds in (old, new)]
        if None not in values:
            yield (words, *(f"{value:.2f}" for value in values))
    for site, value in new.sites.items():
        yield (f"site {site}", f"{old.sites[site]:.2f}", f"{value:.2f}")
