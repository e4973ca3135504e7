import pytest

from bonescan.core.study import ViewName
from bonescan.io.codes import VIEW_CODES, view_of_code, view_of_text


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
