"""What is hidden is hidden for a while, and only if it was not there before."""

import sys

import pytest

from bonescan.core.imports import hidden


def test_a_hidden_module_comes_back():
    sys.modules.pop("tabnanny", None)
    with hidden("tabnanny"), pytest.raises(ImportError):
        import tabnanny
    import tabnanny

    assert sys.modules["tabnanny"] is tabnanny


def test_it_comes_back_after_an_error():
    sys.modules.pop("tabnanny", None)
    with pytest.raises(ZeroDivisionError), hidden("tabnanny"):
        _ = 1 / 0
    assert "tabnanny" not in sys.modules


def test_what_is_imported_already_stays():
    import json

    with hidden("json"):
        assert sys.modules["json"] is json
    assert sys.modules["json"] is json
