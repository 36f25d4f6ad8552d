"""RetinaFace and img2pose as finders: what goes into the networks and comes out."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from seeded_ports import seeded_port

from genface import nets
from genface.detect import finder_of
from genface.errors import InputError
from genface.geometry import as_pixels, iou
from genface.nets.img2pose_faces import MAX_SIDE, MIN_SIDE, POSE_MEAN, POSE_STD
from genface.nets.priors import decode_boxes, decode_points
from genface.nets.retinaface import boxes

RANDOM = np.random.default_rng(0)
SIZES = [(90, 121), (64, 70), (96, 100), (90, 121)]


def pictures(sizes=SIZES):
    return [RANDOM.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def given(monkeypatch, network, **facts):
    """Let the finders load this network, with these facts beside it."""
    monkeypatch.setattr(nets, "load_ported", lambda name, **_: network, raising=False)
    monkeypatch.setattr(nets, "config_of", lambda name, **_: facts, raising=False)


def test_finders_are_known_by_name():
    with pytest.raises(InputError, match="no finder is called 'yolo'; .* mtcnn, ret"):
        finder_of("yolo")


class Told:
    """Stands in for RetinaFace: one face as large as the picture, and its mean."""

    def __init__(self):
        self.shapes = []

    def call(self, method, frames, sizes, least):
        assert method == "detect"
        self.shapes.append(frames.shape)
        boxes, points, score = (
            np.zeros((len(frames), 3, *of)) for of in ((4,), (10,), ())
        )
        for n, (frame, (height, width)) in enumerate(zip(frames, sizes, strict=True)):
            frame = np.asarray(frame)
            own = frame[:height, :width]
            assert not np.delete(frame, np.s_[:height], 0).any()
            assert not np.delete(frame, np.s_[:width], 1).any()
            boxes[n, 0] = [0, 0, width, height]
            score[n, 0] = (own + [123, 117, 104]).mean() / 255
        score *= score >= least
        return {
            "boxes": boxes,
            "points": np.zeros((len(frames), 3, 10)),
            "score": score,
        }


def test_retinaface_sees_pictures_at_their_size_less_the_mean(monkeypatch):
    network = Told()
    given(monkeypatch, network)
    shown = pictures()
    found = finder_of("retinaface").find_all([as_pixels(x) for x in shown], 0.1)
    for picture, faces in zip(shown, found, strict=True):
        height, width = picture.shape[:2]
        np.testing.assert_array_equal(faces.boxes, [[0, 0, width, height]])
        np.testing.assert_allclose(faces.scores, picture.mean() / 255, rtol=1e-5)
        assert faces.keypoints.shape == (1, 5, 2)
    assert sorted(network.shapes) == [(1, 64, 96, 3), (3, 96, 128, 3)]
    (none,) = finder_of("retinaface").find_all([as_pixels(shown[0])], 0.9)
    assert none.boxes.shape == (0, 4) and none.keypoints.shape == (0, 5, 2)


@pytest.mark.slow
def test_retinaface_finds_what_plain_decoding_finds(monkeypatch):
    network = seeded_port("retinaface_r34")
    given(monkeypatch, network)
    finder = finder_of("retinaface")
    shown = pictures([(90, 121), (96, 100)])
    pixels = [as_pixels(x) for x in shown]
    for threshold in (0.3, 0.9):
        together = finder.find_all(pixels, threshold)
        for picture, one, faces in zip(shown, pixels, together, strict=True):
            alone = finder.find(one, threshold)
            expected = plainly(network, picture, threshold)
            for found in (alone, faces):
                assert 5 < len(found.boxes) == len(expected[0])
                for ours, theirs in zip(found, expected, strict=False):
                    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=0.2)


def plainly(network, picture, threshold):
    """The whole picture as it is, and the greedy rule in numpy."""
    size = picture.shape[:2]
    found = network((picture - np.float32([123, 117, 104]))[None])
    scale = np.array(size[::-1])
    corners = np.asarray(decode_boxes(found["loc"], boxes(size)))[0] * np.tile(scale, 2)
    points = np.asarray(decode_points(found["landms"], boxes(size)))[0]
    scores = found["conf"][0, :, 1]
    order = [k for k in np.argsort(-scores, kind="stable") if scores[k] > 0.02]
    kept = []
    for k in order[:5000]:
        if all(iou(corners[k], corners[other]) <= 0.4 for other in kept):
            kept.append(k)
    kept = [k for k in kept if scores[k] >= threshold][:750]
    return corners[kept], points[kept].reshape(-1, 5, 2) * scale, scores[kept]


class Posed:
    """Stands in for img2pose: tells one box and pose of the fixture per picture."""

    def __init__(self, boxes, poses):
        self.boxes, self.poses = boxes, poses
        self.seen = []

    def call(self, method, x, sizes):
        assert method == "detect" and x.shape[1] % 32 == x.shape[2] % 32 == 0
        self.seen += [tuple(size) for size in sizes]
        scale = sizes[0] / (128, 160)
        boxes = self.boxes[:, None] * np.tile(scale[::-1], 2)
        score = np.full((len(x), 1), 0.75, np.float32)
        return {"boxes": boxes, "dof": self.poses[:, None], "score": score}


@pytest.fixture
def fixture(shared):
    with np.load(shared / "parity/img2pose.npz") as file:
        return dict(file)


def facts(points):
    return {
        "points": points.tolist(),
        "pose_mean": list(POSE_MEAN),
        "pose_std": list(POSE_STD),
        "min_side": MIN_SIDE,
        "max_side": MAX_SIDE,
    }


@pytest.mark.parity
def test_img2pose_tells_the_boxes_and_poses_of_the_original(monkeypatch, fixture):
    network = Posed(fixture["proposals"], fixture["pose_dofs_normalised"])
    given(monkeypatch, network, **facts(fixture["threed_68"]))
    shown = [as_pixels(x) for x in pictures([(128, 160)] * 3)]
    found = finder_of("img2pose").find_all(shown)
    assert network.seen == [(400, 500)] * 3
    for k, faces in enumerate(found):
        np.testing.assert_array_equal(faces.boxes, fixture["pose_boxes"][k : k + 1])
        np.testing.assert_allclose(faces.poses, fixture["pose_global"][k][None], 1e-4)
        pose = faces.poses[0]
        head = Rotation.from_rotvec(pose[:3]).apply(fixture["threed_68"]) + pose[3:]
        flat = head[:, :2] / head[:, 2:] * (128 + 160) + [80, 64]
        np.testing.assert_allclose(faces.keypoints[0, 2:], flat[[30, 48, 54]], 1e-6)
        eyes = [flat[36:42].mean(0), flat[42:48].mean(0)]
        np.testing.assert_allclose(faces.keypoints[0, :2], eyes, atol=0.5)


@pytest.mark.slow
def test_img2pose_finds_the_same_in_batches(monkeypatch):
    points = RANDOM.uniform(-1, 1, (68, 3)) * [0.7, 0.9, 0.3]
    small = facts(points) | {"min_side": 90, "max_side": 200}
    given(monkeypatch, seeded_port("img2pose"), **small)
    finder = finder_of("img2pose")
    shown = [as_pixels(x) for x in pictures([(90, 121)] * 2)]
    together = finder.find_all(shown, 0.1)
    for pixels, faces in zip(shown, together, strict=True):
        alone = finder.find(pixels, 0.1)
        assert len(alone.boxes) == len(faces.boxes) > 3
        # Scores that differ by rounding only may change places.
        order, others = (np.lexsort(f.boxes.T) for f in (alone, faces))
        for one, other in zip(alone, faces, strict=True):
            np.testing.assert_allclose(one[order], other[others], rtol=1e-3, atol=0.05)
