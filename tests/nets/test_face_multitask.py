"""face_multitask against torch's numbers, and its parts against plain sums."""

from typing import ClassVar

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from seeded_ports import Keys, Outputs, seeded, shapes_of, uniform

from genface.nets.eye_gaze import CORNERS, eye_windows, rotation
from genface.nets.face_multitask import UnitGraph
from genface.nets.ported import from_torch


class Multitask(Outputs):
    """With seeded weights, but a mesh whose eyes lie inside the picture."""

    @pytest.fixture(scope="class")
    @classmethod
    def net(cls):
        arrays = {k: seeded(k, shape) for k, shape in shapes_of(cls.name).items()}
        arrays["lmk.mlp.4.weight"] *= 0.1
        places = np.tanh(10 * seeded("meshbias", (1434,)))
        arrays["lmk.mlp.4.bias"] = 0.5 + 0.3 * places
        return from_torch(cls.name, arrays)

    @classmethod
    def inputs(cls):
        return uniform(2, 3, 224, 224) * 4 - 2


@pytest.mark.slow
class TestV28(Multitask):
    name = "face_multitask_v28"
    numbers: ClassVar[dict[str, list[float]]] = {
        "p_au": [0.27474, 0.32513, 0.31535, 0.32636, 0.31473],
        "mesh": [0.97243, 0.23754, 0.7518, 0.19581, 0.74968],
        "pose": [-0.56081, 0.34175, 1.4581, 0.35407, 1.7359],
        "blendshapes": [0.2469, 0.30837, 0.51782, 0.29359, 0.51701],
        "emotion_logits": [-0.22118, 1.2326, -2.4358, -1.2956, -2.3313],
        "va": [0.61461, 0.61461, -0.80154, 0.54499, -0.86119],
        "gaze": [-0.0021683, -0.0021683, -0.066998, -0.0030446, -0.044587],
        "gaze_logits": [0.34149, -0.2041, 0.75447, -0.45369, 0.92822],
        "h": [1.7254, 0.0, 0.0, 0.0, 0.0],
    }


@pytest.mark.slow
class TestV25(Multitask):
    name = "face_multitask_v25_likely"
    numbers: ClassVar[dict[str, list[float]]] = {
        "p_au": [0.27474, 0.32513, 0.31535, 0.32636, 0.31473],
        "mesh": [0.97243, 0.23754, 0.7518, 0.19581, 0.74968],
        "pose": [-0.56081, 0.34175, 1.4581, 0.35407, 1.7359],
        "blendshapes": [0.2469, 0.30837, 0.51782, 0.29359, 0.51701],
        "emotion_logits": [-0.16377, 0.43053, -1.2954, 0.25104, -1.245],
        "va": [0.63412, 0.63412, -0.29385, 0.56759, -0.18013],
        "gaze": [-2.1334, -2.1334, 1.3859, -2.1295, 1.328],
        "h": [1.7254, 0.0, 0.0, 0.0, 0.0],
    }


class TestKeysV28(Keys):
    name = "face_multitask_v28"


class TestKeysV25(Keys):
    name = "face_multitask_v25_likely"


def test_units_gather_from_their_four_nearest():
    """Against a loop over units."""
    graph = UnitGraph()
    draws = np.random.default_rng(0)
    weights = draws.standard_normal((2, 512, 512)) / 20
    graph.W.load({"weight": weights[0]})
    graph.W_self.load({"weight": weights[1]})
    v = draws.standard_normal((20, 512)) + draws.standard_normal(512)
    directions = v / np.linalg.norm(v, axis=1)[:, None]
    expected = np.empty_like(v)
    for k, vector in enumerate(v):
        nearest = np.argsort(directions @ directions[k])[::-1]
        assert nearest[0] == k
        around = v[nearest[1:5]].mean(0)
        expected[k] = np.maximum(weights[1] @ vector + weights[0] @ around, 0)
    found = graph(v[None].astype(np.float32))[0]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_eye_windows_sample_a_ramp_where_their_places_are():
    rows, columns = np.mgrid[:14, :14] + 0.5
    maps = np.stack([columns, rows], -1)[None].astype(np.float32) / 14
    mesh = np.zeros((1, 478, 3), np.float32)
    mesh[0, CORNERS[0], :2] = (0.3, 0.5), (0.4, 0.3)
    mesh[0, CORNERS[1], :2] = (0.6, 0.4), (0.8, 0.6)
    steps = 0.18 * (np.arange(4) - 1.5) / 4
    right, left = eye_windows(maps, mesh)
    for found, (x, y) in ((right, (0.35, 0.4)), (left, (0.7, 0.5))):
        expected = np.stack(np.meshgrid(x + steps, y + steps), -1)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_an_eye_outside_the_picture_is_blank():
    maps = np.ones((1, 14, 14, 3), np.float32)
    mesh = np.full((1, 478, 3), 1.3, np.float32)
    assert not eye_windows(maps, mesh).any()


def test_rotation_is_scipys():
    vectors = np.random.default_rng(0).standard_normal((5, 3))
    vectors[0] = 0
    expected = Rotation.from_rotvec(vectors).as_matrix()
    np.testing.assert_allclose(rotation(vectors), expected, atol=1e-6)
