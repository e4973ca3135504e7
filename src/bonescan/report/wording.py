"""The report's words: three templates (normal, benign, metastatic) filled from findings, and from nothing else.

Content and structure follow the paper's Table 2 (technique, image quality, findings, burden; impression, advice). The
paper's normal text denies any abnormal uptake, which is false for patients with benign uptake, half of its negatives:
hence the benign template, and a normal one that denies only what was looked for.

Source: paper, "Report Interpreter" and Table 2.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from bonescan.burden.lesions import count
from bonescan.core.anatomy import SITES, Region, Site
from bonescan.core.findings import Burden, Lesion, Metastasis, QualityFinding, Report
from bonescan.core.study import ViewName

Kind = Literal["normal", "benign", "metastatic"]

SITE_NAMES: dict[Site, str] = {
    Site.SPINE: "spine",
    Site.PELVIS: "pelvis",
    Site.SCAPULA: "scapula",
    Site.RIBS: "ribs",
    Site.FEMUR: "femur",
    Site.OTHER: "other parts of the skeleton",
}
_RESTRICTING = {
    *("views_assumed", "views_swapped", "upside_down"),  # places and sides are wrong
    *("low_counts", "clipped", "low_resolution", "truncated_body"),  # lesions are missed
}
"""Findings that the impression does not leave to those who read on, where they are warnings."""
_ON_SIDE = {"left": ", on the left", "right": ", on the right", "midline": ", in the midline"}


@dataclass(frozen=True)
class Facts:
    """All that the text depends on.

    Attributes:
        views: Names of the views that were there.
        metastasis: The study-level answer.
        sites: Sites that the classifier of sites says hold metastases, in the order of `SITES`; empty unless metastasis
            is present.
        site_uncertain: No site passed its threshold and `sites` holds the most probable one.
        lesions: Lesions of both classes.
        burden: Indices.
        quality: Findings about the input, and the model's notes on its decisions.
        benign_assessed: Whether the model knows benign uptake; if not, the text does not deny it.
        radiopharmaceutical: As in the header, or None.
        covered: Sites at which the outlined metastases cover bone, whatever bone names them.
    """

    views: tuple[ViewName, ...]
    metastasis: Metastasis
    sites: tuple[Site, ...]
    site_uncertain: bool
    lesions: tuple[Lesion, ...]
    burden: Burden
    quality: tuple[QualityFinding, ...]
    benign_assessed: bool = False
    radiopharmaceutical: str | None = None
    covered: frozenset[Site] = frozenset()

    @property
    def kind(self) -> Kind:
        """Which template applies."""
        if self.metastasis.present:
            return "metastatic"
        return "benign" if count(self.lesions, "benign") else "normal"

    @property
    def metastases(self) -> int:
        """Outlined metastases; one seen in both views counts once."""
        return count(self.lesions, "metastasis")

    @property
    def outlined_sites(self) -> frozenset[str]:
        """Sites of the outlined metastases, and decided ones that they reach into; empty where not all are known."""
        sites = [lesion.site for lesion in self.lesions if lesion.class_ == "metastasis"]
        if None in sites:
            return frozenset()
        return frozenset(str(site) for site in sites) | self.covered.intersection(self.sites)

    @property
    def places(self) -> tuple[str, ...]:
        """Where metastases are seen: the places of the outlines where they are known, else the sites."""
        return self._named(self.outlined_sites or self.sites)

    @property
    def decided(self) -> tuple[str, ...]:
        """Where metastases are said to be: the sites of the classifier, for which accuracy is published."""
        return self._named(self.sites)

    @property
    def decided_only(self) -> tuple[str, ...]:
        """Decided sites without an outline, where outlines tell their site."""
        return self._named(
            [site for site in self.sites if site not in self.outlined_sites] if self.outlined_sites else ()
        )

    @property
    def outlined_only(self) -> tuple[str, ...]:
        """Places of metastases outlined at sites that are not decided: less certain."""
        return self._named({x.site for x in self.lesions if x.class_ == "metastasis" and x.site} - set(self.sites))

    @property
    def outlined_elsewhere(self) -> bool:
        """The site is uncertain, and no outline lies at the most probable one."""
        return self.site_uncertain and bool(self.outlined_sites) and self.outlined_sites.isdisjoint(self.sites)

    def foci(self, *, decided: bool) -> int:
        """Outlined metastases at decided sites, or at the others; one whose site is not known is at a decided one."""
        foci = [x for x in self.lesions if x.class_ == "metastasis"]
        return len({min(x.id, x.pair or x.id) for x in foci if (x.site is None or x.site in self.sites) is decided})

    def _named(self, sites: Collection[str]) -> tuple[str, ...]:
        """Sites in words, in the order of `SITES`; for other parts of the skeleton the bones outlined there."""
        words = [SITE_NAMES[site] for site in SITES if site in sites and site is not Site.OTHER]
        if Site.OTHER in sites:
            regions = {x.region for x in self.lesions if x.class_ == "metastasis" and x.site == Site.OTHER}
            words += [region.label for region in Region if region.label in regions] or [SITE_NAMES[Site.OTHER]]
        return tuple(words)

    @property
    def below_threshold(self) -> bool:
        """Suspicious pixels were found and are not reported, as the patient's probability is below its threshold."""
        return self.has("below_threshold")

    def has(self, code: str) -> bool:
        """Whether a finding of this code is there."""
        return any(finding.code == code for finding in self.quality)


