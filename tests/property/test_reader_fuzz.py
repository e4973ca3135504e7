"""Whatever bytes come in, either a study comes out or one of our own errors, and no warning."""

from __future__ import annotations

import io
import json
import tempfile
import warnings
from copy import deepcopy
from pathlib import Path

import numpy as np
import pydicom.config
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bonescan.core.errors import InputError
from bonescan.core.study import Study
from bonescan.io.dicom import nm_dataset
from bonescan.io.labelme import rasterise, read_labelme
from bonescan.io.reader import read_study
from phantoms import analytic_study

STUDY = analytic_study(rows=96, columns=32, counts=1e5)


def encode(dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    depth = np.uint16 if kind in {"PNG", "TIFF"} else np.uint8
    Image.fromarray(STUDY.views[0].counts.astype(depth)).save(buffer, kind)
    return buffer.getvalue()


FILES = {
    "plain.dcm": encode(nm_dataset(STUDY)),
    "rle.dcm": encode(nm_dataset(STUDY, rle=True)),
    "a.png": picture("PNG"),
    "a.tif": picture("TIFF"),
    "a.jpg": picture("JPEG"),
    "a.bmp": picture("BMP"),
}


def read(name: str, data: bytes) -> Study | None:
    """Read bytes as a file: a study, or None where they were refused in one sentence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        refusal = ""
        try:
            study = read_study(path)
        except InputError as error:
            refusal = str(error)
    if refusal:
        assert refusal.endswith(".")
        assert "\n" not in refusal
        return None
    for view in study.views:
        assert view.counts.dtype == np.float32
        assert np.isfinite(view.counts).all()
        assert view.counts.min() >= 0
    return study


@pytest.mark.parametrize("name", FILES)
def test_the_files_themselves_are_read(name):
    assert read(name, FILES[name]) is not None


@given(st.sampled_from(["a.dcm", "a.png", "a.tif", "a.jpg", "a"]), st.binary(max_size=400))
def test_random_bytes(name, data):
    assert read(name, data) is None


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"II*\x00", b"\xff\xd8\xff", b"\0" * 128 + b"DICM"]), st.binary(max_size=400)
)
def test_random_bytes_after_a_magic_number(magic, data):
    assert read("a", magic + data) is None


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(FILES)), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_changed_bytes(name, changes):
    data = bytearray(FILES[name])
    start = min(len(data), 2400)  # where headers are
    for place, value in changes:
        data[min(int(place * start), len(data) - 1)] = value
    read(name, bytes(data))


@given(st.sampled_from(sorted(FILES)), st.floats(0, 1), st.binary(min_size=1, max_size=20))
def test_inserted_bytes(name, place, inserted):
    data = FILES[name]
    at = int(place * min(len(data), 2400))
    read(name, data[:at] + inserted + data[at:])


@given(st.sampled_from(sorted(FILES)), st.floats(0, 0.95))
def test_truncated_files(name, share):
    # What is cut off below 95 % is pixels in all of these forms, so nothing may come out.
    assert read(name, FILES[name][: int(share * len(FILES[name]))]) is None


TEXTS = st.sampled_from(
    ["", "0", "-1", "1", "2", "3", "1e9", "nan", "inf", "-inf", "x", "1\\2", "0\\0", "1\\x", "9" * 12]
)
SHORTS = st.one_of(st.integers(0, 40), st.integers(0, 65535))
WHOLE = (
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"),
    *("PlanarConfiguration", "NumberOfDetectors", "DetectorVector", "EnergyWindowVector"),
)
DECIMAL = ("NumberOfFrames", "RescaleSlope", "RescaleIntercept", "PixelSpacing", "CountsAccumulated")
WORDS = (
    *("PhotometricInterpretation", "ImageType", "Modality", "SOPClassUID", "PatientSex", "AcquisitionDate"),
    *("SeriesDescription", "StudyInstanceUID", "SpecificCharacterSet", "LossyImageCompression", "PatientName"),
)
SEQUENCES = ("DetectorInformationSequence", "RadiopharmaceuticalInformationSequence")
MUTATIONS = st.one_of(
    st.tuples(st.sampled_from(WHOLE), st.one_of(SHORTS, st.lists(SHORTS, max_size=3))),
    st.tuples(st.sampled_from(DECIMAL), TEXTS),
    st.tuples(st.sampled_from(WORDS), st.text(max_size=12)),
    st.tuples(st.sampled_from(SEQUENCES), st.just([])),
)


PARSED = {False: nm_dataset(STUDY), True: nm_dataset(STUDY, rle=True)}


@settings(max_examples=300)
@given(st.booleans(), st.lists(MUTATIONS, min_size=1, max_size=4), st.sampled_from([None, None, "PixelData", "Rows"]))
def test_mutated_headers(rle, mutations, removed):
    data = mutated(PARSED[rle], mutations, removed)
    if data is not None:
        read("scan.dcm", data)


def test_harmless_mutations_are_read_and_absurd_ones_are_not():
    harmless = mutated(PARSED[False], [("PatientName", "x"), ("DetectorInformationSequence", [])], None)
    assert read("scan.dcm", harmless) is not None
    assert read("scan.dcm", mutated(PARSED[False], [("Rows", 70)], None)) is not None
    assert read("scan.dcm", mutated(PARSED[False], [("Rows", 65535)], None)) is None


def mutated(dataset, mutations, removed) -> bytes | None:
    """Encode with the mutations, or None where pydicom cannot even write them."""
    dataset = deepcopy(dataset)
    modes = pydicom.config.settings
    before = modes.reading_validation_mode, modes.writing_validation_mode
    modes.reading_validation_mode = modes.writing_validation_mode = pydicom.config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for keyword, value in mutations:
                setattr(dataset, keyword, value)
            if removed:
                del dataset[removed]
            return encode(dataset)
    except (ValueError, TypeError, AttributeError, OverflowError, KeyError):
        return None
    finally:
        modes.reading_validation_mode, modes.writing_validation_mode = before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 3000) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["shapes", "label", "points", "shape_type", "imageHeight", "imageWidth"]), inner, max_size=6
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_annotations_of_any_form(document):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_text(json.dumps(document))
        try:
            labels = rasterise(read_labelme(path))
        except InputError:
            return
    assert labels.dtype == np.uint8
