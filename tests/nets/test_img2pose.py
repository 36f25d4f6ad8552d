"""img2pose: the network against torch's numbers, its proposals against plain loops."""

import jax
import numpy as np
import pytest
from seeded_ports import TOLERANCE, Keys, Outputs, uniform

from genface.geometry.boxes import iou
from genface.nets import img2pose, img2pose_faces

BOXES = np.float32([[10, 12, 60, 70], [40, 20, 120, 110], [0, 0, 159, 127]])
RANDOM = np.random.default_rng(0)


class TestKeys(Keys):
    name = "img2pose"


@pytest.mark.slow
class TestOutputs(Outputs):
    name = "img2pose"
    numbers = {
        "fpn_0": [1.23201, -2.33062, 6.13375, 1.738],
        "fpn_1": [0.09925, 4.23325, -2.14911, 1.86579],
        "fpn_2": [-1.87286, -1.87617, 7.15414, -0.95653],
        "fpn_3": [-0.6751, 1.7248, 1.64758, 0.04483],
        "fpn_pool": [-0.6751, 0.23229, 2.62547, -0.19551],
        "rpn_obj_0": [0.42969, -1.61498, -1.26679, -0.80233],
        "rpn_obj_1": [-2.32315, -1.66182, -3.17204, 0.57578],
        "rpn_obj_2": [0.50998, -0.65668, 0.81512, -0.99031],
        "rpn_obj_3": [0.48077, 0.43365, -1.01397, 0.04698],
        "rpn_obj_4": [0.86711, -0.96449, -0.58071, 0.12086],
        "rpn_delta_0": [0.98914, -0.819, -0.39387, 0.93513],
        "rpn_delta_1": [-0.88541, 1.49426, -0.21457, 1.41283],
        "rpn_delta_2": [0.98358, -2.4493, -0.50741, 0.82044],
        "rpn_delta_3": [0.23341, 0.91765, 0.08656, 0.84881],
        "rpn_delta_4": [0.57766, 0.4002, -0.02899, 0.55258],
    }

    @classmethod
    def inputs(cls):
        return uniform(1, 3, 128, 160) * 4 - 2

    @pytest.fixture(scope="class")
    @classmethod
    def judged(cls, net):
        return net(cls.inputs(), BOXES[None])

    @pytest.mark.parity
    def test_outputs_come_in_torchs_order(self, outputs, shared):
        with np.load(shared / "parity/img2pose.npz") as file:
            assert list(outputs) == [key for key in file.files if key in outputs]

    @pytest.mark.parity
    def test_boxes_are_judged_as_by_torch(self, judged, shared):
        with np.load(shared / "parity/img2pose.npz") as file:
            np.testing.assert_array_equal(file["proposals"], BOXES)
            for key in ("dof", "cls"):
                error = np.abs(judged[key][0] - file[key]).max()
                assert error <= TOLERANCE * np.ptp(file[key])

    def test_boxes_are_judged_as_in_the_run_that_passed(self, judged):
        np.testing.assert_allclose(
            judged["dof"][0, :, 0], [1.1581, 0.7067, -1.3753], 1e-3
        )
        np.testing.assert_allclose(
            judged["cls"][0].ravel(),
            [3.3093, 1.9093, 2.7501, 1.2988, 2.3796, 2.5677],
            1e-3,
        )

    def test_detected_boxes_are_judged_alike_when_given(self, net):
        x = self.inputs()
        found = net.call("detect", x, [[120, 150]])
        kept = found["score"][0] > 0
        assert 100 < kept.sum() <= img2pose.AFTER
        boxes = found["boxes"][0, kept][:5]
        assert (boxes >= 0).all() and (boxes <= [150, 120, 150, 120]).all()
        again = net(x, boxes[None])
        np.testing.assert_allclose(
            found["dof"][0, kept][:5], again["dof"][0, :, 6:], atol=2e-3
        )
        odds = np.exp(again["cls"][0, :, 1] - again["cls"][0, :, 0])
        score = found["score"][0, kept][:5]
        np.testing.assert_allclose(score, odds / (1 + odds), rtol=1e-3)


