"""What is imported is declared, in the right place, and what is declared is used."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.contract.commands import ROOT, SOURCE
from tests.contract.sources import TORCH_PLACES, files, tree

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
KNOWN = packages_distributions()
NEEDED_BY_OTHERS = {"onnxscript"}
"""torch's exporter imports it."""


def _names(requirements):
    return {re.match(r"[\w.-]+", word).group().lower() for word in requirements}


BASE = _names(PROJECT["dependencies"])
TRAIN = _names(PROJECT["optional-dependencies"]["train"])
NNUNET = _names(PROJECT["optional-dependencies"]["nnunet"])
EXTRAS = {
    **dict.fromkeys(TORCH_PLACES, TRAIN),
    "bonescan.training.baselines.nnunet_process": NNUNET,
    "bonescan.evaluation": _names(PROJECT["optional-dependencies"]["evaluate"]),
}
"""Where more than the base may be imported."""


def _distributions(path):
    """Distributions whose modules a file imports at run time, `if TYPE_CHECKING` left out."""
    checking = {
        id(inner)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree(path)):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module]
        for module in {name.split(".")[0] for name in modules}:
            if id(node) not in checking and module != "bonescan" and module not in sys.stdlib_module_names:
                yield min(KNOWN.get(module, [module]), key=len).lower().replace("_", "-")


def _place(path):
    return ".".join(("bonescan", *path.relative_to(SOURCE).with_suffix("").parts))


@pytest.mark.train
def test_what_is_imported_is_declared():
    guilty = []
    for path in files():
        allowed = BASE.union(*(names for place, names in EXTRAS.items() if _place(path).startswith(place)))
        guilty += [f"{_place(path)} imports {name}" for name in _distributions(path) if name not in allowed]
    assert guilty == []


@pytest.mark.train
def test_what_is_declared_is_used():
    used = {name for path in files() for name in _distributions(path)} | NEEDED_BY_OTHERS
    # The doctor and the runtime import the runtimes by name.
    assert (BASE | TRAIN | NNUNET) - used <= {"openvino", "onnxruntime", "python-gdcm"}


def test_versions_pinned_for_the_tests_fit_what_is_declared():
    extras = [word for group in PROJECT["optional-dependencies"].values() for word in group]
    declared = _names([*PROJECT["dependencies"], *extras])
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if line and not line.startswith("#")}
    assert declared == pinned
    assert not [line for line in lines if "://" in line or line.startswith("-")]
