"""Headers as files have them: written and read again, odd values and all."""

import warnings
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset

from bonescan.io.dicom_header import ParsedHeaders


def header(**values):
    """A header with these values, as the reader keeps it."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = values.pop("charset", "ISO_IR 192")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        buffer = BytesIO()
        dataset.save_as(buffer, implicit_vr=False, little_endian=True)
        return ParsedHeaders([pydicom.dcmread(BytesIO(buffer.getvalue()), force=True)])[0]


def read_again(dataset):
    buffer = BytesIO()
    dataset.save_as(buffer, implicit_vr=False, little_endian=True)
    return pydicom.dcmread(BytesIO(buffer.getvalue()), force=True)
