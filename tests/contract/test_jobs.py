"""`bonescan jobs` and `listen` as an operator runs them, on a store without a node."""

import json

import pytest

from bonescan.jobs import queue
from tests.contract.commands import bonescan
from tests.stores import complete, incoming, open_store


@pytest.fixture
def folder(tmp_path):
    """A store with a job that is done, one that failed and one that waits."""
    store, settings = open_store(tmp_path, attempts=1)
    complete(store, *[incoming(f"1.2.{n}", f"1.2.{n}.1", PatientName="DOE^JOHN") for n in (3, 4, 5)])
    job = queue.claim(store)
    queue.finish(store, job, folder="f", fingerprint="p", note="", made=[], destinations=["PACS@127.0.0.1:1"])
    queue.fail(store, queue.claim(store), "the model is gone.", settings)
    store.database.execute("UPDATE sendings SET state = 'dead', note = 'it is down.'")
    store.close()
    return store.root


def _listed(folder):
    document = json.loads(bonescan("jobs", "list", "--store", folder, "--json").stdout)
    return {job["id"]: job["state"] for job in document["jobs"]}, document


def test_jobs_are_listed_for_people_and_for_programs(folder):
    done = bonescan("jobs", "list", "--store", folder)
    assert (done.returncode, done.stderr) == (0, "")
    waiting, failed, ready, *letters = done.stdout.splitlines()
    assert waiting.split()[:3] == ["3", "study-000003.1", "queued"]
    assert "the model is gone." in failed
    assert "PACS dead" in ready
    assert letters[0].startswith("Dead letters: 1")
    states, document = _listed(folder)
    assert states == {1: "done", 2: "failed", 3: "queued"}
    assert [letter["destination"] for letter in document["dead_letters"]] == ["PACS@127.0.0.1:1"]
    only = json.loads(bonescan("jobs", "list", "--store", folder, "--state", "failed", "--json").stdout)
    assert [job["id"] for job in only["jobs"]] == [2]


def test_one_job_is_shown_without_its_patient(folder):
    shown = bonescan("jobs", "show", 1, "--store", folder).stdout
    document = json.loads(bonescan("jobs", "show", 1, "--store", folder, "--json").stdout)
    assert shown.splitlines()[0] == "job 1: study-000001.1, done"
    assert document["objects"][0]["peer"] == "GAMMA"
    assert document["sendings"][0]["state"] == "dead"
    assert "DOE" not in shown + json.dumps(document)


def test_jobs_are_steered(folder):
    for words in (("retry", "--failed"), ("cancel", 3), ("resend", "--dead")):
        done = bonescan("jobs", *words, "--store", folder)
        assert (done.returncode, done.stderr) == (0, ""), words
    states, document = _listed(folder)
    assert states == {1: "done", 2: "queued", 3: "cancelled"}
    assert document["dead_letters"] == []
    assert bonescan("jobs", "retry", 3, "--store", folder).stdout == "job 3: queued\n"
    assert bonescan("jobs", "resend", 1, "--to", "NEW@127.0.0.1:1", "--store", folder).returncode == 0
    sent = json.loads(bonescan("jobs", "show", 1, "--store", folder, "--json").stdout)["sendings"]
    assert {entry["destination"]: entry["state"] for entry in sent} == {
        "PACS@127.0.0.1:1": "waiting",
        "NEW@127.0.0.1:1": "waiting",
    }


def test_dead_letters_go_to_another_address(folder):
    done = bonescan("jobs", "resend", "--dead", "--to", "NEW@127.0.0.1:1", "--store", folder)
    assert (done.returncode, done.stdout) == (0, "job 1: to NEW@127.0.0.1:1\n")
    sent = json.loads(bonescan("jobs", "show", 1, "--store", folder, "--json").stdout)["sendings"]
    assert {entry["destination"]: entry["state"] for entry in sent} == {
        "PACS@127.0.0.1:1": "cancelled",
        "NEW@127.0.0.1:1": "waiting",
    }


def test_dead_letters_of_some_jobs_alone_are_sent_again(folder):
    for job, said in ((2, "No dead letters.\n"), (1, "job 1: to PACS@127.0.0.1:1\n")):
        done = bonescan("jobs", "resend", job, "--dead", "--store", folder)
        assert (done.returncode, done.stdout) == (0, said)
    assert _listed(folder)[1]["dead_letters"] == []


def test_a_dead_letter_is_called_off(folder):
    assert bonescan("jobs", "cancel", 1, "--store", folder).returncode == 0
    assert _listed(folder)[1]["dead_letters"] == []


@pytest.mark.parametrize(
    ("words", "code", "word"),
    [
        (("show", 99), 2, "no job 99"),
        (("retry", 1), 2, "jobs resend"),
        (("retry",), 2, "--failed"),
        (("cancel", 2), 2, "is failed"),
        (("resend", 3), 2, "queued"),
        (("list", "--state", "odd"), 2, "odd"),
        (("resend", 1, "--to", "nowhere"), 2, "AET@HOST:PORT"),
        (("resend", 99, "--dead"), 2, "no job 99"),
    ],
)
def test_what_cannot_be_done_is_explained(folder, words, code, word):
    if words == ("resend", 3):
        words = (*words, "--to", "PACS@127.0.0.1:1")
    done = bonescan("jobs", *words, "--store", folder)
    assert done.returncode == code
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("bonescan: ")
    assert word in sentence


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    done = bonescan("jobs", "list", "--store", tmp_path / "store")
    assert done.returncode == 5
    assert "no store" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "word"),
    [
        (("--aet", "SEVENTEEN_LETTERS"), 2, "aet"),
        (("--peer", "A@B"), 2, "IP address"),
        (("--send-to", "PACS"), 2, "AET@HOST:PORT"),
        (("--model", "no-such-model"), 4, "no-such-model"),
        (("--host", "203.0.113.1"), 6, "cannot listen"),
    ],
)
def test_a_node_that_cannot_start_says_why(tmp_path, model, words, code, word):
    words = words if "--model" in words else (*words, "--model", model)
    done = bonescan("listen", "--store", tmp_path / "store", "--status-port", 0, *words)
    assert done.returncode == code, done.stderr
    assert word in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
