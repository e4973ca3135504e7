"""What other programs read from our objects is what the analysis says: masks pixel by pixel, numbers digit by digit."""

from io import BytesIO

import highdicom as hd
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.sr.codedict import codes as standard

from bonescan.core.anatomy import MaskLabel, Region
from bonescan.export.objects import dicom_results, encoded
from bonescan.io.polygons import fill_polygon
from tests.analyses import BENIGN, BLADDER, MET
from tests.conformance.studies import CASES
from tests.filed import filed

SPOT = st.tuples(
    st.integers(120, 900), st.integers(40, 215), st.integers(2, 14), st.sampled_from((MET, MET, BENIGN, BLADDER))
)


def read_back(dataset):
    return pydicom.dcmread(BytesIO(encoded(dataset)))


def masks_by_highdicom(dataset):
    """Label of the segment → (row, column) bool."""
    segmentation = hd.seg.Segmentation.from_dataset(dataset)
    number = dict(enumerate(segmentation.SegmentSequence, start=1))
    pixels = segmentation.pixel_array.reshape(-1, segmentation.Rows, segmentation.Columns)
    frames = segmentation.PerFrameFunctionalGroupsSequence
    return {
        number[group.SegmentIdentificationSequence[0].ReferencedSegmentNumber].SegmentLabel: pixels[index] > 0
        for index, group in enumerate(frames)
    }


def groups(dataset):
    """Tracking identifier → (finding, {meaning: value}, polygon or None, frame)."""
    report = hd.sr.srread(BytesIO(encoded(dataset))).content
    planar = report.get_planar_roi_measurement_groups()
    image = report.get_image_measurement_groups()
    found = {}
    for group in (*planar, *image):
        values = {m.name.meaning: m.value for m in group.get_measurements()}
        polygon = group.roi.value if group in planar else None
        found[group.tracking_identifier] = (group, values, polygon)
    return found


def check_masks(analysis):
    results = dicom_results(analysis, ("seg",))
    assert set(results) == {f"seg_{view.name}" for view in analysis.source.views}
    for view in analysis.source.views:
        read = masks_by_highdicom(read_back(results[f"seg_{view.name}"]))
        labels = np.zeros(view.counts.shape, np.uint8)
        for name, label in (("suspected metastasis", MET), ("bladder", BLADDER), ("benign uptake", BENIGN)):
            labels[read[name]] = label
        np.testing.assert_array_equal(labels, analysis.masks[view.name])


def check_numbers(analysis):
    read = groups(dicom_results(analysis, ("sr",))["sr"])
    _, values, _ = read["study"]
    assert values["Bone scan tumor burden index"] == analysis.burden.bstbi
    assert values["Probability of bone metastasis"] == analysis.metastasis.probability
    assert values["Probability threshold"] == analysis.metastasis.threshold
    assert values.get("Bone scan lesion area") == analysis.burden.lesion_area_mm2
    for view, value in analysis.burden.bstbi_by_view.items():
        assert read[f"{view} view"][1]["Bone scan tumor burden index"] == value
    for name, site in analysis.sites.items():
        group, values, _ = read[f"site {name}"]
        assert values["Probability of bone metastasis"] == site.probability
        (answer,) = group.get_qualitative_evaluations()
        undecided = "Undetermined" if name in analysis.undecided_sites else "No"
        assert answer.value.meaning == ("Yes" if site.present else undecided)
    assert len(read) == 1 + len(analysis.source.views) + 6 + len(analysis.lesions)
    for lesion in analysis.lesions:
        (name,) = [name for name in read if name.startswith(f"lesion {lesion.id},")]
        check_lesion(analysis, lesion, *read[name])


def check_lesion(analysis, lesion, group, values, polygon):
    assert values["Probability"] == lesion.probability
    assert values["Number of pixels"] == lesion.area_px
    assert values.get("Area of defined region") == lesion.area_mm2
    assert values.get("Uptake relative to mirrored site") == lesion.uptake_ratio
    assert group.finding_type.meaning == ("Metastasis" if lesion.class_ == "metastasis" else "Lesion")
    (site,) = group.finding_sites
    side = site.laterality.meaning.lower() if site.laterality else None
    assert side == (lesion.laterality if lesion.laterality != "midline" else None)
    labels = analysis.masks[lesion.view]
    inside = fill_polygon(np.asarray(polygon, float)[:-1], labels.shape)
    assert inside.sum() == lesion.area_px
    assert set(np.unique(labels[inside])) == {MET if lesion.class_ == "metastasis" else BENIGN}
    rows, columns = np.nonzero(inside)
    assert (rows.mean(), columns.mean()) == pytest.approx(lesion.centroid)


@pytest.mark.parametrize("name", [*CASES])
def test_masks_and_numbers_of_every_study(written, name):
    analysis, _ = written(name)
    check_masks(analysis)
    check_numbers(analysis)


