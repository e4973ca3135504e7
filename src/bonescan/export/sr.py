"""The measurements as a structured report: DICOM template TID 1500, Imaging Measurement Report.

Groups of measurements, in this order: the study, each view, each site, each lesion. A lesion refers to its outline in
the frame of the scan, so that the report stands without the segmentation. Left and right are the patient's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bonescan.burden.components import components
from bonescan.burden.lesions import count
from bonescan.core.anatomy import MaskLabel
from bonescan.core.findings import Analysis, Lesion
from bonescan.core.study import Labels, Mask, View
from bonescan.export import codes
from bonescan.export.identity import (
    carried,
    credit,
    equipment,
    remarks,
    result_uid,
    series_description,
    source_reference,
    stamp,
)
from bonescan.export.lesion_codes import (
    Value,
    burden_values,
    kind_of,
    name_of,
    place_of,
    site_code,
    suspicion,
    values_of,
)
from bonescan.io.codes import Code
from bonescan.io.dicom_writer import NM_IMAGE_STORAGE
from bonescan.io.polygons import Points, outline

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SERIES_NUMBER = 9202
_RETIRED_NM = "1.2.840.10008.5.1.4.1.1.5"
_INSTANCE = 0x00081155  # Referenced SOP Instance UID
_LABELS = {"metastasis": MaskLabel.METASTASIS, "benign": MaskLabel.BENIGN}


def sr_dataset(analysis: Analysis) -> Dataset:
    """Build the object: Comprehensive SR, complete, preliminary, unverified.

    Every number is tied to coordinates, those of whole views to the edge of the frame: a viewer may refuse the whole
    report over one that is not (OHIF 3 does).

    Args:
        analysis: With its study and masks attached; the study was read from DICOM.
    """
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
    from highdicom.sr import ComprehensiveSR, MeasurementReport

    made = equipment(analysis)
    groups = [_study(analysis), *_views(analysis), *_sites(analysis), *_lesions(analysis)]
    sources = [_stand_in(header) for header in analysis.source.headers]
    report = MeasurementReport(
        observation_context=_observer(analysis),
        procedure_reported=_concept(codes.PROCEDURE),
        imaging_measurements=groups,
        # highdicom lists images of known modality alone; viewers find with the list what the report is about.
        referenced_images=sources if all(s.SOPClassUID == NM_IMAGE_STORAGE for s in sources) else None,
    )
    dataset = ComprehensiveSR(
        evidence=sources,
        content=report[0],
        series_instance_uid=result_uid(analysis, "sr", "series"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=result_uid(analysis, "sr", "instance"),
        instance_number=1,
        manufacturer=made["Manufacturer"],
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description=series_description("measurements"),
        coding_schemes=[
            CodingSchemeIdentificationItem(
                designator=codes.PRIVATE_SCHEME,
                name=codes.PRIVATE_SCHEME_NAME,
                uid=codes.PRIVATE_SCHEME_UID,
                responsible_organization="bonescan",
            )
        ],
    )
    for keyword, value in made.items():
        setattr(dataset, keyword, value)
    stamp(dataset, analysis)
    credit(dataset, analysis)
    dataset.update(carried(analysis.source.headers[0]))
    classes = {str(header.SOPInstanceUID): header.SOPClassUID for header in analysis.source.headers}
    dataset.walk(lambda item, element: _restore_class(item, classes) if element.tag == _INSTANCE else None)
    return dataset


def lesion_outline(lesion: Lesion, labels: Labels) -> Points:
    """Trace a lesion along the edges of its pixels.

    Args:
        lesion: One of the analysis.
        labels: (row, column) uint8 `MaskLabel` of its view.

    Returns:
        (n, 2) float64 column and row of a closed polygon, the first point again at the end; the box of the lesion where
        the labels do not show it.
    """
    row0, column0, row1, column1 = lesion.bbox
    box = labels[row0:row1, column0:column1] == _LABELS[lesion.class_]
    mask: Mask = np.ones(box.shape, np.bool_)
    for found in components(box):  # parts of other lesions may reach into the box, but none fills it from edge to edge
        if found.bbox == (0, 0, *box.shape) and found.area_px == lesion.area_px:
            mask[:] = False
            mask[found.rows, found.columns] = True
    points = outline(mask)[0] + (column0, row0)
    return np.vstack([points, points[:1]])


def _study(analysis: Analysis) -> Any:
    found = analysis.metastasis
    values: list[Value] = [
        (codes.METASTASIS_PROBABILITY, found.probability, codes.RATIO),
        (codes.THRESHOLD, found.threshold, codes.RATIO),
        (codes.LESIONS, count(analysis.lesions), codes.COUNT),
        *burden_values(analysis.burden),
    ]
    suspected = codes.YES if found.present else codes.NO
    group = _group(
        analysis, "study", values, site=(codes.WHOLE_BODY, None), suspected=suspected, views=analysis.source.views
    )
    group[0].ContentSequence.extend(_comment(text) for text in remarks(analysis))
    return group


def _views(analysis: Analysis) -> Iterator[Any]:
    found: dict[str, float] = {str(name): value for name, value in analysis.metastasis.by_view.items()}
    burden: dict[str, float] = {str(name): value for name, value in analysis.burden.bstbi_by_view.items()}
    for view in analysis.source.views:
        name = view.name.value
        known = ((codes.METASTASIS_PROBABILITY, found.get(name)), (codes.BSTBI, burden.get(name)))
        values: list[Value] = [(what, value, codes.RATIO) for what, value in known if value is not None]
        yield _group(analysis, f"{name} view", values, site=(codes.WHOLE_BODY, None), views=(view,))


def _sites(analysis: Analysis) -> Iterator[Any]:
    for name, site in analysis.sites.items():
        values: list[Value] = [(codes.METASTASIS_PROBABILITY, site.probability, codes.RATIO)]
        yield _group(
            analysis,
            f"site {name}",
            values,
            site=(site_code(name), None),
            suspected=suspicion(analysis, name),
            views=analysis.source.views,
        )


def _lesions(analysis: Analysis) -> Iterator[Any]:
    from highdicom.sr import ImageRegion, PlanarROIMeasurementsAndQualitativeEvaluations, SourceImageForRegion

    for lesion in analysis.lesions:
        view, kind = analysis.source.scan[lesion.view], kind_of(lesion)
        points = lesion_outline(lesion, analysis.masks[lesion.view]) + np.array(view.origin_px[::-1])
        region = ImageRegion("POLYLINE", points, SourceImageForRegion(*_where(analysis, view)))
        yield PlanarROIMeasurementsAndQualitativeEvaluations(
            referenced_region=region,
            finding_type=_concept(kind[0]),
            finding_category=_concept(codes.ABNORMAL_STRUCTURE),
            qualitative_evaluations=[_evaluation(codes.BENIGNITY, word) for word in kind[1:]],
            **_common(analysis, name_of(lesion), values_of(lesion), place_of(lesion)),
        )


def _group(
    analysis: Analysis,
    name: str,
    values: list[Value],
    *,
    site: tuple[Code, Code | None],
    views: tuple[View, ...],
    suspected: Code | None = None,
) -> Any:
    from highdicom.sr import MeasurementsAndQualitativeEvaluations, SourceImageForMeasurementGroup

    answer = [] if suspected is None else [_evaluation(codes.SUSPECTED, suspected)]
    return MeasurementsAndQualitativeEvaluations(
        qualitative_evaluations=answer,
        source_images=[SourceImageForMeasurementGroup(*_where(analysis, view)) for view in views],
        **_common(analysis, name, values, site, [_whole(analysis, view) for view in views]),
    )


def _whole(analysis: Analysis, view: View) -> Any:
    """Coordinates of a whole view."""
    from highdicom.sr import CoordinatesForMeasurement, SourceImageForRegion

    corners = np.array([(0, 0), (view.columns, 0), (view.columns, view.rows), (0, view.rows), (0, 0)], np.float64)
    source = SourceImageForRegion(*_where(analysis, view))
    return CoordinatesForMeasurement("POLYLINE", corners + np.array(view.origin_px[::-1]), source)


def _common(
    analysis: Analysis,
    name: str,
    values: list[Value],
    site: tuple[Code, Code | None],
    coordinates: list[Any] | None = None,
) -> dict[str, Any]:
    from highdicom import UID
    from highdicom.sr import AlgorithmIdentification, FindingSite, Measurement, TrackingIdentifier

    model = analysis.model
    place, side = site
    return {
        "tracking_identifier": TrackingIdentifier(UID(result_uid(analysis, "sr", name)), name),
        "finding_sites": [FindingSite(_concept(place), laterality=_concept(side) if side else None)],
        "algorithm_id": AlgorithmIdentification(
            f"bonescan {model.name}", model.version, parameters=[f"sha256={model.sha256}", f"pipeline={model.pipeline}"]
        ),
        "measurements": [
            Measurement(_concept(what), value, _concept(unit), referenced_coordinates=coordinates)
            for what, value, unit in values
        ],
    }


def _where(analysis: Analysis, view: View) -> tuple[str, str, list[int] | None]:
    """SOP class, instance and frame of a view."""
    reference = source_reference(analysis.source, view)
    frame = reference.get("ReferencedFrameNumber")
    return (
        _known(reference.ReferencedSOPClassUID),
        reference.ReferencedSOPInstanceUID,
        None if frame is None else [int(frame)],
    )


def _known(sop_class: str) -> str:
    """The class, or the one that took its place where it is retired: highdicom knows no retired classes."""
    return NM_IMAGE_STORAGE if sop_class == _RETIRED_NM else sop_class


def _restore_class(item: Dataset, classes: dict[str, str]) -> None:
    """Give a reference to the scan the class that the scan has."""
    sop_class = classes.get(str(item.ReferencedSOPInstanceUID))
    if sop_class and item.ReferencedSOPClassUID != sop_class:
        item.ReferencedSOPClassUID = sop_class


def _observer(analysis: Analysis) -> Any:
    from highdicom import UID
    from highdicom.sr import DeviceObserverIdentifyingAttributes, ObservationContext, ObserverContext
    from pydicom.sr.codedict import codes as standard

    made = equipment(analysis)
    device = DeviceObserverIdentifyingAttributes(
        uid=UID(result_uid(analysis, "device", analysis.model.sha256)),
        name="bonescan",
        manufacturer_name=made["Manufacturer"],
        model_name=made["ManufacturerModelName"],
        serial_number=made["DeviceSerialNumber"],
    )
    return ObservationContext(
        observer_device_context=ObserverContext(
            observer_type=standard.DCM.Device, observer_identifying_attributes=device
        )
    )


def _evaluation(question: Code, answer: Code) -> Any:
    from highdicom.sr import QualitativeEvaluation

    return QualitativeEvaluation(_concept(question), _concept(answer))


def _comment(text: str) -> Any:
    """Free text; TID 1501 is extensible, and highdicom writes none of its own."""
    from highdicom.sr import RelationshipTypeValues, TextContentItem

    return TextContentItem(_concept(codes.COMMENT), text, RelationshipTypeValues.CONTAINS)


def _concept(code: Code) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(*code)


def _stand_in(header: Dataset) -> Dataset:
    """What highdicom wants to know of an object that is referred to; whose it is, is written over what comes out."""
    from pydicom.dataset import Dataset

    source = Dataset()
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
        setattr(source, keyword, "")
    source.StudyDate = source.StudyTime = source.ReferringPhysicianName = ""
    source.SOPClassUID, source.SOPInstanceUID = _known(header.SOPClassUID), header.SOPInstanceUID
    source.StudyInstanceUID = header.StudyInstanceUID
    source.SeriesInstanceUID = header.get("SeriesInstanceUID") or header.SOPInstanceUID
    source.Modality = "NM"
    source.Rows, source.Columns = header.get("Rows"), header.get("Columns")
    return source
