"""A joint bundle with a hand-made network: thresholds of the input image, so that every answer is known beforehand.

On the grid an image is ``sqrt(counts / reference) / 2``. A pixel is metastasis between WARM and HOT, bladder above HOT.
Benign uptake is nowhere. The left half of the grid is skull, the right one femur. The study's probabilities are given.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bonescan.core.anatomy import SITES, Region
from bonescan.models.bundle import Bundle, Manifest, Thresholds, TrainingCohort, write_bundle

WARM, HOT = 1.03, 2.23
STEEP = 40.0
STUDY = (0.75, 0.6, 0.3)
"""Of metastasis and of every site: both views, anterior, posterior."""


def joint_bundle(
    folder: Path, *, name="hand-made", thresholds=None, calibration=None, scale=1.0, region_step=2, regions=True
) -> Bundle:
    """Write and open the bundle.

    Args:
        folder: Where.
        name: Its name.
        thresholds: Changes to the thresholds, which are 0.5 throughout.
        calibration: Of the manifest.
        scale: Factor of the findings, to spoil them.
        region_step: Grid pixels a pixel of the region map; 2 is right.
        regions: Whether it says that it was taught regions.
    """
    limits = dict.fromkeys(("patient", "segment_metastasis", "segment_bladder", "segment_benign"), 0.5)
    manifest = Manifest(
        name=name,
        version="0.0.1",
        licence="Apache-2.0",
        pipeline="joint",
        recipe={},
        recipe_sha256="0" * 64,
        preprocessing={},
        thresholds=Thresholds(**{**limits, "sites": dict.fromkeys(SITES, 0.5), **(thresholds or {})}),
        calibration=calibration,
        training_cohort=TrainingCohort(fingerprint="none", cases={}, description="made by hand for tests"),
        figures=(),
        intended_use="tests",
        simulated_only=True,
        regions=regions,
        files={},
    )
    return write_bundle(folder, manifest, {"joint.onnx": _network(scale, region_step)})


def _network(scale: float, region_step: int) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    height, width = 1024 // region_step, 256 // region_step
    regions = np.full((1, 2, height, width), Region.SKULL, np.uint8)
    regions[..., width // 2 :] = Region.FEMUR
    share = np.array(STUDY, np.float32)
    study = np.repeat(np.log(share / (1 - share))[None, :, None], 1 + len(SITES), axis=2)
    constants = {
        "steep": np.float32(STEEP),
        "WARM": np.float32(WARM),
        "HOT": np.float32(HOT),
        "one": np.float32(1),
        "nothing": np.float32(0),
        "scale": np.float32(scale),
        "third": np.array([2], np.int64),
        "bones": regions,
        "answers": study.astype(np.float32),
    }
    nodes = []
    for level, result in (("WARM", "warm"), ("HOT", "hot")):
        nodes += [
            helper.make_node("Sub", ["input", level], [f"above_{result}"]),
            helper.make_node("Mul", [f"above_{result}", "steep"], [f"times_{result}"]),
            helper.make_node("Sigmoid", [f"times_{result}"], [result]),
        ]
    nodes += [
        helper.make_node("Sub", ["one", "hot"], ["not_hot"]),
        helper.make_node("Mul", ["warm", "not_hot"], ["between"]),
        helper.make_node("Mul", ["hot", "nothing"], ["benign"]),
        *(helper.make_node("Unsqueeze", [part, "third"], [f"{part}_5d"]) for part in ("between", "hot", "benign")),
        helper.make_node("Concat", ["between_5d", "hot_5d", "benign_5d"], ["all"], axis=2),
        helper.make_node("Mul", ["all", "scale"], ["findings"]),
        helper.make_node("Identity", ["bones"], ["regions"]),
        helper.make_node("Identity", ["answers"], ["study"]),
    ]
    given = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 2, 1024, 256])]
    outputs = [
        helper.make_tensor_value_info("findings", TensorProto.FLOAT, [1, 2, 3, 1024, 256]),
        helper.make_tensor_value_info("regions", TensorProto.UINT8, [1, 2, height, width]),
        helper.make_tensor_value_info("study", TensorProto.FLOAT, [1, 3, 1 + len(SITES)]),
    ]
    initializers = [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()]
    graph = helper.make_graph(nodes, "joint", given, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    content: bytes = model.SerializeToString()
    return content
