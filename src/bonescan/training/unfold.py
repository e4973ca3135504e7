"""From an exported network back to one that can be trained.

Exporting folds batch norms into the convolutions before them and rounds weights to integers. Going back, weights are as
rounded, and each batch norm gets the statistics that some images have there: with a scale and an offset that undo them
the network answers as the exported one does, and normalises its batches as one in training should.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from bonescan.core.errors import BundleCorruptError
from bonescan.training.muon import normalised, to_norm

Weights = dict[str, npt.NDArray[np.float32]]

_PREFIX = "network."
"""Of every parameter, from the module that is exported around a network."""
_FOLDED = ".weight_bias"
"""What a convolution's parameters are called that a folded batch norm left behind."""


def exported_weights(model: onnx.ModelProto) -> Weights:
    """The weights of an exported network by the names that they have in torch, as floats.

    A folded batch norm's offset goes by the name of its convolution and `weight_bias`.
    """
    found: Weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    made_by = {name: node for node in model.graph.node for name in node.output}
    for node in model.graph.node:
        # Of a weight; what comes from elsewhere is an activation.
        if node.op_type == "DequantizeLinear" and node.input[0] in found:
            found[node.output[0]] = _dequantised(node, found)
    for node in model.graph.node:
        # Of a linear layer the exporter keeps the offset's name alone.
        bias = next((name for name in node.input if name.endswith(".bias")), None)
        if node.op_type == "Add" and bias:
            product = made_by.get(next(name for name in node.input if name != bias))
            if product is not None and product.op_type == "MatMul" and product.input[1] in found:
                found[bias.removesuffix("bias") + "weight"] = found[product.input[1]].T
    return {name.removeprefix(_PREFIX): values for name, values in found.items() if name.startswith(_PREFIX)}


@torch.no_grad()
def unfold(network: nn.Module, weights: Weights, images: Tensor) -> None:
    """Give a network the weights of an exported one.

    Args:
        network: Of the shape that was exported; changed in place, left ready for use.
        weights: As `exported_weights` gives them.
        images: Input that batch norms take their statistics from, e.g. a few cases of training.

    Raises:
        BundleCorruptError: Weights are missing or have other shapes.
    """
    own = dict(network.named_parameters())
    norms = {module: name for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}
    of_norms = {f"{name}.{part}" for name in norms.values() for part in ("weight", "bias")}
    for name in own.keys() - of_norms:
        _copy(own[name], name, weights)
    folded = [found for found in normalised(network) if found[0] + _FOLDED in weights]
    if missing := norms.keys() - {norm for _, _, norm in folded}:
        first = min(norms[norm] for norm in missing)
        raise BundleCorruptError(f"no offset is known of {first}", expected="a folded batch norm of each")
    hooks = [
        # To the norm that Muon keeps, which the batch norms undo.
        norm.register_forward_pre_hook(_setter(weights[name + _FOLDED], to_norm(convolution.weight)))
        for name, convolution, norm in folded
    ]
    try:
        network.eval()(images)
    finally:
        for hook in hooks:
            hook.remove()


def _setter(offset: npt.NDArray[np.float32], scale: float) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    """What sets a batch norm when images come by, from what they are.

    Args:
        offset: Of its convolution in the exported network.
        scale: By what the convolution's weights were multiplied.
    """

    def set_from(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(module, nn.BatchNorm2d)
        (values,) = inputs
        variance, mean = torch.var_mean(values, dim=(0, 2, 3), correction=0)
        module.get_buffer("running_mean").copy_(mean)
        module.get_buffer("running_var").copy_(variance)
        module.get_parameter("weight").copy_(torch.sqrt(variance + module.eps) / scale)
        module.get_parameter("bias").copy_(mean / scale + torch.from_numpy(offset.copy()))

    return set_from


def _copy(parameter: nn.Parameter, name: str, weights: Weights) -> None:
    values = weights.get(name)
    if values is None or values.shape != tuple(parameter.shape):
        found = "nothing" if values is None else f"shape {values.shape}"
        raise BundleCorruptError(
            f"the exported network has {found} for {name}",
            expected=f"shape {tuple(parameter.shape)}",
            hint="Start from a run, or from a bundle that this version has exported",
        )
    parameter.copy_(torch.from_numpy(values.astype(np.float32)))


def _dequantised(node: onnx.NodeProto, known: Weights) -> npt.NDArray[np.float32]:
    from onnx.reference import ReferenceEvaluator

    (result,) = ReferenceEvaluator(node).run(None, {name: known[name] for name in node.input})
    return np.asarray(result, np.float32)
