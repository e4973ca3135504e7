"""The node's numbers in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bonescan.node.facts import Facts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "bonescan_"


def render(facts: Facts) -> str:
    """The metrics.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4.
    """
    return "".join(_families(facts))


def _families(facts: Facts) -> Iterator[str]:
    yield _family("up", "gauge", "1 while objects are received and jobs worked at.", [({}, int(facts.healthy))])
    yield _family("uptime_seconds", "gauge", "Seconds since the start.", [({}, facts.up_s)])
    yield _family("associations", "gauge", "Open associations.", [({}, facts.associations)])
    yield _family(
        "answers_total", "counter", "Answers to peers since the start, by kind.", _by("answer", facts.answers)
    )
    yield _family("studies", "gauge", "Studies in the store.", _by("state", facts.studies))
    yield _family("objects", "gauge", "Objects in the store.", _by("standing", facts.objects))
    yield _family("jobs", "gauge", "Analyses.", _by("state", facts.jobs))
    sendings = [({"destination": d, "state": s}, n) for (d, s), n in sorted(facts.sendings.items())]
    yield _family("sendings", "gauge", "Results on their way.", sendings)
    yield _family("store_bytes", "gauge", "What the objects take of the disk.", [({}, facts.store_bytes)])
    yield _family("disk_free_bytes", "gauge", "Free on the disk of the store.", [({}, facts.free_bytes)])
    if facts.last_received_at is not None:
        name = "last_received_timestamp_seconds"
        yield _family(name, "gauge", "When the last object came.", [({}, facts.last_received_at)])
    yield _family("oldest_queued_seconds", "gauge", "How long the oldest job waits.", [({}, facts.oldest_queued_s)])
    yield _family("analysis_seconds_total", "counter", "Seconds of analyses done.", [({}, facts.analysis_seconds)])


def _by(label: str, counts: Mapping[str, int]) -> list[tuple[dict[str, str], int]]:
    return [({label: word}, number) for word, number in sorted(counts.items())]


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> str:
    lines = [f"# HELP {_PREFIX}{name} {text}", f"# TYPE {_PREFIX}{name} {kind}"]
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escape(word)}"' for key, word in labels.items())
        number = f"{value:d}" if isinstance(value, int) else f"{value:.3f}"
        lines.append(f"{_PREFIX}{name}{{{inside}}} {number}" if inside else f"{_PREFIX}{name} {number}")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
