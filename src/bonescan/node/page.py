"""The node's numbers as one page for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape

from bonescan.core.findings import DISCLAIMER
from bonescan.node.facts import Facts

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
p { margin: .2rem 0; } .quiet { opacity: .7; }
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; }
.tile { border: 1px solid #8886; border-radius: .4rem; padding: .5rem .9rem; min-width: 6rem; }
.tile b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
th { font-weight: 600; } td:first-child { white-space: nowrap; }
.bad { color: #c0392b; font-weight: 600; } .good { color: #2e8b57; font-weight: 600; }
"""


def render(facts: Facts) -> str:
    """The page, whole and without scripts; it loads itself anew every ten seconds."""
    title = f"bonescan node {facts.aet}"
    state = '<span class="good">receiving</span>' if facts.healthy else '<span class="bad">not working</span>'
    trouble = f'<p class="bad">{escape(facts.trouble)}</p>' if facts.trouble else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="10">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}: {state}</h1>{trouble}"
        f'<p class="quiet">{escape(facts.address)}, up {_span(facts.up_s)}, {facts.associations} open associations, '
        f"{facts.store_bytes / 1e6:,.0f} MB of objects, {facts.free_bytes / 1e9:,.1f} GB free, "
        f"last object {_when(facts.last_received_at)}</p>"
        f"{_tiles(facts)}{_destinations(facts)}{_jobs(facts)}{_reports(facts)}"
        f'<p class="quiet">{escape(DISCLAIMER)} Times are UTC. For programs: <a href="/metrics">/metrics</a>, '
        '<a href="/health">/health</a>. To steer: <code>bonescan jobs</code>.</p></body></html>'
    )


def _tiles(facts: Facts) -> str:
    jobs = facts.jobs
    dead = sum(number for (_, state), number in facts.sendings.items() if state == "dead")
    tiles = [
        ("studies coming in", facts.studies["open"], False),
        ("queued", jobs["queued"], False),
        ("running", jobs["running"], False),
        ("done", jobs["done"], False),
        ("not analysed", jobs["rejected"], False),
        ("failed", jobs["failed"], True),
        ("dead letters", dead, True),
        ("conflicts", facts.objects["conflict"], True),
        ("refused objects", facts.objects["refused"], True),
    ]
    inside = "".join(
        f'<div class="tile"><b{" class=bad" if alarm and number else ""}>{number}</b>{name}</div>'
        for name, number, alarm in tiles
    )
    return f'<div class="tiles">{inside}</div>'


def _destinations(facts: Facts) -> str:
    names = sorted({name for name, _ in facts.sendings})
    states = ("waiting", "sending", "sent", "dead", "cancelled")
    rows = [[name, *(str(facts.sendings.get((name, state), 0)) for state in states)] for name in names]
    return _table("Destinations", ("destination", *states), rows, "No destination is set: results stay here.")


def _jobs(facts: Facts) -> str:
    rows = [
        [str(job.id), f"{job.name}.{job.revision}", job.state, _when(job.created_at), str(job.attempts), job.note]
        for job in facts.latest_jobs
    ]
    return _table("Latest jobs", ("job", "study", "state", "complete", "attempts", "note"), rows, "None yet.")


def _reports(facts: Facts) -> str:
    rows = [[_when(row["at"]), row["kind"].replace("_", " "), row["text"]] for row in facts.reports]
    return _table("To look at", ("when", "what", ""), rows, "Nothing.")


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> str:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return f'<h2>{escape(title)}</h2><p class="quiet">{escape(empty)}</p>'
    heading = "".join(f"<th>{escape(word)}</th>" for word in head)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>"


def _when(at: float | None) -> str:
    return "never" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def _span(seconds: float) -> str:
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min" if minutes else f"{int(seconds)} s"
