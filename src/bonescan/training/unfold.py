"""From an exported network back to one that can be trained.

Exporting folds batch norms into the convolutions before them and rounds weights to integers. Going back, weights are as
rounded, and each batch norm gets the statistics that some images have there: with a scale and an offset that undo them
the network answers as the exported one does, and normalises its batches as one in training should.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self, TypeGuard

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from bonescan.core.errors import BundleCorruptError
from bonescan.training.muon import to_norm

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
    norms = {name: m for name, m in network.named_modules() if isinstance(m, nn.BatchNorm2d)}
    of_norms = {f"{name}.{part}" for name in norms for part in ("weight", "bias")}
    for name in own.keys() - of_norms:
        _copy(own[name], name, weights)
    # To the norm that Muon keeps, which the batch norms undo.
    scales = {name: to_norm(m.weight) for name, m in network.named_modules() if _is_folded(m, name, weights)}
    with _Offsets(network, weights, scales) as offsets:
        network.eval()(images)
    if missing := norms.keys() - offsets.seen:
        raise BundleCorruptError(f"no offset is known of {sorted(missing)[0]}", expected="a folded batch norm of each")


class _Offsets:
    """Within it, sets each batch norm when images come by, from what they are and from its convolution's offset.

    Args:
        network: Whose batch norms are set.
        weights: Of the exported network.
        scales: Convolution → by what its weights were multiplied.
    """

    def __init__(self, network: nn.Module, weights: Weights, scales: Mapping[str, float]) -> None:
        self.seen: set[str] = set()
        self._weights = weights
        self._scales = scales
        self._convolutions: list[tuple[Tensor, str]] = []
        self._hooks: list[RemovableHandle] = []
        for name, module in network.named_modules():
            if isinstance(module, nn.Conv2d):
                self._hooks.append(module.register_forward_hook(self._note(name)))
            elif isinstance(module, nn.BatchNorm2d):
                self._hooks.append(module.register_forward_pre_hook(self._set(name)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _note(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            self._convolutions.append((output, name))

        return note

    def _set(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def set_from(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            assert isinstance(module, nn.BatchNorm2d)
            (values,) = inputs
            source = next((conv for output, conv in self._convolutions if output is values), None)
            if source is None or source not in self._scales:
                return
            offset, scale = torch.from_numpy(self._weights[source + _FOLDED].copy()), self._scales[source]
            variance, mean = torch.var_mean(values, dim=(0, 2, 3), correction=0)
            module.get_buffer("running_mean").copy_(mean)
            module.get_buffer("running_var").copy_(variance)
            module.get_parameter("weight").copy_(torch.sqrt(variance + module.eps) / scale)
            module.get_parameter("bias").copy_(mean / scale + offset)
            self.seen.add(name)

        return set_from


def _is_folded(module: nn.Module, name: str, weights: Weights) -> TypeGuard[nn.Conv2d]:
    return isinstance(module, nn.Conv2d) and name + _FOLDED in weights


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
