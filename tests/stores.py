"""Stores and objects for tests of the node: real files, real SQLite, no network."""

from __future__ import annotations

import functools
from io import BytesIO

from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from bonescan.core.node_settings import NodeSettings
from bonescan.io.dicom_writer import nm_dataset
from bonescan.store.inbox import Incoming, receive
from bonescan.store.store import Store
from bonescan.store.studies import close_quiet
from tests.phantoms import analytic_study

NM = "1.2.840.10008.5.1.4.1.1.20"
EXPLICIT = "1.2.840.10008.1.2.1"


@functools.lru_cache(maxsize=4)
def _dataset(views):
    return nm_dataset(analytic_study(rows=512, columns=128, views=views))


def incoming(
    study="1.2.3", number="1.2.3.1", *, sop_class=NM, peer="GAMMA", views=("anterior", "posterior"), **changes
):
    """An object as a peer sends it.

    Args:
        study: StudyInstanceUID.
        number: SOPInstanceUID.
        sop_class: Class that the peer announces.
        peer: AE title.
        views: Views of the scan.
        **changes: Keywords of the data set, None to leave one out.
    """
    dataset = _copy(_dataset(tuple(views)))
    dataset.StudyInstanceUID, dataset.SOPInstanceUID = study, number
    dataset.SeriesInstanceUID = f"{study}.9"
    for keyword, value in changes.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = number
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    data = DicomBytesIO()
    data.is_little_endian, data.is_implicit_VR = True, False
    write_dataset(data, dataset)
    return Incoming(sop_class, number, EXPLICIT, data.getvalue(), file.getvalue(), peer)


def _copy(dataset):
    import copy

    return copy.deepcopy(dataset)


def open_store(folder, **changes):
    """A new or existing store, and its settings."""
    settings = NodeSettings(**{"store": folder / "store", "reserve_mb": 0, "quiet_s": 10, "retry_s": 10, **changes})
    return Store(settings, make=True), settings


def complete(store, *objects, at=1000.0):
    """Receive objects and take their studies as complete."""
    for entry in objects:
        receive(store, entry, now=at)
    return close_quiet(store, 10, now=at + 10)
