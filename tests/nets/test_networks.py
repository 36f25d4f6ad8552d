"""The pulled networks: against another runtime's numbers, alone and in batches."""

import json
from pathlib import Path

import numpy as np
import pytest

from genface import nets, weights
from genface.errors import WeightError

REFERENCE = json.loads(Path(__file__).with_name("tflite_reference.json").read_text())
OTHERS = [name for name in REFERENCE["outputs"] if name not in weights.FACEMESH_ASSETS]


def pattern(height, width):
    row, column, channel = np.indices((height, width, 3))
    wave = np.sin(0.11 * row + 0.07 * column * (channel + 1) + channel)
    return (0.5 + 0.5 * wave).astype(np.float32)


def check_against_reference(name):
    network = nets.load(name)
    outputs = network(pattern(*network.input_shape[:2])[None])
    expected = REFERENCE["outputs"][name]
    assert outputs.keys() == expected.keys()
    for key, kept in expected.items():
        values = np.asarray(outputs[key]).ravel()[:: kept["step"]]
        tolerance = 3e-6 * max(kept["range"], 10)
        np.testing.assert_allclose(values, kept["values"], atol=tolerance)


def check_batches(name):
    network = nets.load(name)
    x = np.random.default_rng(0).random((2, *network.input_shape), np.float32)
    together = network(x)
    for n in range(2):
        alone = network(x[n : n + 1])
        for key, values in together.items():
            assert np.isfinite(values).all()
            np.testing.assert_allclose(values[n], alone[key][0], atol=2e-3, rtol=1e-4)


def test_blazeface_full_equals_the_reference(weights_cached):
    check_against_reference("blazeface_full")


@pytest.mark.slow
def test_attention_mesh_alone_and_in_a_batch(weights_cached):
    check_batches("face_mesh_attention")


def test_attention_mesh_says_which_vertices_it_refines(weights_cached):
    refined = nets.load("face_mesh_attention").constants
    assert {name: len(found) for name, found in refined.items()} == {
        "lips": 80,
        "image_left_eye": 71,
        "image_right_eye": 71,
    }
    assert {61, 291} <= set(refined["lips"].tolist())
    assert {33, 133} <= set(refined["image_left_eye"].tolist())
    assert {263, 362} <= set(refined["image_right_eye"].tolist())


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_the_others_equal_the_reference(weights_cached, name):
    check_against_reference(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_the_others_alone_and_in_a_batch(weights_cached, name):
    check_batches(name)


def test_an_unknown_network_lists_the_known_ones():
    with pytest.raises(WeightError, match="'mesh'; there are blazeface_short"):
        nets.load("mesh")


def test_a_missing_file_is_the_error_of_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GENFACE_CACHE", str(tmp_path / "empty"))
    with pytest.raises(WeightError, match="iris: not in the cache"):
        nets.load("iris", offline=True)
