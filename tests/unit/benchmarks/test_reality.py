"""Agreement with marks of real scans, on made-up scans whose every answer is known, in the form of the real folder."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmarks.reality import page, sheets
from benchmarks.reality.__main__ import main
from benchmarks.reality.agreement import agreement, meet
from benchmarks.reality.found import Found
from benchmarks.reality.places import place
from benchmarks.reality.sheets import BOXES, HEIGHT, finding_panels, region_panels, write_sheets
from benchmarks.reality.studies import SHOWN, Box, read_marked
from bonescan.burden.components import Component
from bonescan.core.anatomy import MaskLabel, Region
from bonescan.core.errors import UnreadableInputError, UsageError
from bonescan.core.study import ViewName
from phantoms import analytic_counts
from tiny_bundle import tiny_bundle

NATIVE = 690, 205
BLADDER = slice(485, 519), slice(110, 147)
SHOULDER = slice(185, 215), slice(48, 70)
"""Where the phantom is hot in the anterior view."""


def _regions():
    regions = np.zeros((1024, 256), np.uint8)
    regions[170:320, 60:200] = Region.RIBS
    regions[390:520, 60:196] = Region.PELVIS
    regions[470:680, 70:100] = Region.FEMUR
    return regions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reality") / "real"
    folder.mkdir()
    rng = np.random.default_rng(0)
    rows, columns = (np.arange(n) * size // n for n, size in zip((1024, 256), NATIVE, strict=True))
    for code in ("R001", "R002"):
        for view in ViewName:
            counts = rng.poisson(analytic_counts(view, rows=NATIVE[0], columns=NATIVE[1]) * 6e5)
            Image.fromarray(counts[np.ix_(rows, columns)].astype(np.uint16)).save(folder / f"{code}_{view}.png")
            Image.fromarray(_regions()).save(folder / f"{code}_regions_{view}.png")
    boxes = [
        ("R001", "anterior", "abnormal", SHOULDER),
        ("R001", "anterior", "normal", BLADDER),
        ("R001", "posterior", "abnormal", (slice(700, 720), slice(90, 110))),
    ]
    with (folder / "boxes.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["code", "view", "label", "xmin", "ymin", "xmax", "ymax"])
        for code, view, label, (down, across) in boxes:
            table.writerow([code, view, label, across.start, down.start, across.stop - 1, down.stop - 1])
    looks = [("few focal lesions", "sure"), ("no clear focal lesion", "sure")]
    with (folder / "visual_impression.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["code", "impression", "confidence", "note"])
        table.writerows([f"R00{i + 1}", *look, ""] for i, look in enumerate(looks))
    return folder


@pytest.fixture(scope="module")
def marked(folder):
    return read_marked(folder)


def _found(marked, spots, *, probability=0.9, suspected=True, benign=False):
    """A finding with the given (view, label, index) spots, and the given region map shifted down by 13 rows."""
    labels = {view: np.zeros((1024, 256), np.uint8) for view in ViewName}
    for view, label, index in spots:
        labels[view][index] = label
    regions = {view: np.roll(marked.regions[view], 13, axis=0) for view in ViewName}
    return Found(probability, suspected, labels, regions, benign)


def test_the_folder_is_read_with_half_open_boxes(marked):
    assert [(one.study.name, one.has_abnormal, one.look, one.sure) for one in marked] == [
        ("R001", True, "few focal lesions", True),
        ("R002", False, "no clear focal lesion", True),
    ]
    assert marked[0].boxes[ViewName.ANTERIOR][1].inside == BLADDER
    assert marked[1].boxes == {ViewName.ANTERIOR: (), ViewName.POSTERIOR: ()}


def test_a_folder_without_boxes_is_refused(tmp_path):
    with pytest.raises(UnreadableInputError, match=r"boxes\.csv"):
        read_marked(tmp_path)


@pytest.mark.parametrize("name", SHOWN)
def test_labels_come_back_from_every_way_of_showing(marked, name):
    shown, back = SHOWN[name](marked[0].study)
    for stored, view in zip(marked[0].study.views, shown.views, strict=True):
        values = np.minimum(view.counts, 255).astype(np.uint8)
        np.testing.assert_array_equal(back(stored.name, values), np.minimum(stored.counts, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        ((12, 16), (12, 16), True),  # small and inside
        ((0, 100), (0, 100), True),  # large and over it
        ((10, 20), (17, 40), True),  # a third of the box
        ((10, 20), (18, 40), False),  # a fifth of the box, a tenth of the component
        ((8, 12), (10, 20), True),  # half of the component
        ((30, 40), (10, 20), False),
    ],
)
def test_component_and_box_meet_by_half_or_quarter(rows, columns, expected):
    grid = np.mgrid[rows[0] : rows[1], columns[0] : columns[1]]
    assert meet(Component(grid[0].ravel(), grid[1].ravel()), Box("normal", 10, 10, 20, 20)) is expected


def test_what_agrees_is_counted_and_what_does_not(marked):
    metastasis, bladder = MaskLabel.METASTASIS, MaskLabel.BLADDER
    elsewhere, knee = (slice(250, 260), slice(100, 110)), (slice(700, 720), slice(180, 200))
    pairs = [
        (marked[0], _found(marked[0], [("anterior", metastasis, SHOULDER), ("anterior", bladder, BLADDER)])),
        (marked[1], _found(marked[1], [("anterior", metastasis, elsewhere), ("posterior", metastasis, knee)])),
    ]
    pairs[0] = (pairs[0][0], replace(pairs[0][1], review=False))
    pairs[1] = (pairs[1][0], replace(pairs[1][1], probability=0.2, suspected=False, review=True))
    counts = agreement(pairs)
    assert counts["review"] == 1
    assert counts["suspected"] == {
        "with_abnormal_boxes": {"studies": 1, "suspected": 1},
        "without_abnormal_boxes": {"studies": 1, "suspected": 0},
        "looks_normal": {"studies": 1, "suspected": 0},
        "looks_focal": {"studies": 1, "suspected": 1},
        "rank": 1.0,
    }
    abnormal, normal = counts["boxes"]["abnormal"], counts["boxes"]["normal"]
    assert (abnormal["boxes"], abnormal["metastasis"], abnormal["bladder"]) == (2, 1, 0)
    assert abnormal["by_place"]["knee"] == {"boxes": 1, "metastasis": 0}
    assert (normal["boxes"], normal["metastasis"], normal["bladder"]) == (1, 0, 1)
    assert counts["outside"]["metastasis"] == {
        "components": 2,
        "per_study": 1.0,
        "studies_with_none": 1,
        "by_place": {"ribs": {"anterior": 1, "posterior": 0}, "knee": {"anterior": 0, "posterior": 1}},
    }
    assert counts["bladder"] == {
        "studies": 2,
        "found_near_pelvis": 1,
        "drawn_elsewhere": 0,
        "boxes": 1,
        "boxes_hit": 1,
        "boxes_iou": 1.0,
    }
    assert "benign" not in abnormal
    assert "benign" not in counts["outside"]


def test_benign_uptake_is_counted_where_the_model_knows_it(marked):
    spots = [("anterior", MaskLabel.BENIGN, SHOULDER), ("anterior", MaskLabel.BLADDER, (slice(0, 9), slice(0, 9)))]
    counts = agreement([(marked[0], _found(marked[0], spots, benign=True))])
    assert counts["boxes"]["abnormal"]["benign"] == 1
    assert counts["outside"]["benign"]["components"] == 0
    assert counts["bladder"]["drawn_elsewhere"] == 1
    assert counts["review"] is None
    assert "rank" not in counts["suspected"]


def test_region_dice_is_of_the_given_regions_alone(marked):
    found = _found(marked[0], [])
    for labels in found.regions.values():
        labels[800:] = Region.LOWER_LEG_FOOT
    dice = agreement([(marked[0], found)])["regions"]
    # Shifted down by 13 of 150 rows; the femur hides a part of the pelvis.
    assert dice["by_region"]["ribs"] == pytest.approx(1 - 13 / 150, abs=1e-3)
    assert set(dice["by_region"]) == {"ribs", "pelvis", "femur"}
    assert dice["mean"] == pytest.approx(np.mean(list(dice["by_region"].values())), abs=1e-3)
    assert agreement([(marked[0], replace(found, regions={}))])["regions"] is None


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        (200, 100, "ribs"),
        (600, 80, "femur"),
        (690, 90, "knee"),
        (850, 90, "shin"),
        (980, 90, "foot"),
        (100, 128, "beside head or neck"),
        (300, 20, "arm or hand"),
        (350, 128, "abdomen or pelvis, beside bone"),
        (560, 128, "thigh"),
    ],
)
def test_places_are_named(row, column, expected):
    grid = np.mgrid[row - 2 : row + 3, column - 2 : column + 3]
    assert place(Component(grid[0].ravel(), grid[1].ravel()), _regions()) == expected


def test_sheets_show_boxes_and_outlines_and_stay_out_of_repositories(marked, tmp_path, monkeypatch):
    spot = ("anterior", MaskLabel.METASTASIS, (slice(300, 330), slice(90, 120)))
    pairs = [(one, _found(one, [spot])) for one in marked]
    (page_path,) = write_sheets(tmp_path / "sheet.png", pairs, finding_panels)
    with Image.open(page_path) as sheet:
        colours = {colour for _, colour in sheet.getcolors(1 << 24)}
        assert sheet.height > HEIGHT
    assert {BOXES["abnormal"], BOXES["normal"], (220, 0, 0)} <= colours
    monkeypatch.setattr(sheets, "PER_PAGE", 1)
    assert len(region_panels(*pairs[0])) == 4
    pages = write_sheets(tmp_path / "many.png", pairs, region_panels)
    assert [path.name for path in pages] == ["many-1.png", "many-2.png"]
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    with pytest.raises(UsageError, match="repository"):
        write_sheets(tmp_path / "checkout" / "sheet.png", pairs, finding_panels)


def test_the_command_measures_models_in_every_way(folder, tmp_path, capsys):
    bundles = [tiny_bundle(tmp_path / name, name=name) for name in ("one", "two")]
    results = tmp_path / "reality.json"
    main(["--real", str(folder), "--compare", *(str(b.folder) for b in bundles), "--results", str(results), "--json"])
    result = json.loads(results.read_text())
    assert json.loads(capsys.readouterr().out) == result
    assert [model["name"] for model in result["models"]] == ["one", "two"]
    assert "not accuracy" in result["what"]
    assert "R00" not in json.dumps(result)
    for model in result["models"]:
        assert list(model["shown"]) == list(SHOWN)
        for counts in model["shown"].values():
            assert counts["boxes"]["abnormal"]["metastasis"] >= 1
            assert counts["regions"] is None
    text = page.updated(f"# Page\n\n{page.BEGIN}\nold\n{page.END}\nrest\n", result)
    heads = [f"{name} 0.0.1, {shown}" for name in ("one", "two") for shown in SHOWN]
    assert f"| Figure | {' | '.join(heads)} |" in text
    assert text.endswith(f"{page.END}\nrest\n")


def test_sheets_in_a_repository_are_refused_before_anything_is_measured(folder, tmp_path):
    (tmp_path / ".git").mkdir()
    with pytest.raises(SystemExit, match="repository"):
        main(["--real", str(folder), "--model", "none", "--sheet", str(tmp_path / "sheet.png")])
