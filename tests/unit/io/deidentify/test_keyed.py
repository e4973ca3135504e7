"""Substitutes: the same with the same key, another with another, and of the form that DICOM wants."""

import uuid
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from bonescan.core.errors import UsageError
from bonescan.io.deidentify.keyed import Keyed, random_key, read_key
from bonescan.io.deidentify.times import shift_pair

KEYED = Keyed(b"k" * 32)


@given(st.from_regex(r"1\.2\.[1-9][0-9]{0,8}(\.[1-9][0-9]{0,8}){0,4}", fullmatch=True))
def test_a_uid_is_a_valid_one(original):
    made = KEYED.uid(original)
    assert UID(made).is_valid
    assert len(made) <= 64
    assert uuid.UUID(int=int(made.removeprefix("2.25."))).variant == uuid.RFC_4122


def test_substitutes_depend_on_the_key():
    other = Keyed(random_key())
    assert KEYED.patient("4711") == KEYED.patient("4711") != other.patient("4711")
    assert KEYED.patient("4711") != KEYED.patient("4712")
    assert "4711" not in KEYED.patient("4711")


@given(st.text())
def test_a_shift_is_into_the_past_and_bounded(patient):
    assert timedelta(days=-3651) <= KEYED.shift(patient) <= timedelta(days=-365)


@given(st.datetimes(min_value=datetime(1900, 1, 1)), st.integers(365, 3650), st.integers(0, 86399))
def test_a_moment_keeps_its_distance_to_another(moment, days, seconds):
    moment = moment.replace(microsecond=0)
    shift = -timedelta(days=days, seconds=seconds)
    date, time = shift_pair(f"{moment:%Y%m%d}", f"{moment:%H%M%S}", shift)
    assert datetime.strptime(date + time, "%Y%m%d%H%M%S") == moment + shift


def test_a_key_is_made_once_and_for_its_owner(tmp_path):
    path = tmp_path / "key.bin"
    first = read_key(path)
    assert read_key(path) == first
    assert len(first) == 32
    assert path.stat().st_mode & 0o077 == 0


def test_a_short_key_is_refused(tmp_path):
    (tmp_path / "key.bin").write_bytes(b"secret")
    with pytest.raises(UsageError, match="at least 16"):
        read_key(tmp_path / "key.bin")
