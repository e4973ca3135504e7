"""One job: from the objects of a study to a folder of results that appears as a whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bonescan.core.errors import BonescanError, InputError, ModelError, NotABoneScanError, OutputError
from bonescan.core.files import sync_folder, write_text
from bonescan.core.node_settings import NodeSettings
from bonescan.io.decoding import refused_by_system
from bonescan.jobs import queue
from bonescan.jobs.states import Job, JobState
from bonescan.store.objects import sync_tree
from bonescan.store.store import Store
from bonescan.store.studies import StoredObject, check_there, objects_of

if TYPE_CHECKING:
    from bonescan.io.inputs import StudyInput

RECORD = "job.json"
"""What a folder of results says about itself, so that it is known whose it is even where no row tells yet."""
_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@dataclass(frozen=True)
class Outcome:
    """What became of a job, for the log."""

    state: JobState
    text: str


def analyse(store: Store, job: Job, settings: NodeSettings, *, model: str | None = None) -> Outcome:
    """Analyse a study and say so in the database; whatever goes wrong with it is written down, not raised.

    Killed at any moment, the job is found running by the next process and done again; a folder of results that is
    complete already is then taken as it stands.

    Args:
        store: The store.
        job: The job, as claimed.
        settings: How often it is tried, and where results go.
        model: Name or folder of the bundle; by default that of the settings.

    Raises:
        OutputError: The database could not be told what became of it: the job is still said to be running.
    """
    name = f"{job.name}.{job.revision}"
    try:
        done = _finished_before(store, job, name) or _unchanged(store, job) or _make(store, job, name, model)
    except InputError as error:
        if (refused := refused_by_system(error)) is not None:  # says nothing about the study
            return _failed(store, job, error, settings, lasting=isinstance(refused, OSError))
        queue.reject(store, job, error.message)
        return Outcome(JobState.REJECTED, error.message)
    except BonescanError as error:
        return _failed(store, job, error, settings, lasting=isinstance(error, (OutputError, ModelError)))
    try:
        kept = queue.finish(
            store,
            job,
            folder=done.folder,
            fingerprint=done.fingerprint,
            note=done.note,
            made=[] if done.repeated else _uids(dicom_files(store.results / done.folder)),
            destinations=[] if done.repeated else [str(destination) for destination in settings.destinations],
        )
    except OutputError as error:  # the folder has its name; the next attempt takes it as it stands
        return _failed(store, job, error, settings, lasting=True)
    if not kept:
        if not done.repeated:
            shutil.rmtree(store.results / done.folder, ignore_errors=True)
        return Outcome(JobState.CANCELLED, "cancelled while it was running")
    return Outcome(JobState.DONE, done.note)


def _failed(store: Store, job: Job, error: BonescanError, settings: NodeSettings, *, lasting: bool) -> Outcome:
    """Have a job tried again: for ever, where the reason lies outside of the study and may last."""
    return Outcome(queue.fail(store, job, error.message, settings, lasting=lasting), error.message)


def dicom_files(folder: Path) -> list[Path]:
    """The DICOM objects among the results in a folder, in a fixed order."""
    return sorted(folder.glob("*/dicom/**/*.dcm"))


@dataclass(frozen=True)
class _Done:
    folder: str
    fingerprint: str
    note: str = ""
    repeated: bool = False


def _finished_before(store: Store, job: Job, name: str) -> _Done | None:
    """The result that a process left which was ended between giving the folder its name and saying so."""
    folder = store.results / name
    if not folder.exists():
        return None
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    if record["fingerprint"] == _fingerprint(_chosen(objects_of(store, job.study))):
        return _Done(name, record["fingerprint"], " ".join(record["notes"]))
    shutil.rmtree(folder)  # more objects came since; nobody has been told of this result
    return None


def _unchanged(store: Store, job: Job) -> _Done | None:
    """The result of an earlier revision, where what came since is nothing that is analysed."""
    last = store.database.row(
        "SELECT folder, fingerprint, revision FROM jobs WHERE study = ? AND state = 'done'"
        " ORDER BY revision DESC LIMIT 1",
        [job.study],
    )
    if last is None:
        return None
    fingerprint = _fingerprint(_chosen(objects_of(store, job.study)))
    if fingerprint != last["fingerprint"]:
        return None
    note = f"Nothing new to analyse; the result of revision {last['revision']} stands."
    return _Done(last["folder"], fingerprint, note, repeated=True)


def _make(store: Store, job: Job, name: str, model: str | None) -> _Done:
    """Analyse in `work/`, then give the folder its name."""
    here = store.work / f"job-{job.id}"
    shutil.rmtree(here, ignore_errors=True)
    try:
        objects = _chosen(objects_of(store, job.study))
        inputs = _lay_out(objects, here / "objects")
        notes = _analyse_all(inputs, here / name, job, model)
        record = {"job": job.id, "study": job.study, "revision": job.revision, "fingerprint": _fingerprint(objects)}
        write_text(here / name / RECORD, json.dumps({**record, "notes": notes}, indent=2) + "\n")
        sync_tree(here / name)
        (here / name).rename(store.results / name)
        sync_folder(store.results)
    except OSError as error:
        if isinstance(error, BonescanError):
            raise
        raise OutputError(f"the results of {job.name} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(here, ignore_errors=True)
    return _Done(name, _fingerprint(objects), " ".join(notes))


def _chosen(objects: Sequence[StoredObject]) -> list[StoredObject]:
    """Captures of the screen are analysed only where a study has no image of counts."""
    images = [entry for entry in objects if not entry.sop_class.startswith(_CAPTURE)]
    return images or list(objects)


def _fingerprint(objects: Sequence[StoredObject]) -> str:
    return hashlib.sha256("\n".join(sorted(entry.sha256 for entry in objects)).encode()).hexdigest()


def _lay_out(objects: Sequence[StoredObject], folder: Path) -> list[StudyInput]:
    """Give the objects of a study a folder of their own, and find the scans in it."""
    from bonescan.io.reader import find_inputs

    if not objects:
        raise NotABoneScanError("the study holds no object that counts", expected="a planar whole-body scan (NM)")
    check_there(objects)
    folder.mkdir(parents=True)
    # As wide as the longest: views are paired in the order of the names, which is to be that of their coming.
    width = len(str(max(entry.id for entry in objects)))
    for entry in objects:
        (folder / f"object-{entry.id:0{width}d}.dcm").symlink_to(entry.path)
    return find_inputs(folder)


def _analyse_all(inputs: Sequence[StudyInput], out: Path, job: Job, model: str | None) -> list[str]:
    """Analyse each scan; those that cannot be are noted, unless that is all of them."""
    import bonescan as bs
    from bonescan.export.folder import FORMATS

    notes: list[str] = []
    first: InputError | None = None
    number = 0
    for entry in inputs:
        began = perf_counter()
        try:
            study = replace(bs.read(entry), name=job.name)
        except InputError as error:
            if refused_by_system(error) is not None:
                raise  # another time it may be read, and half a study is none
            first = first or error
            notes.append(error.message)
            continue
        analysis = bs.analyze(study, model=model, read_ms=1e3 * (perf_counter() - began))
        number += 1
        bs.write(analysis, out, FORMATS, name=f"scan-{number}")
    if not number and first is not None:
        raise first
    return notes


def _uids(paths: Sequence[Path]) -> list[str]:
    from bonescan.io.dicom import read_header

    return [read_header(path, stop_before_pixels=True).text("SOPInstanceUID") for path in paths]
