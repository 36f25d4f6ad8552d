"""Index tables against MediaPipe's own lists and against each other."""

import json

import numpy as np
import pytest

from genface.geometry import mesh_points as points


def edge_set(edges):
    return {tuple(sorted(map(int, edge))) for edge in edges}


def test_triangles_are_a_disc_with_no_hole_but_its_rim():
    faces = points.TRIANGLES
    assert faces.shape == (898, 3) and set(faces.ravel()) == set(range(points.N_FACE))
    counts: dict[tuple[int, int], int] = {}
    for a, b, c in faces.tolist():
        for edge in ((a, b), (b, c), (c, a)):
            key = (min(edge), max(edge))
            counts[key] = counts.get(key, 0) + 1
    assert set(counts.values()) == {1, 2}
    assert len(counts) == len(points.TESSELATION) == 1365
    assert points.N_FACE - len(counts) + len(faces) == 1  # Euler: eyes, mouth closed
    rim = [edge for edge, n in counts.items() if n == 1]
    degree = np.bincount(np.ravel(rim), minlength=points.N_FACE)
    assert set(degree.tolist()) <= {0, 2}


def test_paths_are_edges_of_the_surface():
    lips = [points.LIPS_OUTER_UPPER, points.LIPS_INNER_LOWER, points.FACE_OVAL]
    surface = edge_set(points.TESSELATION)
    for path in lips:
        assert edge_set(zip(path[:-1], path[1:], strict=True)) <= surface


def test_lids_share_corners_and_make_up_the_eye():
    for upper, lower, eye, corners in (
        (
            points.RIGHT_LID_UPPER,
            points.RIGHT_LID_LOWER,
            points.RIGHT_EYE,
            points.RIGHT_EYE_CORNERS,
        ),
        (
            points.LEFT_LID_UPPER,
            points.LEFT_LID_LOWER,
            points.LEFT_EYE,
            points.LEFT_EYE_CORNERS,
        ),
    ):
        assert set(upper) & set(lower) == set(corners) == {upper[0], upper[-1]}
        assert set(upper) | set(lower) == set(eye)


@pytest.mark.parity
def test_tables_equal_mediapipes_lists(shared):
    table = json.loads((shared / "reference/index_tables.json").read_text())
    assert list(points.LANDMARKS_68) == table["dlib68_from_mp478"]
    assert list(points.RIGHT_EYE) == table["gaze_left_eye"]  # image left
    assert list(points.LEFT_EYE) == table["gaze_right_eye"]
    assert edge_set(points.contours()) == edge_set(table["connections"]["contours"])
    oval = [edge[0] for edge in table["connections"]["face_oval"]]
    assert list(points.FACE_OVAL) == oval
