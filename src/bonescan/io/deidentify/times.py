"""Dates and times moved together: a date and the time beside it are one moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_NOON = "120000"


def shift_times(dataset: Dataset, shift: timedelta) -> None:
    """Move all dates and times of a data set, items of sequences not included; what cannot be read is emptied.

    A time without a date beside it turns round within the day.
    """
    for element in list(dataset):
        keyword = element.keyword
        if element.VR == "DT":
            element.value = _moment(str(element.value or ""), shift)
        elif element.VR == "DA":
            partner = keyword.removesuffix("Date") + "Time"
            date, time = shift_pair(str(element.value or ""), str(dataset.get(partner) or ""), shift)
            element.value = date
            if partner in dataset and partner != keyword:
                dataset[partner].value = time
        elif element.VR == "TM" and keyword.removesuffix("Time") + "Date" not in dataset:
            element.value = shift_pair("20000101", str(element.value or ""), shift)[1]


def shift_pair(date: str, time: str, shift: timedelta) -> tuple[str, str]:
    """A date (YYYYMMDD) and a time (HHMMSS.F) moved; empty where they cannot be read.

    Example:
        >>> shift_pair("20260102", "003000.5", -timedelta(days=365, seconds=3600))
        ('20250101', '233000')
        >>> shift_pair("20260102", "", -timedelta(days=1)), shift_pair("long ago", "120000", timedelta(0))
        (('20260101', ''), ('', ''))
    """
    known = time.partition(".")[0].replace(":", "").ljust(6, "0") if time else _NOON
    try:
        # Without a time the day alone is moved: noon and a shift of part of a day could give the day before or after.
        by = shift if time else timedelta(days=shift.days)
        moved = datetime.strptime(date.replace(".", "") + known[:6], "%Y%m%d%H%M%S") + by
    except (ValueError, OverflowError):
        return "", ""
    return f"{moved:%Y%m%d}", f"{moved:%H%M%S}" if time else ""


def _moment(text: str, shift: timedelta) -> str:
    """A date and time (DT), its fraction and zone left out."""
    digits = text.partition("&")[0].partition("+")[0].partition("-")[0].partition(".")[0]
    if len(digits) < 8:
        return ""
    date, time = shift_pair(digits[:8], digits[8:14], shift)
    return date + time
