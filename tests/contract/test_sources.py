"""What the code base promises about its own shape."""

import ast
import statistics

import pytest

from tests.contract.commands import ROOT, SOURCE
from tests.contract.sources import TORCH_PLACES, files, tree

MOST_LINES = 400
MEDIAN_LINES = 200
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}


def _name(path):
    return ".".join(("bonescan", *path.relative_to(SOURCE).with_suffix("").parts))


def _imports(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def _public(node, prefix=""):
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield prefix + child.name, child
            if isinstance(child, ast.ClassDef):
                yield from _public(child, f"{prefix}{child.name}.")


def test_the_walk_finds_the_package():
    assert len(files()) > 40


def test_no_file_is_too_long():
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in files()}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}
    written = [length for length in lengths.values() if length > 10]
    assert statistics.median(written) <= MEDIAN_LINES


@pytest.mark.parametrize("path", files(), ids=_name)
def test_every_public_thing_is_documented_and_typed(path):
    faults = []
    for name, node in _public(tree(path)):
        overload = any(isinstance(d, ast.Name) and d.id in {"overload", "override"} for d in node.decorator_list)
        if not ast.get_docstring(node) and not overload:
            faults.append(f"{name} has no docstring")
        if isinstance(node, ast.FunctionDef) and node.returns is None:
            faults.append(f"{name} does not say what it returns")
    assert ast.get_docstring(tree(path)), "the module has no docstring"
    assert faults == []


def test_torch_is_imported_only_where_it_may_be():
    guilty = [
        _name(path)
        for path in files()
        if not _name(path).startswith(TORCH_PLACES)
        and any(module.split(".")[0] in {"torch"} for module in _imports(path))
    ]
    assert guilty == []


def test_no_file_has_a_name_that_says_nothing():
    assert [_name(path) for path in files() if path.stem in VAGUE_NAMES] == []


def test_results_are_printed_by_the_command_line_alone():
    guilty = [
        f"{_name(path)}:{node.lineno}"
        for path in files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert guilty == []


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
