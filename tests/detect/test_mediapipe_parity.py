"""Faces and meshes against MediaPipe 0.10.21's own, on the same pixels."""

from dataclasses import replace

import numpy as np
import pytest

from genface.detect import FACEMESH, MEDIAPIPE, Tracker
from genface.geometry import as_pixels
from genface.video import read_image

pytestmark = pytest.mark.parity

NETWORKS = [("0", "face_mesh"), ("1", "face_mesh_attention")]
PICTURES = ("single_face", "multi_face", "w000", "w060", "w120", "w180")


@pytest.fixture(scope="module")
def reference(shared):
    with np.load(shared / "reference/mediapipe.npz") as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope="module")
def pictures(media, clip_frames):
    stills = {name: read_image(media / f"{name}.jpg") for name in PICTURES[:2]}
    return stills | {name: clip_frames[int(name[1:])] for name in PICTURES[2:]}


def distances(meshes, theirs, size):
    """Of each of MediaPipe's meshes, pixels (V,) between it and the nearest of ours."""
    height, width = size
    for mesh in theirs * [width, height, width]:
        apart = [
            np.linalg.norm(ours.points[: len(mesh), :2] - mesh[:, :2], axis=1)
            for ours in meshes
        ]
        yield min(apart, key=np.mean)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("kind, mesh", NETWORKS)
def test_compatible_settings_give_mediapipes_meshes(
    chain, reference, pictures, name, kind, mesh
):
    picture, theirs = pictures[name], reference[f"mesh{kind}_{name}"]
    meshes = chain(replace(MEDIAPIPE, mesh=mesh))(as_pixels(picture))
    assert len(meshes) == len(theirs)
    for apart in distances(meshes, theirs, picture.shape[:2]):
        assert apart.mean() <= 0.05 and apart.max() <= 0.6


@pytest.mark.parametrize("name", PICTURES)
def test_depth_is_mediapipes(chain, reference, pictures, name):
    picture = pictures[name]
    theirs = reference[f"mesh1_{name}"][0, :, 2] * picture.shape[1]
    (ours,) = chain(MEDIAPIPE)(as_pixels(picture))
    assert np.abs(ours.points[:, 2] - theirs).max() <= 0.1


@pytest.mark.parametrize("name", PICTURES)
def test_plain_sampling_stays_close(chain, reference, pictures, name):
    # Ours by default: no rounding of positions to 1/32 pixel and of colours.
    picture = pictures[name]
    meshes = chain(replace(MEDIAPIPE, grid=False))(as_pixels(picture))
    theirs = reference[f"mesh1_{name}"]
    for apart in distances(meshes, theirs, picture.shape[:2]):
        assert apart.mean() <= 0.6


@pytest.mark.parametrize("name", PICTURES)
def test_default_settings_agree_to_a_fiftieth_of_the_face(
    chain, reference, pictures, name
):
    # Full range and a second pass move points by 1 to 3 pixels on faces 100 to 220
    # wide: as much as MediaPipe's own mesh moves when it is meshed again.
    picture = pictures[name]
    meshes = chain(FACEMESH)(as_pixels(picture))
    theirs = reference[f"mesh1_{name}"]
    for apart in distances(meshes, theirs, picture.shape[:2]):
        width = np.ptp(theirs[0, :468, 0]) * picture.shape[1]
        assert apart.mean() <= 0.025 * width


@pytest.mark.parametrize("name", PICTURES)
def test_full_range_boxes_equal_mediapipes(chain, reference, pictures, name):
    # MediaPipe's full range model keeps its own threshold of .6, whatever is asked.
    picture = pictures[name]
    height, width = picture.shape[:2]
    settings = replace(FACEMESH, threshold=0.6, grid=True)
    faces = chain(settings).faces(as_pixels(picture))
    theirs = reference[f"det1_{name}"]
    corners = theirs[:, :4] * [width, height, width, height]
    corners[:, 2:] += corners[:, :2]
    keypoints = theirs[:, 5:].reshape(-1, 6, 2) * [width, height]
    assert len(faces.boxes) == len(theirs)
    assert np.abs(faces.boxes - corners).max() <= 0.5
    assert np.abs(faces.keypoints - keypoints).max() <= 0.5
    np.testing.assert_allclose(faces.scores, theirs[:, 4], atol=1e-4)


@pytest.mark.parametrize("name", PICTURES)
def test_short_range_boxes_equal_mediapipes(chain, reference, pictures, name):
    picture = pictures[name]
    height, width = picture.shape[:2]
    faces = chain(MEDIAPIPE).faces(as_pixels(picture))
    theirs = reference[f"det0_{name}"]
    assert len(faces.boxes) == len(theirs)
    corners = theirs[:, :4] * [width, height, width, height]
    corners[:, 2:] += corners[:, :2]
    assert np.abs(faces.boxes - corners).max() <= 0.5


@pytest.mark.parametrize(
    "kind, mesh, mean, most",
    [("0", "face_mesh", 0.1, 0.6), ("1", "face_mesh_attention", 0.5, 6.0)],
)
def test_following_a_face_follows_mediapipe(
    chain, reference, clip_frames, kind, mesh, mean, most
):
    # Small differences of a crop feed back into the next: looser than still pictures.
    tracker = Tracker(chain(replace(MEDIAPIPE, mesh=mesh)))
    theirs = reference[f"track{kind}_frames200_230"]
    apart = []
    for index, points in zip(range(200, 231), theirs, strict=True):
        frame = clip_frames[index]
        (face,) = tracker(as_pixels(frame))
        assert face.face_id == 0
        apart += distances([face.mesh], points[None], frame.shape[:2])
    assert np.mean(apart) <= mean and np.max(apart) <= most


def test_all_five_faces_are_found_by_default(chain, pictures):
    meshes = chain(FACEMESH)(as_pixels(pictures["multi_face"]))
    assert len(meshes) == 5 and min(mesh.presence for mesh in meshes) > 0.9
