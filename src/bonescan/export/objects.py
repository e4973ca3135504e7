"""The DICOM results of an analysis, as datasets and as files."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from bonescan.core.study import ViewName
from bonescan.export.identity import check_headers, digested_once

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom.dataset import Dataset

    from bonescan.core.findings import Analysis

KINDS = ("seg", "sr", "sc", "pdf")
Make = Callable[[], "Dataset"]


def dicom_results(analysis: Analysis, kinds: Collection[str] = KINDS) -> dict[str, Dataset]:
    """Build the DICOM results of an analysis; the analysis, its study and its headers are not altered.

    Args:
        analysis: With its study and masks attached; the study was read from DICOM.
        kinds: Of "seg", "sr", "sc" and "pdf"; others are passed over.

    Returns:
        Stem of the file (such as "seg_anterior", "sr") → dataset with its file meta information. Writing the same
        analysis again gives the same bytes; analysing the same scan again with the same model and the same findings
        the same UIDs.

    Raises:
        NoHeaderError: The study was not read from DICOM, or its header lacks the UIDs that results refer to.
    """
    from bonescan.report.document import document
    from bonescan.report.figures import views_image

    made = makers(analysis, kinds, views=partial(views_image, analysis), page=partial(document, analysis))
    return {stem: make() for stem, make in made.items()}


def makers(
    analysis: Analysis, kinds: Collection[str], *, views: Callable[[], Image], page: Callable[[], bytes]
) -> dict[str, Make]:
    """Say which objects there will be, and how each is made, so that several can be made side by side.

    Args:
        analysis: As in `dicom_results`.
        kinds: As in `dicom_results`.
        views: Draws what `bonescan.report.figures.views_image` draws.
        page: Draws what `bonescan.report.document.document` draws.

    Raises:
        NoHeaderError: As in `dicom_results`.
    """
    check_headers(analysis.source)
    made: dict[str, Make] = {}
    if "seg" in kinds:
        made |= {f"seg_{view.name.value}": partial(_seg, analysis, view.name) for view in analysis.source.views}
    if "sr" in kinds:
        made["sr"] = partial(_sr, analysis)
    if "sc" in kinds:
        made["sc"] = partial(_sc, analysis, views)
    if "pdf" in kinds:
        made["pdf"] = partial(_pdf, analysis, page)
    return {stem: partial(_digested, analysis, make) for stem, make in made.items()}


def encoded(dataset: Dataset) -> bytes:
    """The dataset as a DICOM file.

    Args:
        dataset: With its file meta information.
    """
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _digested(analysis: Analysis, make: Make) -> Dataset:
    with digested_once(analysis):
        return make()


def _seg(analysis: Analysis, view: ViewName) -> Dataset:
    from bonescan.export.seg import seg_dataset

    return seg_dataset(analysis, view)


def _sr(analysis: Analysis) -> Dataset:
    from bonescan.export.sr import sr_dataset

    return sr_dataset(analysis)


def _sc(analysis: Analysis, views: Callable[[], Image]) -> Dataset:
    from bonescan.export.sc import sc_dataset
    from bonescan.report.figures import overlay_image

    return sc_dataset(analysis, np.asarray(overlay_image(analysis, views=views())))


def _pdf(analysis: Analysis, page: Callable[[], bytes]) -> Dataset:
    from bonescan.export.pdf import pdf_dataset

    return pdf_dataset(analysis, page())
