"""The three templates, case by case: what is said, and what must never be said."""

import dataclasses
import itertools

import pytest

from bonescan.core.anatomy import SITES, Region, Site
from bonescan.core.findings import Burden, Lesion, Metastasis, QualityFinding
from bonescan.core.study import ViewName
from bonescan.report.wording import SITE_NAMES, Facts, compose, join

BOTH = (ViewName.ANTERIOR, ViewName.POSTERIOR)


def lesion(number=1, view="anterior", lesion_class="metastasis", pair=None, laterality="left", region=None):
    return Lesion(
        id=number,
        view=view,
        class_=lesion_class,
        probability=0.9,
        site=region.site.value if region else None,
        region=region.label if region else None,
        laterality=laterality,
        area_px=40,
        area_mm2=190.0,
        bbox=(0, 0, 8, 8),
        centroid=(4.0, 4.0),
        uptake_ratio=3.0,
        pair=pair,
    )


def facts(probability=0.9, *, sites=(Site.SPINE,), lesions=None, views=BOTH, **more):
    present = probability >= 0.5
    by_view = {str(name): 0.1 + 0.1 * i for i, name in enumerate(views)}
    return Facts(
        views=views,
        metastasis=Metastasis(probability=probability, threshold=0.5, present=present, by_view={}),
        sites=sites if present else (),
        site_uncertain=more.pop("site_uncertain", False),
        lesions=((lesion(),) if present else ()) if lesions is None else lesions,
        burden=Burden(bstbi=0.1379 if present else 0, bstbi_by_view=by_view, k=5, definition="-"),
        quality=more.pop("quality", ()),
        radiopharmaceutical=more.pop("radiopharmaceutical", "99mTc-MDP"),
        **more,
    )


def finding(code, severity="warning", message="Counts are low"):
    return QualityFinding(code=code, severity=severity, message=message)


def test_normal():
    report = compose(facts(0.1))
    assert report.kind == "normal"
    assert (
        "anterior and posterior projections were acquired after intravenous injection of 99mTc-MDP"
        in report.description
    )
    assert "checks raised no warning about the image quality; sharpness and contrast are not" in report.description
    assert "No focus of increased uptake suspicious of bone metastasis" in report.description
    assert "0.10, below the decision threshold of 0.50" in report.description
    assert "BSTBI" not in report.description
    assert report.impression == "No evidence of bone metastasis. Regular follow-up is recommended."


def test_a_model_without_benign_class_does_not_deny_benign_uptake():
    assert "not assessed by this model and may be present" in compose(facts(0.1)).description
    assert "No abnormally increased uptake" not in compose(facts(0.1)).description
    assert "No abnormally increased uptake" in compose(facts(0.1, benign_assessed=True)).description


def test_benign():
    report = compose(facts(0.1, lesions=(lesion(lesion_class="benign"),), benign_assessed=True))
    assert report.kind == "benign"
    assert "One focus of increased uptake is seen with a pattern that favours benign change" in report.description
    assert "No focus suspicious of bone metastasis" in report.description
    assert "favouring benign change; no evidence of bone metastasis" in report.impression
    assert "SPECT/CT" in report.impression


@pytest.mark.parametrize("benign", [(), (lesion(lesion_class="benign"),)])
@pytest.mark.parametrize("assessed", [False, True])
def test_suspicious_pixels_below_the_threshold_are_not_denied(benign, assessed):
    noted = (finding("below_threshold", "info", "Suspicious pixels were found"),)
    report = compose(facts(0.4, lesions=benign, benign_assessed=assessed, quality=noted))
    assert "No focus" not in report.description
    assert "No abnormally" not in report.description
    assert "suspicious of bone metastasis was noted below the decision threshold" in report.description
    assert "o evidence of bone metastasis above the decision threshold." in report.impression


@pytest.mark.parametrize("probability", [0.45, 0.55])
@pytest.mark.parametrize("views", [BOTH, BOTH[:1]])
def test_a_doubtful_result_asks_to_look_twice(probability, views):
    doubt = (finding("needs_review", "info", "Please look twice: it is close."),)
    report = compose(facts(probability, views=views, quality=doubt))
    assert "Please look twice: it is close." in report.description
    assert "Please look twice" in report.impression
    assert ("above the decision threshold" in report.impression) == (probability < 0.5)
    assert "twice" not in str(compose(facts(probability, views=views)))


