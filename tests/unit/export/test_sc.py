"""The capture of the overlay shows the pixels of the scan, and what is burned into them."""

import numpy as np
import pytest
from pydicom.uid import UID

from bonescan.export.sc import SOP_CLASS, sc_dataset
from tests.filed import filed

PICTURE = np.zeros((8, 6, 3), np.uint8)


def burned_in(*changes):
    """A change to each dataset that sets these, one after the other."""
    rest = list(changes)

    def change(dataset):
        for keyword, value in rest.pop(0).items():
            setattr(dataset, keyword, value)

    return change


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([{}, {}], "NO"),
        ([{}, {"BurnedInAnnotation": "NO"}], "NO"),
        ([{}, {"BurnedInAnnotation": "YES"}], "YES"),
        ([{}, {"SOPClassUID": UID(SOP_CLASS)}], "YES"),
        ([{"SOPClassUID": UID(SOP_CLASS), "BurnedInAnnotation": "NO"}, {}], "NO"),
    ],
)
def test_text_in_the_pixels_of_the_scan_is_in_those_of_the_capture(changes, expected, tmp_path):
    analysis = filed(tmp_path, apart=True, change=burned_in(*changes))
    assert sc_dataset(analysis, PICTURE).BurnedInAnnotation == expected
