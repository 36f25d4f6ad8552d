"""Landmark stages: networks on crops made by scipy, and places by hand."""

import numpy as np
import pytest
import stand_ins
from seeded_ports import seeded_port
from stand_ins import Told

from genface.detect.face_crops import FaceCrops
from genface.detect.landmark_stages import Landmarks, crops, large_crops


def shown(network, view):
    faces = stand_ins.batch()
    FaceCrops()(faces)
    return faces, Landmarks(network, view)(faces)


def in_pixels(shares, faces):
    """Each share of a crop's box in whole pixels."""
    found = []
    for face, (left, top, right, bottom) in zip(
        shares.reshape(-1, 68, 2), faces.found["crop_boxes"].tolist(), strict=True
    ):
        x, y = face.astype(float).T
        found.append([*(left + x * (right - left)), *(top + y * (bottom - top))])
    return np.array(found)


@pytest.mark.parametrize(
    ("name", "view", "size"),
    [
        ("mobilefacenet", crops, 112),
        ("pfld", crops, 112),
        pytest.param("mobilenet_gdconv", large_crops, 224, marks=pytest.mark.slow),
    ],
)
def test_equals_the_network_on_scipys_crops(name, view, size):
    network = seeded_port(name)
    faces, found = shown(network, view)
    given = stand_ins.pieces(size)
    given = stand_ins.normalised(given) if size == 224 else given
    shares = network(given)["landmarks"]
    np.testing.assert_allclose(found, in_pixels(shares, faces), atol=0.02)
    kept = np.asarray(faces.found["landmarks"])
    np.testing.assert_array_equal(kept[:, :, 0], found[:, :68])
    np.testing.assert_array_equal(kept[:, :, 1], found[:, 68:])


def test_shares_are_told_in_the_box_in_whole_pixels():
    shares = np.zeros((4, 68, 2))
    shares[:, 1], shares[:, 2] = (1, 1), (0.5, 0.25)
    faces, found = shown(Told(landmarks=shares.reshape(4, 136)), crops)
    x, y = found[0, :68], found[0, 68:]
    assert (x[0], y[0]) == (34, 23)
    assert (x[1], y[1]) == (102, 106)
    assert (x[2], y[2]) == (68, 43.75)
    np.testing.assert_array_equal(faces.found["crop_landmarks"], shares)


def test_mobilenet_sees_large_normalised_crops_and_the_others_keep_theirs():
    network = Told(landmarks=np.zeros((4, 136)))
    faces, _ = shown(network, large_crops)
    expected = stand_ins.normalised(stand_ins.pieces(224))
    np.testing.assert_allclose(network.seen, expected, atol=1e-4)
    assert faces.found["crops"].shape == (4, 112, 112, 3)
