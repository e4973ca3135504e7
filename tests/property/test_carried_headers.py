"""What must hold of the patient and study that a result carries over, whatever the header of the scan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonescan.export.identity import carried
from tests.headers import header, read_again

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=80)
PLAIN = st.text(st.characters(codec="ascii"), max_size=20)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("PatientName", "PatientID", "AccessionNumber", "StudyDescription", "StudyID"), WORDS),
        **dict.fromkeys(("StudyDate", "StudyTime", "PatientSex", "PatientAge", "PatientIdentityRemoved"), PLAIN),
    },
)


@pytest.mark.filterwarnings("ignore")  # pydicom remarks odd values as the test reads them
@given(values=HEADERS)
def test_whatever_stands_in_the_header_the_result_can_be_read(values):
    odd = header(**values)
    before = {element.tag: element.value for element in odd}
    result = carried(odd)
    again = read_again(result)
    assert {element.tag: element.value for element in odd} == before, "the header is not altered"
    assert {"PatientName", "PatientID", "StudyDate"} <= {element.keyword for element in again}
    for keyword in ("PatientID", "AccessionNumber", "StudyID"):
        assert str(again.get(keyword) or "") == str(odd.get(keyword) or "").strip()
