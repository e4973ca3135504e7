"""`bonescan info`: what a reader sees in an input, without any model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bonescan.cli.inputs import gather
from bonescan.cli.output import aligned, say, say_json
from bonescan.core.imports import UNUSED, hidden

if TYPE_CHECKING:
    from bonescan.core.study import Study, View

EPILOG = """\b
Examples:
  bonescan info study.dcm
  bonescan info folder/ --json
  bonescan info --anterior front.png --posterior back.png
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(hidden(*UNUSED)(info))


def info(
    source: Annotated[Path | None, typer.Argument(metavar="INPUT", help="A file or the folder of one study.")] = None,
    anterior: Annotated[Path | None, typer.Option(metavar="FILE", help="Picture of the anterior view.")] = None,
    posterior: Annotated[Path | None, typer.Option(metavar="FILE", help="Picture of the posterior view.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show views, spacing, counts and quality.

    Loads no model.
    """
    sources = gather([source] if source else [], anterior, posterior)
    for _, error in sources.failed:
        raise error
    studies = [item.read() for item in sources.found]
    if as_json:
        documents = [_document(study) for study in studies]
        say_json(documents[0] if len(documents) == 1 else documents)
        return
    for study in studies:
        for line in _lines(study):
            say(line)


def _document(study: Study) -> dict[str, Any]:
    return {
        "name": study.name,
        "study_instance_uid": study.study_instance_uid,
        "patient_sex": study.patient_sex,
        "radiopharmaceutical": study.scan.radiopharmaceutical,
        "injected_activity_mbq": study.scan.injected_activity_mbq,
        "acquisition_date": study.scan.acquisition_date,
        "views": [
            {
                "view": str(view.name),
                "rows": view.rows,
                "columns": view.columns,
                "pixel_spacing_mm": view.pixel_spacing_mm,
                "counts_total": view.counts_total,
                "polarity": str(view.polarity),
                "units": str(view.units),
                "frame_number": view.frame_number,
            }
            for view in study.views
        ],
        "quality": [finding.model_dump() for finding in study.quality],
    }


def _lines(study: Study) -> list[str]:
    facts = [study.scan.radiopharmaceutical, study.patient_sex and f"sex {study.patient_sex}"]
    if study.scan.injected_activity_mbq:
        facts.append(f"{study.scan.injected_activity_mbq:.0f} MBq")
    heading = ", ".join(fact for fact in facts if fact)
    lines = [f"{study.name}: {heading}" if heading else study.name]
    lines += aligned(_row(view) for view in study.views)
    lines += [f"  {finding.severity}: {finding.message}" for finding in study.quality] or ["  quality: no finding"]
    return lines


def _row(view: View) -> tuple[str, ...]:
    spacing = view.pixel_spacing_mm
    frame = f"frame {view.frame_number}" if view.frame_number else ""
    return (
        str(view.name),
        f"{view.rows} x {view.columns}",
        f"{spacing[0]:.2f} x {spacing[1]:.2f} mm" if spacing else "spacing unknown",
        f"{view.counts_total:,.0f} {view.units}",
        f"stored {view.polarity}".replace("_", " = "),
        frame,
    )
