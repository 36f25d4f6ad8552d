"""Anchors and decoding of BlazeFace, by hand."""

import numpy as np

from genface.detect.blazeface import anchors, decode


def test_anchors_cover_the_input_cell_by_cell():
    short, full = anchors("blazeface_short"), anchors("blazeface_full")
    assert short.shape == (896, 2) and full.shape == (2304, 2)
    np.testing.assert_allclose(
        short[:4], [[1 / 32, 1 / 32]] * 2 + [[3 / 32, 1 / 32]] * 2
    )
    np.testing.assert_allclose(short[512], [1 / 16, 1 / 16])  # the coarse grid begins
    np.testing.assert_allclose(full[48], [1 / 96, 3 / 96])  # second row


def test_decoding_undoes_the_offsets_and_drops_low_scores():
    centres = np.array([[0.25, 0.5], [0.75, 0.5]])
    raw = np.zeros((2, 16), np.float32)
    raw[0, :4] = [10, -20, 40, 60]
    raw[0, 4:6] = [5, 6]
    logits = np.array([2.0, -2.0], np.float32)
    boxes, scores = decode(raw, logits, centres, 100, 0.5)
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(-2.0))])
    np.testing.assert_allclose(boxes[0, :4], [0.15, 0.0, 0.55, 0.6], atol=1e-7)
    np.testing.assert_allclose(boxes[0, 4:6], [0.30, 0.56], atol=1e-7)
    np.testing.assert_allclose(boxes[0, 14:], [0.25, 0.5], atol=1e-7)


def test_a_score_at_the_threshold_counts():
    raw, logits = np.zeros((1, 16), np.float32), np.zeros(1, np.float32)
    _, scores = decode(raw, logits, np.array([[0.5, 0.5]]), 128, 0.5)
    np.testing.assert_allclose(scores, [0.5])
