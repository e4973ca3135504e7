import pytest

from bonescan.core.study import ViewName
from bonescan.io.codes import VIEW_CODES, view_of_code, view_of_text, without_view


@pytest.mark.parametrize("value", ["399321004", "G-5215", "255549009", "R-404CC", "R-10206", " r-10206 "])
def test_codes_of_the_anterior_view(value):
    assert view_of_code(value) is ViewName.ANTERIOR


@pytest.mark.parametrize("value", ["399001007", "G-5216", "255551008", "R-404CE", "R-10214"])
def test_codes_of_the_posterior_view(value):
    assert view_of_code(value) is ViewName.POSTERIOR


def test_transverse_is_no_view():
    # G-A117 is the transverse projection of CID 26, not a code of a planar view.
    assert view_of_code("G-A117") is None
    assert view_of_code("") is None


def test_what_we_write_we_read():
    assert {view: view_of_code(code.value) for view, code in VIEW_CODES.items()} == {v: v for v in ViewName}


@pytest.mark.parametrize(
    "text", ["ANT", "Anterior", "anterior projection", "WB_ANT", "R001_anterior", "ant-1", "WHOLEBODY ANT 3H", "antWB"]
)
def test_words_for_anterior(text):
    assert view_of_text(text) is ViewName.ANTERIOR


@pytest.mark.parametrize("text", ["POST", "Posterior", "wb post", "R001_posterior", "x-POS", "Whole Body POST"])
def test_words_for_posterior(text):
    assert view_of_text(text) is ViewName.POSTERIOR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whole body",
        "ANT/POST",
        "Antonia",
        "postal",
        "position 3",
        "Left anterior oblique",
        "RPO",
        "antero-posterior",
        "postero-anterior",
        "significant",
    ],
)
def test_words_that_name_no_view(text):
    assert view_of_text(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "WB BONE 3H POST INJECTION",
        "Whole body 3h post inj.",
        "Bone scan 3 hrs. post",
        "Knochenszintigraphie 3 Std post",
        "Scintigraphie 2 heures post",
        "several hours post",
        "WB 14:30 post",
        "WB 3h p.i.",
        "post i.v. injection",
        "Bone WB post MDP injection",
        "BONE_SCAN_POST_INJ",
        "os corps entier post-injection",
        "post inyeccion",
        "pos injeção",
        "Bone scan post-op",
        "post op.",
        "status post",
        "Status post prostatectomy",
        "scintigraphie post-opératoire",
        "post hip replacement",
        "post-mastectomy",
        "Z.n. post Chirurgie",
        "BONE POST THERAPY",
        "post thérapie",
        "Post Therapie Ganzkörper",
        "post treatment",
        "post traitement",
        "post Tx",
        "patient7_post_chemo",
        "patient7-post-chemo2",
        "post 2nd chemo",
        "post chimiothérapie",
        "post RT",
        "post rad tx",
        "post Bestrahlung",
        "WB post void",
        "post-miktion",
        "post contrast",
        "post Kontrastmittel",
        "post dose 740 MBq",
        "post trauma",
        "post processed",
        "pre and post",
        "pre/post therapy",
        "supine pos",
        "WB PRONE POS.",
        "bed_pos",
        "Pos. 2",
    ],
)
def test_after_something_is_no_view(text):
    assert view_of_text(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Post View",
        "POST PROJECTION",
        "WB_POST",
        "WB POST 3H",
        "WB_3H_POST",
        "WB 3h POST VIEW",
        "POST 3h post injection",
        "POST VIEW INJ 740 MBQ",
        "posterior post therapy",
        "supine post",
        "pos-1",
        "7_post_chemo_post",
        "WHOLEBODY POST SUPINE",
        "Ganzkörper post",
        "vue postérieure",
        "POST AFTER INJECTION",
    ],
)
def test_posterior_stays_posterior(text):
    assert view_of_text(text) is ViewName.POSTERIOR


@pytest.mark.parametrize(
    "text", ["WB ANT 3H POST INJ", "7_post_chemo_ant", "ANT post-op", "Anterior 3 h post", "supine pos. ANT"]
)
def test_anterior_after_something_stays_anterior(text):
    assert view_of_text(text) is ViewName.ANTERIOR


@pytest.mark.parametrize(
    ("name", "rest"),
    [("R1_ant", "R1_"), ("R1-POST-2", "R1--2"), ("7_post_chemo_post", "7_post_chemo_"), ("posture", "posture")],
)
def test_only_words_for_views_are_taken_out(name, rest):
    assert without_view(name) == rest
