"""What a lesion is called, what it is, where it is and what was measured of it, as codes: the same in SR and FHIR."""

from __future__ import annotations

from bonescan.core.anatomy import Laterality, Site
from bonescan.core.findings import Analysis, Burden, Lesion
from bonescan.export import codes
from bonescan.io.codes import Code

Value = tuple[Code, float, Code]
"""Concept, value, unit."""
_BY_NAME = {region.label: code for region, code in codes.REGIONS.items()}


def name_of(lesion: Lesion) -> str:
    """What tracks a lesion; one seen in both views is two regions, each with a name of its own."""
    return f"lesion {lesion.id}, {lesion.view}" + (f", same as {lesion.pair}" if lesion.pair else "")


def kind_of(lesion: Lesion) -> tuple[Code, ...]:
    """A metastasis; or a lesion that is benign."""
    return (codes.METASTASIS,) if lesion.class_ == "metastasis" else (codes.LESION, codes.BENIGN)


def place_of(lesion: Lesion) -> tuple[Code, Code | None]:
    """The bone, or the site where the bone is not known, and the patient's side.

    The midline is no laterality to the standard (CID 244), so it is left out.
    """
    code = _BY_NAME.get(lesion.region or "") or site_code(lesion.site)
    side = {"left": Laterality.LEFT, "right": Laterality.RIGHT}.get(lesion.laterality or "")
    return code, codes.LATERALITY[side] if side else None


def site_code(name: str | None) -> Code:
    """Code of a site by its name; of bone where there is none.

    Example:
        >>> site_code("ribs").meaning, site_code(None).meaning
        ('Rib', 'Bone')
    """
    return codes.SITES[Site(name)] if name in list(Site) else codes.BONE


def suspicion(analysis: Analysis, site: str) -> Code:
    """Whether metastasis is suspected at a site; undetermined where one is outlined but the site is not decided."""
    if analysis.sites[site].present:
        return codes.YES
    return codes.UNDETERMINED if site in analysis.undecided_sites else codes.NO


def values_of(lesion: Lesion) -> list[Value]:
    """What was measured of a lesion, as far as it is known."""
    known: list[tuple[Code, float | None, Code]] = [
        (codes.PROBABILITY, lesion.probability, codes.RATIO),
        (codes.PIXELS, lesion.area_px, codes.PIXEL),
        (codes.AREA, lesion.area_mm2, codes.SQUARE_MM),
        (codes.UPTAKE_RATIO, lesion.uptake_ratio, codes.RATIO),
    ]
    return [(what, value, unit) for what, value, unit in known if value is not None]


def burden_values(burden: Burden) -> list[Value]:
    """The indices of the study that the analysis has."""
    known = ((what, getattr(burden, field, None), unit) for field, (what, unit) in codes.BURDEN.items())
    return [(what, value, unit) for what, value, unit in known if value is not None]
