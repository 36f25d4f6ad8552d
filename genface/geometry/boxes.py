"""Overlap of boxes, and the weighted non-maximum suppression of BlazeFace."""

import numpy as np


def area(boxes: np.ndarray) -> np.ndarray:
    """Area of boxes (..., 4) given as x1, y1, x2, y2; 0 where a side is negative."""
    boxes = np.asarray(boxes, np.float64)
    return np.prod(np.maximum(boxes[..., 2:4] - boxes[..., :2], 0.0), axis=-1)


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes x1, y1, x2, y2; leading axes broadcast.

    Two empty boxes have overlap 0; a NaN box has overlap NaN with everything.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., 2:4], b[..., 2:4])
    shared = np.prod(np.maximum(high - low, 0.0), axis=-1)
    union = area(a) + area(b) - shared
    return np.where(union == 0, 0.0, shared / np.where(union == 0, 1.0, union))


def weighted_nms(
    boxes: np.ndarray, scores: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Blend overlapping candidates into one box each, best score first.

    Rows of ``boxes`` (N, 4 + ...) are x1, y1, x2, y2 and whatever travels with them
    (key points). The best candidate and all that overlap it by more than ``threshold``
    are averaged with their scores as weights and leave the list; the best one's score
    stays. Source: Bazarevsky et al. 2019 (BlazeFace), section 3.3; MediaPipe's
    ``NonMaxSuppressionCalculator`` with ``algorithm: WEIGHTED``.
    """
    boxes, scores = np.asarray(boxes, np.float64), np.asarray(scores, np.float64)
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    blended, best = [], []
    while len(scores):
        near = iou(boxes[0], boxes) > threshold
        near[0] = True  # also where its own area is nil
        weights = scores[near] / scores[near].sum()
        blended.append(weights @ boxes[near])
        best.append(scores[0])
        boxes, scores = boxes[~near], scores[~near]
    return np.array(blended).reshape(-1, boxes.shape[1]), np.array(best)
