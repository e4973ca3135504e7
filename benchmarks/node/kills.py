"""Many studies from several senders while the node is killed again and again."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pydicom
from PIL import Image

from benchmarks.node.peers import Archive, copies, storescu
from benchmarks.node.process import NodeProcess, free_port
from bonescan.core.errors import InputError
from bonescan.store.inbox import as_it_came

Facts = dict[str, Any]


def killed_again_and_again(
    folder: Path,
    bases: list[Path],
    *,
    studies: int,
    senders: int,
    kills: int,
    every_s: tuple[float, float],
    model: Path | None = None,
    seed: int = 1,
    finish_s: float = 1200,
) -> Facts:
    """Send, kill, start again; then wait, and look at every file.

    Args:
        folder: For everything.
        bases: A few scans.
        studies: Number of studies, each of one object.
        senders: Number of senders at a time.
        kills: How often the node is killed.
        every_s: Least and most seconds between a start and the next kill.
        model: Folder of a bundle, or None for the shipped one.
        seed: Of the moments of killing and sending.
        finish_s: Longest wait for the work to be over after the last kill.

    Returns:
        What was counted. `lost`, `twice`, `half` and `problems` are to be 0 and empty.
    """
    began, chance = time.monotonic(), random.Random(seed)
    paths = copies(bases, studies, folder / "sent")
    archive = Archive(free_port())
    archive.open()
    node = NodeProcess(folder, model=model, destinations=[archive.name])
    node.start()
    # The sending lasts as long as the killing, so that every kill hits something.
    pause_s = kills * (sum(every_s) / 2 + 2) * senders / studies
    tally: Counter[str] = Counter()
    lanes = [paths[lane::senders] for lane in range(senders)]
    threads = [
        threading.Thread(target=_send_all, args=(lane, node.port, pause_s, tally, random.Random(seed + number)))
        for number, lane in enumerate(lanes, start=1)
    ]
    for thread in threads:
        thread.start()
    for _ in range(kills):
        time.sleep(chance.uniform(*every_s))
        node.kill()
        node.start()
    for thread in threads:
        thread.join()
    over = "SELECT count(*) FROM jobs WHERE state NOT IN ('queued', 'running')"
    node.wait_for(over, studies, finish_s)
    node.wait_for("SELECT count(*) FROM sendings WHERE state = 'sent'", studies, 120)
    code = node.stop()
    archive.close()
    facts = _look(node, paths, archive)
    return {
        "studies": studies,
        "senders": senders,
        "kills": kills,
        "acknowledged": tally["acknowledged"],
        "sendings_that_failed_and_were_repeated": tally["repeated"],
        "exit_code_at_the_end": code,
        **facts,
        "seconds": round(time.monotonic() - began, 1),
    }


def _send_all(paths: list[Path], port: int, pause_s: float, tally: Counter[str], chance: random.Random) -> None:
    """Send each file until it is acknowledged, as a camera does."""
    for path in paths:
        while not storescu(path, port):
            tally["repeated"] += 1
            time.sleep(0.2)
        tally["acknowledged"] += 1
        time.sleep(chance.uniform(0, 2 * pause_s))


def _look(node: NodeProcess, paths: list[Path], archive: Archive) -> Facts:
    """Count what is there, and what should not be."""
    store = node.store()
    problems: list[str] = []
    try:
        database = store.database
        jobs = database.rows(
            "SELECT jobs.*, studies.uid FROM jobs JOIN studies ON studies.id = jobs.study ORDER BY jobs.id"
        )
        by_study: dict[str, list[Any]] = {}
        for job in jobs:
            by_study.setdefault(job["uid"], []).append(job)
        wanted = [str(pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID) for path in paths]
        lost = [uid for uid in wanted if not any(job["state"] == "done" for job in by_study.get(uid, []))]
        twice = [uid for uid in wanted if sum(job["state"] == "done" for job in by_study.get(uid, [])) > 1]
        half = [path for folder in (store.root / "objects", store.results, store.work) for path in _halves(folder)]
        for job in jobs:
            problems += [f"{job['folder']}: {fault}" for fault in _faults(store.results / job["folder"])]
        for path in store.files.root.glob("??/*.dcm"):
            try:
                as_it_came(path)
            except InputError as error:
                problems.append(error.message)
        logged = Counter(re.findall(r"job (\d+): done", node.log.read_text(encoding="utf-8")))
        twice += [f"job {number}" for number, times in logged.items() if times > 1]
        results = [path.name for path in store.results.iterdir()]
        made = {row["sop_uid"] for row in database.rows("SELECT sop_uid FROM made")}
        sent = database.rows("SELECT state, count(*) AS n FROM sendings GROUP BY state")
        integrity = database.row("PRAGMA integrity_check")
        if integrity is None or integrity[0] != "ok":
            problems.append("the database is damaged")
        if len(results) != len(wanted):
            problems.append(f"{len(results)} folders of results for {len(wanted)} studies")
        missing = made - set(archive.got)
        if missing:
            problems.append(f"{len(missing)} objects of results did not arrive")
        if any(len(set(hashes)) > 1 for hashes in archive.got.values()):
            problems.append("an object of results arrived in two versions")
        return {
            "analysed": len(wanted) - len(lost),
            "lost": len(lost),
            "twice": len(twice),
            "half": len(half),
            "problems": problems,
            "most_attempts_at_one_study": max((job["attempts"] for job in jobs), default=0),
            "attempts_cut_off_by_a_kill": sum(job["attempts"] - 1 for job in jobs),
            "sendings": {row["state"]: int(row["n"]) for row in sent},
            "objects_of_results": len(made),
            "objects_that_arrived": len(archive.got),
            "arrivals_repeated_after_a_kill": sum(len(hashes) - 1 for hashes in archive.got.values()),
        }
    finally:
        store.close()


def _halves(folder: Path) -> list[Path]:
    """Files and folders that are not under their final name, or empty."""
    found = [path for path in folder.rglob("*") if path.name.startswith(".") or path.suffix == ".part"]
    return found + [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size == 0]


def _faults(folder: Path) -> list[str]:
    """What is wrong with a folder of results: every file is opened."""
    faults = []
    scans = sorted(folder.glob("scan-*"))
    if not scans:
        return ["no result"]
    for scan in scans:
        try:
            json.loads((scan / "analysis.json").read_text(encoding="utf-8"))
            for picture in scan.rglob("*.png"):
                with Image.open(picture) as image:
                    image.load()
            if not (scan / "report.pdf").read_bytes().rstrip().endswith(b"%%EOF"):
                faults.append("the PDF is cut off")
            for path in scan.rglob("*.dcm"):
                pydicom.dcmread(path)
        except (OSError, ValueError, KeyError) as error:
            faults.append(f"{type(error).__name__} in {scan.name}")
    return faults