def test_a_site_outlined_but_not_decided_is_not_denied(written):
    analysis, _ = written("many lesions")
    lesions = tuple(lesion.model_copy(update={"site": "ribs"}) for lesion in analysis.lesions)
    sites = {name: site.model_copy(update={"present": name == "spine"}) for name, site in analysis.sites.items()}
    moved = analysis.model_copy(update={"lesions": lesions, "sites": sites})
    assert moved.undecided_sites == ("ribs",)
    read = groups(dicom_results(moved, ("sr",))["sr"])
    answers = {site: read[f"site {site}"][0].get_qualitative_evaluations()[0].value.meaning for site in sites}
    assert {site: said for site, said in answers.items() if said != "No"} == {"spine": "Yes", "ribs": "Undetermined"}


@given(spots=st.lists(SPOT, max_size=8), spacing=st.sampled_from((None, (2.4, 2.4), (2.2, 2.3))))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_masks_and_numbers_of_any_findings(tmp_path_factory, spots, spacing):
    analysis = filed(tmp_path_factory.mktemp("any"), spots, spacing=spacing)
    check_masks(analysis)
    check_numbers(analysis)


def test_regions_come_back_by_side(written):
    analysis, _ = written("with regions")
    for view in ("anterior", "posterior"):
        read = masks_by_highdicom(read_back(dicom_results(analysis, ("seg",))[f"seg_{view}"]))
        regions = analysis.region_maps[view]
        for region in Region:
            if not region or not (regions == region).any():
                continue
            names = {region.label, f"left {region.label}", f"right {region.label}"}
            found = [mask for label, mask in read.items() if label in names]
            np.testing.assert_array_equal(np.any(found, axis=0), regions == region)
        left, right = (np.nonzero(read[f"{side} femur"])[1].mean() for side in ("left", "right"))
        assert (left > right) == (view == "anterior"), "sides are the patient's"


def test_segments_say_what_they_are(written):
    analysis, _ = written("with regions")
    segments = dicom_results(analysis, ("seg",))["seg_posterior"].SegmentSequence
    for label in (MaskLabel.METASTASIS, MaskLabel.BLADDER, MaskLabel.BENIGN):
        assert segments[label - 1].SegmentNumber == label, "segments are numbered as the labels of the mask"
    named = {s.SegmentLabel: s for s in segments}
    femur = named["left femur"].SegmentedPropertyTypeCodeSequence[0]
    assert (femur.CodeValue, femur.CodingSchemeDesignator) == ("71341001", "SCT")
    assert femur.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"
    assert named["bladder"].SegmentedPropertyTypeCodeSequence[0].CodeValue == "89837001"
    for segment in segments:
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("bonescan tiny", "0.0.1")


@pytest.mark.parametrize("name", ["one lesion", "one object a view", "one view"])
def test_each_view_refers_to_its_own_frame(written, name):
    analysis, _ = written(name)
    for view in analysis.source.views:
        segmentation = dicom_results(analysis, ("seg",))[f"seg_{view.name}"]
        shared, frame = segmentation.SharedFunctionalGroupsSequence[0], segmentation.PerFrameFunctionalGroupsSequence[0]
        (derivation,) = (shared if "DerivationImageSequence" in shared else frame).DerivationImageSequence
        (source,) = derivation.SourceImageSequence
        assert source.ReferencedSOPInstanceUID == view.sop_instance_uid
        assert source.ReferencedFrameNumber == view.frame_number
        assert segmentation.PatientOrientation == (["L", "F"] if view.name == "anterior" else ["R", "F"])


@pytest.mark.parametrize("name", ["many lesions", "one view"])
def test_a_viewer_finds_coordinates_for_every_number(written, name):
    """OHIF 3 gives up the whole report over a number outside of a region that has no coordinates of its own."""
    analysis, _ = written(name)
    content = dicom_results(analysis, ("sr",))["sr"].ContentSequence
    (found,) = [item for item in content if item.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements"]
    for group in found.ContentSequence:
        if any(item.ValueType == "SCOORD" for item in group.ContentSequence):
            continue
        for number in (item for item in group.ContentSequence if item.ValueType == "NUM"):
            assert {item.ValueType for item in number.ContentSequence} == {"SCOORD"}
            for coordinates in number.ContentSequence:
                (frame,) = coordinates.ContentSequence[0].ReferencedSOPSequence
                assert frame.ReferencedSOPInstanceUID in {view.sop_instance_uid for view in analysis.source.views}


def test_the_report_is_preliminary_and_names_its_algorithm(written):
    analysis, _ = written("one lesion")
    result = dicom_results(analysis, ("sr",))["sr"]
    assert (result.CompletionFlag, result.PreliminaryFlag, result.VerificationFlag) == (
        "COMPLETE",
        "PRELIMINARY",
        "UNVERIFIED",
    )
    scheme = {item.CodingSchemeDesignator for item in result.CodingSchemeIdentificationSequence}
    assert "99BONESCAN" in scheme
    for group, _, _ in groups(result).values():
        named = group[0].ContentSequence.find(standard.DCM.AlgorithmName)
        assert [item.TextValue for item in named] == ["bonescan tiny"]
    evidence = result.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert evidence.ReferencedSOPInstanceUID == analysis.source.views[0].sop_instance_uid
