"""The page: one, complete, within its margins, and the same bytes for the same analysis."""

import re
import shutil
import subprocess

import pytest

from bonescan.core.anatomy import SITES
from bonescan.core.findings import DISCLAIMER, QualityFinding
from bonescan.report.document import MARGIN, PAGE, document, latin, shortened
from tests.analyses import BENIGN, MET, SPOTS, make_analysis

MANY = tuple((40 + 15 * i, 40 + 20 * (i % 9), 4, MET) for i in range(60))
FINDINGS = tuple(
    QualityFinding(code=f"c{i}", severity="warning", message=f"Finding number {i} " + "with a long explanation " * 6)
    for i in range(12)
)
CASES = {
    "metastatic": {},
    "normal": {"spots": ()},
    "benign": {"spots": ((700, 90, 6, BENIGN),)},
    "one view": {"views": ("posterior",)},
    "many lesions": {"spots": MANY, "sites": SITES},
    "many findings": {"spots": MANY, "quality": FINDINGS, "sites": SITES},
    "long names": {
        "name": "a_name_without_end_" * 12,
        "study_instance_uid": "1.2.826.0.1.3680043.10.1234567890.1234567890.1234567890.123456",
        "radiopharmaceutical": "99mTc-" + "hydroxymethylenediphosphonate" * 8,
        "acquisition_date": "20260102",
    },
    "not Latin": {"name": "骨シンチ ≥ 3"},
}
needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils")


def run(tool, data, tmp_path, *options):
    file = tmp_path / "report.pdf"
    file.write_bytes(data)
    return subprocess.run(
        [tool, *options, str(file), *(["-"] if tool == "pdftotext" else [])], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("case", CASES)
def test_same_analysis_same_bytes(case):
    one, other = (document(make_analysis(**CASES[case])) for _ in range(2))
    assert one == other
    assert one.startswith(b"%PDF-")
    assert one.count(b"/Type /Page\n") == 1
    assert len(one) < 1_000_000


@needs_poppler
@pytest.mark.parametrize("case", CASES)
def test_one_page_with_nothing_over_its_margins(case, tmp_path):
    page = run("pdftotext", document(make_analysis(**CASES[case])), tmp_path, "-bbox")
    assert page.count("<page ") == 1
    boxes = [
        tuple(map(float, found))
        for found in re.findall(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)"', page)
    ]
    assert len(boxes) > 60
    assert min(b[0] for b in boxes) >= MARGIN - 1
    assert max(b[2] for b in boxes) <= PAGE[0] - MARGIN + 1
    assert min(b[1] for b in boxes) >= 20
    assert max(b[3] for b in boxes) <= PAGE[1] - 15


def longest_places(analysis):
    """The same with the longest words that a row of lesions may hold."""
    place = {"region": "lower leg and foot", "site": "other", "laterality": "midline"}
    return analysis.model_copy(update={"lesions": tuple(x.model_copy(update=place) for x in analysis.lesions)})


@needs_poppler
@pytest.mark.parametrize("altered", [lambda analysis: analysis, longest_places], ids=["", "longest places"])
@pytest.mark.parametrize("case", CASES)
def test_words_do_not_lie_on_each_other(case, altered, tmp_path):
    page = run("pdftotext", document(altered(make_analysis(**CASES[case]))), tmp_path, "-bbox")
    boxes = [
        tuple(map(float, found))
        for found in re.findall(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)"', page)
    ]
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            wide = min(a[2], b[2]) - max(a[0], b[0])
            high = min(a[3], b[3]) - max(a[1], b[1])
            # Line boxes of neighbouring lines overlap a little; words on each other overlap by most of their height.
            assert not (wide > 1 and high > 0.6 * min(a[3] - a[1], b[3] - b[1])), (a, b)


@needs_poppler
def test_what_a_physician_looks_for_is_on_the_page(tmp_path):
    analysis = make_analysis(acquisition_date="20260102", radiopharmaceutical="99mTc-MDP")
    text = " ".join(run("pdftotext", document(analysis), tmp_path, "-layout").split())
    for part in (
        "Whole-body bone scintigraphy",
        "DRAFT",
        DISCLAIMER,
        "Scan date 2026-01-02",
        "tiny 0.0.1",
        "ab" * 8,
        f"{analysis.burden.bstbi:.4f}",
        "0.93 (threshold 0.50)",
        "Impression",
        "suspected metastasis",
        "bladder",
        "Reviewed by",
    ):
        assert part in text
    assert "… and" not in text


@needs_poppler
def test_lesions_left_out_are_counted(tmp_path):
    analysis = make_analysis(spots=MANY)
    text = " ".join(run("pdftotext", document(analysis), tmp_path, "-layout").split())
    assert f"Lesions (the 14 largest of {len(analysis.lesions)})" in text
    assert f"and {len(analysis.lesions) - 14} more" in text


@needs_poppler
def test_a_long_uid_is_shortened(tmp_path):
    text = run("pdftotext", document(make_analysis(**CASES["long names"])), tmp_path)
    assert CASES["long names"]["study_instance_uid"] not in text


@needs_poppler
@pytest.mark.parametrize(
    "names", [{"radiopharmaceutical": "99mTc-MDP (simulated)"}, CASES["long names"]], ids=["usual", "long"]
)
def test_a_long_tracer_pushes_neither_activity_nor_date_out_of_the_head(names, tmp_path):
    facts = {"acquisition_date": "20260102", **names, "injected_activity_mbq": 650.0}
    head = run("pdftotext", document(make_analysis(**facts)), tmp_path, "-layout").splitlines()[1]
    assert "Scan date 2026-01-02" in head
    assert "650 MBq" in head
    assert "Study UID 1.2.826." in head
    if names is not CASES["long names"]:
        assert names["radiopharmaceutical"] in head


def test_shortened_keeps_both_ends():
    text = shortened("beginning-of-something-long-and-its-end", "Helvetica", 9, 80)
    assert text.startswith("beg")
    assert text.endswith("end")
    assert "…" in text
    assert shortened("short", "Helvetica", 9, 80) == "short"


def test_latin_replaces_what_the_font_lacks():
    assert latin("骨 ≥ 3 – é") == "? >= 3 – é"


def test_the_spots_are_on_the_page():
    assert document(make_analysis(spots=SPOTS)) != document(make_analysis(spots=()))


def test_the_longest_region_fits_its_column():
    from reportlab.pdfbase.pdfmetrics import stringWidth

    from bonescan.core.anatomy import Region
    from bonescan.report import document as page

    share = page._LESION_WIDTHS[2] / sum(page._LESION_WIDTHS)
    narrowest = page.WIDTH - max(0.5 * page.WIDTH + 6 * page.MM, 0.4 * page.WIDTH)
    longest = max(stringWidth(region.label, "Helvetica", 7) for region in Region)
    assert longest + 6 < share * narrowest
