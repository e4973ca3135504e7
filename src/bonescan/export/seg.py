"""DICOM Segmentation of one view: findings, and skeletal regions where the model knows them.

highdicom builds the object. It takes no planar nuclear-medicine image of two frames as a source, and trips over one of
one frame that lacks functional groups; so it is given a one-frame stand-in with what it wants to see, and the reference
to the real frame is set afterwards. No position in the patient is invented: the segmentation has the matrix of its
source frame, which it names, and nothing else ties them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bonescan.burden.symmetry import BodyFrame
from bonescan.core.anatomy import Laterality, Region
from bonescan.core.study import Labels, Mask, View, ViewName, labelled
from bonescan.export.codes import (
    AI,
    ANATOMICAL_STRUCTURE,
    LATERALITY,
    PAIRED,
    REGIONS,
    SEGMENTS,
)
from bonescan.export.colour import cielab
from bonescan.export.identity import (
    carried,
    credit,
    equipment,
    header_of,
    remarks,
    result_uid,
    series_description,
    source_reference,
    stamp,
)
from bonescan.io.codes import Code
from bonescan.io.dicom_writer import NM_IMAGE_STORAGE, coded
from bonescan.report.figures import COLOURS, NAMES

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from bonescan.core.findings import Analysis

SERIES_NUMBERS = {ViewName.ANTERIOR: 9200, ViewName.POSTERIOR: 9201}
ORIENTATION = {ViewName.ANTERIOR: ["L", "F"], ViewName.POSTERIOR: ["R", "F"]}
"""Where rows and columns run to: the patient stands upright, seen from the front or from the back."""


class Segment(NamedTuple):
    """One segment: what it is called, what it is, and where."""

    label: str
    category: Code
    type: Code
    modifier: Code | None
    colour: tuple[int, int, int]
    mask: Mask


def segments(analysis: Analysis, view: View) -> list[Segment]:
    """List the segments of a view.

    The first three are always there, be they empty, and are numbered as the labels of the mask: suspected metastasis,
    bladder, benign uptake. Then come the regions that the view shows, paired ones by side.
    """
    mask = analysis.masks[view.name.value]
    found = [
        Segment(NAMES[label], *SEGMENTS[label], COLOURS[label], labelled(mask, label)) for label in sorted(SEGMENTS)
    ]
    regions = analysis.region_maps.get(view.name.value)
    return found if regions is None else [*found, *_regions(view, regions)]


def seg_dataset(analysis: Analysis, name: ViewName) -> Dataset:
    """Build the object of one view.

    Args:
        analysis: With its study and masks attached; the study was read from DICOM.
        name: A view that the study has.
    """
    from highdicom.seg import Segmentation

    view = analysis.source.scan[name]
    header = header_of(analysis.source, view)
    found = segments(analysis, view)
    rows, columns = _matrix(header, view)
    role = f"seg_{name.value}"
    made = equipment(analysis)
    dataset = Segmentation(
        source_images=[_stand_in(header, view, rows, columns)],
        pixel_array=_pixels(found, view, rows, columns),
        segmentation_type="BINARY",
        segment_descriptions=[_description(number, s, analysis) for number, s in enumerate(found, start=1)],
        series_instance_uid=result_uid(analysis, role, "series"),
        series_number=SERIES_NUMBERS[name],
        sop_instance_uid=result_uid(analysis, role, "instance"),
        instance_number=1,
        manufacturer=made["Manufacturer"],
        manufacturer_model_name=made["ManufacturerModelName"],
        software_versions=made["SoftwareVersions"][0],
        device_serial_number=made["DeviceSerialNumber"],
        content_label="BONE_FINDINGS",
        content_description=f"Findings in the {name.value} view: DRAFT, not verified",
        omit_empty_frames=False,
        series_description=series_description(f"segmentation {name.value}"),
    )
    _tie_to_source(dataset, analysis, view)
    stamp(dataset, analysis)
    credit(dataset, analysis)
    dataset.update(carried(analysis.source.headers[0]))
    dataset.SoftwareVersions = made["SoftwareVersions"]
    dataset.ContentCreatorName = "bonescan"
    dataset.ImageComments = "\r\n".join(remarks(analysis))
    return dataset


def _regions(view: View, regions: Labels) -> Iterator[Segment]:
    left = _left_half(view)
    for region, code in REGIONS.items():
        here = labelled(regions, region)
        if not here.any():
            continue
        hue = int(region) / len(Region)
        colour = (int(90 + 120 * hue), 120, int(210 - 120 * hue))
        if region not in PAIRED:
            yield Segment(region.label, ANATOMICAL_STRUCTURE, code, None, colour, here)
            continue
        for side, half in ((Laterality.RIGHT, here & ~left), (Laterality.LEFT, here & left)):
            if half.any():
                label = f"{side.value} {region.label}"
                yield Segment(label, ANATOMICAL_STRUCTURE, code, LATERALITY[side], colour, half)


def _left_half(view: View) -> Mask:
    """Pixels on the patient's left of the body's midline."""
    frame = BodyFrame.measure(view.name, view.counts)
    right_of_image = np.arange(view.columns)[None, :] > frame.midline(np.arange(view.rows))[:, None]
    return right_of_image if view.name is ViewName.ANTERIOR else ~right_of_image


def _matrix(header: Dataset, view: View) -> tuple[int, int]:
    """Rows and columns of the frame that the view is, or is a part of."""
    row0, column0 = view.origin_px
    return (
        max(int(header.get("Rows") or 0), row0 + view.rows),
        max(int(header.get("Columns") or 0), column0 + view.columns),
    )


def _pixels(found: list[Segment], view: View, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """(1, row, column, segment) on the matrix of the source frame."""
    pixels = np.zeros((1, rows, columns, len(found)), np.uint8)
    row0, column0 = view.origin_px
    for index, segment in enumerate(found):
        pixels[0, row0 : row0 + view.rows, column0 : column0 + view.columns, index] = segment.mask
    return pixels


def _description(number: int, segment: Segment, analysis: Analysis) -> Any:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from highdicom.sr import CodedConcept

    model = analysis.model
    described = SegmentDescription(
        segment_number=number,
        segment_label=segment.label,
        segmented_property_category=CodedConcept(*segment.category),
        segmented_property_type=CodedConcept(*segment.type),
        algorithm_type="AUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            name=f"bonescan {model.name}"[:64],
            family=CodedConcept(*AI),
            version=model.version,
            parameters={"sha256": model.sha256, "pipeline": model.pipeline},
        ),
        tracking_id=segment.label,
        tracking_uid=result_uid(analysis, f"segment {number}", segment.label),
    )
    if segment.modifier is not None:
        described.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [
            coded(segment.modifier)
        ]
    described.RecommendedDisplayCIELabValue = cielab(segment.colour)
    return described


def _stand_in(header: Dataset, view: View, rows: int, columns: int) -> Dataset:
    """A source of one frame that highdicom takes; whose it is, is written over what comes out."""
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

    source = Dataset()
    source.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
        setattr(source, keyword, "")
    source.StudyDate = source.StudyTime = source.ReferringPhysicianName = ""
    source.StudyInstanceUID = header.StudyInstanceUID
    source.SOPClassUID = UID(NM_IMAGE_STORAGE)
    source.SOPInstanceUID = header.SOPInstanceUID
    source.SeriesInstanceUID = header.get("SeriesInstanceUID") or header.SOPInstanceUID
    source.Modality = "NM"
    source.Rows, source.Columns, source.NumberOfFrames = rows, columns, 1
    measures = Dataset()
    if view.pixel_spacing_mm:
        measures.PixelSpacing = [f"{value:.6g}" for value in view.pixel_spacing_mm]
        # A projection has none, but readers, highdicom among them, insist: a pixel is as thick as it is high.
        measures.SliceThickness = measures.PixelSpacing[0]
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    source.SharedFunctionalGroupsSequence = [shared]
    source.PerFrameFunctionalGroupsSequence = [Dataset()]
    return source


def _tie_to_source(dataset: Dataset, analysis: Analysis, view: View) -> None:
    from pydicom.uid import UID

    organization = UID(result_uid(analysis, f"seg_{view.name.value}", "dimensions"))
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = organization
    dataset.PatientOrientation = ORIENTATION[view.name]
    reference = source_reference(analysis.source, view)
    groups = (*dataset.SharedFunctionalGroupsSequence, *dataset.PerFrameFunctionalGroupsSequence)
    for group in groups:
        for derivation in group.get("DerivationImageSequence", []):
            for source in derivation.SourceImageSequence:
                source.update(reference)
    for series in dataset.ReferencedSeriesSequence:
        for instance in series.ReferencedInstanceSequence:
            instance.ReferencedSOPClassUID = reference.ReferencedSOPClassUID
    if view.pixel_spacing_mm is None:
        for group in groups:
            group.pop("PixelMeasuresSequence", None)
