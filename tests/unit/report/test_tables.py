from bonescan.report.tables import LESION_HEADER, lesion_rows, result_rows
from bonescan.report.text import report_text
from tests.analyses import BENIGN, MET, SPOTS, make_analysis


def test_result():
    rows = dict(result_rows(make_analysis()))
    assert rows["Metastasis"] == "suspected"
    assert rows["Probability"] == "0.93 (threshold 0.50)"
    assert rows["Sites"] == "spine 0.80, pelvis 0.80"
    assert rows["Lesions"] == "2 (4 outlines in both views)"
    assert rows["Lesion area"].endswith("cm²")
    assert "BSTBI (K = 5)" in rows


def test_no_number_claims_certainty():
    analysis = make_analysis()
    sure = {"probability": 0.9996}
    found = analysis.metastasis.model_copy(update={**sure, "by_view": {"anterior": 0.9996, "posterior": 0.0004}})
    sites = {name: site.model_copy(update=sure) for name, site in analysis.sites.items()}
    lesions = tuple(lesion.model_copy(update=sure) for lesion in analysis.lesions)
    analysis = analysis.model_copy(update={"metastasis": found, "sites": sites, "lesions": lesions})
    rows, (lesion, *_) = dict(result_rows(analysis)), lesion_rows(analysis.lesions, most=4)[0]
    assert rows["Probability"] == ">0.99 (threshold 0.50)"
    assert rows["Sites"] == "spine >0.99, pelvis >0.99"
    assert lesion[LESION_HEADER.index("Prob.")] == ">0.99"
    for text in (report_text(analysis), repr(analysis), str(result_rows(analysis))):
        assert "1.00" not in text
        assert ">0.99" in text


def test_a_site_outlined_but_not_decided_is_named_as_less_certain():
    analysis = make_analysis()
    lesions = tuple(x.model_copy(update={"site": "femur"}) for x in analysis.lesions)
    rows = dict(result_rows(analysis.model_copy(update={"lesions": lesions})))
    assert rows["Sites"] == "spine 0.80, pelvis 0.80; less certain: femur"


def test_result_of_a_normal_study_of_one_view():
    rows = dict(result_rows(make_analysis(spots=(), views=("anterior",))))
    assert rows["Metastasis"] == "not suspected"
    assert rows["Sites"] == "none"
    assert rows["Lesions"] == "0"
    assert "  by view" not in rows


def test_benign_lesions_are_counted_apart():
    rows = dict(result_rows(make_analysis(spots=(*SPOTS, (700, 90, 6, BENIGN)))))
    assert rows["Lesions"] == "2 (4 outlines in both views); 1 benign"


def test_areas_of_metastases_alone_in_pixels_without_spacing():
    one = make_analysis(spots=((470, 90, 6, MET), (700, 90, 6, BENIGN)), spacing=None, views=("anterior",))
    assert dict(result_rows(one))["Lesion area"] == f"{one.lesions[0].area_px} px"


def test_lesions_largest_first_but_in_order_of_their_numbers():
    spots = tuple((100 + 60 * i, 90, 3 + i, MET) for i in range(6))
    analysis = make_analysis(spots=spots, views=("anterior",))
    rows, more = lesion_rows(analysis.lesions, most=4)
    assert [row[0] for row in rows] == ["3", "4", "5", "6"]
    assert more == 2
    assert all(len(row) == len(LESION_HEADER) for row in rows)


def test_what_is_unknown_is_a_dash():
    analysis = make_analysis(spots=((330, 128, 6, MET),), views=("anterior",), spacing=None)
    ((number, view, where, side, area, ratio, probability, pair),), more = lesion_rows(analysis.lesions, 10)
    assert (number, view, where, side) == ("1", "anterior", "–", "midline")
    assert (ratio, pair, probability) == ("–", "–", "0.80")
    assert area.endswith(" px")
    assert more == 0


def test_a_benign_lesion_is_marked_where_its_place_is_known_and_where_not():
    analysis = make_analysis(spots=((470, 90, 6, BENIGN),), views=("anterior",))
    placed = analysis.lesions[0].model_copy(update={"region": "humerus"})
    rows, _ = lesion_rows([analysis.lesions[0], placed], 10)
    assert [row[2] for row in rows] == ["benign", "humerus, benign"]


def test_a_score_is_not_called_a_probability():
    analysis = make_analysis()
    scored = analysis.model_copy(update={"metastasis": analysis.metastasis.model_copy(update={"calibrated": False})})
    rows = dict(result_rows(scored))
    assert rows["Score"] == "0.93 (threshold 0.50)"
    assert "Probability" not in rows
