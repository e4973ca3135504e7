"""The words that would tell who a patient is, and whether one of them survives somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bonescan.io.deidentify.profile import CHARACTERISTICS, DATES, KEPT, UIDS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_SHORT = 5
"""Latin words below this length turn up in others by chance, and count only as whole words."""
_TEXTS = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "UR", "PN", "AE"})
_IDS = re.compile(r"Patient|Accession|Physician|Operator|Performer|Person|Institution|Admission|Insurance|StudyID")
_ORDINARY_WORDS = "unknown none null anonymous patient test male female other bone scan whole body"
_ORDINARY = frozenset(_ORDINARY_WORDS.split())


def telling_words(dataset: Dataset) -> frozenset[str]:
    """Words of names, numbers, addresses and institutions anywhere in a data set, in lower case."""
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
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _removed_texts(item)
        elif element.VR in _TEXTS and element.keyword not in KEPT | UIDS | DATES | CHARACTERISTICS:
            values = element.value if isinstance(element.value, list | tuple) else [element.value]
            for value in values:
                yield element.keyword or "Patient", element.VR, str(value or "")


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
    """Whether one of the words stands in bytes, in any of the usual encodings."""
    low = data.lower()
    for word in words:
        for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "iso2022_jp", "gb18030", "euc_kr"):
            try:
                coded = word.encode(encoding)
            except UnicodeEncodeError:
                continue
            # Short words turn up among bytes by chance.
            if len(coded) >= 5 and coded.lower() in low:
                return True
    return False
