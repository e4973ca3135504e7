"""Writing so that nothing half-written is ever found under its final name."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path

from bonescan.core.errors import OutputError


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a temporary name, fsync and rename.

    Raises:
        OutputError: The folder is missing or not writable, or the disk is full; `path` is then as it was.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise _output_error(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text as `write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def remove_unfinished(folder: Path) -> None:
    """Remove what `write_bytes` left in a folder when it was killed; nobody may be writing there."""
    for path in folder.glob(".*.part"):
        if path.is_file():
            path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: after a rename, a power cut would else bring the old ones back.

    Raises:
        OSError: The folder is missing, or the disk fails.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_writable(folder: Path) -> None:
    """Prove that `folder` can be written or made, leaving nothing behind; to be called before long work.

    Raises:
        OutputError: It is a file, below a file, of a name too long, or not writable.
    """
    try:
        # Asking whether a path exists fails too, where a folder above it may not be searched.
        ancestor = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        tempfile.TemporaryDirectory(dir=ancestor, prefix=".bonescan-").cleanup()
    except OSError as error:
        raise _output_error(folder, error) from error


def check_replaceable(folder: Path, known: Container[str], what: str) -> None:
    """Refuse to replace a folder that holds anything but what is about to be written, such as the scan or annotations.

    Args:
        folder: May be there; hidden files in it do not count.
        known: Names that may be in it.
        what: What these are, in words.

    Raises:
        OutputError: It holds something else, or is a file.
    """
    if not folder.exists():
        return
    if not folder.is_dir():  # a scan without a file extension has the very name of its results
        raise OutputError(
            f"{folder.name} in {folder.parent} is a file", expected="no file", hint="Choose another output folder"
        )
    foreign = [path for path in folder.iterdir() if path.name not in known and not path.name.startswith(".")]
    if foreign:
        raise OutputError(
            f"the folder {folder.name} in {folder.parent} is there already and holds other files ({len(foreign)})",
            expected=f"no folder, or one with {what} alone",
            hint="Choose another output folder",
        )


@contextmanager
def staged_folder(final: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `final` that takes its name when the block ends without error.

    An existing `final` is replaced as a whole. On error the temporary folder is removed and `final` is as it was.

    Raises:
        OutputError: The folder cannot be made, or the rename fails.

    Example:
        >>> root = Path(tempfile.mkdtemp())
        >>> with staged_folder(root / "out") as folder:
        ...     write_text(folder / "a.txt", "a")
        >>> (root / "out" / "a.txt").read_text()
        'a'
    """
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}.", suffix=".part"))
        staged.chmod(0o755)
    except OSError as error:
        raise _output_error(final, error) from error
    try:
        yield staged
        old: Path | None = None
        if final.exists():
            old = final.with_name(f".{final.name}.old-{os.getpid()}")
            final.replace(old)
        staged.replace(final)
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        if isinstance(error, OutputError):
            raise
        raise _output_error(final, error) from error
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def _output_error(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"cannot write {path.name} in {path.parent}: {error.strerror or error}",
        hint="Choose another output folder, or check its permissions and free space",
    )
