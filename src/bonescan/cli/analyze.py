"""`bonescan analyze`: the whole chain, for one study or many."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import typer

from bonescan.cli.failure import exit_code, explain, explain_error
from bonescan.cli.inputs import Source, check_words, gather
from bonescan.cli.names import free_name
from bonescan.cli.output import progress, say, say_json
from bonescan.core.errors import InputError, OutputError
from bonescan.core.imports import UNUSED, hidden

if TYPE_CHECKING:
    from bonescan.core.findings import Analysis
    from bonescan.core.study import Polarity

FORMATS = ("json", "png", "pdf", "seg", "sr", "sc", "fhir")
DEFAULT_FORMATS = ("json", "png", "pdf")
"""Those of `bonescan.export.folder`, repeated so that help needs no import of it; a test holds the two equal."""
_SIDE_BY_SIDE = 2
"""Studies at once. The network takes all processors for a part of each study, and the rest leaves them idle."""

EPILOG = """\b
Examples:
  bonescan analyze study.dcm -o out
  bonescan analyze folder-of-studies/ -o out --formats json,pdf
  bonescan analyze --anterior front.png --posterior back.png -o out
  bonescan analyze study.dcm -o out --formats json,pdf,seg,sr,sc,fhir
  bonescan analyze study.dcm -o out --json | jq .analyses[0].analysis.metastasis

Each study gets its folder below OUT with analysis.json, masks/ and report.txt, overlay.png (png) and report.pdf (pdf).
With several inputs the good ones are done, the bad ones are listed on stderr, and the exit code is 3, or 5 where a
result could not be written.

seg, sr and sc write DICOM objects into dicom/, of DICOM inputs only: segmentation, measurements, picture; pdf beside
one of them puts the report there too. These and fhir.json name the patient as the scan does; nothing else does.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(hidden(*UNUSED)(analyze))


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
    with progress("Analysing", len(sources.found)) as report, run:
        for number, (name, result) in enumerate(zip(sources.names(), run.results(sources.found), strict=True), start=1):
            run.take(name, result)
            report(number, len(sources.found))
    if as_json:
        say_json(run.document())
    run.finish(len(sources))


@dataclass(frozen=True)
class _Result:
    """What became of an input: an analysis, or why there is none."""

    source: Source
    analysis: Analysis | InputError


@dataclass
class _Run:
    """One call of the command: what holds for all studies, and what became of each.

    While studies are read and analysed, the one before is written.
    """

    model: str | None
    out: Path
    formats: tuple[str, ...]
    polarity: Polarity | None
    keep_documents: bool
    done: list[dict[str, Any]] = field(default_factory=list)
    failed: list[tuple[str, InputError | OutputError]] = field(default_factory=list)
    _writer: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 1, "bonescan-write"))
    _writing: Future[None] | None = None
    _loaded: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the last study to be written."""
        with self._writer:
            self._written()

    def results(self, sources: Sequence[Source]) -> Iterator[_Result]:
        """Read and analyse a few studies at once; what comes of them comes in their order."""
        with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="bonescan-analyse") as pool:
            ahead: deque[Future[_Result]] = deque()
            for source in sources:
                ahead.append(pool.submit(self._result, source))
                if len(ahead) > _SIDE_BY_SIDE:
                    yield ahead.popleft().result()
            yield from (result.result() for result in ahead)

    def take(self, name: str, result: _Result) -> None:
        """Have one study's folder written; an input that cannot be used, or a folder not written, is noted."""
        source, analysis = result.source, result.analysis
        if isinstance(analysis, InputError):
            self.failed.append((source.label, analysis))
            return
        self._written()
        self._writing = self._writer.submit(self._write, source, name if source.name else "", analysis)

    def _result(self, source: Source) -> _Result:
        import bonescan as bs
        from bonescan.export.folder import check_input, load

        began = perf_counter()
        try:
            study = source.read(self.polarity)
            check_input(study, self.formats)
        except InputError as error:
            return _Result(source, error)
        if not self._loaded:
            # While the first study waits for its networks: earlier, it would hold up what loads them.
            self._loaded = True
            self._writer.submit(load, self.formats)
        return _Result(source, bs.analyze(study, model=self.model, read_ms=1e3 * (perf_counter() - began)))

    def _write(self, source: Source, name: str, analysis: Analysis) -> None:
        import bonescan as bs

        name = free_name(self.out, name or analysis.source.name, analysis.source)
        try:
            folder = bs.write(analysis, self.out, self.formats, name=name)
        except OutputError as error:  # a folder of that name may hold other files: the studies after it are done
            self.failed.append((source.label, error))
            return
        if self.keep_documents:
            document = analysis.model_dump(mode="json", by_alias=True)
            self.done.append({"input": source.label, "folder": str(folder), "analysis": document})
        else:
            say(_line(analysis, folder))

    def _written(self) -> None:
        """Wait until the study before is written, and raise what writing it raised."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        failures = [
            {"input": label, "message": error.message, "exit_code": exit_code(error)} for label, error in self.failed
        ]
        return {"analyses": self.done, "failures": failures}

    def finish(self, total: int) -> None:
        """List what failed on stderr and leave with its exit code: 5 where a result could not be written, else 3."""
        for label, error in self.failed:
            explain_error(error, label if total > 1 else "")
        unused = sum(isinstance(error, InputError) for _, error in self.failed)
        if unused and total > 1:
            explain(f"{unused} of {total} inputs could not be used.")
        if (unwritten := len(self.failed) - unused) and total > 1:
            explain(f"{unwritten} of {total} results could not be written.")
        if self.failed:
            raise typer.Exit(max(exit_code(error) for _, error in self.failed))


def _line(analysis: Analysis, folder: Path) -> str:
    from bonescan.burden.lesions import count
    from bonescan.core.findings import shown

    found = analysis.metastasis
    verdict = "metastasis suspected" if found.present else "no metastasis suspected"
    parts = [f"{verdict} ({found.quantity} {shown(found.probability)})"]
    if found.present:
        sites = ", ".join(name for name, site in analysis.sites.items() if site.present)
        undecided = ", ".join(analysis.undecided_sites)
        lesions = count(analysis.lesions)
        parts += [sites] if sites else []
        parts += [f"less certain: {undecided}"] if undecided else []
        parts += [f"{lesions} lesion{'' if lesions == 1 else 's'}", f"BSTBI {analysis.burden.bstbi:.4f}"]
    return f"{folder.name}: {'; '.join(parts)} -> {folder}"
