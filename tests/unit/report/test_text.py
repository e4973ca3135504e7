from bonescan.core.findings import DISCLAIMER
from bonescan.report.text import WIDTH, report_text
from tests.analyses import make_analysis


def test_everything_a_reader_needs_is_there():
    analysis = make_analysis()
    text = report_text(analysis)
    for part in ("DESCRIPTION", "IMPRESSION", "tiny 0.0.1", analysis.model.sha256[:16], DISCLAIMER, "0.93"):
        assert part in text
    flat = " ".join(text.split())
    assert " ".join(analysis.report.impression.split()) in flat
    assert text.endswith("\n")


def test_lines_are_short_whatever_the_name():
    analysis = make_analysis(name="x" * 300, study_instance_uid="1." * 31 + "1")
    assert max(map(len, report_text(analysis).splitlines())) <= WIDTH
