"""What is kept is nothing that the standard's table names, but for the exceptions that its options allow."""

from pydicom.datadict import dictionary_VR, keyword_dict, tag_for_keyword

from bonescan.io.deidentify.profile import CHARACTERISTICS, DATES, KEPT, UIDS, emptied, named

ALLOWED = {
    # A code is kept as it stands, a text is scrubbed of telling words (Clean Descriptors).
    "CodeValue",
    "CodingSchemeDesignator",
    "CodeMeaning",
}


def test_every_keyword_is_one_of_the_standard():
    assert [word for word in KEPT | UIDS | DATES | CHARACTERISTICS if word not in keyword_dict] == []


def test_what_is_kept_is_not_in_the_table():
    assert {word for word in KEPT if tag_for_keyword(word) in named()} <= ALLOWED


def test_uids_and_dates_are_only_kept_as_substitutes():
    assert {dictionary_VR(word) for word in UIDS} == {"UI"}
    assert {dictionary_VR(word) for word in DATES} == {"DA", "TM", "DT"}
    assert {word for word in KEPT if dictionary_VR(word) in {"DA", "TM", "DT", "PN", "AE", "UN"}} == set()
    assert {word for word in KEPT if dictionary_VR(word) == "UI"} == {"SOPClassUID"}


def test_the_table_is_the_whole_one():
    assert len(named()) > 600
    assert tag_for_keyword("AccessionNumber") in emptied()
