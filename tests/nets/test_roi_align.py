"""Pieces of feature maps against sampling one point at a time."""

import numpy as np

from genface.nets.roi_align import roi_align

RANDOM = np.random.default_rng(0)
STRIDES = (4, 8, 16)
MAPS = [RANDOM.normal(size=(s, s + 5, 3)).astype(np.float32) for s in (40, 20, 10)]


def bilinear(features, y, x):
    height, width, channels = features.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return np.zeros(channels)
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    rows = np.maximum(1 - abs(y - np.arange(height)), 0)
    columns = np.maximum(1 - abs(x - np.arange(width)), 0)
    return np.einsum("h,w,hwc->c", rows, columns, features)


def piece(features, box, stride):
    x0, y0, x1, y1 = np.asarray(box, float) / stride
    wide, high = max(x1 - x0, 1) / 7, max(y1 - y0, 1) / 7
    found = np.zeros((7, 7, features.shape[-1]))
    for i, j in np.ndindex(7, 7):
        found[i, j] = np.mean(
            [
                bilinear(features, y0 + (i + a) * high, x0 + (j + b) * wide)
                for a in (0.25, 0.75)
                for b in (0.25, 0.75)
            ],
            axis=0,
        )
    return found


def test_small_boxes_read_fine_maps_and_large_ones_coarse():
    # The canonical box, 224 pixels, is at stride 16; half of it at 8, a quarter at 4.
    boxes = {
        (10, 20, 60, 90): 0,
        (0, 0, 111, 111): 0,
        (0, 0, 113, 113): 1,
        (-30, 5, 150, 100): 1,
        (0, 0, 300, 290): 2,
        (5, 5, 6, 6): 0,  # smaller than a cell
        (170, 150, 190, 175): 0,  # partly beyond the edge
    }
    found = roi_align(MAPS, np.array(list(boxes), np.float32), STRIDES)
    for values, (box, level) in zip(found, boxes.items(), strict=True):
        expected = piece(MAPS[level], box, STRIDES[level])
        np.testing.assert_allclose(values, expected, atol=2e-5, err_msg=str(box))
