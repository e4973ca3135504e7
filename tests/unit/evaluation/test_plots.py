"""Figures: what their lines and dots stand for."""

from dataclasses import replace
from itertools import islice

from bonescan.evaluation.compare import Compared, comparison
from bonescan.evaluation.compare_page import comparison_pictures, roc_of_methods
from bonescan.evaluation.plots import SERIES, froc_plot, series, strata_plot
from bonescan.evaluation.strata import strata
from tests.evaluations import HEADER, columns, lesion, record, view


def outlined(*scores, alarms):
    lesions = [lesion(score=score) for score in scores]
    return columns(record(0, metastasis=True, views=[view(lesions=lesions, alarms=alarms)]))


def test_masks_alone_are_a_dot_and_each_method_keeps_its_colour():
    with_scores = outlined(0.9, 0.4, None, alarms=[0.6])
    without_outlines = columns(record(0, metastasis=True, views=[]))
    masks_alone = outlined(1.0, None, None, alarms=[1.0, 1.0])
    figure = froc_plot([("a", with_scores), ("b", without_outlines), ("c", masks_alone)])
    curve, end, dot = figure.axes[0].lines
    assert [line.get_color() for line in (curve, end, dot)] == [SERIES[0], SERIES[0], SERIES[2]]
    assert len(curve.get_xdata()) > 2
    assert (float(end.get_xdata()[0]), float(end.get_ydata()[0])) == (1, 2 / 3)
    assert (float(dot.get_xdata()[0]), float(dot.get_ydata()[0])) == (2, 1 / 3)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["a", "c"]
    assert froc_plot([("b", without_outlines)]) is None


def test_more_methods_than_colours_are_told_apart_by_their_lines():
    lines = list(islice(series(), 14))
    assert len(set(lines)) == 14
    assert {style for _, style in lines[: len(SERIES)]} == {"-"}
    many = [Compared(f"m{k}", HEADER, scored(k)) for k in range(8)]
    figure = froc_plot([(x.name, x.columns) for x in many])
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [x.name for x in many]
    assert set(comparison_pictures(many, comparison(many))) == {"roc", "froc", "comparison"}
    drawn = roc_of_methods(many, comparison(many)).axes[0]
    assert len(drawn.get_legend().get_texts()) == 8


def scored(seed):
    views = [view(lesions=[lesion(score=0.9), lesion(score=0.3)], alarms=[0.5])]
    return columns(*[record(k, 0.1 * ((k + seed) % 10), metastasis=k % 2 == 0, views=views) for k in range(10)])


def test_the_number_beside_a_class_is_that_of_the_table():
    bearing, empty = view(80, 100, 100), view(name="posterior")
    rows = columns(
        *[
            record(k, 0.9, metastasis=True, views=[replace(v, counts=c) for v in (bearing, empty)])
            for k, c in enumerate([4e5] * 6 + [2e6] * 3)
        ]
    )
    figure = strata_plot({"strata": {"counts_of_a_view_million": strata(rows)["counts_of_a_view_million"]}})
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["< 0.5  (n=6)", "≥ 1.5  (n=3)"]
