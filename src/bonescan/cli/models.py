"""`bonescan models`: the bundles that can be named, what they were trained on and how they measured."""

from __future__ import annotations

from typing import Annotated

import typer

from bonescan.cli.output import say, say_json

EPILOG = """\b
Examples:
  bonescan models
  bonescan models --json
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(models)


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List models, their licence and figures.

    The bundles that --model can name: shipped and installed ones, with training data and measured figures.
    """
    from bonescan.models.bundle import load_bundle
    from bonescan.models.registry import list_bundles

    bundles = [load_bundle(folder) for folder in list_bundles()]
    if as_json:
        manifests = [(bundle.sha256, bundle.manifest.model_dump(mode="json", by_alias=True)) for bundle in bundles]
        say_json([{"sha256": sha256, **manifest} for sha256, manifest in manifests])
        return
    for bundle in bundles:
        say(f"{bundle.manifest.name} {bundle.manifest.version}")
