import numpy as np
import pytest
from tflite_writer import Model, flex_map

from genface import weights
from genface.errors import WeightError
from genface.weights.flexbuffer import read_map
from genface.weights.tflite import read_graph

OPTIONS = {"size": 16, "scale": 1.5, "points": [61, 291, -3], "angle": 0.0}


def small_model():
    """A stored fp16 weight, a sparse one, a padding, and a custom operator."""
    model = Model()
    x = model.tensor((1, 2, 2, 3), "x")
    half = model.constant(np.float16([0.5, -1, 2]))
    whole = model.operator("DEQUANTIZE", [half], (3,))
    rows = {
        0: np.array([0, 1], np.int32),
        2: [
            {0: ("b", 0), 1: ("i", 2)},
            {
                0: ("b", 1),
                2: ("B", 3),
                3: {0: np.array([0, 0, 2], np.uint8)},
                4: ("B", 2),
                5: {0: np.array([0, 2], np.uint16)},
            },
        ],
    }
    sparse = model.constant(np.float16([7, 9]), (2, 3), rows)
    dense = model.operator("DENSIFY", [sparse], (2, 3))
    matrix = model.operator("DEQUANTIZE", [dense], (2, 3))
    model.operator("ADD", [x, whole], (1, 2, 2, 3), {0: ("b", 1)})
    y = model.operator("MyOwn", [x, matrix, -1], (1, 2, 2, 3), custom=flex_map(OPTIONS))
    return model.content([x], [y])


def test_constants_are_unpacked_while_reading():
    graph = read_graph(small_model())
    add, own = graph.operators
    np.testing.assert_array_equal(graph.constants[add.inputs[1]], [0.5, -1, 2])
    matrix = graph.constants[own.inputs[1]]
    np.testing.assert_array_equal(matrix, [[0, 0, 0], [7, 0, 9]])
    assert matrix.dtype == np.float32
    assert len(graph.constants) == 2  # the stored ones are gone


def test_names_shapes_and_options_are_read():
    graph = read_graph(small_model())
    add, own = graph.operators
    assert graph.tensors[graph.inputs[0]].name == "x0"
    assert graph.tensors[graph.outputs[0]].shape == (1, 2, 2, 3)
    assert (add.name, add.options) == ("ADD", {"activation": "relu"})
    assert (own.name, own.options, own.inputs[2]) == ("MyOwn", OPTIONS, -1)


def test_a_cut_file_is_an_error_at_every_length():
    content = small_model()
    for length in range(len(content) - 1):
        try:
            read_graph(content[:length])
        except WeightError as error:
            assert "\n" not in str(error)
        # A cut that misses only padding, names or unread fields may pass.
    with pytest.raises(WeightError):
        read_graph(content[: len(content) // 2])


def test_changed_bytes_never_crash_the_reader():
    content = np.frombuffer(small_model(), np.uint8)
    random = np.random.default_rng(0)
    for _ in range(1000):
        changed = content.copy()
        where = random.integers(8, len(content), 3)
        changed[where] = random.choice([0, 1, 127, 255, *range(2, 9)], 3)
        try:
            read_graph(changed.tobytes())
        except WeightError:
            pass


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" * 9, bytes(99)]
)
def test_something_else_is_not_a_tflite_file(content):
    with pytest.raises(WeightError, match="not a TensorFlow Lite file"):
        read_graph(content)


def test_flexbuffer_maps():
    assert read_map(flex_map(OPTIONS)) == OPTIONS
    whole = flex_map(OPTIONS)
    for length in range(len(whole)):
        with pytest.raises(WeightError):
            read_map(whole[:length])
    random = np.random.default_rng(1)
    for _ in range(1000):
        changed = np.frombuffer(whole, np.uint8).copy()
        changed[random.integers(0, len(whole), 2)] = random.integers(0, 256, 2)
        try:
            read_map(changed.tobytes())
        except WeightError:
            pass


def test_pulled_files_read_as_published(weights_cached):
    graph = read_graph(weights.ensure("blazeface_full").read_bytes())
    stored = [value for value in graph.constants.values() if value.dtype == np.float32]
    nonzero = sum(np.count_nonzero(value) for value in stored)
    assert 150_000 < nonzero < 200_000 < sum(value.size for value in stored)
    graph = read_graph(weights.ensure("face_mesh_attention").read_bytes())
    subsets = [
        operator.options["subset_idxs"]
        for operator in graph.operators
        if operator.name == "Landmarks2TransformMatrix"
    ]
    assert [len(subset) for subset in subsets] == [80, 71, 71]
    assert subsets[1][:4] == [33, 7, 163, 144] and subsets[2][:2] == [263, 249]
    assert all(len(set(s)) == len(s) and max(s) < 468 for s in subsets)


def test_pulled_files_cut_short_are_errors(weights_cached):
    content = weights.ensure("face_mesh_attention").read_bytes()
    for part in (0.01, 0.3, 0.9, 0.99):
        with pytest.raises(WeightError):
            read_graph(content[: int(len(content) * part)])
