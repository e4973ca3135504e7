"""Integers in the file, nearly the same answers from both backends."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from bonescan.inference import runtime
from bonescan.training.quantise import Quantisation, quantise

pytestmark = pytest.mark.train

CHANNELS = 64


def _model():
    """Convolution, transposed convolution, dense layer; and a small kernel that is not worth quantising."""
    rng = np.random.default_rng(0)
    weights = {
        "first": rng.normal(0, 0.5, (CHANNELS, 1, 3, 3)),
        "second": rng.normal(0, 0.04, (CHANNELS, CHANNELS, 3, 3)) * rng.uniform(0.1, 3, (CHANNELS, 1, 1, 1)),
        "up": rng.normal(0, 0.1, (CHANNELS, CHANNELS, 2, 2)),
        "dense": rng.normal(0, 0.1, (CHANNELS, CHANNELS)),
    }
    initializers = [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()]
    nodes = [
        helper.make_node("Conv", ["input", "first"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("ConvTranspose", ["c", "up"], ["d"], strides=[2, 2], kernel_shape=[2, 2]),
        helper.make_node("GlobalAveragePool", ["d"], ["e"]),
        helper.make_node("Flatten", ["e"], ["f"]),
        helper.make_node("Gemm", ["f", "dense"], ["g"], transB=1),
        helper.make_node("Sigmoid", ["g"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 1, 16, 16])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["batch", CHANNELS])],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.fixture
def answers(tmp_path):
    images = np.random.default_rng(1).random((2, 1, 16, 16), np.float32)

    def run(model, backend="onnxruntime"):
        path = tmp_path / f"{hash(model.SerializeToString())}.onnx"
        onnx.save(model, path)
        return runtime.load(path, backend=backend, threads=1, precision="f32")(images)

    return run


def _types(model):
    return {tensor.name: tensor.data_type for tensor in model.graph.initializer}


@pytest.mark.parametrize(("how", "most"), [(Quantisation(), 0.01), (Quantisation(four_bit_from=30_000), 0.06)])
def test_answers_hardly_change_and_backends_agree(answers, how, most):
    whole, small = _model(), quantise(_model(), how)
    assert np.abs(answers(whole) - answers(small)).max() < most
    assert np.abs(answers(small) - answers(small, "openvino")).max() < 1e-4


def test_bits_are_as_asked_for():
    types = _types(quantise(_model(), Quantisation(four_bit_from=30_000)))
    assert types["second_integers"] == TensorProto.INT4
    assert types["up_integers"] == types["dense_integers"] == TensorProto.INT8
    assert types["first"] == TensorProto.FLOAT, "too small to matter"
    assert "second" not in types


def test_eight_bits_are_a_quarter_and_four_an_eighth():
    whole = _model().ByteSize()
    assert quantise(_model(), Quantisation()).ByteSize() < 0.3 * whole
    assert quantise(_model(), Quantisation(four_bit_from=30_000)).ByteSize() < 0.25 * whole


def test_the_given_model_stays_as_it_was():
    model = _model()
    before = model.SerializeToString()
    quantise(model, Quantisation())
    assert model.SerializeToString() == before


def test_each_output_channel_is_off_by_half_a_step_at_most():
    model = quantise(_model(), Quantisation())
    tensors = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    original = {t.name: numpy_helper.to_array(t) for t in _model().graph.initializer}["second"]
    scale = tensors["second_scale"].reshape(-1, 1, 1, 1)
    assert (np.abs(tensors["second_integers"] * scale - original) <= scale / 2 + 1e-7).all()