def test_single_metastasis():
    report = compose(facts())
    assert report.kind == "metastatic"
    assert "A single focus of abnormally increased uptake is seen in the spine, on the left." in report.description
    assert "BSTBI, K = 5): 0.1379 over both views (anterior 0.1000 and posterior 0.2000)." in report.description
    assert report.impression == (
        "A single focus of abnormally increased uptake in the spine; bone metastasis is the most likely explanation. "
        "Regular follow-up is recommended, with SPECT/CT where findings need to be confirmed."
    )


def test_a_lesion_seen_in_both_views_is_single():
    pair = (lesion(1, pair=2), lesion(2, "posterior", pair=1))
    assert "A single focus" in compose(facts(lesions=pair)).description
    apart = (lesion(1), lesion(2, "posterior"))
    assert "Multiple foci" in compose(facts(lesions=apart)).description


def test_multiple_metastases():
    three = (lesion(1), lesion(2), lesion(3))
    report = compose(facts(sites=(Site.SPINE, Site.PELVIS, Site.RIBS), lesions=three))
    assert (
        "Multiple foci of abnormally increased uptake (3 outlined) are seen in the spine, pelvis and ribs."
        in report.description
    )
    assert report.impression.startswith(
        "Multiple foci of abnormally increased uptake in the spine, pelvis and ribs; bone metastases are the most "
    )


def test_one_outlined_focus_but_several_sites_is_not_called_single():
    report = compose(facts(sites=(Site.SPINE, Site.PELVIS)))
    assert "single" not in report.description + report.impression
    assert "suspected in the spine and pelvis; one focus could be outlined" in report.description


def test_the_text_names_where_the_outlines_lie():
    found = (lesion(1, region=Region.HUMERUS), lesion(2, region=Region.RIBS), lesion(3, region=Region.LUMBAR_SPINE))
    report = compose(facts(sites=(Site.SPINE, Site.RIBS, Site.FEMUR), lesions=found))
    assert (
        "(3 outlined) are seen in the spine, ribs and humerus. Metastatic uptake is also suspected in the femur, where "
        "no suspicious focus could be outlined." in report.description
    )
    assert report.impression.startswith(
        "Abnormally increased uptake in the spine, ribs and femur; bone metastases are the most likely explanation. "
        "Less certain: one focus also outlined in the humerus. Regular"
    )


def test_the_impression_counts_foci_of_decided_sites_and_of_others_apart():
    found = (
        *(lesion(1, region=Region.LUMBAR_SPINE), lesion(2, region=Region.RIBS), lesion(3, region=Region.FEMUR, pair=5)),
        *(lesion(4, region=Region.FEMUR), lesion(5, "posterior", region=Region.FEMUR, pair=3)),
    )
    report = compose(facts(sites=(Site.SPINE, Site.RIBS), lesions=found))
    assert report.impression.startswith(
        "Multiple foci of abnormally increased uptake in the spine and ribs; bone metastases are the most likely "
        "explanation. Less certain: 2 foci also outlined in the femur."
    )
    report = compose(facts(sites=(Site.SPINE,), lesions=found[:2]))
    assert report.impression.startswith("Abnormally increased uptake in the spine; bone metastases are")


def test_benign_outlines_name_no_place_of_metastases():
    for benign in (Region.FEMUR, Region.HUMERUS):
        found = (lesion(1, region=Region.RIBS), lesion(2, lesion_class="benign", region=benign))
        report = compose(facts(sites=(Site.RIBS,), lesions=found))
        assert "A single focus of abnormally increased uptake is seen in the ribs, on the left." in report.description
        assert benign.label not in report.description + report.impression
    found = (lesion(1, region=Region.SKULL), lesion(2, lesion_class="benign", region=Region.HUMERUS))
    report = compose(facts(sites=(Site.OTHER,), lesions=found))
    assert "is seen in the skull, on the left" in report.description
    assert "humerus" not in report.description + report.impression


