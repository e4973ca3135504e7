"""From a torch network to an ONNX graph with the sigmoid inside."""

from __future__ import annotations

import logging
import warnings

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bonescan.models.networks.joint import JointNetwork, cells_of

SHAPES: dict[str, tuple[int, ...]] = {
    "classify": (1, 512, 256),
    "segment_metastasis": (1, 256, 256),
    "segment_bladder": (1, 256, 256),
    "locate": (2, 1024, 512),
}
"""Example inputs without the batch. The classifier's rows are dynamic: it takes windows and strips of windows."""
_OPSET = 18


class _WithSigmoid(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input: Tensor) -> Tensor:
        return torch.sigmoid(self.network(input))


class _Answers(nn.Module):
    """The joint network as a bundle holds it: probabilities of findings, region labels, logits of the study."""

    def __init__(self, network: JointNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, input: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        blocks, regions = self.network.maps(input)
        count, views, labels, pixels, height, width = blocks.shape
        # Three axes: with six, runtimes take several times as long.
        shares = torch.softmax(blocks.reshape(count * views, labels, pixels * height * width), dim=1)
        cells = cells_of(shares.view(count * views, labels, pixels, height * width), height, width)
        study = self.network.study(cells, regions)
        findings = fn.pixel_shuffle(shares[:, 1:].reshape(count, -1, height, width), 2)
        finer = fn.interpolate(regions.flatten(1, 2), scale_factor=2.0, mode="bilinear", align_corners=False)
        bones = finer.view(count, views, -1, height, width).argmax(dim=2).to(torch.uint8)
        return findings.view(count, views, labels - 1, 2 * height, 2 * width), bones, study


def joint_to_onnx(network: JointNetwork) -> onnx.ModelProto:
    """Export the joint network for one study at a time; its outputs are described in `inference.joint`."""
    return _export(_Answers(network), torch.zeros(1, 2, 1024, 256), None, ["findings", "regions", "study"])


def to_onnx(stage: str, network: nn.Module) -> onnx.ModelProto:
    """Export a network; batch norms are folded into the convolutions.

    Args:
        stage: One of `SHAPES`.
        network: With its weights.

    Returns:
        A model with one input "input" of dynamic batch and one output "probability".
    """
    dynamic: dict[int, object] = {0: torch.export.Dim("batch")}
    if stage == "classify":
        dynamic[2] = torch.export.Dim.DYNAMIC
    return _export(_WithSigmoid(network), torch.zeros(2, *SHAPES[stage]), dynamic, ["probability"])


def _export(
    network: nn.Module, example: Tensor, dynamic: dict[int, object] | None, outputs: list[str]
) -> onnx.ModelProto:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter warns of its own use of torch's deprecated functions.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network.eval(),
            (example,),
            dynamo=True,
            dynamic_shapes=(dynamic,) if dynamic else None,
            input_names=["input"],
            output_names=outputs,
            opset_version=_OPSET,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program")
    model: onnx.ModelProto = program.model_proto
    return _without_origins(model)


def _without_origins(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop what the exporter notes about source files: it names folders of this machine and outweighs the graph."""
    for thing in (model, model.graph, *model.graph.node, *model.graph.initializer, *model.graph.input):
        if hasattr(thing, "doc_string"):
            thing.doc_string = ""
        if hasattr(thing, "metadata_props"):
            del thing.metadata_props[:]
    del model.graph.value_info[:]
    model.producer_name = "bonescan"
    model.producer_version = ""
    return model