def test_anchors_lie_at_their_cells():
    found = img2pose.anchors(3, 4, 1).reshape(3, 4, 3, 4)
    np.testing.assert_array_equal(found[0, 0, 1], [-16, -16, 16, 16])
    np.testing.assert_array_equal(found[0, 0, 0], [-23, -11, 23, 11])
    np.testing.assert_array_equal(found[2, 3] - found[0, 0], [[24, 16, 24, 16]] * 3)


def proposed_by_loops(proposed, height, width):
    """Every anchor of every map: moved, clipped, then suppressed within its map."""
    candidates = []
    for level, (logits, deltas) in enumerate(proposed):
        rows, columns, _ = logits.shape
        anchors = iter(img2pose.anchors(rows, columns, level))
        for i, j, k in np.ndindex(logits.shape):
            x0, y0, x1, y1 = next(anchors)
            dx, dy, dw, dh = deltas[i, j, 4 * k : 4 * k + 4]
            x, y = (x0 + x1) / 2 + dx * (x1 - x0), (y0 + y1) / 2 + dy * (y1 - y0)
            w, h = (x1 - x0) * np.exp(dw) / 2, (y1 - y0) * np.exp(dh) / 2
            box = np.clip([x - w, y - h, x + w, y + h], 0, [width, height] * 2)
            if min(box[2:] - box[:2]) >= 1e-3:
                candidates.append((logits[i, j, k], level, box))
    kept = []
    for score, level, box in sorted(candidates, key=lambda c: -c[0]):
        if all(iou(box, other) <= 0.4 for _, at, other in kept if at == level):
            kept.append((score, level, box))
    return np.array([box for _, _, box in kept])


def test_proposals_equal_plain_loops():
    proposed = [
        (RANDOM.normal(size=(r, c, 3)), RANDOM.normal(size=(r, c, 12)) / 2)
        for r, c in ((8, 10), (4, 5), (2, 3))
    ]
    proposed = [tuple(x.astype(np.float32) for x in pair) for pair in proposed]
    boxes, is_box = img2pose.proposals(proposed, np.float32([30, 38]))
    expected = proposed_by_loops(proposed, 30, 38)
    assert 20 < len(expected) < 250
    assert is_box.sum() == len(expected)
    np.testing.assert_allclose(boxes[: len(expected)], expected, atol=1e-3)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((480, 640), (400, 533)), ((100, 1000), (140, 1400)), ((90, 161), (400, 715))],
)
def test_pictures_are_resized_and_padded(size, expected):
    assert img2pose_faces.resized_size(*size) == expected
    frames = np.full((2, size[0] + 30, size[1] + 7, 3), 300.0)  # noise around them
    pictures = frames[:, : size[0], : size[1]]
    pictures[:] = RANDOM.uniform(0, 255, pictures.shape)
    x = img2pose_faces.prepared(frames, size, expected)
    assert x.shape[1] % 32 == x.shape[2] % 32 == 0
    plain = (pictures / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    shape = (2, *expected, 3)
    resized = jax.image.resize(plain, shape, "bilinear", antialias=False)
    inside = x[:, : expected[0], : expected[1]]
    np.testing.assert_allclose(inside, resized, atol=5e-4)
    assert not x[:, expected[0] :].any() and not x[:, :, expected[1] :].any()


def test_duplicates_and_unlikely_faces_are_dropped():
    head = RANDOM.uniform(-1, 1, (68, 3)) * [0.7, 0.9, 0.3]
    boxes = np.float32([[20, 20, 60, 70], [22, 20, 62, 70], [90, 30, 130, 85], [5] * 4])
    found = {
        "boxes": boxes * 2,  # the network saw the picture at twice its size
        "dof": np.zeros((4, 6), np.float32),
        "score": np.float32([0.8, 0.9, 0.6, 0]),
    }
    result = img2pose_faces.faces(found, (240, 320), 120, 160, head)
    np.testing.assert_array_equal(result.scores, np.float32([0.9, 0.6]))
    middles = (result.boxes[:, :2] + result.boxes[:, 2:]) / 2
    assert np.all(np.abs(middles - [[42, 45], [110, 57]]) < 20)
    assert result.angles.shape == (2, 3) and result.poses.shape == (2, 6)
    few = img2pose_faces.faces(found, (240, 320), 120, 160, head, threshold=0.95)
    assert few.boxes.shape == (0, 4) and few.scores.shape == (0,)
