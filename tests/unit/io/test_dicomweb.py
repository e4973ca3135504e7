"""DICOMweb against servers that misbehave: on loopback, one answer each, or an archive of a few objects."""

import json
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pydicom
import pytest

from bonescan.core.errors import OutputError, PeerError, UnreadableInputError, UsageError
from bonescan.io import dicomweb
from bonescan.io.dicom_writer import nm_dataset
from bonescan.io.dicomweb import Archive, fetch_study, parse_headers, store_file
from tests.conformance.tools import tool
from tests.phantoms import analytic_study


@contextmanager
def answering(answer, tls=None):
    """A server that gives each request to `answer(handler)`; yields its archive and the headers that it was sent."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(dict(self.headers))
            answer(self)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *words: None
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        scheme = "https" if tls else "http"
        yield Archive(f"{scheme}://127.0.0.1:{server.server_port}/dicom-web", {"Authorization": "Bearer secret"}), seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def reply(status, body=b"", kind="application/dicom+json", **headers):
    def answer(handler):
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


STUDY, SERIES_OF = "1.2.3", {"NM": "1.2.3.1", "SR": "1.2.3.2"}


def scan(series, instance, **other):
    dataset = nm_dataset(analytic_study(rows=64, columns=16))
    named = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": series, "SOPInstanceUID": instance, **other}
    for keyword, value in named.items():
        setattr(dataset, keyword, value)
    return dataset


def holding(instances, most=100, **other):
    """Answers as an archive that has so many objects in each series, and finds at most `most` at once."""

    def answer(handler):
        parts = urlsplit(handler.path)
        *_, kind = path = parts.path.split("/")
        if kind == "series":
            found = [{"0020000E": uid, "00080060": modality} for modality, uid in SERIES_OF.items()]
        elif kind == "instances":
            found = [{"00080018": f"{path[-2]}.{number}"} for number in range(1, instances + 1)]
        else:
            buffer = BytesIO()
            scan(path[-3], kind, **other).save_as(buffer, enforce_file_format=True)
            part = b"--part\r\nContent-Type: application/dicom\r\n\r\n%s\r\n--part--" % buffer.getvalue()
            return reply(200, part, 'multipart/related; type="application/dicom"; boundary=part')(handler)
        first = int(parse_qs(parts.query).get("offset", ["0"])[0])
        page = [{tag: {"Value": [text]} for tag, text in entry.items()} for entry in found[first : first + most]]
        return reply(200, json.dumps(page).encode())(handler)

    return answer


SERIES = b'[{"0020000E": {"vr": "UI", "Value": ["%s"]}, "00080060": {"vr": "CS", "Value": ["NM"]},'
SERIES += b' "00080018": {"vr": "UI", "Value": ["%s"]}}]'


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(500), "HTTP 500"),
        (reply(503), "HTTP 503"),
        (reply(302, Location="http://127.0.0.1:1/elsewhere"), "sends us elsewhere"),
        (reply(200, b"<html>login</html>", "text/html"), "no DICOMweb"),
        (reply(200, b'{"not": "a list"}'), "no DICOMweb"),
        (reply(200, b"[1, 2]"), "no DICOMweb"),
        (reply(200, b"[" * 50), "no DICOMweb"),
        (reply(200, SERIES % (b"1.2", b"../../../etc/passwd")), "no DICOMweb"),
        (reply(200, SERIES % (b"1.2/../3", b"1.2")), "no DICOMweb"),
        (reply(200, SERIES % (b"1.2", b"1.2.3")), "no DICOMweb"),  # the object itself is then no multipart
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_misbehaving_archive_is_a_peer_error(answer, said, tmp_path):
    with answering(answer) as (archive, seen):
        with pytest.raises(PeerError, match=said) as caught:
            fetch_study(archive, "1.2", tmp_path / "out")
        assert len(seen) >= 1
    assert "secret" not in str(caught.value) + repr(archive)
    assert not list(tmp_path.rglob("*.dcm"))


def test_what_was_asked_for_is_fetched(tmp_path):
    with answering(holding(2)) as (archive, _):
        files = fetch_study(archive, STUDY, tmp_path)
    assert files == [tmp_path / STUDY / "1.2.3.1.1.dcm", tmp_path / STUDY / "1.2.3.1.2.dcm"]
    assert [str(pydicom.dcmread(file).SOPInstanceUID) for file in files] == ["1.2.3.1.1", "1.2.3.1.2"]


def test_a_study_is_fetched_again_in_place_of_what_was_fetched(tmp_path):
    for instances in (1, 2):
        with answering(holding(instances)) as (archive, _):
            files = fetch_study(archive, STUDY, tmp_path)
    assert sorted((tmp_path / STUDY).iterdir()) == files


@pytest.mark.parametrize("other", ["notes.json", "1.2.3.2.1.dcm"])
def test_a_folder_that_holds_something_else_is_left_alone(other, tmp_path):
    """Annotations lie beside scans, and another modality may have been fetched before."""
    (tmp_path / STUDY).mkdir()
    (tmp_path / STUDY / other).write_text("mine")
    with answering(holding(1)) as (archive, _), pytest.raises(OutputError, match="holds other files"):
        fetch_study(archive, STUDY, tmp_path)
    assert [file.read_text() for file in (tmp_path / STUDY).iterdir()] == ["mine"]
    assert [path.name for path in tmp_path.iterdir()] == [STUDY]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_an_archive_that_finds_a_few_at_once_is_asked_for_the_rest(most, tmp_path):
    with answering(holding(3, most)) as (archive, _):
        assert len(fetch_study(archive, STUDY, tmp_path)) == 3


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_another_object_than_was_asked_for_is_not_kept(keyword, tmp_path):
    """It may be of another patient."""
    other, said = holding(1, **{keyword: "9.9"}), "another object than was asked for"
    with answering(other) as (archive, _), pytest.raises(PeerError, match=said):
        fetch_study(archive, STUDY, tmp_path / "out")
    assert not list(tmp_path.rglob("*.dcm"))


@pytest.fixture
def result(tmp_path):
    """A file to store, of the object 1.2.3.1.1."""
    path = tmp_path / "result.dcm"
    scan("1.2.3.1", "1.2.3.1.1").save_as(path, enforce_file_format=True)
    return path


def outcome(stored=(), failed=()):
    """What an archive answers to a store, in DICOM JSON."""
    items = {"00081199": [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in stored]}
    items["00081198"] = [{"00081197": {"vr": "US", "Value": [reason]}} for reason in failed]
    return json.dumps({tag: {"vr": "SQ", "Value": value} for tag, value in items.items() if value}).encode()


@pytest.mark.parametrize("kind", ["application/dicom+json", "application/dicom+json; charset=utf-8"])
def test_an_object_is_stored_where_the_archive_names_it(kind, result):
    with answering(reply(200, outcome(["1.2.3.1.1"]), kind)) as (archive, _):
        assert store_file(archive, result) == "1.2.3.1.1"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(200, outcome()), "does not say that it took result.dcm"),
        (reply(200), "does not say that it took result.dcm"),
        (reply(200, b"<html>login</html>", "text/html"), "does not say that it took result.dcm"),
        (reply(200, outcome(["1.2.3.1.2"])), "does not say that it took result.dcm"),
        (reply(202, outcome(failed=[0xA700])), "did not take result.dcm .*0xA700"),
        (reply(202, outcome(failed=[0xA700]), "application/dicom+json; charset=utf-8"), "did not take .*0xA700"),
        (reply(200, b'{"00081199": 5}'), "no DICOMweb"),
        (reply(409), "HTTP 409"),
    ],
)
def test_an_object_that_the_archive_does_not_name_is_not_stored(answer, said, result):
    with answering(answer) as (archive, _), pytest.raises(PeerError, match=said):
        store_file(archive, result)


def test_an_archive_that_falls_silent_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(dicomweb, "ANSWER_S", 0.2)
    release = threading.Event()
    with answering(lambda handler: release.wait(5)) as (archive, _):
        with pytest.raises(PeerError, match="in time"):
            fetch_study(archive, "1.2", tmp_path)
        release.set()


def test_headers_are_sent_to_the_archive(tmp_path):
    with answering(reply(204)) as (archive, seen), pytest.raises((PeerError, UnreadableInputError)):
        fetch_study(archive, "1.2", tmp_path)
    assert seen[0]["Authorization"] == "Bearer secret"


@pytest.fixture
def certificate(tmp_path):
    """A certificate for this machine, signed by itself, and its key."""
    key, file = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = [tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-keyout", str(key), "-out", str(file), "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return file, key


def test_tls_needs_an_authority_that_is_known_and_a_certificate_where_one_is_asked_for(certificate, tmp_path):
    file, key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    context.load_verify_locations(file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # the refusal of a certificate then comes in the handshake
    with answering(reply(200, b"[]"), context) as (archive, seen):
        with pytest.raises(PeerError, match="no trusted connection"):
            fetch_study(archive, "1.2", tmp_path)
        with pytest.raises(PeerError, match=r"no trusted connection|cannot be reached"):
            fetch_study(replace(archive, ca=file), "1.2", tmp_path)
        assert seen == [], "no header goes to whom we do not trust, nor to whom does not trust us"
        with pytest.raises(UnreadableInputError, match="no such study"):
            fetch_study(replace(archive, ca=file, certificate=file, key=key), "1.2", tmp_path)
        assert seen[0]["Authorization"] == "Bearer secret"


def test_too_many_objects_are_refused_without_looking_for_them_all(tmp_path, monkeypatch):
    monkeypatch.setattr(dicomweb, "MOST_OBJECTS", 5)
    too_many = holding(1000, most=2)
    with answering(too_many) as (archive, seen), pytest.raises(UnreadableInputError, match="more than 5 objects"):
        fetch_study(archive, STUDY, tmp_path)
    assert len(seen) < 10


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "host/x",
        "https://",
        "http://[::1/x",
        "http://host:99999/x",
        "http://host:abc/x",
        "http://a:b@host",
    ],
)
def test_what_is_no_address_is_a_usage_error(url):
    with pytest.raises(UsageError, match="the URL"):
        Archive(url)


@pytest.mark.parametrize("lines", [["no header"], ["Bad Name: x"], ["Name: new\rline"], [": x"]])
def test_what_is_no_header_is_refused_and_not_shown(lines):
    with pytest.raises(UsageError, match="header 1 is none") as caught:
        parse_headers(lines)
    assert lines[0] not in str(caught.value)
