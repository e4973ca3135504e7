"""Quantisation of ONNX networks: weights, for small files, and activations, for speed.

Weights become integers behind a DequantizeLinear node, which OpenVINO and ONNX Runtime fold back into floats when they
load the file. Weights get 8 bits and a scale per output channel. The few very large ones may get 4 bits and a scale per
output channel, kernel tap and block of input channels: the paper's ResNet34 alone has 21 million weights, more than a
shipped bundle may weigh at 8 bits.

Where what goes into a convolution is rounded to 8 bits as well, OpenVINO multiplies integers, which processors with
VNNI do faster than bf16. The nodes say so and mean the same on every backend: values rounded to 255 steps between the
least and the most that some images have there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from bonescan.inference import runtime

Floats = npt.NDArray[np.float32]

_OPSET = 21
"""The first with 4-bit integers and blocks."""
_LEAST = 2048
"""Weights of tensors smaller than this stay floats: they weigh nothing."""
_OUTPUT_AXIS = {"Conv": 0, "Gemm": 0, "ConvTranspose": 1}


@dataclass(frozen=True)
class Quantisation:
    """How to quantise.

    Attributes:
        four_bit_from: Convolutions with at least so many weights get 4 bits; None for 8 bits everywhere.
        block: Input channels that share a 4-bit scale; convolutions that do not split into such blocks get 8 bits.
    """

    four_bit_from: int | None = None
    block: int = 64


def quantise(model: onnx.ModelProto, how: Quantisation) -> onnx.ModelProto:
    """Replace the large weights of a network by integers.

    Args:
        model: Float32, with weights as initializers of Conv, ConvTranspose and Gemm (transB = 1) nodes.
        how: Bits and blocks.

    Returns:
        A new model; the given one is unchanged.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    added: list[onnx.NodeProto] = []
    for node in graph.node:
        name = node.input[1] if node.op_type in _OUTPUT_AXIS else None
        if name is None or name not in weights or name + "_integers" in weights:
            continue
        values = numpy_helper.to_array(weights[name])
        if values.size < _LEAST or values.dtype != np.float32:
            continue
        axis, block = _OUTPUT_AXIS[node.op_type], 0
        large = how.four_bit_from is not None and values.size >= how.four_bit_from
        if large and node.op_type == "Conv" and values.shape[1] % how.block == 0:
            axis, block = 1, how.block
            tensors = _four_bit(name, values, block)
        else:
            tensors = _eight_bit(name, values, axis)
        graph.initializer.remove(weights.pop(name))
        for tensor in tensors:
            graph.initializer.append(tensor)
            weights[tensor.name] = tensor
        inputs = [tensor.name for tensor in tensors]
        added.append(
            helper.make_node("DequantizeLinear", inputs, [name], name + "_floats", axis=axis, block_size=block)
        )
    _reorder(graph, added + list(graph.node))
    for opset in result.opset_import:
        if opset.domain in ("", "ai.onnx"):
            opset.version = max(opset.version, _OPSET)
    onnx.checker.check_model(result)
    return result


