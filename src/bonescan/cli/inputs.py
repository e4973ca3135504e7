"""From the words of the command line to the studies that they mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bonescan.core.errors import UnreadableInputError, UsageError

if TYPE_CHECKING:
    from bonescan.core.study import Polarity, Study


@dataclass(frozen=True)
class Source:
    """One study as the command line names it: a path, or one file for each view."""

    path: Path
    anterior: Path | None = None
    posterior: Path | None = None

    @property
    def label(self) -> str:
        """What to call it in a message: the path or paths as given."""
        files = [str(file) for file in (self.anterior, self.posterior) if file]
        return " + ".join(files) or str(self.path)

    def read(self, polarity: Polarity | None = None) -> Study:
        """Read it.

        Raises:
            InputError: It cannot be used; the message says why.
        """
        from bonescan.io.reader import read_study

        return read_study(self.path, anterior=self.anterior, posterior=self.posterior, polarity=polarity)


def sources(inputs: list[Path], anterior: Path | None = None, posterior: Path | None = None) -> list[Source]:
    """The studies that the arguments name; a folder of studies gives one each.

    Raises:
        UsageError: Neither an input nor a file for a view was given, or files for views beside several inputs.
        UnreadableInputError: A path does not exist, or a folder holds no study.
    """
    pair = anterior or posterior
    if pair is None:
        if not inputs:
            raise UsageError("no input was given", expected="a file, a folder, or --anterior and --posterior")
        return [source for path in inputs for source in _expand(path)]
    if len(inputs) > 1:
        raise UsageError("--anterior and --posterior name the views of one study, but several inputs were given")
    for file in (anterior, posterior):
        if file is not None and not file.is_file():
            raise UnreadableInputError(f"there is no file {file}", hint="Check the path")
    return [Source(inputs[0] if inputs else pair, anterior, posterior)]


def _expand(path: Path) -> list[Source]:
    from bonescan.io.reader import find_inputs

    if not path.exists():
        # Told with the other bad inputs, after the good ones are done.
        return [Source(path)]
    return [Source(found) for found in find_inputs(path)] if path.is_dir() else [Source(path)]
