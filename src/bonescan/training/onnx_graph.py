"""From a torch network to an ONNX graph with the sigmoid inside."""

from __future__ import annotations

import logging
import warnings

import onnx
import torch
from torch import Tensor, nn

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
    example = torch.zeros(2, *SHAPES[stage])
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter warns of its own use of torch's deprecated functions.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _WithSigmoid(network).eval(),
            (example,),
            dynamo=True,
            dynamic_shapes=(dynamic,),
            input_names=["input"],
            output_names=["probability"],
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