def test_a_benign_outline_at_a_decided_site_is_not_denied():
    found = (lesion(1, region=Region.RIBS), lesion(2, lesion_class="benign", region=Region.SCAPULA))
    report = compose(facts(sites=(Site.SCAPULA, Site.RIBS), lesions=found))
    assert "also suspected in the scapula, where no suspicious focus could be outlined." in report.description
    assert "One focus of uptake with a benign pattern is seen in addition." in report.description


def test_a_confluent_outline_is_not_denied_at_the_sites_that_it_reaches():
    outlined = (lesion(region=Region.LUMBAR_SPINE, laterality="midline"),)
    covered = frozenset({Site.SPINE, Site.PELVIS, Site.RIBS})
    report = compose(facts(sites=(Site.SPINE, Site.PELVIS, Site.FEMUR), lesions=outlined, covered=covered))
    assert "One area of abnormally increased uptake is outlined; it extends over the spine and pelvis." in (
        report.description
    )
    assert "also suspected in the femur, where no suspicious focus could be outlined." in report.description


def test_one_outline_and_another_site_is_not_called_single():
    report = compose(facts(sites=(Site.PELVIS,), lesions=(lesion(region=Region.RIBS),)))
    assert "One focus of abnormally increased uptake is outlined, in the ribs, on the left." in report.description
    assert "also suspected in the pelvis" in report.description
    assert "single" not in report.description + report.impression


def test_an_outline_elsewhere_than_the_uncertain_site_comes_first():
    report = compose(facts(sites=(Site.FEMUR,), site_uncertain=True, lesions=(lesion(region=Region.RIBS),)))
    assert (
        "is outlined, in the ribs, on the left. The site is uncertain, most probably the femur." in report.description
    )
    assert report.impression == (
        "One focus of abnormally increased uptake in the ribs; bone metastasis is the most likely explanation. Regular "
        "follow-up is recommended, with SPECT/CT where findings need to be confirmed. The site is uncertain: the model "
        "favours the femur, where no focus is outlined."
    )
    two = (lesion(1, region=Region.RIBS), lesion(2, region=Region.SKULL))
    assert compose(facts(sites=(Site.FEMUR,), site_uncertain=True, lesions=two)).impression.startswith(
        "Multiple foci of abnormally increased uptake in the ribs and skull; bone metastases are the most likely "
    )


def test_an_outline_at_the_uncertain_site_stands_behind_it():
    two = (lesion(1, region=Region.RIBS), lesion(2, region=Region.FEMUR))
    impression = compose(facts(sites=(Site.FEMUR,), site_uncertain=True, lesions=two)).impression
    assert impression.startswith("Abnormally increased uptake most probably in the femur; bone metastases are the most")
    assert "Less certain: one focus also outlined in the ribs." in impression
    assert impression.endswith("The site is uncertain.")


def test_present_without_an_outlined_lesion_says_so():
    report = compose(facts(lesions=()))
    assert report.kind == "metastatic"
    assert "no single lesion could be outlined" in report.description
    assert "BSTBI" not in report.description
    assert "single focus" not in report.impression


def test_uncertain_site_is_named_and_said():
    report = compose(facts(sites=(Site.FEMUR,), site_uncertain=True))
    assert "The site is uncertain, most probably the femur." in report.description
    assert "The site is uncertain." in report.impression


def test_metastases_with_benign_uptake_mention_both():
    report = compose(facts(lesions=(lesion(1), lesion(2, lesion_class="benign"), lesion(3, lesion_class="benign"))))
    assert report.kind == "metastatic"
    assert "A single focus" in report.description
    assert "2 foci of uptake with a benign pattern are seen in addition." in report.description


