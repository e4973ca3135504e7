"""Commands, links and code of README and docs are right."""

import re
import tomllib

import pytest
from typer.main import get_command

from bonescan import examples
from bonescan.cli.main import app
from tests.docs.commands import PAGES, ROOT, blocks, console_lines

LINES = list(console_lines())
PYTHON = [(page, block) for page in PAGES for block in blocks(page, "python")]


def test_there_is_something_to_check():
    assert len([words for _, words in LINES if words[0] == "bonescan"]) > 15
    assert len(PYTHON) > 3


@pytest.mark.parametrize("words", [w for _, w in LINES if w[0] == "bonescan"], ids=" ".join)
def test_a_command_can_be_parsed(words):
    group = get_command(app)
    context = group.make_context("bonescan", words[1:], resilient_parsing=False)
    name, command, rest = group.resolve_command(context, words[1:])
    command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("target", sorted({w[1] for _, w in LINES if w[0] == "make"}))
def test_a_make_target_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_no_other_program_is_asked_for():
    assert {words[0] for _, words in LINES} <= {"bonescan", "labelme", "make", "pip"}


def _links():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                yield pytest.param(page.parent / target, id=f"{page.name}->{target}")


@pytest.mark.parametrize("path", list(_links()))
def test_a_link_leads_somewhere(path):
    assert path.exists()


@pytest.mark.parametrize(("page", "code"), PYTHON, ids=[page.name for page, _ in PYTHON])
def test_the_code_of_a_page_runs(page, code, tmp_path, monkeypatch, capsys):
    (tmp_path / "study.dcm").write_bytes(examples.path().read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(compile(code, page.name, "exec"), {"__name__": "page"})
    if "bs.write" in code:
        assert (tmp_path / "out" / "study" / "analysis.json").is_file()


def test_every_dependency_is_explained_in_the_readme():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["train"]]
    names = {re.match(r"[\w-]+", word).group() for word in needed}
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| Dependency |")[2].partition("\n\n")[0]
    explained = {name for row in table.splitlines()[2:] for name in re.findall(r"[\w-]+", row.split("|")[1])}
    assert names - explained == set()


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert len(pages) >= 8
    assert [name for name in pages if f"({name})" not in listed] == []


def test_the_readme_opens_with_the_picture_and_the_two_commands():
    opening = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert opening.index("![") < opening.index("make demo") < opening.index("make test")
    assert "not a medical device" in opening


def test_every_quality_finding_is_explained():
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    codes = set(re.findall(r'QualityFinding\(\s*code="(\w+)"', source)) | set(re.findall(r'_note\(\s*"(\w+)"', source))
    page = (ROOT / "docs" / "usage" / "input.md").read_text(encoding="utf-8")
    assert len(codes) > 8
    assert codes == set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
