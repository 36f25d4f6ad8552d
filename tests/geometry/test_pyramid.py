"""Pictures resized by area and laid side by side, against plain sums."""

import numpy as np
import pytest

from genface.geometry import as_pixels
from genface.geometry.frames import framed, padded_size, together
from genface.geometry.pyramid import drawn, packed, pyramid

RANDOM = np.random.default_rng(0)
SCALES = (0.6, 0.43, 0.3)


def averaged(picture, new):
    """One axis at a time: each new row is the mean of what it covers."""
    for axis in range(2):
        size = picture.shape[axis]
        rows = np.moveaxis(picture, axis, 0)
        edges = np.arange(new[axis] + 1) * size / new[axis]
        made = []
        for low, high in zip(edges[:-1], edges[1:], strict=True):
            k = np.arange(size)
            share = np.clip(np.minimum(high, k + 1) - np.maximum(low, k), 0, None)
            made.append(np.tensordot(share, rows, 1) / (high - low))
        picture = np.moveaxis(np.array(made), 0, axis)
    return picture


@pytest.mark.parametrize("size", [(61, 95), (64, 96), (50, 78)])
@pytest.mark.parametrize("n_levels", [3, 2])
def test_each_level_is_the_mean_of_what_it_covers(size, n_levels):
    picture = RANDOM.integers(0, 256, (*size, 3), dtype=np.uint8)
    plan = pyramid(size, SCALES, n_levels)
    canvas = np.asarray(drawn(as_pixels(picture), plan))
    assert canvas.shape == (*plan.canvas, 3)
    seen = np.zeros(plan.canvas, bool)
    for scale, level in zip(SCALES[:n_levels], plan.levels, strict=False):
        (top, left), (height, width) = level.corner, level.size
        assert (height, width) == (int(size[0] * scale), int(size[1] * scale))
        there = np.s_[top : top + height, left : left + width]
        expected = averaged(picture.astype(float), (height, width))
        np.testing.assert_allclose(canvas[there], expected, atol=2e-4)
        seen[there] = True
    assert not canvas[~seen].any() and not seen.all()


def test_pictures_of_like_sizes_share_a_canvas():
    plans = [pyramid(size, SCALES, 3) for size in ((61, 95), (64, 96), (40, 70))]
    assert len({plan.canvas for plan in plans}) == 1
    for one, other in zip(plans[0].shares, plans[1].shares, strict=True):
        assert one.weights.shape == other.weights.shape


def test_rectangles_are_packed_closely_and_apart():
    rooms = [(int(216 * 0.709**k), int(384 * 0.709**k)) for k in range(9)]
    canvas = np.zeros((600, rooms[0][1]), int)
    for (y, x), (height, width) in zip(packed(rooms), rooms, strict=True):
        canvas[y : y + height, x : x + width] += 1
        assert (x + width) <= rooms[0][1]
    assert canvas.max() == 1 and canvas.sum() == sum(h * w for h, w in rooms)
    used = np.flatnonzero(canvas.any(1)).max() + 1
    assert canvas.sum() > 0.85 * used * canvas.shape[1]


@pytest.mark.parametrize("side", [1, 32, 33, 360, 640, 667, 1080, 1920, 4000])
def test_padded_sides_are_few_and_near(side):
    padded, _ = padded_size((side, 1))
    assert side <= padded < side + max(32, side / 7)
    assert padded % 32 == 0 and padded_size((padded, 1))[0] == padded
    sides = {padded_size((k, 1))[0] for k in range(512, 1025)}
    assert len(sides) <= 9


def test_a_framed_picture_is_itself_and_zeros():
    picture = RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    pixels = as_pixels(picture)
    sizes = np.array([20, 30], np.int32)
    found = np.asarray(framed(pixels.colours, sizes, (32, 64), (10.0, 20.0, 30.0)))
    np.testing.assert_array_equal(found[:20, :30], picture - np.float32([10, 20, 30]))
    assert not found[20:].any() and not found[:, 30:].any()


def test_like_shapes_go_together_up_to_so_many_pixels():
    shapes = [(4, 5), (3, 3), (4, 5), (4, 5), (90, 90)]
    found = list(together(shapes, 40))
    assert found == [
        ((4, 5), [0, 2]),
        ((4, 5), [3]),
        ((3, 3), [1]),
        ((90, 90), [4]),
    ]
