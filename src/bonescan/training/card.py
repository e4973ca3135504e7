"""The model card: what a person should know before using a bundle, made from its manifest."""

from __future__ import annotations

from collections.abc import Iterable

from bonescan.models.bundle import Figure, Manifest, Thresholds

INTENDED_USE = (
    "Research on whole-body bone scintigraphy with 99mTc-labelled phosphonates, anterior and posterior planar views of "
    "adults: a draft that a physician checks. Not a medical device; not for diagnosis or treatment of patients."
)
_LIMITS = """\
- {origin}
- {tuned}
- Metastases that show as cold spots, primary bone tumours, children, and tracers other than phosphonates are unknown to
  it. Degenerative joints, fractures, urine contamination and injection sites can look like metastases to it.
- An 8-bit picture is not counts: what is measured on one depends on how it was windowed.
- It names sites, not sides, and it knows nothing of the patient's history."""

_CLASSES = {"metastasis": "metastasis", "bladder": "bladder", "benign": "benign uptake"}

_TUNED = {
    False: "Networks were chosen on the validation patients, half of which the figures were measured on; thresholds "
    "were tuned on\n  the other half (on the same patients where the last column says so).",
    True: "Thresholds were tuned on half of the calibration patients, figures measured on the other half (on the same "
    "patients\n  where the last column says so). Of patients that it was trained on they would say nothing.",
}

_WHAT = {
    "stepwise": """\
A ResNet34 says of each 256×256 window whether it holds metastasis or bladder, residual U-Nets outline them where it
does, and a report network names the sites. Source: Liu et al., "Deep Learning for the Automatic Diagnosis and Analysis
of Bone Metastasis on Bone Scintigrams". What it says of the patient is what it says of the surest window: a score to
compare with its threshold, not a calibrated probability.

Where the recipe says `auxiliary` above 0, the classifier is not the paper's alone: 1×1 cell maps on conv3_x and conv4_x
say where in the window, and a logistic layer weighs their strongest cells with the paper's two logits. Where it says
`shrink = 2`, windows are averaged down to half their size first.
""",
    "joint": """\
One network sees both views at once, the posterior one mirrored, and says where metastases, benign uptake,
bladder and skeletal regions are, whether there is metastasis, and at which of six sites. Where it is in doubt it looks
at the mirror image too, and the mean counts. Its probabilities are {calibrated}; those near the threshold are marked
for review.
""",
}


def patients_in_words(*, simulated: bool) -> str:
    """Who the patients of a cohort are, as far as a bundle says it."""
    return "Simulated patients." if simulated else "Patients as named by the cohort's fingerprint."


def untuned_in_words(thresholds: Thresholds) -> str:
    """Which thresholds no patient was there to tune on, as sentences, or nothing.

    Example:
        >>> t = Thresholds(patient=0.5, segment_metastasis=0.5, segment_bladder=0.4, sites={}, untuned=("bladder",))
        >>> untuned_in_words(t)
        'Not tuned, since no patient to tune on has such pixels outlined: 0.40 (bladder).'
    """
    sentences = []
    if words := _pixels(thresholds, [name for name in _CLASSES if name in thresholds.untuned]):
        sentences.append(f"Not tuned, since no patient to tune on has such pixels outlined: {words}.")
    if "patient" in thresholds.untuned:
        sentences.append(
            "Not calibrated, since the patients to tune on all have metastases, or none has: the threshold of a "
            f"patient is {thresholds.patient:.2f}; 'bonescan calibrate' sets it on others."
        )
    return " ".join(sentences)


def _pixels(thresholds: Thresholds, classes: Iterable[str] = tuple(_CLASSES)) -> str:
    """Thresholds of a pixel of some classes, e.g. "0.45 (metastasis), 0.55 (bladder)"."""
    levels = {_CLASSES[name]: getattr(thresholds, f"segment_{name}") for name in classes}
    return ", ".join(f"{level:.2f} ({words})" for words, level in levels.items() if level is not None)


