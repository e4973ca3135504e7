"""The figures of a report as rows of words: shared by the page and the notebook view."""

from __future__ import annotations

from collections.abc import Sequence

from bonescan.burden.lesions import count
from bonescan.core.findings import Analysis, Lesion, shown

LESION_HEADER = ("No.", "View", "Where", "Side", "Area", "Ratio", "Prob.", "Pair")
UNKNOWN = "–"


def result_rows(analysis: Analysis) -> list[tuple[str, str]]:
    """The study-level figures: (name, value)."""
    found, burden = analysis.metastasis, analysis.burden
    by_view = ", ".join(f"{name} {shown(value)}" for name, value in found.by_view.items())
    probability, threshold = found.shown
    pixels = sum(x.area_px for x in analysis.lesions if x.class_ == "metastasis")
    rows = [
        ("Metastasis", "suspected" if found.present else "not suspected"),
        (found.quantity.capitalize(), f"{probability} (threshold {threshold})"),
        ("  by view", by_view),
        ("Sites", sites(analysis)),
        (f"BSTBI (K = {burden.k:g})", f"{burden.bstbi:.4f}"),
        ("  by view", ", ".join(f"{name} {value:.4f}" for name, value in burden.bstbi_by_view.items())),
        ("Lesions", lesion_count(analysis)),
        ("Lesion area", area(pixels, burden.lesion_area_mm2)),
    ]
    return rows if len(analysis.study.views) > 1 else [row for row in rows if row[0] != "  by view"]


def lesion_rows(lesions: Sequence[Lesion], most: int) -> tuple[list[tuple[str, ...]], int]:
    """Rows of the lesion table, the largest lesions in the order of their numbers.

    Args:
        lesions: All of them.
        most: How many rows there is room for.

    Returns:
        Rows as in `LESION_HEADER`, and how many lesions were left out.
    """
    largest = sorted(lesions, key=lambda x: (-x.area_px, x.id))[:most]
    rows: list[tuple[str, ...]] = [
        (
            str(x.id),
            x.view,
            _where(x),
            x.laterality or UNKNOWN,
            area(x.area_px, x.area_mm2),
            f"{x.uptake_ratio:.1f}" if x.uptake_ratio is not None else UNKNOWN,
            shown(x.probability),
            str(x.pair) if x.pair else UNKNOWN,
        )
        for x in sorted(largest, key=lambda x: x.id)
    ]
    return rows, len(lesions) - len(rows)


def _where(lesion: Lesion) -> str:
    place = lesion.region or lesion.site
    if lesion.class_ == "benign":
        return f"{place}, benign" if place else "benign"
    return place or UNKNOWN


def area(pixels: int, mm2: float | None) -> str:
    """Area in cm2, or in pixels where the spacing is unknown.

    Example:
        >>> area(40, 193.6), area(40, None)
        ('1.9 cm²', '40 px')
    """
    return f"{pixels} px" if mm2 is None else f"{mm2 / 100:.1f} cm²"


def sites(analysis: Analysis) -> str:
    """Sites said to hold metastases with their probabilities, and those where one is outlined all the same."""
    present = [f"{name} {shown(site.probability)}" for name, site in analysis.sites.items() if site.present]
    undecided = ", ".join(analysis.undecided_sites)
    return (", ".join(present) or "none") + (f"; less certain: {undecided}" if undecided else "")


def lesion_count(analysis: Analysis) -> str:
    """How many lesions there are, in words; one that both views show counts once."""
    metastases, benign = count(analysis.lesions), count(analysis.lesions, "benign")
    outlines = sum(x.class_ == "metastasis" for x in analysis.lesions)
    text = f"{metastases}" + (f" ({outlines} outlines in both views)" if outlines != metastases else "")
    return text + (f"; {benign} benign" if benign else "")
