"""`bonescan analyze`: the whole chain, for one study or many."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bonescan.cli.failure import exit_code, explain, explain_error
from bonescan.cli.inputs import Source, check_words, gather
from bonescan.cli.names import free_name
from bonescan.cli.output import progress, say, say_json
from bonescan.core.errors import InputError

if TYPE_CHECKING:
    from bonescan.core.findings import Analysis
    from bonescan.core.study import Polarity

FORMATS = ("json", "png", "pdf", "seg", "sr", "sc", "fhir")
DEFAULT_FORMATS = ("json", "png", "pdf")
"""Those of `bonescan.export.folder`, repeated so that help needs no import of it; a test holds the two equal."""

EPILOG = """\b
Examples:
  bonescan analyze study.dcm -o out
  bonescan analyze folder-of-studies/ -o out --formats json,pdf
  bonescan analyze --anterior front.png --posterior back.png -o out
  bonescan analyze study.dcm -o out --formats json,pdf,seg,sr,sc,fhir
  bonescan analyze study.dcm -o out --json | jq .analyses[0].analysis.metastasis

Each study gets its folder below OUT with analysis.json, masks/, overlay.png, report.txt and report.pdf. With several
inputs the good ones are done, the bad ones are listed on stderr, and the exit code is 3.

seg, sr and sc write DICOM objects into dicom/, of DICOM inputs only: segmentation, measurements, picture; pdf beside
one of them puts the report there too. These and fhir.json name the patient as the scan does; nothing else does.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(analyze)


def analyze(
    inputs: Annotated[
        list[Path] | None, typer.Argument(metavar="INPUT", help="Files or folders, each a study or many.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Folder for the results.")],
    formats: Annotated[
        str, typer.Option(metavar="LIST", help=f"What to write, comma-separated: {', '.join(FORMATS)}.")
    ] = ",".join(DEFAULT_FORMATS),
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Model bundle; by default that of the settings.")
    ] = None,
    anterior: Annotated[Path | None, typer.Option(metavar="FILE", help="Picture of the anterior view.")] = None,
    posterior: Annotated[Path | None, typer.Option(metavar="FILE", help="Picture of the posterior view.")] = None,
    polarity: Annotated[
        Literal["hot_high", "hot_low"] | None,
        typer.Option(help="How the input draws uptake, where detection is wrong."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Find metastases, measure burden, draft a report."""
    from bonescan.analysis import prepare
    from bonescan.core.files import check_writable
    from bonescan.core.study import Polarity
    from bonescan.export.folder import check_formats

    chosen = check_formats([word.strip().lower() for word in formats.split(",") if word.strip()])
    check_words(inputs or [], anterior, posterior)
    check_writable(out)
    prepare(model)  # loads the networks in the background while the inputs are found and read
    sources = gather(inputs or [], anterior, posterior)
    stored = Polarity(polarity) if polarity else None
    run = _Run(model, out, chosen, stored, keep_documents=as_json, failed=list(sources.failed))
    with progress("Analysing", len(sources.found)) as report:
        for number, (source, name) in enumerate(zip(sources.found, sources.names(), strict=True), start=1):
            run.take(source, name)
            report(number, len(sources.found))
    if as_json:
        say_json(run.document())
    run.finish(len(sources))


@dataclass
class _Run:
    """One call of the command: what holds for all studies, and what became of each."""

    model: str | None
    out: Path
    formats: tuple[str, ...]
    polarity: Polarity | None
    keep_documents: bool
    done: list[dict[str, Any]] = field(default_factory=list)
    failed: list[tuple[str, InputError]] = field(default_factory=list)

    def take(self, source: Source, name: str) -> None:
        """Analyse one study and write its folder; an input that cannot be used is noted, anything else is raised."""
        import bonescan as bs
        from bonescan.export.folder import check_input

        began = perf_counter()
        try:
            study = source.read(self.polarity)
            check_input(study, self.formats)
            analysis = bs.analyze(study, model=self.model, read_ms=1e3 * (perf_counter() - began))
        except InputError as error:
            self.failed.append((source.label, error))
            return
        name = free_name(self.out, name if source.name else study.name, study)
        folder = bs.write(analysis, self.out, self.formats, name=name)
        if self.keep_documents:
            document = analysis.model_dump(mode="json", by_alias=True)
            self.done.append({"input": source.label, "folder": str(folder), "analysis": document})
        else:
            say(_line(analysis, folder))

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        failures = [
            {"input": label, "message": error.message, "exit_code": exit_code(error)} for label, error in self.failed
        ]
        return {"analyses": self.done, "failures": failures}

    def finish(self, total: int) -> None:
        """List the bad inputs on stderr and leave with their exit code."""
        for label, error in self.failed:
            explain_error(error, label if total > 1 else "")
        if self.failed and total > 1:
            explain(f"{len(self.failed)} of {total} inputs could not be used.")
        if self.failed:
            raise typer.Exit(exit_code(self.failed[0][1]))


def _line(analysis: Analysis, folder: Path) -> str:
    from bonescan.burden.lesions import count

    verdict = "metastasis suspected" if analysis.metastasis.present else "no metastasis suspected"
    parts = [f"{verdict} ({analysis.metastasis.probability:.2f})"]
    if analysis.metastasis.present:
        sites = ", ".join(name for name, site in analysis.sites.items() if site.present)
        lesions = count(analysis.lesions)
        parts += [sites] if sites else []
        parts += [f"{lesions} lesion{'' if lesions == 1 else 's'}", f"BSTBI {analysis.burden.bstbi:.4f}"]
    return f"{folder.name}: {'; '.join(parts)} -> {folder}"
