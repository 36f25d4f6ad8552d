"""Overlaps by counting cells, suppression by brute force."""

import numpy as np

from genface.geometry import iou, weighted_nms


def cells(box, side=40):
    grid = np.zeros((side, side), bool)
    grid[box[1] : box[3], box[0] : box[2]] = True
    return grid


def test_iou_equals_counted_cells():
    rng = np.random.default_rng(0)
    corners = np.sort(rng.integers(0, 40, (60, 2, 2)), axis=1)
    boxes = corners.reshape(60, 4)
    for a, b in zip(boxes[:30], boxes[30:], strict=True):
        shared = (cells(a) & cells(b)).sum()
        union = (cells(a) | cells(b)).sum()
        assert np.isclose(iou(a, b), shared / union if union else 0)


def test_iou_of_a_nan_box_is_nan():
    assert np.isnan(iou([np.nan] * 4, [0, 0, 1, 1]))


def brute_force(boxes, scores, threshold):
    left = sorted(range(len(scores)), key=lambda i: -scores[i])
    found = []
    while left:
        group = [i for i in left if i == left[0] or _iou(boxes, left[0], i) > threshold]
        total = sum(scores[i] for i in group)
        blend = [
            sum(scores[i] * boxes[i][k] for i in group) / total
            for k in range(len(boxes[0]))
        ]
        found.append((blend, scores[left[0]]))
        left = [i for i in left if i not in group]
    return found


def _iou(boxes, i, j):
    a, b = boxes[i], boxes[j]
    w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    total = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return w * h / (total - w * h)


def test_weighted_nms_equals_brute_force():
    rng = np.random.default_rng(1)
    low = rng.uniform(0, 50, (80, 2))
    boxes = np.hstack(
        [low, low + rng.uniform(5, 30, (80, 2)), rng.normal(size=(80, 6))]
    )
    scores = rng.uniform(0.5, 1, 80)
    blended, best = weighted_nms(boxes, scores, 0.3)
    expected = brute_force(boxes.tolist(), scores.tolist(), 0.3)
    assert len(expected) == len(blended) < 80
    np.testing.assert_allclose(blended, [row for row, _ in expected], atol=1e-10)
    np.testing.assert_allclose(best, [score for _, score in expected])


def test_nothing_in_nothing_out():
    blended, best = weighted_nms(np.zeros((0, 16)), np.zeros(0), 0.3)
    assert blended.shape == (0, 16) and best.shape == (0,)
