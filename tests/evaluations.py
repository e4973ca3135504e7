"""Records of studies that were never made, for tests of figures."""

from __future__ import annotations

from bonescan.core.anatomy import SITES
from bonescan.evaluation.columns import Columns
from bonescan.evaluation.records import CohortFacts, Header, Lesion, MethodFacts, Pixels, Record, ViewRecord

FACTS = MethodFacts("model", "1", "bundle", "a" * 64, threshold=0.5, site_thresholds=(0.5,) * 6, simulated_only=True)
COHORT = CohortFacts("cohort", "f" * 64, simulated=True, content="e" * 64)
HEADER = Header(FACTS, (COHORT,), "test")


def lesion(area_px=100, *, contrast=2.0, site="spine", uptake=3.0, rose=12.0, score: float | None = 0.9, named=None):
    """A true lesion; hit unless `score` is None."""
    return Lesion(area_px, area_px * 4.0, contrast, site, uptake, score, rose, named)


def view(both=0, drawn=0, true=0, *, name="anterior", bladder=(40, 50, 50), lesions=(), alarms=(), **facts):
    """A view with pixel sums of metastases."""
    return ViewRecord(
        name,
        facts.pop("counts", 1e6),
        metastasis=Pixels(both, drawn, true),
        bladder=Pixels(*bladder),
        benign=Pixels(0, 0, 0),
        lesions=tuple(lesions),
        alarms=tuple(alarms),
        **facts,
    )


def record(number, probability=0.5, *, metastasis=False, sites=(), said=None, views=None, **facts):
    """A study called at one half; `said` are the sites of its report, and of their probabilities."""
    present = facts.pop("present", probability is not None and probability >= 0.5)
    said = tuple(sites if said is None else said)
    found = {
        "cohort": 0,
        "patient": number,
        "benign": False,
        "site_probabilities": tuple(0.9 if site in said else 0.1 for site in SITES),
        "sites_said": said if present else (),
        "bstbi_drawn": 0.1 if metastasis else 0.0,
        "bstbi_true": 0.1 if metastasis else 0.0,
        "seconds": 0.2,
        "needs_review": None,
        "alp_u_l": None,
        "treatment_start_days": None,
        "superscan": None,
    } | facts
    return Record(
        study_id=f"S{number:03d}",
        metastasis=metastasis,
        sites=tuple(sites),
        probability=probability,
        present=present,
        views=(view(), view(name="posterior")) if views is None else tuple(views),
        **found,
    )


def columns(*records, facts=FACTS):
    """Studies of one method."""
    return Columns(facts, records)


def paper():
    """The paper's test set by its counts: 50 of 54 found, 59 of 69 cleared, 40 located, 37 of them reported.

    Three of those that are missed are located all the same, as the counts of the paper need it.
    """
    rows = []
    for k in range(54):
        found, located = k < 50, k < 37 or k >= 51
        rows.append(
            record(
                k,
                0.9 if found else 0.2,
                metastasis=True,
                sites=("spine", "ribs"),
                said=("spine", "ribs") if located else ("spine",),
            )
        )
    rows += [record(54 + k, 0.1 if k < 59 else 0.8) for k in range(69)]
    return columns(*rows)
