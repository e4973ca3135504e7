"""The overlay says what the masks say, where they say it."""

import numpy as np
import pytest

from bonescan.core.anatomy import MaskLabel
from bonescan.report.figures import COLOURS, NUMBERED, html, legend_of, overlay_image, views_image
from tests.analyses import BENIGN, BLADDER, MET, SPOTS, make_analysis

HEIGHT = 1024


def pixels(image, label):
    """Where a colour is drawn."""
    return (np.abs(np.asarray(image).astype(int) - COLOURS[label]).max(axis=2) < 30).nonzero()


def test_each_label_has_its_colour_only_where_present():
    plain = overlay_image(make_analysis(spots=()), HEIGHT)
    full = overlay_image(make_analysis(spots=(*SPOTS, (700, 90, 6, BENIGN))), HEIGHT)
    for label in COLOURS:
        legend = len(pixels(plain, label)[0])
        assert len(pixels(full, label)[0]) > legend + 50


def test_outlines_go_round_the_lesion_and_leave_its_uptake_visible():
    image = views_image(make_analysis(spots=((470, 90, 12, MET),), views=("anterior",)), HEIGHT)
    rows, columns = pixels(image, MET)
    header, gap = HEIGHT // 28, HEIGHT // 64
    near = (np.abs(rows - header - 470) < 25) & (np.abs(columns - gap - 90) < 25)
    distance = np.hypot(rows[near] - header - 470, columns[near] - gap - 90)
    assert distance.min() > 11
    assert np.median(distance) < 17
    assert np.asarray(image)[header + 470, gap + 90].max() < 60, "black inside"


def test_sides_are_the_patients():
    analysis = make_analysis(spots=((470, 90, 6, MET),))  # the patient's right hip
    image = np.asarray(views_image(analysis, HEIGHT))
    _, columns = pixels(image, MET)
    middle = image.shape[1] / 2
    anterior, posterior = columns[columns < middle], columns[columns > middle]
    assert np.median(anterior) < middle / 2
    assert np.median(posterior) > 1.5 * middle


@pytest.mark.parametrize("views", [("anterior",), ("posterior",), ("anterior", "posterior")])
@pytest.mark.parametrize("size", [(1024, 256), (512, 128), (600, 300)])
def test_any_views_in_any_matrix(views, size):
    image = overlay_image(make_analysis(views=views, size=size), 600)
    assert image.mode == "RGB"
    assert image.height > 600
    if size != (600, 300):
        assert image.width == pytest.approx(150 * len(views) + 9 * (len(views) + 1), abs=2)


@pytest.mark.parametrize("columns", [60, 128, 256])
@pytest.mark.parametrize("height", [600, 2048])
def test_the_draft_line_is_whole_beside_a_narrow_view(columns, height):
    analysis = make_analysis(spots=(), views=("anterior",), size=(1024, columns))
    image = np.asarray(overlay_image(analysis, height).convert("L"))
    below = image[height + height // 28 :]
    assert (below < 128).any(), "there are words"
    assert (below[:, -3:] > 128).all(), "none of them reaches the edge"


def test_the_legend_names_benign_uptake_only_where_there_is_some():
    assert legend_of(make_analysis().masks.values()) == [MET, BLADDER]
    assert legend_of(make_analysis(spots=((700, 90, 6, BENIGN),)).masks.values()) == [MET, BENIGN, BLADDER]


def test_many_lesions_do_not_fail():
    spots = tuple((60 + 17 * (i // 5), 60 + 30 * (i % 5), 4, MET) for i in range(5 * (NUMBERED // 4)))
    analysis = make_analysis(spots=spots)
    assert len(analysis.lesions) > 2 * NUMBERED
    overlay_image(analysis, 512)


def test_a_lesion_at_the_very_edge():
    overlay_image(make_analysis(spots=((2, 1, 4, MET), (1022, 254, 4, MET))), 512)


def test_same_analysis_same_picture():
    one, other = (overlay_image(make_analysis(), 512).tobytes() for _ in range(2))
    assert one == other


def test_html_is_self_contained_and_escaped():
    text = html(make_analysis())
    assert text.startswith("<div")
    assert "data:image/png;base64," in text
    assert "BSTBI (K = 5)" in text
    assert "physician" in text
    assert "http" not in text


def test_every_finding_has_a_colour():
    assert set(COLOURS) == set(MaskLabel) - {MaskLabel.BACKGROUND}
