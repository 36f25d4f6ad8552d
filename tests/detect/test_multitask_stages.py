"""The multitask preset: what the network says, with the table's signs and units."""

import numpy as np
import pytest
from stand_ins import Told

from genface.detect.multitask import au_scale, check_models, networks_of
from genface.detect.multitask_stages import (
    ChipCrops,
    Multitask,
    SquareChips,
    gaze,
    head_turn,
)
from genface.detect.stages import FaceBatch, measure
from genface.errors import InputError
from genface.geometry import as_pixels
from genface.geometry.mesh_points import LANDMARKS_68
from genface.table.columns import AUS, BLENDSHAPES, EMOTIONS, LANDMARKS, MESH

HEIGHT, WIDTH = 120, 160


@pytest.fixture(scope="module")
def pixels():
    """Red grows to the right, green down."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return as_pixels(np.dstack([columns, rows, 0 * rows]).astype(np.uint8))


def said(count):
    """What the network might say of each of some faces."""
    random = np.random.default_rng(1)
    return {
        "p_au": random.random((count, 20)),
        "mesh": random.random((count, 478, 3)),
        "pose": random.normal(0, 0.3, (count, 6)),
        "blendshapes": random.random((count, 52)),
        "emotion_logits": random.normal(0, 2, (count, 7)),
        "va": random.uniform(-1, 1, (count, 2)),
        "gaze": random.normal(0, 0.3, (count, 2)),
    }


BOXES = np.array([[40, 30, 80, 60], [-10, 50, 30, 110]], float)


@pytest.fixture(scope="module")
def table(pixels):
    batch = FaceBatch([pixels] * 2, BOXES, np.array([0.9, 0.8]))
    stages = [SquareChips(), Multitask(Told(**said(2)))]
    values, names, _ = measure(stages, batch)
    return {name: values[:, place] for place, name in enumerate(names)}


def columns(table, names):
    return np.stack([table[name] for name in names], axis=1)


def test_the_face_box_is_the_square_about_the_found_box(table):
    # Longer sides 40 and 60, times 1.2, about (60, 45) and (10, 80).
    np.testing.assert_allclose(table["FaceRectX"], [36, -26])
    np.testing.assert_allclose(table["FaceRectY"], [21, 44])
    np.testing.assert_allclose(table["FaceRectWidth"], [48, 72])
    np.testing.assert_allclose(table["FaceRectHeight"], [48, 72])
    np.testing.assert_allclose(table["FaceScore"], [0.9, 0.8])


def test_chips_show_the_square_in_shares_of_white(pixels):
    batch = FaceBatch([pixels], BOXES[:1], np.ones(1))
    SquareChips()(batch)
    chip = np.asarray(batch.found["chips"])
    places = (np.arange(256) + 0.5) / 256 * 48
    np.testing.assert_allclose(chip[0, 7, :, 0] * 255, 36 + places, atol=1e-3)
    np.testing.assert_allclose(chip[0, :, 7, 1] * 255, 21 + places, atol=1e-3)


def test_mesh_is_in_pixels_and_its_depth_in_widths_of_the_box(table):
    told = said(2)["mesh"]
    mesh = columns(table, MESH).reshape(2, 3, 478)
    np.testing.assert_allclose(mesh[0, 0], 36 + 48 * told[0, :, 0], atol=1e-4)
    np.testing.assert_allclose(mesh[1, 1], 44 + 72 * told[1, :, 1], atol=1e-4)
    np.testing.assert_allclose(mesh[:, 2], told[:, :, 2], atol=1e-6)


def test_landmarks_are_vertices_of_the_mesh(table):
    vertices = [f"mesh_{axis}_{v}" for axis in "xy" for v in LANDMARKS_68]
    np.testing.assert_array_equal(columns(table, LANDMARKS), columns(table, vertices))


def test_probabilities_go_through_as_they_are(table):
    told = said(2)
    np.testing.assert_allclose(columns(table, AUS), told["p_au"], atol=1e-6)
    np.testing.assert_allclose(
        columns(table, BLENDSHAPES), told["blendshapes"], atol=1e-6
    )
    np.testing.assert_allclose(table["arousal"], told["va"][:, 1], atol=1e-6)


def test_emotions_are_shares(table):
    powers = np.exp(said(2)["emotion_logits"])
    shares = powers / powers.sum(1, keepdims=True)
    np.testing.assert_allclose(columns(table, EMOTIONS), shares, atol=1e-6)


# The network: pitch down, yaw to the subject's right, roll to the subject's left.
@pytest.mark.parametrize(
    ("place", "column", "sign"), [(0, 0, -1), (1, 2, 1), (2, 1, -1)]
)
def test_signs_of_the_pose(place, column, sign):
    """Columns are Pitch (up), Roll and Yaw (to the subject's right)."""
    pose = np.zeros((1, 6))
    pose[0, place] = 0.3
    expected = np.zeros(3)
    expected[column] = sign * 0.3
    np.testing.assert_allclose(head_turn(pose)[0], expected)


def test_signs_of_the_gaze():
    """The network tells yaw, then pitch, which counts down as positive."""
    np.testing.assert_allclose(gaze(np.array([[0.2, 0.1]])), [[-0.1, 0.2]])


def test_gaze_angle_is_that_from_the_camera(table):
    pitch, yaw = table["gaze_pitch"], table["gaze_yaw"]
    cosine = np.cos(pitch) * np.cos(yaw)
    np.testing.assert_allclose(np.cos(table["gaze_angle"]), cosine, atol=1e-9)


def test_position_is_that_of_the_mesh(pixels):
    """A canonical face of 8 pixels to a centimetre, 3 cm right of the middle."""
    from genface.avatar import Rig

    face = Rig.default().neutral[:478]
    box = np.array([[0, 0, 100, 100]], float)
    seen = np.array([80, 60, 0]) + 8 * (face + [3, 0, 0]) * [1, -1, -1]
    told = said(1) | {"mesh": ((seen + [10, 10, 0]) / 120)[None]}
    batch = FaceBatch([pixels], box, np.ones(1))
    values, names, _ = measure([SquareChips(), Multitask(Told(**told))], batch)
    x, y, z = (values[0, names.index(axis)] for axis in "XYZ")
    # Focal length 160 pixels: 8 pixels are a centimetre at a distance of 20.
    np.testing.assert_allclose(z, 20, rtol=0.02)
    np.testing.assert_allclose([x, y], [3, 0], atol=0.05)


def test_embeddings_see_the_chip_at_half_its_size(pixels):
    batch = FaceBatch([pixels], BOXES[:1], np.ones(1))
    SquareChips()(batch)
    ChipCrops()(batch)
    crop = np.asarray(batch.found["crops"])
    assert crop.shape == (1, 112, 112, 3)
    places = (np.arange(112) + 0.5) / 112 * 48
    np.testing.assert_allclose(crop[0, 7, :, 0] * 255, 36 + places, atol=1e-2)


def test_names_of_networks():
    assert networks_of(None) == ("face_multitask_v28",)
    assert networks_of("arcface") == ("face_multitask_v28", "arcface_iresnet50")
    assert au_scale(None) == "presence"
    with pytest.raises(InputError, match="expected arcface, facenet or None"):
        check_models("faces")
