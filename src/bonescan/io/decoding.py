"""Guards around foreign decoders: what they raise becomes one sentence, and nothing is decoded that cannot fit.

A damaged file makes pydicom, Pillow and GDCM raise almost anything. `decoding` turns it into `UnreadableInputError`,
and keeps their warnings to itself: what matters to a reader of the result is a quality finding.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bonescan.core.errors import BonescanError, UnreadableInputError

MAX_FILE_BYTES = 512 * 2**20
MAX_PIXELS = 2**25
"""Of all frames together; 16 views of 1024 x 2048."""
MAX_SIDE = 8192

DECODER_ERRORS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    StopIteration,
    SyntaxError,  # Pillow's PNG reader
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""Everything that decoders have been seen to raise on damaged bytes, bar their own classes."""


def library_errors() -> tuple[type[Exception], ...]:
    """`DECODER_ERRORS` and the decoders' own exception classes that derive from nothing better than Exception."""
    from PIL.Image import DecompressionBombError
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*DECODER_ERRORS, DecompressionBombError, BytesLengthException, InvalidDicomError)


@contextmanager
def decoding(path: Path, kind: str) -> Iterator[None]:
    """Turn what a decoder raises while it reads `path` as `kind` into `UnreadableInputError`.

    Raises:
        UnreadableInputError: The file is missing, may not be read, or is damaged.

    Example:
        >>> with decoding(Path("a.png"), "PNG picture"):
        ...     raise SyntaxError("broken PNG file")
        Traceback (most recent call last):
        bonescan.core.errors.UnreadableInputError: a.png is damaged or no PNG picture.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except BonescanError:
            raise
        except FileNotFoundError as error:
            raise UnreadableInputError(f"{path.name} does not exist") from error
        except PermissionError as error:
            raise UnreadableInputError(f"{path.name} may not be read", hint="Check its permissions") from error
        except MemoryError as error:
            raise UnreadableInputError(f"{path.name} needs more memory than there is") from error
        except library_errors() as error:
            if isinstance(error, OSError) and error.strerror:  # the system's, and not a decoder's
                raise UnreadableInputError(f"{path.name} cannot be read: {error.strerror}") from error
            raise UnreadableInputError(f"{path.name} is damaged or no {kind}") from error


def refused_by_system(error: BaseException) -> OSError | MemoryError | None:
    """What the system did not give, where that and not the content is why a file was found unreadable.

    Another time, the same file may be read: there was no memory, no more open file, or the disk failed.

    Args:
        error: What `decoding` raised.

    Example:
        >>> try:
        ...     with decoding(Path("a.png"), "PNG picture"):
        ...         raise OSError(24, "Too many open files")
        ... except UnreadableInputError as error:
        ...     refused_by_system(error)
        OSError(24, 'Too many open files')
    """
    cause = error.__cause__
    if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno is not None):
        return cause
    return None  # Pillow raises errors of the system for damaged content, without a number


def check_file_size(path: Path) -> None:
    """Refuse a file that no scan fills, or that is empty.

    Raises:
        UnreadableInputError: It is missing, empty, or above `MAX_FILE_BYTES`.
    """
    with decoding(path, "file"):
        size = path.stat().st_size
    if size == 0:
        raise UnreadableInputError(f"{path.name} is empty")
    if size > MAX_FILE_BYTES:
        raise UnreadableInputError(
            f"{path.name} has {size / 2**20:,.0f} MiB", expected=f"a scan of at most {MAX_FILE_BYTES // 2**20} MiB"
        )


def check_dimensions(path: Path, rows: int, columns: int, frames: int = 1) -> None:
    """Refuse dimensions that would take absurd memory, before any is taken.

    Raises:
        UnreadableInputError: There is no pixel, or too many.
    """
    if frames < 1:
        raise UnreadableInputError(f"{path.name} has no frame", expected="one frame a view")
    if rows < 1 or columns < 1:
        raise UnreadableInputError(f"{path.name} has {rows} x {columns} pixels")
    if rows > MAX_SIDE or columns > MAX_SIDE or rows * columns * frames > MAX_PIXELS:
        raise UnreadableInputError(
            f"{path.name} claims {frames} frame(s) of {rows} x {columns} pixels",
            expected=f"sides of at most {MAX_SIDE} and at most {MAX_PIXELS:,} pixels in all",
        )
