"""Lines on stdout, progress on stderr."""

import json

from bonescan.cli.output import aligned, progress, remark, say, say_json


def test_results_go_to_stdout_and_remarks_to_stderr(capsys):
    say("result")
    say_json({"µ": 1})
    remark("remark")
    out, err = capsys.readouterr()
    assert out.startswith("result\n")
    assert json.loads(out.removeprefix("result\n")) == {"µ": 1}
    assert err == "remark\n"


def test_columns_are_aligned_and_lines_end_without_blanks():
    assert list(aligned([("a", "long word", ""), ("bcd", "x", "y")])) == ["  a    long word", "  bcd  x          y"]
    assert list(aligned([])) == []


def test_there_is_no_progress_bar_where_nobody_looks(capsys):
    with progress("Counting", 3) as report:
        report(1, 3)
        report(3, 3)
    assert capsys.readouterr() == ("", "")


def test_a_person_sees_a_bar_on_stderr(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("Counting", 3) as report:
        say("result")
        report(3, 3)
    out, err = capsys.readouterr()
    assert out == "result\n", "a piped stdout stays stdout"
    assert "Counting" in err
