"""Figures: what their lines and dots stand for."""

from bonescan.evaluation.plots import SERIES, froc_plot
from tests.evaluations import columns, lesion, record, view


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
