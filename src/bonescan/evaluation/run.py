"""A method on cohorts: a record of every study, kept as soon as it is made, so that a killed run goes on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Literal

from bonescan.core.errors import CohortError, OutputError
from bonescan.evaluation.judge import judge
from bonescan.evaluation.methods import Method, MethodName
from bonescan.evaluation.records import (
    CASES,
    CohortFacts,
    Header,
    Record,
    check_same,
    line_of,
    read_records,
    write_records,
)
from bonescan.io.cohort import Cohort, CohortCase
from bonescan.io.cohort_content import content_of

Progress = Callable[[int, int], None]
"""Called with (studies done, studies in all)."""
Side = Literal["train", "val", "test", "all"]
_UNFINISHED = f".{CASES}.part"


@dataclass(frozen=True)
class Task:
    """One study to answer for."""

    case: CohortCase
    cohort: int
    patient: int


def collect(cohorts: Sequence[Cohort], split: Side, limit: int | None = None) -> list[Task]:
    """The studies to answer for, in the order of the tables.

    Args:
        cohorts: As read.
        split: Which side of the split, or all.
        limit: Only the first so many.

    Raises:
        CohortError: A study_id is in two cohorts, or nothing is on that side.
    """
    ids = Counter(case.study_id for cohort in cohorts for case in cohort)
    if twice := sorted(name for name, count in ids.items() if count > 1):
        raise CohortError(f"study_id {twice[0]} is in more than one cohort", hint="Evaluate them one at a time")
    pairs = [(i, case) for i, cohort in enumerate(cohorts) for case in cohort if split in ("all", case.split)]
    if not pairs:
        names = ", ".join(cohort.folder.name for cohort in cohorts)
        hint = "Choose another with --split, e.g. --split all"
        if all(case.split is None for cohort in cohorts for case in cohort):
            hint = (
                f"No study has a side: draw them with 'bonescan cohort split {cohorts[0].folder}'; --split all takes "
                "everybody, which says nothing of a model that was trained on them"
            )
        raise CohortError(f"no study of {names} is on the side {split!r} of its split", hint=hint)
    patients = {key: n for n, key in enumerate(dict.fromkeys((i, case.patient_id) for i, case in pairs))}
    return [Task(case, i, patients[i, case.patient_id]) for i, case in pairs][:limit]


def header_of(method: Method, cohorts: Sequence[Cohort], split: Side) -> Header:
    """What the records will be of."""
    facts = [CohortFacts(c.folder.resolve().name, c.fingerprint, is_simulated(c), content_of(c)) for c in cohorts]
    return Header(method.facts, tuple(facts), split)


def is_simulated(cohort: Cohort) -> bool:
    """Whether a cohort, or any study in it, was written by `bonescan simulate`."""
    return any(case.is_simulated for case in cohort)


def answer_all(
    name: MethodName,
    cohorts: Sequence[Cohort],
    out: Path,
    *,
    split: Side = "test",
    limit: int | None = None,
    processes: int = 1,
    progress: Progress | None = None,
) -> tuple[Header, list[Record]]:
    """Make the records of all studies in ``OUT/cases.jsonl``; those already there are kept.

    Args:
        name: Of the method.
        cohorts: As read.
        out: Folder of the evaluation.
        split: Which side of the split.
        limit: Only the first so many studies.
        processes: Worker processes, which share the cores.
        progress: Told after every study.

    Returns:
        The header, and the records in the order of the tables.

    Raises:
        CohortError: A study or annotation cannot be used, or nothing is on that side of the split.
        UsageError: OUT holds an evaluation of something else, or of scans or annotations that have changed since.
        ModelError: The model cannot run.
        OutputError: OUT cannot be written.
    """
    tasks = collect(cohorts, split, limit)
    header = header_of(name.open(), cohorts, split)
    kept = _kept(out, header)
    todo = [task for task in tasks if task.case.study_id not in kept]
    if progress:
        progress(len(tasks) - len(todo), len(tasks))
    if todo:
        with _Appending(out / _UNFINISHED, header, list(kept.values())) as file:
            for done, record in enumerate(_answers(name, todo, processes), start=len(tasks) - len(todo) + 1):
                kept[record.study_id] = record
                file.add(record)
                if progress:
                    progress(done, len(tasks))
        order = {task.case.study_id: n for n, task in enumerate(tasks)}
        ordered = sorted(kept.values(), key=lambda record: order.get(record.study_id, len(order)))
        write_records(out / CASES, header, ordered)
        (out / _UNFINISHED).unlink()
    return header, [kept[task.case.study_id] for task in tasks]


def _kept(out: Path, header: Header) -> dict[str, Record]:
    """Records of an earlier run, finished or not."""
    kept: dict[str, Record] = {}
    for path in (out / CASES, out / _UNFINISHED):
        if path.is_file() and path.stat().st_size:
            found, records = read_records(path, unfinished=path.name == _UNFINISHED)
            check_same(found, header, out)
            kept |= {record.study_id: record for record in records}
    return kept


class _Appending:
    """A file of records that grows by one line a study."""

    def __init__(self, path: Path, header: Header, records: list[Record]) -> None:
        write_records(path, header, records)
        self._path = path

    def __enter__(self) -> _Appending:
        self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, record: Record) -> None:
        """Write a record through to the file."""
        try:
            self._file.write(line_of(record))
            self._file.flush()
        except OSError as error:
            raise OutputError(f"cannot write {self._path.name}: {error.strerror or error}") from error


def _answers(name: MethodName, todo: Sequence[Task], processes: int) -> Iterator[Record]:
    if processes == 1 or len(todo) < 2:
        method = name.open()
        for task in todo:
            yield judge(task.case, method.answer(task.case), cohort=task.cohort, patient=task.patient)
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = max(1, cores // processes)
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_open, initargs=(name, threads)) as pool:
        futures = [pool.submit(_answer, task) for task in todo]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_worker: list[Method] = []
"""The method of a worker process, opened once."""


def _open(name: MethodName, threads: int) -> None:
    os.environ.setdefault("BONESCAN_THREADS", str(threads))
    Thread(target=_end_with_parent, daemon=True).start()
    _worker.append(name.open())


def _end_with_parent() -> None:
    """A worker whose parent was killed would else wait for work for ever."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _answer(task: Task) -> Record:
    return judge(task.case, _worker[0].answer(task.case), cohort=task.cohort, patient=task.patient)
