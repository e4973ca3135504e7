"""Integers in the file, nearly the same answers from both backends."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from bonescan.inference import runtime
from bonescan.training.quantise import Quantisation, float_activations, quantise, quantise_activations

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
        helper.make_node("Conv", ["input", "first"], ["a"], "conv_1", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["c"], "conv_2", pads=[1, 1, 1, 1]),
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


def test_channels_that_do_not_split_into_blocks_get_eight_bits(answers):
    small = quantise(_model(), Quantisation(four_bit_from=30_000, block=48))
    assert _types(small)["second_integers"] == TensorProto.INT8
    assert np.abs(answers(_model()) - answers(small)).max() < 0.01


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


SEEN = [np.random.default_rng(seed).random((2, 1, 16, 16), np.float32) for seed in range(2, 6)]


def test_with_integer_activations_answers_hardly_change_and_backends_agree(answers):
    whole = _model()
    rounded = quantise(quantise_activations(whole, SEEN), Quantisation())
    assert np.abs(answers(whole) - answers(rounded)).max() < 0.02
    assert np.abs(answers(rounded) - answers(rounded, "openvino")).max() < 5e-3


def test_activations_have_255_steps_from_the_least_to_the_most_that_was_seen():
    model = quantise_activations(_model(), SEEN)
    tensors = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    most = max(float(image.max()) for image in SEEN)
    assert tensors["input_step"] == pytest.approx(most / 255)
    assert tensors["input_zero"] == 0
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert [node.input[0] for node in convolutions] == ["input_again", "b_again"]
    assert "d_step" not in tensors, "what is no convolution stays in floats"


def test_without_it_the_network_answers_as_before(answers):
    whole = _model()
    restored = float_activations(quantise_activations(whole, SEEN))
    assert "QuantizeLinear" not in {node.op_type for node in restored.graph.node}
    np.testing.assert_array_equal(answers(restored), answers(whole))


def test_what_is_below_zero_is_not_lost(answers):
    """The second convolution's input without its rectifier."""
    model = _model()
    (relu,) = [node for node in model.graph.node if node.op_type == "Relu"]
    relu.op_type = "Identity"
    rounded = quantise_activations(model, SEEN)
    zero = next(numpy_helper.to_array(t) for t in rounded.graph.initializer if t.name == "b_zero")
    assert 60 < zero < 200
    assert np.abs(answers(model) - answers(rounded)).max() < 0.02


def test_a_pointwise_convolution_stays_in_floats():
    model = _model()
    point = numpy_helper.from_array(np.ones((CHANNELS, 1, 1, 1), np.float32), "first")
    model.graph.initializer[0].CopyFrom(point)
    model.graph.node[0].ClearField("attribute")
    names = {t.name for t in quantise_activations(model, SEEN).graph.initializer}
    assert "input_step" not in names
    assert "b_step" in names
