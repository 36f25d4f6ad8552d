"""Triangles to pixels, smooth edges of a picture, and smooth surfaces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genface.avatar.camera import Camera
from genface.avatar.picture import Posed, develop
from genface.avatar.raster import rasterize
from genface.avatar.subdivision import refine

ONE = np.array([[0, 1, 2]])


def covered(points, triangles, shape, **options):
    """How often each pixel is covered (H, W)."""
    points = np.asarray(points, float)
    seen = rasterize(points, triangles, np.empty((len(points), 0)), shape, **options)
    return np.bincount(seen.pixel, minlength=shape[0] * shape[1]).reshape(shape)


def inside(points, shape):
    """Pixels whose centre lies in a triangle, by the signs of three cross products."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    signs = []
    for k in range(3):
        (ax, ay), (bx, by) = points[k][:2], points[(k + 1) % 3][:2]
        signs.append((bx - ax) * (y - ay) - (by - ay) * (x - ax))
    signs = np.array(signs)
    return (signs > 0).all(axis=0) | (signs < 0).all(axis=0)


def test_a_right_triangle_fills_exactly_the_pixels_under_its_diagonal():
    points = np.array([[0, 0.2, 0], [0, 8.2, 0], [8, 8.2, 0]])
    shown = covered(points, ONE, (8, 8))
    assert (shown == inside(points, (8, 8))).all()
    assert (shown == np.tril(np.ones((8, 8), int), -1)).all()


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_any_triangle_fills_the_pixels_whose_centre_it_holds(seed):
    points = np.random.default_rng(seed).uniform(-6, 26, (3, 3))
    shown = covered(points, ONE, (20, 20), cull=False)
    assert (shown == inside(points, (20, 20))).all()


def test_neighbours_share_an_edge_without_gap_or_overlap():
    rng = np.random.default_rng(3)
    for _ in range(20):
        rim = np.deg2rad(30 * np.arange(12) + rng.uniform(-10, 10, 12))
        middle = rng.uniform(12, 18, 2)
        ring = np.stack([15 + 40 * np.cos(rim), 15 - 40 * np.sin(rim)], axis=1)
        points = np.zeros((13, 3))
        points[0, :2], points[1:, :2] = middle, ring
        fan = np.array([[0, k, k % 12 + 1] for k in range(1, 13)])
        total = sum(covered(points, fan[[k]], (30, 30), cull=False) for k in range(12))
        assert (total == 1).all()


def test_the_nearer_triangle_hides_the_farther_in_either_order():
    far = [[0, 0, 1.0], [0, 10, 1.0], [10, 10, 1.0]]
    near = [[0, 2, 2.0], [0, 10, 2.0], [8, 10, 2.0]]
    points = np.array(far + near)
    label = np.repeat([[1.0], [2.0]], 3, axis=0)
    for triangles in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        seen = rasterize(points, np.array(triangles), label, (10, 10))
        shown = np.zeros(100)
        shown[seen.pixel] = seen.values[0]
        hidden = inside(near, (10, 10))
        assert (shown.reshape(10, 10)[hidden] == 2).all()
        assert (shown.reshape(10, 10)[inside(far, (10, 10)) & ~hidden] == 1).all()
        assert len(np.unique(seen.pixel)) == len(seen.pixel)


def test_crossing_triangles_are_cut_where_they_meet():
    rising = [[0, 0, 0.0], [0, 16, 0.0], [16, 16, 16.0]]
    flat = [[0, 0, 5.0], [0, 16, 5.0], [16, 16, 5.0]]
    label = np.repeat([[1.0], [2.0]], 3, axis=0)
    seen = rasterize(
        np.array(rising + flat), np.arange(6).reshape(2, 3), label, (16, 16)
    )
    column = seen.pixel % 16 + 0.5
    assert (seen.values[0] == np.where(column > 5, 1, 2)).all()