@pytest.mark.parametrize("name", list(ViewName))
@pytest.mark.parametrize("probability", [0.1, 0.9])
def test_one_view(name, probability):
    report = compose(facts(probability, views=(name,), quality=(finding("one_view", message="One view only"),)))
    other = "posterior" if name == "anterior" else "anterior"
    assert f"image in the {name} projection" in report.description
    assert f"the {other} projection was not" in report.description
    assert "One view only" not in report.description, "said once is enough"
    assert "see below" not in report.description, "nothing follows"
    assert f"in the {name} view alone" in report.impression
    if probability > 0.5:
        assert f"0.1379 ({name} view only)" in report.description


def test_limitations_come_from_quality_findings():
    quality = (finding("low_counts"), finding("note", "info", "Read from two files"), finding("low_counts"))
    report = compose(facts(0.1, quality=quality))
    assert report.description.count("Limitations: Counts are low.") == 1
    assert "two files" not in report.description
    assert "Image quality is limited; see below." in report.description
    assert "no warning" not in report.description
    assert "restrict" not in compose(facts(0.1, quality=(finding("display_units"),))).impression


@pytest.mark.parametrize(
    "code",
    ["views_assumed", "views_swapped", "upside_down", "low_counts", "clipped", "low_resolution", "truncated_body"],
)
@pytest.mark.parametrize("probability", [0.1, 0.9])
def test_what_hides_or_misplaces_lesions_reaches_the_impression(code, probability):
    report = compose(facts(probability, quality=(finding(code, message="Check the views"),)))
    assert "The limitations of the input restrict the value of this result." in report.impression
    assert "restrict" not in compose(facts(probability, quality=(finding(code, "info"),))).impression


def test_unknown_radiopharmaceutical_is_not_invented():
    text = compose(facts(radiopharmaceutical=None)).description
    assert "a bone-seeking radiopharmaceutical (not named in the input)" in text
    assert "MDP" not in text


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.499, "0.499, below the decision threshold of 0.500"),
        (0.5, "0.50, at or above the decision threshold of 0.50"),
    ],
)
def test_rounding_never_hides_the_side_of_the_threshold(probability, said):
    assert said in compose(facts(probability)).description


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.9994, "is more than 0.99, at or above"),
        (0.994, "is 0.99, at or above"),
        (0.0004, "is less than 0.01, below"),
        (0.006, "is 0.01, below"),
    ],
)
def test_rounding_never_claims_certainty(probability, said):
    assert said in compose(facts(probability)).description


def test_every_site_has_a_name():
    assert set(SITE_NAMES) == set(SITES)
    assert join(["a", "b"]) == "a and b"


ALL = [
    facts(p, lesions=lesions, views=views, sites=sites, quality=quality, benign_assessed=assessed)
    for p, lesions, views, sites, quality, assessed in itertools.product(
        (0.2, 0.8),
        (
            (),
            (lesion(),),
            (lesion(), lesion(2)),
            (lesion(region=Region.SKULL), lesion(2, region=Region.FEMUR)),
            (lesion(lesion_class="benign"),),
        ),
        (BOTH, BOTH[:1]),
        ((Site.SPINE,), SITES),
        ((), (finding("x"),)),
        (False, True),
    )
    if p > 0.5 or not any(x.class_ == "metastasis" for x in lesions)
]


@pytest.mark.parametrize("case", ALL)
def test_whatever_the_findings(case):
    report = compose(case)
    text = f"{report.description} {report.impression}"
    assert report == compose(dataclasses.replace(case)), "a pure function"
    for blemish in ("  ", "..", " .", " ,", "None", "{", "the other parts", "in spine"):
        assert blemish not in text
    assert text.endswith(".")
    benign = any(x.class_ == "benign" for x in case.lesions)
    if benign:
        assert "No abnormal" not in text
        assert "benign" in text
    if case.metastasis.present:
        assert "o evidence of bone metastasis" not in text
    else:
        assert "most likely explanation" not in text


def test_a_score_is_not_called_a_probability():
    calibrated = facts(0.46)
    score = dataclasses.replace(calibrated, metastasis=calibrated.metastasis.model_copy(update={"calibrated": False}))
    assert "The estimated probability of bone metastasis is 0.46, below" in compose(calibrated).description
    assert "The model's score (not a calibrated probability) of bone metastasis is 0.46, below" in (
        compose(score).description
    )