def compose(facts: Facts) -> Report:
    """Write the draft report.

    Returns:
        The kind, a description in paragraphs separated by line breaks, and an impression.
    """
    paragraphs = [
        f"{_technique(facts)} {_image_quality(facts)}",
        " ".join(_findings(facts)),
        _burden(facts),
        _limitations(facts),
    ]
    return Report(
        kind=facts.kind,
        description="\n".join(p for p in paragraphs if p),
        impression=" ".join(_impression(facts)),
    )


def join(words: Sequence[str]) -> str:
    """Join words as in running text.

    Example:
        >>> join(["spine"]), join(["spine", "pelvis", "ribs"])
        ('spine', 'spine, pelvis and ribs')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _technique(facts: Facts) -> str:
    tracer = facts.radiopharmaceutical or "a bone-seeking radiopharmaceutical (not named in the input)"
    if len(facts.views) == 1:
        other = next(name for name in ViewName if name not in facts.views)
        return (
            f"A whole-body planar image in the {facts.views[0]} projection after intravenous injection of {tracer} was "
            f"available; the {other} projection was not."
        )
    return (
        "Whole-body planar images in the anterior and posterior projections were acquired after intravenous injection "
        f"of {tracer}."
    )


def _image_quality(facts: Facts) -> str:
    if _concerns(facts):
        return "Image quality is limited; see below."
    # Nothing measures how sharp the skeleton is, or how it stands out from the soft tissue.
    return (
        "The automatic checks raised no warning about the image quality; sharpness and contrast are not among them and "
        "are to be judged by the physician."
    )


def _findings(facts: Facts) -> list[str]:
    benign = count(facts.lesions, "benign")
    if facts.kind == "metastatic":
        text = [_metastatic(facts)]
        if benign:
            text.append(f"{_foci(benign)} of uptake with a benign pattern {_are(benign)} seen in addition.")
        text.append("No other abnormal uptake is outlined in the skeleton, to be confirmed by the physician.")
    elif facts.kind == "benign":
        text = [
            f"{_foci(benign)} of increased uptake {_are(benign)} seen with a pattern that favours benign change, such "
            "as degeneration, trauma or surgery, over metastasis.",
            _denial(facts, "No focus suspicious of bone metastasis is seen."),
        ]
    elif facts.benign_assessed:
        text = [_denial(facts, "No abnormally increased uptake is seen in the skeleton.")]
    else:
        text = [
            _denial(facts, "No focus of increased uptake suspicious of bone metastasis is seen."),
            "Benign uptake, such as that of degeneration, trauma or surgery, is not assessed by this model and may be "
            "present.",
        ]
    doubts = [finding.message for finding in facts.quality if finding.code == "needs_review"]
    return [*text, _probability(facts), *doubts]


def _denial(facts: Facts, flat: str) -> str:
    """What is not seen; said flatly only where nothing suspicious was found at all."""
    if facts.below_threshold:
        return (
            "Uptake suspicious of bone metastasis was noted below the decision threshold; no lesion is reported for it."
        )
    return flat


def _metastatic(facts: Facts) -> str:
    where, number = _where(facts.places), facts.metastases
    if number == 0:
        text = f"Metastatic uptake is suspected in {where}, but no single lesion could be outlined."
    elif _single(facts):
        text = f"A single focus of abnormally increased uptake is seen in {where}{_side(facts)}."
    elif number == 1 and not facts.outlined_sites:
        text = f"Abnormally increased uptake is suspected in {where}; one focus could be outlined."
    elif number == 1 and len(facts.outlined_sites) > 1:
        text = f"One area of abnormally increased uptake is outlined; it extends over {where}."
    elif number == 1:
        text = f"One focus of abnormally increased uptake is outlined, in {where}{_side(facts)}."
    else:
        text = f"Multiple foci of abnormally increased uptake ({number} outlined) are seen in {where}."
    if facts.site_uncertain:
        text += f" The site is uncertain, most probably {_where(facts.decided)}."
    elif facts.decided_only:
        more = _where(facts.decided_only)
        text += f" Metastatic uptake is also suspected in {more}, where no suspicious focus could be outlined."
    return text


def _single(facts: Facts) -> bool:
    return facts.metastases == 1 and facts.places == facts.decided and len(facts.decided) == 1


def _side(facts: Facts) -> str:
    sides = {lesion.laterality for lesion in facts.lesions if lesion.class_ == "metastasis"}
    side = sides.pop() if len(sides) == 1 else None
    return _ON_SIDE[side] if side else ""


def _where(places: Sequence[str]) -> str:
    if not places:
        return "the skeleton"
    return join(places) if places[0] == SITE_NAMES[Site.OTHER] else f"the {join(places)}"


def _probability(facts: Facts) -> str:
    found = facts.metastasis
    relation = "at or above" if found.present else "below"
    probability, threshold = found.shown
    said = probability.replace("<", "less than ").replace(">", "more than ")
    name = "estimated probability" if found.calibrated else "model's score (not a calibrated probability)"
    return f"The {name} of bone metastasis is {said}, {relation} the decision threshold of {threshold}."


def _burden(facts: Facts) -> str:
    if facts.kind != "metastatic" or facts.metastases == 0:
        return ""
    burden, by_view = facts.burden, facts.burden.bstbi_by_view
    views = join([f"{name} {by_view[name.value]:.4f}" for name in facts.views])
    extent = f"over both views ({views})" if len(facts.views) == 2 else f"({facts.views[0]} view only)"
    return f"Bone scan tumour burden index (BSTBI, K = {burden.k:g}): {burden.bstbi:.4f} {extent}."


def _concerns(facts: Facts) -> list[QualityFinding]:
    # That a view is missing is said in the technique already.
    return [finding for finding in facts.quality if finding.severity != "info" and finding.code != "one_view"]


def _limitations(facts: Facts) -> str:
    said = [finding.message.strip().rstrip(".") + "." for finding in _concerns(facts)]
    return f"Limitations: {' '.join(dict.fromkeys(said))}" if said else ""


def _impression(facts: Facts) -> list[str]:
    alone = f" in the {facts.views[0]} view alone" if len(facts.views) == 1 else ""
    doubtful = facts.below_threshold or facts.has("needs_review")
    scope = f" above the decision threshold{alone}" if doubtful else alone
    if facts.kind == "normal":
        text = [f"No evidence of bone metastasis{scope}.", "Regular follow-up is recommended."]
    elif facts.kind == "benign":
        text = [
            f"Increased uptake favouring benign change; no evidence of bone metastasis{scope}.",
            "Correlation with history and radiographs, and regular follow-up, are recommended; SPECT/CT if in doubt.",
        ]
    else:
        # What is outlined can be looked at: it comes before a site that is but the likeliest of unlikely ones.
        if facts.outlined_elsewhere:
            where = f"in {_where(facts.places)}{alone}"
        else:
            where = f"{'most probably ' if facts.site_uncertain else ''}in {_where(facts.decided)}{alone}"
        text = [f"{_opening(facts)} {where}; {_conclusion(facts)} the most likely explanation."]
        if facts.outlined_only and not facts.outlined_elsewhere:
            foci = _foci(facts.foci(decided=False)).lower()
            text.append(f"Less certain: {foci} also outlined in {_where(facts.outlined_only)}.")
        text.append("Regular follow-up is recommended, with SPECT/CT where findings need to be confirmed.")
    if facts.outlined_elsewhere:
        text.append(f"The site is uncertain: the model favours {_where(facts.decided)}, where no focus is outlined.")
    elif facts.site_uncertain:
        text.append("The site is uncertain.")
    if facts.has("needs_review"):
        text.append("Please look twice: the result is unsure.")
    if any(finding.code in _RESTRICTING and finding.severity == "warning" for finding in facts.quality):
        text.append("The limitations of the input restrict the value of this result.")
    return text


def _opening(facts: Facts) -> str:
    if _single(facts):
        return "A single focus of abnormally increased uptake"
    if facts.outlined_elsewhere and facts.metastases == 1:
        return "One focus of abnormally increased uptake"
    if facts.outlined_elsewhere or (facts.foci(decided=True) > 1 and not facts.decided_only):
        return "Multiple foci of abnormally increased uptake"
    return "Abnormally increased uptake"


def _conclusion(facts: Facts) -> str:
    places = facts.places if facts.outlined_elsewhere else facts.decided + facts.outlined_only
    many = facts.metastases > 1 or len(places) > 1
    return "bone metastases are" if many else "bone metastasis is"


def _foci(number: int) -> str:
    return "One focus" if number == 1 else f"{number} foci"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