def test_values_are_linear_on_a_triangle():
    points = np.array([[1.3, 2.1, 0], [4.0, 29.5, 1], [28.2, 17.7, 2]])
    values = points[:, :2] @ np.array([[0.5, -2.0], [3.0, 0.25]]) + [7, -1]
    seen = rasterize(points, ONE, values, (32, 32))
    centre = np.stack([seen.pixel % 32, seen.pixel // 32], axis=1) + 0.5
    expected = centre @ np.array([[0.5, -2.0], [3.0, 0.25]]) + [7, -1]
    np.testing.assert_allclose(seen.values.T, expected, atol=1e-3)


def test_triangles_seen_from_behind_or_not_finite_are_left_out():
    front = np.array([[0, 0, 0], [0, 9, 0], [9, 9, 0.0]])
    assert covered(front, ONE, (9, 9)).any()
    assert not covered(front, ONE[:, ::-1], (9, 9)).any()
    front[1, 0] = np.nan
    assert not covered(front, ONE, (9, 9)).any()


def test_subdivision_of_a_regular_grid_keeps_the_plane_and_a_crease_keeps_its_line():
    x, y = np.meshgrid(np.arange(5.0), np.arange(5.0))
    points = np.stack([x.ravel(), y.ravel(), np.abs(x.ravel() - 2)], axis=1)
    corner = np.array([5 * r + c for r in range(4) for c in range(4)])
    faces = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + 6], axis=1),
            np.stack([corner, corner + 6, corner + 5], axis=1),
        ]
    )
    fold = np.array([[5 * r + 2, 5 * r + 7] for r in range(4)])
    sharp = refine(faces, 25, fold, 2)
    np.testing.assert_allclose(sharp.smooth.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(sharp.linear.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(sharp.linear[:25].toarray(), np.eye(25))
    assert len(sharp.triangles) == 16 * len(faces)
    ridge = sharp.smooth @ points
    on_fold = np.abs(sharp.linear @ points[:, 0] - 2) < 1e-9
    np.testing.assert_allclose(ridge[on_fold, 2], 0, atol=1e-12)
    round_ = refine(faces, 25, np.empty((0, 2), int), 2)
    assert (round_.smooth @ points)[12, 2] > 0.1  # without the crease it is rounded
    flat = round_.smooth @ (points * [1, 1, 0])
    np.testing.assert_allclose(flat[:, 2], 0)


def test_only_wanted_cells_are_filled_and_equal_the_whole_picture():
    rng = np.random.default_rng(7)
    points = np.column_stack([rng.uniform(-5, 45, (60, 2)), rng.normal(size=60)])
    triangles = rng.integers(0, 60, (40, 3))
    values = rng.normal(size=(60, 2))
    whole = rasterize(points, triangles, values, (40, 40), cull=False)
    cells = np.flatnonzero(rng.random(1600) < 0.3)
    some = rasterize(points, triangles, values, (40, 40), cull=False, cells=cells)
    kept = np.isin(whole.pixel, cells)
    assert 0 < kept.sum() == len(some.pixel)
    np.testing.assert_array_equal(some.pixel, whole.pixel[kept])
    np.testing.assert_array_equal(some.triangle, whole.triangle[kept])
    np.testing.assert_array_equal(some.values, whole.values[:, kept])
    np.testing.assert_array_equal(some.depth, whole.depth[cells])


def test_an_edge_is_the_mean_of_its_samples_and_the_inside_is_sampled_once():
    camera = Camera((24, 24), 1.0, (0.0, 0.0, 0.0), 1e9)
    corners = np.array([[-8.3, -7.1, 0], [8.9, -7.1, 0], [8.9, 6.4, 0], [-8.3, 6.4, 0]])
    posed = Posed(corners, np.full((4, 3), 200.0), lambda seen: seen.values)
    square = np.array([[0, 1, 2], [0, 2, 3]])
    backdrop = np.full((24, 24, 3), 50, np.uint8)
    picture = develop(posed, square, np.ones(2, np.uint8), camera, backdrop)
    cover = (picture[..., 0] - 50.0) / 150
    assert (cover[6:18, 5:20] == 1).all() and (cover[:4] == 0).all()
    assert cover.sum() == pytest.approx(17.2 * 13.5, rel=0.02)
    assert ((cover > 0) & (cover < 1)).sum() >= 30
    assert (picture == picture[..., :1]).all()
