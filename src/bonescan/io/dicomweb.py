"""Talks to an archive by DICOMweb: fetches a study (QIDO, WADO) and stores results (STOW).

What the archive answers is not trusted: identifiers become file names only after a check, an object is kept only if it
is the one that was asked for, redirects are not followed, every wait has an end, and neither proxies nor passwords are
taken from the environment. A message names the host and what it said, never the patient.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bonescan.core.errors import NotABoneScanError, PeerError, UnreadableInputError, UsageError
from bonescan.core.files import check_replaceable, staged_folder, write_bytes
from bonescan.io.decoding import library_errors

if TYPE_CHECKING:
    from dicomweb_client import DICOMwebClient
    from pydicom.dataset import Dataset
    from requests import Response

CONNECT_S, ANSWER_S = 10.0, 120.0
"""Longest waits: for a connection, and for the next bytes of an answer."""
MOST_OBJECTS = 1000
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(?P<value>[\x20-\x7e]+)")
_REFUSALS = {
    401: "Give credentials with --header-file",
    403: "The credentials do not permit it",
    404: "Check the address: it is the root below which /studies lies",
}

Progress = Callable[[int, int], None]
_Entry = dict[str, dict[str, object]]
"""An object, or a series, in DICOM JSON."""


@dataclass(frozen=True)
class Archive:
    """An archive that speaks DICOMweb.

    Attributes:
        url: Root of the service, below which /studies lies.
        headers: Sent with each request, such as Authorization; not shown.
        ca: Authorities (PEM) that its certificate must come from; by default those that web browsers trust.
        certificate: Our certificate (PEM), where it asks for one.
        key: Key of that certificate.
    """

    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:  # an address or a port that is none; what it says may hold a password
            known = False
        if not known:
            raise UsageError("the URL is none of a DICOMweb service", expected="https://HOST/PATH")
        if parts.username or parts.password:
            raise UsageError("the URL holds a password", hint="Put an Authorization line in a file: --header-file")

    @property
    def host(self) -> str:
        """What it is called in messages."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def fetch_study(
    archive: Archive, study_uid: str, out: Path, *, modality: str = "NM", progress: Progress | None = None
) -> list[Path]:
    """Fetch the objects of a study into `out/<study UID>/`, which appears when they are all there.

    A folder that holds some of them alone is replaced.

    Args:
        archive: Where it lies.
        study_uid: Study Instance UID.
        out: Folder that gets the study's folder.
        modality: Series of this modality alone; empty for all.
        progress: Called with how many objects are there and how many there will be.

    Returns:
        The files, each named by its SOP Instance UID.

    Raises:
        UsageError: `study_uid` is no UID.
        UnreadableInputError: The archive has no such study, or one with too many objects.
        NotABoneScanError: The study has no series of that modality.
        PeerError: The archive refused, did not answer, or answered what is no DICOMweb or was not asked for.
        OutputError: The files cannot be written, or the folder is there and holds something else.
    """
    if not _is_uid(study_uid):
        raise UsageError("the study is named by what is no UID", expected="digits and dots, at most 64 characters")
    with _talking(archive):
        client = _client(archive)
        wanted = _objects(client, study_uid, modality)
    folder = out / study_uid
    names = [f"{instance}.dcm" for _, instance in wanted]
    check_replaceable(folder, names, "objects of this fetch")
    with staged_folder(folder) as staged:
        for done, (series, instance) in enumerate(wanted):
            if progress:
                progress(done, len(wanted))
            with _talking(archive):
                data = _encoded(_object(client, archive, (study_uid, series, instance)))
            write_bytes(staged / names[done], data)
    return [folder / name for name in names]


def store_file(archive: Archive, path: Path) -> str:
    """Store a DICOM file in the archive.

    Args:
        archive: Where to.
        path: The file; sent as it is.

    Returns:
        Its SOP Instance UID.

    Raises:
        UnreadableInputError: It is no DICOM file.
        PeerError: The archive refused it, did not answer, or does not name it among what it stored.
    """
    from bonescan.io.dicom import read_header

    dataset = read_header(path).dataset
    uid = str(dataset.get("SOPInstanceUID", ""))
    if not _is_uid(uid):
        raise UnreadableInputError(f"{path.name} has no SOPInstanceUID", expected="a DICOM object")
    with _talking(archive):
        answer = _client(archive).store_instances([dataset])
        stored = [str(item.get("ReferencedSOPInstanceUID", "")) for item in answer.get("ReferencedSOPSequence", [])]
        failed = [int(item.get("FailureReason", 0)) for item in answer.get("FailedSOPSequence", [])]
    if failed:
        raise PeerError(f"{archive.host} did not take {path.name} (failure reason 0x{failed[0]:04X})")
    if uid not in stored:
        raise PeerError(
            f"{archive.host} does not say that it took {path.name}",
            expected="its identifier among those stored",
            hint="Look whether it is there, and check the address",
        )
    return uid


