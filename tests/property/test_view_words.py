"""What must hold of the words of a view, whatever else a description says."""

from hypothesis import given
from hypothesis import strategies as st

from bonescan.core.study import ViewName
from bonescan.io.codes import view_of_text

LATER = st.sampled_from(
    ["injection", "Inj.", "op", "OPERATION", "therapy", "Therapie", "chemo", "RT", "void", "contrast"]
)
BETWEEN = st.sampled_from([" ", "-", "_", ".", " - ", "/"])
VIEWS = st.sampled_from([("WB ANT ", ViewName.ANTERIOR), ("WB_POST_", ViewName.POSTERIOR), ("wb ", None), ("", None)])


@given(
    view=VIEWS, word=st.sampled_from(["post", "POST", "Post", "pos"]), between=BETWEEN, later=LATER, year=st.booleans()
)
def test_what_a_scan_came_after_does_not_change_its_view(view, word, between, later, year):
    words, expected = view
    assert view_of_text(f"{words}{word}{between}{later}{' 2026' * year}") is expected
