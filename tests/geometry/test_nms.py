"""Suppression on the device against the greedy rule, box by box."""

import numpy as np
import pytest

from genface.geometry.boxes import iou
from genface.geometry.nms import nms

RANDOM = np.random.default_rng(0)


def greedy(boxes, scores, threshold, groups):
    kept = []
    for index in np.argsort(-scores, kind="stable"):
        rivals = [k for k in kept if groups[k] == groups[index]]
        if all(iou(boxes[index], boxes[k]) <= threshold for k in rivals):
            kept.append(int(index))
    return kept


def some_boxes(count):
    corners = RANDOM.random((count, 2)) * 50
    return np.hstack([corners, corners + 5 + RANDOM.random((count, 2)) * 30]).astype(
        np.float32
    )


@pytest.mark.parametrize("threshold", [0.2, 0.5])
@pytest.mark.parametrize("n_groups", [1, 3])
def test_the_greedy_rule(threshold, n_groups):
    boxes, scores = some_boxes(80), RANDOM.random(80).astype(np.float32)
    groups = RANDOM.integers(0, n_groups, 80)
    indices, number = nms(boxes, scores, threshold, 80, groups)
    expected = greedy(boxes, scores, threshold, groups)
    assert 3 < len(expected) < 79
    assert np.asarray(indices)[: int(number)].tolist() == expected
    assert not np.asarray(indices)[int(number) :].any()


def test_no_more_than_asked_for():
    boxes, scores = some_boxes(80), RANDOM.random(80).astype(np.float32)
    all_kept, _ = nms(boxes, scores, 0.3, 80)
    indices, number = nms(boxes, scores, 0.3, 4)
    assert number == 4
    np.testing.assert_array_equal(indices, all_kept[:4])


def test_minus_infinity_is_no_candidate_and_none_give_none():
    boxes = some_boxes(3)
    _, number = nms(boxes, np.full(3, -np.inf, np.float32), 0.5, 3)
    assert number == 0
    indices, number = nms(boxes, np.float32([-np.inf, -5, -np.inf]), 0.5, 3)
    assert number == 1
    assert indices[0] == 1


def test_empty_boxes_do_not_overlap():
    boxes = np.zeros((2, 4), np.float32)
    _, number = nms(boxes, np.float32([1, 1]), 0.5, 2)
    assert number == 2
