"""From the words of the command line to the studies that they mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bonescan.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from bonescan.core.study import Polarity, Study
    from bonescan.io.inputs import StudyInput


@dataclass(frozen=True)
class Source:
    """One study as the command line names it: an input, or a file for a view.

    Attributes:
        label: What to call it in a message: the path or paths as given.
        name: Name of the study where it is known before reading, else empty.
        files: The files that make it up.
        input: The input, or None where `anterior` or `posterior` are given.
        anterior: File of the anterior view.
        posterior: File of the posterior view.
    """

    label: str
    name: str
    files: tuple[Path, ...]
    input: StudyInput | None = None
    anterior: Path | None = None
    posterior: Path | None = None

    def read(self, polarity: Polarity | None = None) -> Study:
        """Read it.

        Raises:
            InputError: It cannot be used; the message says why.
        """
        from bonescan.io.reader import read_study

        return read_study(self.input, anterior=self.anterior, posterior=self.posterior, polarity=polarity)


@dataclass(frozen=True)
class Sources:
    """The studies that the arguments name, and the arguments that name none."""

    found: list[Source] = field(default_factory=list)
    failed: list[tuple[str, InputError]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.found) + len(self.failed)

    def names(self) -> list[str]:
        """Folder names of the studies found, numbered where two would be the same."""
        from bonescan.export.folder import unique_names

        return unique_names(source.name for source in self.found)


def check_words(inputs: list[Path], anterior: Path | None, posterior: Path | None) -> None:
    """Check that the arguments make sense together, before anything is loaded.

    Raises:
        UsageError: Neither an input nor a file for a view was given, or both.
    """
    if (anterior or posterior) and inputs:
        raise UsageError("an input and files for single views were given", expected="one or the other")
    if not (anterior or posterior or inputs):
        raise UsageError("no input was given", expected="a file, a folder, or --anterior and --posterior")


def gather(inputs: list[Path], anterior: Path | None = None, posterior: Path | None = None) -> Sources:
    """Find the studies that the arguments name; a folder of studies gives one each, a study named twice is one.

    DICOM objects of one view are put together by their study, wherever they lie.

    Raises:
        UsageError: Neither an input nor a file for a view was given, or both.
    """
    check_words(inputs, anterior, posterior)
    if pair := tuple(file for file in (anterior, posterior) if file):
        return Sources([Source(" + ".join(map(str, pair)), "", pair, None, anterior, posterior)])
    from bonescan.io.reader import find_inputs, pair_views, with_half

    sources = Sources()
    found: dict[tuple[Path, ...], StudyInput] = {}
    labels: dict[tuple[Path, ...], str] = {}
    for path in inputs:
        try:
            entries = find_inputs(path)
        except InputError as error:
            sources.failed.append((str(path), error))
            continue
        if len(inputs) > 1 and entries[0].files == (path,):
            entries = [with_half(entries[0])]
        for entry in entries:
            found.setdefault(tuple(file.resolve() for file in entry.files), entry)
        if len(entries) == 1:
            labels.setdefault(entries[0].files, str(path))
    paired = {file for files in found if len(files) > 1 for file in files}
    for entry in pair_views(entry for files, entry in found.items() if len(files) > 1 or files[0] not in paired):
        label = labels.get(entry.files) or " + ".join(map(str, entry.files))
        sources.found.append(Source(label, entry.name, entry.files, entry))
    return sources
