"""Suppression on the device against the greedy rule, box by box."""

import numpy as np
import pytest

from genface.geometry.boxes import iou
from genface.geometry.nms import nms, unrivalled

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


def unrivalled_by_loops(boxes, scores, threshold, groups, of_smaller):
    kept = []
    for j, (box, score, group) in enumerate(zip(boxes, scores, groups, strict=True)):
        rivals = False
        for i in range(len(boxes)):
            better = scores[i] > score or (scores[i] == score and i < j)
            if not better or groups[i] != group:
                continue
            low = np.maximum(box[:2], boxes[i][:2])
            high = np.minimum(box[2:], boxes[i][2:])
            inner = np.prod(np.maximum(high - low, 0))
            sizes = [np.prod(b[2:] - b[:2]) for b in (box, boxes[i])]
            whole = min(sizes) if of_smaller else sum(sizes) - inner
            rivals |= inner / whole > threshold
        kept.append(not rivals and score > -np.inf)
    return np.array(kept)


@pytest.mark.parametrize("of_smaller", [False, True])
@pytest.mark.parametrize("several", [False, True])
def test_a_box_with_a_better_one_near_goes_even_if_that_goes_too(of_smaller, several):
    random = np.random.default_rng(3)
    corners = random.uniform(0, 40, (80, 2))
    boxes = np.hstack([corners, corners + random.uniform(5, 25, (80, 2))])
    scores = np.round(random.uniform(0, 1, 80), 1)  # with equal ones
    scores[-5:] = -np.inf
    groups = random.integers(0, 2, 80) if several else np.zeros(80, int)
    expected = unrivalled_by_loops(boxes, scores, 0.3, groups, of_smaller)
    given = groups.astype(np.int32) if several else None
    found = unrivalled(
        boxes.astype(np.float32), scores.astype(np.float32), 0.3, given, of_smaller
    )
    np.testing.assert_array_equal(found, expected)
    assert 3 < expected.sum() < 60


def test_a_chain_of_boxes_loses_all_but_its_best():
    boxes = np.float32([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    scores = np.float32([0.9, 0.8, 0.7])
    assert np.asarray(unrivalled(boxes, scores, 0.3)).tolist() == [True, False, False]
    kept, number = nms(boxes, scores, 0.3, 3)  # the greedy rule keeps the third
    assert np.asarray(kept)[: int(number)].tolist() == [0, 2]
