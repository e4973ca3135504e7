"""A bundle of tiny hand-made networks: thresholds of the input image, so that every answer is known beforehand.

On the grid an image is ``sqrt(counts / reference) / 2``. A pixel is metastasis between WARM and HOT, and bladder above
HOT; pixels near bladder are no metastasis, so that its blurred rim is not taken for one. A window's probability is that
of its surest pixel, a site's that of the surest pixel in its sixth of the rows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bonescan.core.anatomy import SITES
from bonescan.models.bundle import Bundle, Manifest, Thresholds, TrainingCohort, write_bundle

WARM, HOT = 1.25, 2.4
STEEP = 40.0
SURE = 0.998  # the highest probability of metastasis, so that a threshold of 1 shuts every gate
REACH = 15  # pixels around bladder that are no metastasis


def tiny_bundle(folder: Path, *, name="tiny", thresholds=None, files=None, pipeline="stepwise") -> Bundle:
    """Write and open the bundle.

    Args:
        folder: Where.
        name: Its name.
        thresholds: Changes to the thresholds, which are 0.5 throughout.
        files: Further files, or replacements: name → content.
        pipeline: What the manifest says.
    """
    limits = dict.fromkeys(
        ("patient", "window_metastasis", "window_bladder", "segment_metastasis", "segment_bladder"), 0.5
    )
    manifest = Manifest(
        name=name,
        version="0.0.1",
        licence="Apache-2.0",
        pipeline=pipeline,
        recipe={},
        recipe_sha256="0" * 64,
        preprocessing={},
        thresholds=Thresholds(**{**limits, "sites": dict.fromkeys(SITES, 0.5), **(thresholds or {})}),
        training_cohort=TrainingCohort(fingerprint="none", cases={}, description="made by hand for tests"),
        figures=(),
        intended_use="tests",
        simulated_only=True,
        files={},
    )
    contents = {
        "classify.onnx": _network("classify"),
        "segment_metastasis.onnx": _network("metastasis"),
        "segment_bladder.onnx": _network("bladder"),
        "locate.onnx": _locate(),
        **(files or {}),
    }
    return write_bundle(folder, manifest, contents)


def _network(kind: str) -> bytes:
    from onnx import TensorProto, helper

    nodes = [
        *_over("input", "warm", WARM),
        *_over("input", "hot", HOT),
        helper.make_node("MaxPool", ["hot"], ["near"], kernel_shape=[REACH] * 2, pads=[REACH // 2] * 4, strides=[1, 1]),
        helper.make_node("Sub", ["one", "near"], ["far"]),
        helper.make_node("Mul", ["warm", "far"], ["alone"]),
        helper.make_node("Mul", ["alone", "sure"], ["metastasis"]),
    ]
    shape = ["batch", 1, 256, 256]
    if kind == "classify":
        nodes += [
            helper.make_node("Concat", ["metastasis", "hot"], ["both"], axis=1),
            # A strip of windows at stride 128 gives one row a window, from the top down.
            helper.make_node("MaxPool", ["both"], ["surest"], kernel_shape=[256, 256], strides=[128, 256]),
            helper.make_node("Transpose", ["surest"], ["rows"], perm=[0, 2, 3, 1]),
            helper.make_node("Reshape", ["rows", "pairs"], ["probability"]),
        ]
        shape = ["windows", 2]
    else:
        nodes.append(helper.make_node("Identity", ["metastasis" if kind == "metastasis" else "hot"], ["probability"]))
    constants = {"one": 1, "steep": STEEP, "sure": SURE, "WARM": WARM, "HOT": HOT}
    constants = {name: np.float32(value) for name, value in constants.items()}
    rows = 256
    if kind == "classify":
        constants["pairs"], rows = np.array([-1, 2]), "rows"
    return _model(nodes, [TensorProto.FLOAT, ["batch", 1, rows, 256]], shape, constants)


def _over(source: str, target: str, level: float) -> list:
    """Sigmoid of the steep difference to a level: 1 above, 0 below."""
    from onnx import helper

    limit = "WARM" if level == WARM else "HOT"
    return [
        helper.make_node("Sub", [source, limit], [f"{target}_above"]),
        helper.make_node("Mul", [f"{target}_above", "steep"], [f"{target}_steep"]),
        helper.make_node("Sigmoid", [f"{target}_steep"], [target]),
    ]


def _locate() -> bytes:
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Slice", ["input", "first", "last", "axis"], ["map"]),
        helper.make_node("MaxPool", ["map"], ["bands"], kernel_shape=[170, 512], strides=[170, 512]),
        helper.make_node("Flatten", ["bands"], ["probability"], axis=1),
    ]
    constants = {"first": np.array([1]), "last": np.array([2]), "axis": np.array([1])}
    return _model(nodes, [TensorProto.FLOAT, ["batch", 2, 1024, 512]], ["batch", 6], constants)


def _model(nodes: list, source: list, shape: list, constants: dict) -> bytes:
    from onnx import TensorProto, checker, helper, numpy_helper

    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input", *source)],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model)
    return model.SerializeToString()