def quantise_activations(model: onnx.ModelProto, images: Iterable[Floats]) -> onnx.ModelProto:
    """Round what goes into each convolution of more than a point to 8 bits; pointwise ones stay as exact as they were.

    Args:
        model: Float32, with weights as initializers of its Conv nodes; `quantise` comes after.
        images: Input to take the ranges from, each what the network takes at once.

    Returns:
        A new model; the given one is unchanged.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    kernels = {tensor.name: tuple(tensor.dims[2:]) for tensor in graph.initializer}
    wide = {node.name for node in graph.node if node.op_type == "Conv" and max(kernels[node.input[1]]) > 1}
    ranges = _ranges(model, {node.input[0] for node in graph.node if node.name in wide}, images)
    rounding: dict[str, list[onnx.NodeProto]] = {}
    for name, (low, high) in ranges.items():
        scale = np.maximum(np.float32((high - low) / 255), np.finfo(np.float32).tiny)
        zero = np.asarray(np.rint(-low / scale), np.uint8)
        graph.initializer.append(numpy_helper.from_array(np.asarray(scale), name + "_step"))
        graph.initializer.append(numpy_helper.from_array(zero, name + "_zero"))
        how = [name + "_step", name + "_zero"]
        rounding[name] = [
            helper.make_node("QuantizeLinear", [name, *how], [name + "_rounded"]),
            helper.make_node("DequantizeLinear", [name + "_rounded", *how], [name + "_again"]),
        ]
    nodes = []
    for node in graph.node:
        if node.name in wide:
            name = node.input[0]
            nodes += rounding.pop(name, [])
            node.input[0] = name + "_again"
        nodes.append(node)
    _reorder(graph, nodes)
    onnx.checker.check_model(result)
    return result


def float_activations(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network without what `quantise_activations` added: for comparison."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    nodes = result.graph.node
    rounded = {node.output[0]: node.input[0] for node in nodes if node.op_type == "QuantizeLinear"}
    before = {node.output[0]: rounded[node.input[0]] for node in nodes if node.input[0] in rounded}
    for node in nodes:
        for place, name in enumerate(node.input):
            node.input[place] = before.get(name, name)
    unused = {*rounded, *before}
    _reorder(result.graph, [node for node in nodes if node.output[0] not in unused])
    return result


def _ranges(model: onnx.ModelProto, names: set[str], images: Iterable[Floats]) -> dict[str, tuple[float, float]]:
    """Least, at most 0, and most of each inner value over the images."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    inputs = {found.name for found in model.graph.input}
    for name in sorted(names - inputs):
        watched.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    found = dict.fromkeys(sorted(names), (0.0, 0.0))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "watched.onnx"
        onnx.save(watched, path)
        network = runtime.load(path, backend="onnxruntime")
        for image in images:
            values = network.outputs(image) | dict.fromkeys(inputs, image)
            found = {
                name: (min(low, float(values[name].min())), max(high, float(values[name].max())))
                for name, (low, high) in found.items()
            }
        runtime.clear()
    return found


def _reorder(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    del graph.node[:]
    graph.node.extend(nodes)


def _eight_bit(name: str, values: Floats, axis: int) -> list[onnx.TensorProto]:
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.maximum(np.abs(values).max(axis=others, keepdims=True) / 127, np.finfo(np.float32).tiny)
    integers = np.clip(np.rint(values / scale), -127, 127).astype(np.int8)
    return [
        numpy_helper.from_array(integers, name + "_integers"),
        numpy_helper.from_array(scale.reshape(-1).astype(np.float32), name + "_scale"),
    ]


def _four_bit(name: str, values: Floats, block: int) -> list[onnx.TensorProto]:
    outputs, inputs, *kernel = values.shape
    blocks = values.reshape(outputs, inputs // block, block, *kernel)
    scale = _four_bit_scale(blocks)
    integers = np.clip(np.rint(blocks / scale), -7, 7).astype(np.int8).reshape(-1)
    pairs = integers.reshape(-1, 2)
    packed = ((pairs[:, 0] & 0x0F) | ((pairs[:, 1] & 0x0F) << 4)).astype(np.uint8)
    return [
        helper.make_tensor(name + "_integers", TensorProto.INT4, values.shape, packed.tobytes(), raw=True),
        numpy_helper.from_array(scale[:, :, 0].astype(np.float32), name + "_scale"),
    ]


def _four_bit_scale(blocks: Floats) -> Floats:
    """Scale of each block with the least squared error: clipping the outermost weights often pays."""
    largest = np.maximum(np.abs(blocks).max(axis=2, keepdims=True), np.finfo(np.float32).tiny)
    best = np.full_like(largest, np.inf)
    chosen = largest / 7
    for factor in np.linspace(0.6, 1.0, 9, dtype=np.float32):
        scale = largest * factor / 7
        error = ((np.clip(np.rint(blocks / scale), -7, 7) * scale - blocks) ** 2).sum(axis=2, keepdims=True)
        better = error < best
        best, chosen = np.where(better, error, best), np.where(better, scale, chosen)
    scales: Floats = chosen.astype(np.float32)
    return scales
