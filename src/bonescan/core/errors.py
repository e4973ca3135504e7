"""Every error bonescan raises on purpose, and what each means to the outside.

::

    BonescanError
    ├── UsageError                     exit 2   the call itself is wrong
    │   └── UnknownJobError            exit 2     no job of that number, or one that this cannot be done to
    ├── InputError                     exit 3   the input cannot be used
    │   ├── UnreadableInputError       exit 3     damaged, truncated, or of no known format
    │   ├── NotABoneScanError          exit 3     readable, but not a whole-body bone scintigram
    │   ├── MissingViewError           exit 3     a view that was asked for is not there
    │   ├── MixedStudyError            exit 3     files given as one study are not: two patients, or one picture twice
    │   ├── NoHeaderError              exit 3     results cannot be filed: no DICOM header, or one without UIDs
    │   ├── MismatchedObjectError      exit 3     an object is not what its sender said
    │   ├── CohortError                exit 3     a cohort folder with faults
    │   └── RecipeError                exit 2     a recipe that cannot be understood
    ├── ModelError                     exit 4   a bundle is missing, altered or unusable
    │   ├── UnknownModelError          exit 4
    │   ├── BundleCorruptError         exit 4     a file's SHA-256 differs from bundle.json
    │   └── MissingExtraError          exit 4     an optional dependency is not installed
    ├── OutputError                    exit 5   a result could not be written
    │   ├── NoRoomError                exit 5     a limit of the disk, or of the store, is reached
    │   └── StoreError                 exit 5     the node's store is in use, damaged or newer
    └── PeerError                      exit 6   a network peer refused

A message says what was found, what was expected, and what to do. It calls files by their names, and says
nothing that a header holds of a patient.
`STATUS` below is the one table from errors to exit codes, HTTP and DICOM statuses; a test proves it complete.
"""

from __future__ import annotations

from typing import NamedTuple


class BonescanError(Exception):
    """Base of all errors raised on purpose.

    Args:
        found: What was found, as a clause without a full stop ("the file ends after 512 of 1024 rows").
        expected: What was expected, as a clause, or empty.
        hint: What to do about it, as a sentence, or empty.
    """

    def __init__(self, found: str, *, expected: str = "", hint: str = "") -> None:
        self.found = found
        self.expected = expected
        self.hint = hint
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The whole message on one line."""
        text = self.found.rstrip(".")
        if self.expected:
            text += f"; expected {self.expected.rstrip('.')}"
        text += "."
        if self.hint:
            text += f" {self.hint.rstrip('.')}."
        return text

    def __str__(self) -> str:
        return self.message


class UsageError(BonescanError):
    """The call itself is wrong: contradictory or impossible arguments."""


class UnknownJobError(UsageError):
    """There is no job of that number, or it is in a state in which this cannot be done."""


class InputError(BonescanError, ValueError):
    """The input cannot be used."""


class UnreadableInputError(InputError):
    """Damaged, truncated, or of no format that bonescan reads."""


class NotABoneScanError(InputError):
    """Readable, but not a planar whole-body bone scintigram."""


class MissingViewError(InputError):
    """A view that was asked for is not there."""


class MixedStudyError(InputError):
    """Files given as one study are of different patients or studies, or show one picture twice."""


class NoHeaderError(InputError):
    """Results are to be filed under a patient and study that the input does not name."""


class MismatchedObjectError(InputError):
    """A received object is not of the class or number that its sender announced."""


class CohortError(InputError):
    """A cohort folder has faults; the message lists each with file and row."""

    faults: tuple[str, ...] = ()
    """The same one by one, where there may be several."""


class RecipeError(InputError):
    """A recipe has unknown keys, wrong types or values out of range."""


class ModelError(BonescanError):
    """A model bundle is missing, altered or unusable."""


class UnknownModelError(ModelError):
    """No bundle of that name is shipped or installed, and no folder of that name exists."""


class BundleCorruptError(ModelError):
    """A file of the bundle is missing, or its SHA-256 differs from the one in bundle.json."""


class MissingExtraError(ModelError):
    """An optional dependency is needed and not installed."""


class OutputError(BonescanError, OSError):
    """A result could not be written; nothing half-written is left behind."""


class NoRoomError(OutputError):
    """The disk, or what the settings let the store take of it, is full; or an object is larger than is taken."""


class StoreError(OutputError):
    """The store of the node is used by another process, damaged, or written by a newer version."""


class PeerError(BonescanError):
    """A network peer refused or did not answer."""

    taken: int = 0
    """How many objects it took before."""


class Status(NamedTuple):
    """What an error means to the three outsides."""

    exit_code: int
    http: int
    dicom: int
    """C-STORE response status (PS3.4 Annex B.2.3)."""


STATUS: dict[type[BonescanError], Status] = {
    BonescanError: Status(1, 500, 0x0110),
    UsageError: Status(2, 400, 0x0110),
    UnknownJobError: Status(2, 404, 0x0110),
    RecipeError: Status(2, 400, 0x0110),
    InputError: Status(3, 422, 0xC000),
    UnreadableInputError: Status(3, 422, 0xC000),
    NotABoneScanError: Status(3, 422, 0xA900),
    MissingViewError: Status(3, 422, 0xA900),
    MixedStudyError: Status(3, 422, 0xA900),
    NoHeaderError: Status(3, 422, 0xA900),
    MismatchedObjectError: Status(3, 422, 0xA900),
    CohortError: Status(3, 422, 0xC000),
    ModelError: Status(4, 503, 0x0110),
    UnknownModelError: Status(4, 404, 0x0110),
    BundleCorruptError: Status(4, 503, 0x0110),
    MissingExtraError: Status(4, 501, 0x0110),
    OutputError: Status(5, 507, 0xA700),
    NoRoomError: Status(5, 507, 0xA700),
    StoreError: Status(5, 503, 0xA700),
    PeerError: Status(6, 502, 0x0122),
}
"""Error class → exit code, HTTP status, DICOM C-STORE status."""


def status_of(error: BaseException) -> Status:
    """Return the status of an error by its nearest class in `STATUS`.

    Example:
        >>> status_of(UnknownModelError("no model 'x'")).exit_code
        4
    """
    for cls in type(error).__mro__:
        if cls in STATUS:
            return STATUS[cls]
    return Status(1, 500, 0x0110)
