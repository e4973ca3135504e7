"""The node as its peers meet it: DCMTK's storescu and echoscu, and what they are told."""

import html
import json
import re
import subprocess
import time
import urllib.error
import urllib.request

import pydicom
import pytest
from pydicom.encaps import encapsulate

from benchmarks.node.peers import Archive, copies, status_of_sending, storescu
from benchmarks.node.process import free_port
from bonescan.jobs.runner import Runner
from bonescan.node.scp import Receiver
from tests.conformance.tools import tool
from tests.stores import open_store


def _echo(port, *, calling="ECHOSCU", called="BONESCAN", words=()):
    done = subprocess.run(
        [tool("echoscu"), *words, "-to", "5", "-aet", calling, "-aec", called, "127.0.0.1", str(port)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stderr


def _until(store, query, wanted, timeout_s=60):
    limit = time.monotonic() + timeout_s
    while (found := store.database.row(query)[0]) < wanted and time.monotonic() < limit:
        time.sleep(0.1)
    return found


def _get(port, path="/"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode(), answer.headers


def test_a_study_goes_in_and_its_results_come_out(node, scans, tmp_path):
    tool("storescu")
    archive = Archive(free_port())
    archive.open()
    running = node(destinations=[archive.name])
    paths = copies(scans, 2, tmp_path / "sent")
    assert all(storescu(path, running.port) for path in [*paths, paths[0]])
    assert _until(running.store, "SELECT count(*) FROM sendings WHERE state = 'sent'", 2) == 2
    archive.close()
    made = {row["sop_uid"] for row in running.store.database.rows("SELECT sop_uid FROM made")}
    assert set(archive.got) == made
    assert len(made) >= 2 * 4
    wanted = {pydicom.dcmread(path).StudyInstanceUID for path in paths}
    assert {row["uid"] for row in running.store.database.rows("SELECT uid FROM studies")} == wanted
    kept = {path.read_bytes()[-1000:] for path in (running.store.root / "objects").glob("??/*.dcm")}
    assert kept == {path.read_bytes()[-1000:] for path in paths}, "the bytes as they came"


def test_a_node_that_lost_its_database_analyses_what_it_had_taken(node, tmp_path):
    from bonescan.store.inbox import receive
    from tests.stores import incoming, open_store

    store, _ = open_store(tmp_path)
    receive(store, incoming())
    store.close()
    for path in store.root.glob("store.sqlite3*"):
        path.unlink()
    running = node()
    assert _until(running.store, "SELECT count(*) FROM jobs WHERE state = 'done'", 1) == 1


def test_an_echo_is_answered(node):
    assert _echo(node().port)[0] == 0


@pytest.mark.parametrize(
    ("changes", "words", "reason"),
    [
        ({}, {"called": "OTHER"}, "Called AE Title Not Recognized"),
        ({"peers": ["GAMMA1"]}, {"calling": "GAMMA2"}, "Calling AE Title Not Recognized"),
        ({"peers": ["GAMMA1@10.0.0.1"]}, {"calling": "GAMMA1"}, "Calling AE Title Not Recognized"),
    ],
)
def test_who_is_not_meant_is_refused(node, changes, words, reason):
    code, told = _echo(node(**changes).port, **words)
    assert code != 0
    assert reason in told


@pytest.mark.parametrize("rule", ["GAMMA1", "GAMMA*@127.0.0.0/8", "*"])
def test_who_is_meant_is_not(node, rule):
    assert _echo(node(peers=[rule]).port, calling="GAMMA1")[0] == 0


def test_what_is_not_taken_is_not_negotiated(node, tmp_path, scans):
    dataset = pydicom.dcmread(scans[0])
    dataset.decompress(generate_instance_uid=False)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.Modality = "CT"
    dataset.save_as(tmp_path / "ct.dcm")
    running = node()
    done = subprocess.run(
        [tool("storescu"), "-aec", "BONESCAN", "127.0.0.1", str(running.port), str(tmp_path / "ct.dcm")],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode != 0
    assert "No presentation context for" in done.stderr


def test_an_object_that_is_too_large_is_refused_and_the_next_is_taken(node, scans, tmp_path):
    large = pydicom.dcmread(scans[0])
    large.decompress(generate_instance_uid=False)
    large.save_as(tmp_path / "large.dcm")
    running = node(object_mb=0.6)
    assert status_of_sending(tmp_path / "large.dcm", running.port) == 0xA700
    assert list((running.store.root / "objects").glob("??/*")) == []
    assert status_of_sending(scans[1], running.port) == 0x0000


def test_the_status_is_for_people_and_for_programs(node, scans, tmp_path):
    path = tmp_path / "scan.dcm"
    dataset = pydicom.dcmread(scans[0])
    dataset.PatientName, dataset.PatientID = "DOE^JOHN", "ID-4711"
    dataset.save_as(path)
    running = node(destinations=[f"DOWN@127.0.0.1:{free_port()}"])
    assert status_of_sending(path, running.port) == 0
    _until(running.store, "SELECT count(*) FROM jobs WHERE state = 'done'", 1)
    page, headers = _get(running.status_port)
    numbers, kind = _get(running.status_port, "/metrics")
    assert "study-000001.1" in page
    assert "not a medical device" in page
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert kind["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'bonescan_jobs{state="done"} 1\n' in numbers
    assert 'bonescan_answers_total{answer="kept"} 1\n' in numbers
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.]+')
    assert [line for line in numbers.splitlines() if not line.startswith("# ") and not sample.fullmatch(line)] == []
    assert _get(running.status_port, "/health")[0] == '{"healthy": true}\n'
    with pytest.raises(urllib.error.HTTPError, match="404"):
        _get(running.status_port, "/store.sqlite3")
    assert not [word for word in ("DOE", "JOHN", "4711") if word in page + numbers]


def _sick(running):
    """What the health check, the page and the metrics say of a node that is not well."""
    with pytest.raises(urllib.error.HTTPError, match="503") as caught:
        _get(running.status_port, "/health")
    told = json.loads(caught.value.read())
    page, _ = _get(running.status_port)
    assert told["healthy"] is False
    assert "not working" in page
    assert html.escape(re.split("; |[.] ", told["trouble"])[-1]) in page, "the hint; what is free changes"
    assert "bonescan_up 0\n" in _get(running.status_port, "/metrics")[0]
    return told["trouble"]


def test_a_node_on_a_full_disk_is_not_healthy(node, scans):
    running = node(reserve_mb=1e9)
    assert "MB free" in _sick(running)
    assert status_of_sending(scans[0], running.port) == 0xA700


def test_a_node_whose_store_is_full_is_not_healthy(node, scans):
    running = node(store_mb=1.5 * scans[0].stat().st_size / 1e6)
    assert _get(running.status_port, "/health")[0] == '{"healthy": true}\n'
    assert status_of_sending(scans[0], running.port) == 0x0000
    assert "Raise store_mb" in _sick(running)
    assert status_of_sending(scans[1], running.port) == 0xA700


@pytest.mark.parametrize("part", [Receiver, Runner])
def test_a_node_of_which_a_part_has_ended_is_not_healthy(node, monkeypatch, part):
    running = node()
    monkeypatch.setattr(part, "alive", False)
    assert "Start the node anew" in _sick(running)


def test_a_receiver_knows_whether_it_listens(tmp_path):
    store, settings = open_store(tmp_path, port=free_port())
    receiver = Receiver(store, settings)
    assert not receiver.alive
    receiver.start()
    assert receiver.alive
    receiver.stop()
    assert not receiver.alive
    store.close()


def test_the_log_names_no_patient(node, scans, tmp_path, caplog):
    path = tmp_path / "scan.dcm"
    dataset = pydicom.dcmread(scans[0])
    dataset.PatientName, dataset.PatientID = "DOE^JOHN", "ID-4711"
    dataset.PixelData = encapsulate([bytes(100)] * 2)  # complete, but no run lengths
    dataset.save_as(path)
    with caplog.at_level("DEBUG"):
        running = node()
        status_of_sending(path, running.port)
        _until(running.store, "SELECT count(*) FROM jobs WHERE state IN ('done', 'rejected')", 1)
    assert "study-000001" in caplog.text
    assert not [word for word in ("DOE", "JOHN", "4711") if word in caplog.text]


def _certificate(folder):
    words = [tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*words, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    return {"tls_certificate": folder / "certificate.pem", "tls_key": folder / "key.pem"}


def test_with_a_certificate_the_node_speaks_tls_alone(node, tmp_path):
    files = _certificate(tmp_path)
    running = node(**files, tls_ca=files["tls_certificate"], idle_s=2)
    own = ["+tls", str(files["tls_key"]), str(files["tls_certificate"]), "+cf", str(files["tls_certificate"])]
    assert _echo(running.port, words=own)[0] == 0
    assert _echo(running.port, words=["+tla", "-ic"])[0] != 0, "a peer without a certificate"
    assert _echo(running.port)[0] != 0, "a peer that speaks no TLS"
    assert _echo(running.port, words=own)[0] == 0


def test_results_go_to_a_destination_by_tls(node, scans, tmp_path, model):
    """Between two nodes: what one has made, the other takes where it is of a class that it takes."""
    from bonescan.core.peers import parse_destination
    from bonescan.jobs.send import send

    files = _certificate(tmp_path)
    trusted = {**files, "tls_ca": files["tls_certificate"]}
    running = node(**trusted)
    place = parse_destination(f"BONESCAN@127.0.0.1:{running.port}+tls")
    assert send([scans[0]], place, running.settings) == 1
    assert _until(running.store, "SELECT count(*) FROM jobs WHERE state = 'done'", 1) == 1