def parse_headers(lines: Sequence[str]) -> dict[str, str]:
    """Read HTTP headers, one a line; empty lines and those that begin with # are passed over.

    Raises:
        UsageError: A line is no header.

    Example:
        >>> parse_headers(["# for the archive", "Authorization: Bearer abc"])
        {'Authorization': 'Bearer abc'}
    """
    headers = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _HEADER.fullmatch(line.strip())
        if match is None:  # the line may hold a secret, so it is not shown
            raise UsageError(f"header {number} is none", expected="NAME: VALUE")
        headers[match["name"]] = match["value"].strip()
    return headers


def _objects(client: DICOMwebClient, study_uid: str, modality: str) -> list[tuple[str, str]]:
    """(series UID, instance UID) of what is wanted."""
    series = _everything(partial(client.search_for_series, study_uid), "0020000E")
    if not series:
        raise UnreadableInputError("the archive has no such study", hint="Check the Study Instance UID")
    kinds = {uid: _text(entry, "00080060") for uid, entry in series.items()}
    wanted = [uid for uid, kind in kinds.items() if not modality or kind == modality]
    if not wanted:
        there = ", ".join(sorted({kind[:16] or "none named" for kind in kinds.values()}))
        raise NotABoneScanError(f"the study has no series of modality {modality} but of {there}", expected=modality)
    found: list[tuple[str, str]] = []
    for uid in wanted:
        instances = _everything(partial(client.search_for_instances, study_uid, uid), "00080018")
        found += [(uid, instance) for instance in instances]
        if len(found) > MOST_OBJECTS:
            raise UnreadableInputError(f"the study has more than {MOST_OBJECTS} objects", expected="those of a scan")
    if not found:
        raise UnreadableInputError("the study has no objects", expected=f"1 to {MOST_OBJECTS}")
    return found


def _everything(search: Callable[..., list[_Entry]], tag: str) -> dict[str, _Entry]:
    """All that a search finds, by the UID in `tag`: an archive may find a few at once, and is then asked for the rest.

    It ends where nothing new comes, since some archives give the same again, and beyond what anybody wants.
    """
    found: dict[str, _Entry] = {}
    while len(found) <= MOST_OBJECTS:
        new = {uid: entry for entry in search(offset=len(found) or None) if (uid := _text(entry, tag)) not in found}
        if not all(map(_is_uid, new)):
            raise ValueError("an identifier that is none")
        if not new:
            break
        found |= new
    return found


def _object(client: DICOMwebClient, archive: Archive, uids: tuple[str, str, str]) -> Dataset:
    """Retrieve the object of these study, series and instance UIDs, and see that it is this one."""
    dataset = client.retrieve_instance(*uids)
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    if tuple(str(dataset.get(keyword, "")).strip() for keyword in keywords) != uids:
        raise PeerError(f"{archive.host} sent another object than was asked for", hint="Tell whoever runs it")
    return dataset


def _client(archive: Archive) -> DICOMwebClient:
    import requests
    from dicomweb_client import DICOMwebClient

    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    session.headers.update(archive.headers)
    session.hooks["response"].append(_bare_type)
    if archive.ca:
        session.verify = str(archive.ca)
    if archive.certificate:
        session.cert = (str(archive.certificate), str(archive.key or archive.certificate))
    # Sent as one piece: the client's own chunks cannot be sent again, and some archives refuse them.
    client = DICOMwebClient(archive.url, session=session, chunk_size=2**30, timeout=(CONNECT_S, ANSWER_S))
    client.set_http_retry_params(retry=False)
    return client


def _bare_type(answer: Response, **_: object) -> None:
    """Leave out a charset: the client takes an answer to a store with one for an empty one."""
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("application/"):
        answer.headers["Content-Type"] = kind.partition(";")[0].strip()


@contextmanager
def _talking(archive: Archive) -> Iterator[None]:
    """Turn what goes wrong in a talk into one sentence about the peer."""
    import requests

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        raise PeerError(f"{archive.host} refused (HTTP {status})", hint=_REFUSALS.get(status, "")) from error
    except requests.exceptions.SSLError as error:
        raise PeerError(
            f"no trusted connection to {archive.host}",
            hint="Give its authority with --ca, or our certificate with --cert",
        ) from error
    except requests.Timeout as error:
        raise PeerError(f"{archive.host} did not answer in time") from error
    except requests.TooManyRedirects as error:
        raise PeerError(f"{archive.host} sends us elsewhere", hint="Give the address that it redirects to") from error
    except requests.exceptions.InvalidJSONError as error:
        raise PeerError(f"{archive.host} answered what is no DICOMweb", hint="Check the address") from error
    except requests.RequestException as error:
        raise PeerError(f"{archive.host} cannot be reached", hint="Check the address and the network") from error
    except (UnreadableInputError, NotABoneScanError):
        raise
    except library_errors() as error:
        raise PeerError(f"{archive.host} answered what is no DICOMweb", hint="Check the address") from error


def _encoded(dataset: Dataset) -> bytes:
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _text(entry: _Entry, tag: str) -> str:
    """First value of a tag in DICOM JSON."""
    values = entry.get(tag, {}).get("Value")
    return str(values[0]).strip() if isinstance(values, list) and values else ""


def _is_uid(text: str) -> bool:
    return len(text) <= 64 and _UID.fullmatch(text) is not None
