"""Emotions, gaze and identity: what their networks see, and what is made of it."""

import numpy as np
import pytest
import stand_ins
from scipy.ndimage import map_coordinates
from seeded_ports import seeded_port
from stand_ins import Told

from genface.detect.emotion_stages import ResMaskEmotions
from genface.detect.face_crops import FaceCrops
from genface.detect.gaze_stages import L2CSGaze
from genface.detect.identity_stages import Identity, arcface_range, facenet_range


@pytest.fixture
def faces():
    given = stand_ins.batch()
    FaceCrops()(given)
    return given


def larger():
    """The crops, twice the size and normalised, by scipy."""
    places = np.clip((np.arange(224) + 0.5) / 2 - 0.5, 0, 111)
    rows, columns = np.meshgrid(places, places, indexing="ij")
    found = [
        [map_coordinates(colour, [rows, columns], order=1) for colour in colours]
        for colours in np.moveaxis(stand_ins.pieces(112), -1, 1)
    ]
    return stand_ins.normalised(np.moveaxis(found, 1, -1))


def softmax(logits):
    grown = np.exp(np.asarray(logits, float))
    return grown / grown.sum(-1, keepdims=True)


def expected_angle(logits):
    return np.radians(softmax(logits) @ (4.0 * np.arange(90) - 180))


def sure(degrees):
    """Logits (4, 90) of one angle."""
    logits = np.zeros((4, 90))
    logits[:, (degrees + 180) // 4] = 100
    return logits


def test_emotions_are_shares_of_logits_in_the_columns_order(faces):
    logits = np.array([[0, 1, 2, 3, 4, 5, 6.0]] * 4)
    stage = ResMaskEmotions(Told(logits=logits))
    np.testing.assert_allclose(stage(faces), softmax(logits), atol=1e-6)
    assert stage.columns[0] == "anger" and stage.columns[6] == "neutral"


def test_emotions_are_seen_in_narrower_crops(faces):
    network = Told(logits=np.zeros((4, 7)))
    ResMaskEmotions(network)(faces)
    np.testing.assert_allclose(network.seen, stand_ins.pieces(224, 1.1), atol=1e-5)


def test_gaze_sees_the_crop_enlarged(faces):
    network = Told(pitch_logits=sure(0), yaw_logits=sure(0))
    L2CSGaze(network)(faces)
    np.testing.assert_allclose(network.seen, larger(), atol=1e-4)


def test_gaze_pitch_is_positive_upward_and_not_taken_for_yaw(faces):
    found = L2CSGaze(Told(pitch_logits=sure(12), yaw_logits=sure(0)))(faces)
    turn = np.radians(12)
    np.testing.assert_allclose(found, [[turn, 0, turn]] * 4, atol=1e-4)


def test_gaze_yaw_is_positive_toward_image_left(faces):
    found = L2CSGaze(Told(pitch_logits=sure(0), yaw_logits=sure(24)))(faces)
    turn = np.radians(24)
    np.testing.assert_allclose(found, [[0, turn, turn]] * 4, atol=1e-4)


def test_gaze_angle_is_against_the_camera(faces):
    found = L2CSGaze(Told(pitch_logits=sure(-8), yaw_logits=sure(-20)))(faces)
    cosine = np.cos(np.radians(8)) * np.cos(np.radians(20))
    np.testing.assert_allclose(np.cos(found[:, 2]), cosine, atol=1e-5)


@pytest.mark.parametrize(
    ("scaled", "low", "high"), [(arcface_range, -1, 1), (facenet_range, 0, 1)]
)
def test_identity_sees_crops_in_its_networks_range(faces, scaled, low, high):
    network = Told(emb=np.arange(4 * 512).reshape(4, 512))
    found = Identity(network, scaled)(faces)
    expected = stand_ins.pieces(112) * (high - low) + low
    np.testing.assert_allclose(network.seen, expected, atol=1e-5)
    np.testing.assert_array_equal(found, np.arange(4 * 512).reshape(4, 512))


@pytest.mark.slow
def test_gaze_equals_the_network_on_scipys_crops(faces):
    network = seeded_port("l2cs")
    outputs = network(larger())
    angles = [expected_angle(outputs[f"{way}_logits"]) for way in ("pitch", "yaw")]
    found = L2CSGaze(network)(faces)
    np.testing.assert_allclose(found[:, :2].T, angles, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "scaled", "grow"),
    [("arcface_iresnet50", arcface_range, 2), ("facenet", facenet_range, 1)],
)
def test_identity_equals_the_network_on_scipys_crops(faces, name, scaled, grow):
    network = seeded_port(name)
    expected = network(stand_ins.pieces(112) * grow - (grow - 1))["emb"]
    found = Identity(network, scaled)(faces)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.ptp(expected))


@pytest.mark.slow
def test_emotions_equal_the_network_on_scipys_crops(faces):
    network = seeded_port("resmasknet")
    expected = softmax(network(stand_ins.pieces(224, 1.1))["logits"])
    found = ResMaskEmotions(network)(faces)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-12)
