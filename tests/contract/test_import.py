"""Importing is quick and loads nothing heavy; a command loads only what it needs."""

import json

import pytest

import bonescan
from tests.contract.commands import python

HEAVY = ("torch", "openvino", "onnxruntime", "reportlab", "matplotlib", "scipy", "PIL", "pydicom")
IMPORT_LIMIT_S = 0.3


def _loaded_after(code):
    printed = python(f"import json, sys\n{code}\nprint(json.dumps(sorted(m.split('.')[0] for m in sys.modules)))")
    return set(json.loads(printed.splitlines()[-1]))


def _command(words):
    return f"from bonescan.cli.main import main\ntry:\n    main({words!r})\nexcept SystemExit:\n    pass"


def test_import_loads_nothing_heavy():
    assert _loaded_after("import bonescan") & set(HEAVY) == set()


def test_import_is_quick():
    code = "import time; start = time.perf_counter(); import bonescan; print(time.perf_counter() - start)"
    assert min(float(python(code)) for _ in range(3)) < IMPORT_LIMIT_S


@pytest.mark.parametrize("words", [["--help"], ["info", "--help"], ["analyze", "--help"], ["train", "--help"]])
def test_help_loads_nothing_heavy(words):
    assert _loaded_after(_command(words)) & {*HEAVY, "numpy"} == set()


def test_info_loads_no_model_runtime(study_file):
    loaded = _loaded_after(_command(["info", str(study_file)]))
    assert "pydicom" in loaded
    assert loaded & {"torch", "openvino", "onnxruntime", "reportlab", "matplotlib"} == set()


def test_analyze_leaves_out_what_only_costs_time(study_file, tmp_path):
    code = _command(["analyze", str(study_file), "-o", str(tmp_path / "out")])
    printed = python(f"import sys\n{code}\nprint(*sys.modules)").split()
    assert {"openvino", "pydicom"} <= set(printed)
    assert {"requests", "tqdm", "openvino.tools.ovc"} & set(printed) == set()


def test_every_public_name_can_be_had():
    assert {"read", "analyze", "write"} <= set(bonescan.__all__)
    for name in bonescan.__all__:
        assert getattr(bonescan, name) is not None
    assert set(bonescan.__all__) <= set(dir(bonescan))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_like_it"):
        bonescan.nothing_like_it  # noqa: B018
