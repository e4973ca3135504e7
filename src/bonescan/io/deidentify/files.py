"""Files and folders of scans without their patients."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from bonescan.core.errors import InputError, UnreadableInputError
from bonescan.core.files import write_bytes
from bonescan.io.decoding import decoding
from bonescan.io.deidentify.dataset import Clean, clean, of_original
from bonescan.io.deidentify.keyed import Keyed
from bonescan.io.deidentify.words import survives
from bonescan.io.dicom import read_header
from bonescan.io.inputs import kind_of


@dataclass(frozen=True)
class Written:
    """A file that was written.

    Attributes:
        source: The original.
        target: The file without the patient.
        patient: The patient's new id.
        warnings: What a person has to look at.
    """

    source: Path
    target: Path
    patient: str
    warnings: tuple[str, ...]


def find_objects(path: Path) -> Iterator[Path]:
    """A file, or all DICOM files below a folder that are not hidden, in the order of their names.

    One that cannot be read is among them, since it may be a scan: cleaning it says what is wrong.

    Raises:
        UnreadableInputError: There is no such file or folder.
    """
    with decoding(path, "folder"):
        if not path.exists():
            raise UnreadableInputError(f"{path.name} does not exist")
        is_folder = path.is_dir()
    if not is_folder:
        yield path
        return
    for folder, names, files in os.walk(path):
        names.sort()
        for name in sorted(files):
            found = Path(folder) / name
            if not name.startswith(".") and name != "DICOMDIR" and _may_be_dicom(found):
                yield found


def _may_be_dicom(path: Path) -> bool:
    try:
        return kind_of(path) == "dicom"
    except UnreadableInputError:
        return True


def deidentify(source: Path, out: Path, keyed: Keyed, written: dict[Path, bytes] | None = None) -> Written:
    """Write a scan without its patient.

    Args:
        source: A DICOM file.
        out: Folder of the results; the file gets a name that depends on its new numbers alone.
        keyed: Substitutes for numbers, names and times.
        written: SHA-256 of each file of this run, to be added to; what an earlier run wrote is replaced.

    Returns:
        Where it is and what to look at.

    Raises:
        NotABoneScanError: It is no planar nuclear-medicine image or capture of one.
        UnreadableInputError: It is damaged, or a word that tells who the patient is would have survived.
        InputError: Another object of this run has its number.
        OutputError: It cannot be written.

    Example:
        >>> deidentify(Path("missing.dcm"), Path("out"), Keyed(b"k" * 32))
        Traceback (most recent call last):
        bonescan.core.errors.UnreadableInputError: missing.dcm does not exist.
    """
    result, data = without_patient(source, keyed)
    target = (
        out / result.patient / _tail(result.dataset.StudyInstanceUID) / f"{_tail(result.dataset.SOPInstanceUID)}.dcm"
    )
    written = {} if written is None else written
    digest = sha256(data).digest()
    if written.get(target, digest) != digest:
        raise InputError(
            f"{source.name} has the SOP Instance UID of another object that was written before, and other contents",
            expected="a number of its own for each object",
        )
    write_bytes(target, data)
    written[target] = digest
    return Written(source, target, result.patient, result.warnings)


def without_patient(source: Path, keyed: Keyed) -> tuple[Clean, bytes]:
    """Take the patient out of a scan.

    Returns:
        The object, and the file that it makes.

    Raises:
        NotABoneScanError: It is no planar nuclear-medicine image or capture of one.
        UnreadableInputError: It is damaged, or a word that tells who the patient is would have survived.
    """
    header = read_header(source)
    with decoding(source, "DICOM object"):
        result = clean(header.dataset, keyed, source)
        data = _encode(result)
        if survives(_searched(result), result.words):
            raise UnreadableInputError(
                f"{source.name} would still tell who the patient is",
                expected="no number, table or compressed pixels in which a removed name or number stands",
            )
    return result, data


def _searched(result: Clean) -> bytes:
    """What is taken over from the original, in bytes."""
    left = of_original(result.dataset)
    # Plain pixels are counts, among which words turn up by chance; compressed ones have room for more.
    if not result.dataset.file_meta.TransferSyntaxUID.is_compressed:
        left.pop("PixelData", None)
    buffer = BytesIO()
    left.save_as(buffer, implicit_vr=False, little_endian=True)
    return buffer.getvalue()


def _encode(result: Clean) -> bytes:
    buffer = BytesIO()
    result.dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _tail(uid: str) -> str:
    return str(uid)[-12:]
