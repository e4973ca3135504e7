"""The words that would tell who a patient is, and whether one of them survives somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from bonescan.io.deidentify.profile import CHARACTERISTICS, DATES, KEPT, UIDS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_SHORT = 5
"""Latin words below this length turn up in others by chance, and count only as whole words."""
_ENCODINGS = (
    *("utf-8", "utf-16-le", "utf-16-be", "latin-1", *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 15))),
    *("tis-620", "shift_jis", "iso2022_jp", "gb18030", "euc_kr"),
)
"""Those of Specific Character Set (PS3.3 C.12.1.1.2), and UTF-16 of foreign parts."""
_TEXTS = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "UR", "PN", "AE"})
_IDS = re.compile(r"Patient|Accession|Physician|Operator|Performer|Person|Institution|Admission|Insurance|StudyID")
_ORDINARY_WORDS = "unknown none null anonymous patient test male female other bone scan whole body"
_ORDINARY = frozenset(_ORDINARY_WORDS.split())


def telling_words(dataset: Dataset) -> frozenset[str]:
    """Words of names, numbers, addresses, institutions and birth dates anywhere in a data set, in lower case."""
    found: set[str] = set()
    for keyword, representation, text in _removed_texts(dataset):
        if representation == "PN":
            found.update(re.split(r"[\^=\s\\,]+", text.lower()))
        elif _IDS.search(keyword):
            found.add(text.strip().lower())
    # A single Latin letter is an initial; a single Chinese character can be a family's name.
    return frozenset(word for word in found if (len(word) > 1 or not word.isascii()) and not _is_ordinary(word))


def _is_ordinary(word: str) -> bool:
    return all(part in _ORDINARY for part in re.findall(r"\w+", word))


def _removed_texts(dataset: Dataset) -> Iterator[tuple[str, str, str]]:
    from pydicom.datadict import dictionary_VR

    for element in dataset:
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _removed_texts(item)
            continue
        # A name is one by the standard, whatever kind of value the file gives it.
        representation = dictionary_VR(element.tag) if element.keyword else element.VR
        searched = representation in _TEXTS or element.keyword == "PatientBirthDate"
        if searched and element.VM and element.keyword not in KEPT | UIDS | DATES | CHARACTERISTICS:
            for value in element.value if element.VM > 1 else [element.value]:
                yield element.keyword or "Patient", representation, str(value or "")


def mentions(text: str, words: frozenset[str]) -> bool:
    """Whether a text holds one of the words.

    Example:
        >>> mentions("whole body, Mr Müller", frozenset({"müller"})), mentions("MDP", frozenset({"müller"}))
        (True, False)
        >>> mentions("collimator", frozenset({"li"})), mentions("seen by Dr Li", frozenset({"li"}))
        (False, True)
    """
    low = text.lower()
    return any(
        re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", low)
        if word.isascii() and len(word) < _SHORT
        else word in low
        for word in words
    )


def survives(data: bytes, words: frozenset[str]) -> bool:
    """Whether one of the words stands in bytes: small, capital or with a capital, in any encoding that DICOM knows.

    Words of fewer than five bytes are not looked for, since they turn up among bytes by chance.

    Example:
        >>> survives("JÖRG MÜLLER".encode("latin-1"), frozenset({"müller"})), survives(b"LEE", frozenset({"lee"}))
        (True, False)
    """
    low = data.lower()  # of bytes: Latin letters alone
    return any(coded in low for word in words for coded in _coded(word) if len(coded) >= _SHORT)


def _coded(word: str) -> set[bytes]:
    found = set()
    for form in (word, word.upper(), word.title()):
        for encoding in _ENCODINGS:
            with suppress(UnicodeEncodeError):
                found.add(form.encode(encoding).lower())
    return found