def model_card(manifest: Manifest) -> str:
    """Write the card as Markdown."""
    t, cohort = manifest.thresholds, manifest.training_cohort
    rows = "\n".join(_row(figure) for figure in manifest.figures)
    sites = ", ".join(f"{site} {value:.2f}" for site, value in t.sites.items())
    windows = (
        f" windows {t.window_metastasis:.3f} (metastasis), {t.window_bladder:.3f} (bladder);"
        if t.window_metastasis is not None and t.window_bladder is not None
        else ""
    )
    untuned = f" {words}" if (words := untuned_in_words(t)) else ""
    calibrated = "not calibrated (see Thresholds)" if "patient" in t.untuned else "calibrated on validation patients"
    training = "trained on simulated patients only" if manifest.simulated_only else "see the training cohort below"
    cases = ", ".join(f"{count} {name}" for name, count in cohort.cases.items())
    return f"""\
# {manifest.name} {manifest.version}

Pipeline "{manifest.pipeline}", {training}. Licence: {manifest.licence}.

**Not a medical device.** Every result is a draft, for review by a physician.

## Intended use

{manifest.intended_use}

## What it does

{_WHAT[manifest.pipeline].format(calibrated=calibrated)}
The views are cropped to the body, stretched to 1024×256 and normalised first.

## Training

{cohort.description} Cases: {cases}. Cohort fingerprint `{cohort.fingerprint[:16]}`, recipe
`{manifest.recipe_sha256[:16]}`; the whole recipe is in `bundle.json`.
{_calibration(manifest)}
## Figures

| figure | value | 95 % interval | n | measured on |
|---|---|---|---|---|
{rows}

Dice in four definitions: `pooled` over all pixels; `lesion_bearing`, mean over views with the class; `all_empty_one`,
mean over all views, nothing found where nothing is counts 1; `all_false_zero`, mean over views where something is or
was found.

## Thresholds

Patient {t.patient:.3f};{windows} pixels {_pixels(t)}; sites: {sites}.{untuned}

## Limits

{_LIMITS.format(origin=_origin(manifest), tuned=_TUNED[manifest.calibration_cohort is not None])}
"""


def _calibration(manifest: Manifest) -> str:
    """Patients that thresholds come from, where not from the training's validation."""
    cohort = manifest.calibration_cohort
    if cohort is None:
        return ""
    cases = sum(cohort.cases.values())
    tuned = "Thresholds and figures" if manifest.calibration is None else "Thresholds, calibration and figures"
    return f"""
## Calibration

{tuned} come from these patients, set after training. {cohort.description} Cases: {cases}.
Cohort fingerprint `{cohort.fingerprint[:16]}`.
"""


def _origin(manifest: Manifest) -> str:
    """On whom it was trained and measured, and what is not known therefore."""
    if manifest.calibration_cohort is None and manifest.simulated_only:
        return "Trained and measured on simulated patients only. How it does on real scans has not been measured."
    trained = "simulated patients only" if manifest.simulated_only else f"the patients of {_cohorts(manifest)}"
    if manifest.calibration_cohort is None:
        return (
            f"Trained on {trained}, measured on those of them for validation. How it does on scans of another hospital,"
            "\n  camera or protocol has not been measured."
        )
    tuned = "tuned" if manifest.calibration is None else "calibrated"
    return (
        f"Trained on {trained}, {tuned} and measured on those that the section Calibration names. How it does on "
        "scans of\n  another hospital, camera or protocol has not been measured."
    )


def _cohorts(manifest: Manifest) -> str:
    """How many cohorts it was trained on, in words; of bundles of earlier versions that is not known."""
    count = len(manifest.training_cohort.fingerprints)
    return {0: "its training cohort", 1: "one cohort"}.get(count, f"{count} cohorts")


def _row(figure: Figure) -> str:
    interval = f"{figure.low:.3f} to {figure.high:.3f}" if figure.low is not None and figure.high is not None else ""
    value = "not defined" if figure.value is None else f"{figure.value:.3f}"
    count = "" if figure.count is None else str(figure.count)
    return f"| {figure.name} | {value} | {interval} | {count} | {figure.dataset} |"
