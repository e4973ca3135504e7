"""What `bonescan analyze` prints of a study."""

from pathlib import Path

from bonescan.cli.analyze import _line
from tests.analyses import make_analysis


def test_a_line_names_decided_sites_and_those_outlined_besides():
    analysis = make_analysis()
    assert "; spine, pelvis; 2 lesions; " in _line(analysis, Path("out/study"))
    lesions = tuple(x.model_copy(update={"site": "femur"}) for x in analysis.lesions)
    undecided = analysis.model_copy(update={"lesions": lesions})
    assert "; spine, pelvis; less certain: femur; 2 lesions; " in _line(undecided, Path("out/study"))
