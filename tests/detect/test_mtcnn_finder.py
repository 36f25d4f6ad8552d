"""MTCNN with its real weights: the faces that its own package finds, and meshes."""

import json
import os

import numpy as np
import pytest

from genface.detect import FACEMESH, Settings, Tracker, finder_of
from genface.errors import InputError, WeightError
from genface.geometry import as_pixels
from genface.geometry.pyramid import _drawn
from genface.video import read_frames, read_image

WITH_MTCNN = Settings(finder="mtcnn", min_face=40)


@pytest.fixture(scope="module")
def finder(weights_cached):
    try:
        return finder_of("mtcnn")
    except WeightError as error:
        if os.environ.get("GENFACE_REQUIRE_WEIGHTS"):
            raise
        pytest.skip(f"MTCNN's weights cannot be had: {error}")


def frames_of(path, every):
    with read_frames(path, skip_frames=every) as frames:
        return [as_pixels(frame.rgb) for frame in frames]


@pytest.mark.parity
@pytest.mark.parametrize("threshold", [0.5, 0.8])
@pytest.mark.parametrize("name", ["single_face", "multi_face"])
def test_the_faces_are_the_packages(finder, shared, media, name, threshold):
    theirs = np.array(json.loads((shared / "reference/mtcnn.json").read_text())[name])
    picture = as_pixels(read_image(media / f"{name}.jpg"))
    faces = finder.find(picture, threshold)
    assert len(faces.boxes) == len(theirs) and faces.poses is None
    x, y = theirs[:, 6:11], theirs[:, 11:]
    np.testing.assert_allclose(faces.boxes, theirs[:, 1:5], atol=0.01)
    np.testing.assert_allclose(faces.keypoints, np.stack([x, y], -1), atol=0.01)
    np.testing.assert_allclose(faces.scores, theirs[:, 5], atol=1e-4)


@pytest.mark.parity
def test_every_frame_with_a_face_has_one(finder, clip_frames):
    pictures = [as_pixels(clip_frames[k]) for k in (0, 60, 120, 180)]
    together = finder.find_all(pictures)
    assert [len(faces.boxes) for faces in together] == [1] * 4
    for pixels, faces in zip(pictures, together, strict=True):
        for one, other in zip(finder.find(pixels)[:3], faces[:3], strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parity
def test_no_face_is_none(finder, media):
    found = finder.find_all(frames_of(media / "no_face.mp4", 40))
    assert [faces.boxes.shape for faces in found] == [(0, 4)] * len(found)
    assert all(faces.keypoints.shape == (0, 5, 2) for faces in found)


@pytest.mark.parity
def test_pictures_of_like_sizes_share_their_programs(finder, clip_frames):
    frame = clip_frames[0]
    finder.find(as_pixels(frame))
    program = finder._network._program("proposed")
    before, drawings = program._cache_size(), _drawn._cache_size()
    for height, width in [(354, 610), (359, 577), (353, 640)]:
        part = np.ascontiguousarray(frame[:height, :width])
        assert len(finder.find(as_pixels(part)).boxes) == 1
    assert (program._cache_size(), _drawn._cache_size()) == (before, drawings)


def test_small_pictures_have_no_faces_and_small_faces_are_refused(finder):
    for size in ((12, 12), (16, 400), (21, 30)):
        grey = np.full((*size, 3), 127, np.uint8)
        assert finder.find(as_pixels(grey)).boxes.shape == (0, 4)
    with pytest.raises(InputError, match="min_face is 11"):
        finder_of("mtcnn", min_face=11)


@pytest.mark.slow  # three more pyramids to compile
@pytest.mark.parity
def test_faces_smaller_than_asked_for_are_left(finder, media):
    picture = as_pixels(read_image(media / "multi_face.jpg"))
    counts = [
        len(finder_of("mtcnn", min_face=side).find(picture).boxes)
        for side in (60, 200, 300)
    ]
    assert counts == [5, 4, 0]  # the faces are 94 to 135 pixels high


@pytest.mark.parity
def test_meshes_are_those_of_the_other_finder(finder, chain, media):
    pixels = as_pixels(read_image(media / "multi_face.jpg"))
    ours, theirs = chain(WITH_MTCNN)(pixels), chain(FACEMESH)(pixels)
    assert len(ours) == len(theirs) == 5
    for mesh in ours:
        width = mesh.box[2] - mesh.box[0]
        apart = [np.linalg.norm(o.points - mesh.points, axis=1).mean() for o in theirs]
        assert min(apart) < 0.02 * width


@pytest.mark.parity
def test_a_clip_is_followed(finder, chain, media):
    tracker = Tracker(chain(WITH_MTCNN))
    found = [
        [face.face_id for face in tracker(pixels)]
        for pixels in frames_of(media / "face_noface.mov", 9)
    ]
    assert found == [[0]] * 8 + [[]] * (len(found) - 8)  # the man is there till 72
