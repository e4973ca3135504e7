"""The page about bodies shows the committed comparison of limbs."""

import json

import pytest

from benchmarks import limbs
from benchmarks.blocks import with_block


def test_the_page_shows_the_committed_figures():
    result = json.loads(limbs.RESULT.read_text(encoding="utf-8"))
    text = limbs.PAGE.read_text(encoding="utf-8")
    assert limbs.updated(text, result) == text, "run: python -m benchmarks.limbs"


def test_a_block_is_replaced_between_its_comments_alone():
    text = "before\n<!-- a -->\nold\n<!-- b -->\nafter\n"
    assert with_block(text, "<!-- a -->", "<!-- b -->", ["new", "er"]) == (
        "before\n<!-- a -->\nnew\ner\n<!-- b -->\nafter\n"
    )
    with pytest.raises(ValueError, match="has no block <!-- c -->"):
        with_block(text, "<!-- c -->", "<!-- b -->", [])
