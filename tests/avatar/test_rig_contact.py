"""Lips and lids never pass through each other: by crossing segments and triangles."""

import numpy as np
import pytest

from genface.avatar import contact
from genface.avatar.rig import Rig
from genface.facs import EXCLUSIVE
from genface.geometry import mesh_points

EDGES = {
    "inner lips": (mesh_points.LIPS_INNER_UPPER, mesh_points.LIPS_INNER_LOWER),
    "outer lips": (mesh_points.LIPS_OUTER_UPPER, mesh_points.LIPS_OUTER_LOWER),
    "right lids": (mesh_points.RIGHT_LID_UPPER, mesh_points.RIGHT_LID_LOWER),
    "left lids": (mesh_points.LEFT_LID_UPPER, mesh_points.LEFT_LID_LOWER),
}
DEEP = 1e-4  # cm: a crossing is deeper than a micrometre of rounding


@pytest.fixture(scope="module")
def rig() -> Rig:
    return Rig.default()


def mixtures(rig, count, active=6, seed=0):
    """Random vectors of up to ``active`` AUs without pairs that exclude each other."""
    generator = np.random.default_rng(seed)
    numbers = [int(name[2:]) for name in rig.au_names]
    clash = {frozenset(pair) for pair in EXCLUSIVE}
    values = np.zeros((count, len(numbers)))
    for row in values:
        wanted = generator.integers(1, active + 1)
        for k in generator.permutation(len(numbers)):
            on = [numbers[i] for i in np.flatnonzero(row)]
            if len(on) < wanted and not any({numbers[k], n} in clash for n in on):
                row[k] = generator.uniform(0.2, 1)
    return values


def dips(vertices, upper, lower):
    """Deepest dip (T,) of one polyline below another in the front view."""
    found = []
    for face in vertices:
        x_up, y_up = face[list(upper), :2].T
        x_low, y_low = face[list(lower), :2].T
        assert (np.diff(x_up) > 0).all() and (np.diff(x_low) > 0).all()
        places = np.concatenate([x_up, x_low])
        under = np.interp(places, x_low, y_low) - np.interp(places, x_up, y_up)
        found.append(under.max())
    return np.array(found)


def crossings(vertices, upper, lower):
    """Frames (T,) in which segments of the two polylines cross properly."""

    def turn(a, b, c):
        u, v = b - a, c - a
        return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]

    up, low = (vertices[:, list(row), :2].astype(float) for row in (upper, lower))
    a, b = up[:, :-1, None], up[:, 1:, None]
    c, d = low[:, None, :-1], low[:, None, 1:]
    first = turn(a, b, c), turn(a, b, d)
    second = turn(c, d, a), turn(c, d, b)
    proper = (first[0] * first[1] < 0) & (second[0] * second[1] < 0)
    least = np.minimum.reduce([abs(t) for t in (*first, *second)])
    return (proper & (least > DEEP)).any((1, 2))


def test_the_checks_see_a_crossing():
    """Two edges whose opposite points are in order, and which cross all the same."""
    face = np.zeros((1, 478, 3))
    upper, lower = EDGES["inner lips"]
    across = np.linspace(-2, 2, 11)
    face[0, list(upper), 0], face[0, list(lower), 0] = across, across
    face[0, list(upper), 1] = face[0, list(lower), 1] = 0.1 * across
    face[0, list(lower[1:-1]), 0] -= 0.3
    assert (face[0, list(upper), 1] >= face[0, list(lower), 1]).all()
    assert dips(face, upper, lower)[0] > 0.02
    assert dips(np.asarray(contact.part(face)), upper, lower)[0] < 1e-6


@pytest.mark.parametrize("edge", EDGES)
def test_no_single_au_crosses(rig, edge):
    names = [f"{name}{side}" for name in rig.au_names for side in ("", "_L", "_R")]
    vertices = rig.vertices(np.eye(len(names)), au_names=names)
    assert dips(vertices, *EDGES[edge]).max() < DEEP
    assert not crossings(vertices, *EDGES[edge]).any()


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("identity", [(), (2, -1, 1.5, 0, -2)])
def test_no_mixture_crosses(rig, edge, identity):
    face = rig.with_identity(identity) if identity else rig
    aus = mixtures(rig, 1000)
    gaze = np.random.default_rng(1).normal(0, 0.4, (1000, 2))
    vertices = face.vertices(aus, gaze=gaze)
    assert np.isfinite(vertices).all()
    assert dips(vertices, *EDGES[edge]).max() < DEEP
    assert not crossings(vertices, *EDGES[edge]).any()


def test_twice_as_many_aus_do_not_cross(rig):
    vertices = rig.vertices(mixtures(rig, 300, active=12))
    for upper, lower in EDGES.values():
        assert dips(vertices, upper, lower).max() < DEEP


def test_raw_shapes_would_cross(rig):
    """Contact has work to do: without it the tests above would fail."""
    weights = rig.morph_weights(mixtures(rig, 300))
    raw = rig.neutral + np.einsum("ts,svc->tvc", weights, rig.morphs.deltas)
    for edge in ("inner lips", "left lids"):
        assert crossings(raw, *EDGES[edge]).sum() > 5
        assert dips(raw, *EDGES[edge]).max() > 0.1


def test_contact_changes_heights_only_and_nothing_that_is_apart(rig):
    raw = np.repeat(rig.neutral[None], 2, axis=0)
    raw[1, list(mesh_points.LIPS_INNER_UPPER[1:-1]), 1] -= 0.4
    parted = np.asarray(rig.contact(raw))
    np.testing.assert_allclose(parted[0], raw[0], atol=1e-6)
    np.testing.assert_array_equal(parted[..., [0, 2]], raw[..., [0, 2]])
    assert (parted[1, 13, 1] > raw[1, 13, 1] + 0.1) and parted[1, 14, 1] < raw[1, 14, 1]


def test_lips_meet_half_way_and_the_lower_lid_stays(rig):
    raw = rig.neutral[None].copy()
    raw[0, list(mesh_points.LIPS_INNER_UPPER[1:-1]), 1] -= 0.5
    raw[0, list(mesh_points.LEFT_LID_UPPER[1:-1]), 1] -= 2.0
    moved = np.asarray(rig.contact(raw))[0] - raw[0]
    assert moved[13, 1] == pytest.approx(-moved[14, 1], abs=0.01)
    assert moved[386, 1] > 0.9 and abs(moved[374, 1]) < 0.02


@pytest.mark.slow
def test_triangles_of_upper_and_lower_lip_do_not_meet(rig):
    """In space, not in the front view; touching is allowed: the lower is let down.

    By .2 mm: between the vertices of rolled-in lips surfaces come that close.
    """
    rows = [np.unique(lip) for lip in (contact.UPPER_LIP, contact.LOWER_LIP)]
    shared = np.intersect1d(*rows)
    faces = [
        t[np.isin(t, row).all(1) & ~np.isin(t, shared).any(1)]
        for row in rows
        for t in [np.delete(rig.triangles[:898], rig.covers, axis=0)]
    ]
    assert min(map(len, faces)) > 30
    vertices = rig.vertices(mixtures(rig, 1000)).astype(float)
    vertices[:, np.setdiff1d(rows[1], shared), 1] -= 0.02
    met = [frame for frame, face in enumerate(vertices) if triangles_meet(face, *faces)]
    assert not met


def triangles_meet(points, first, second):
    """Whether an edge of one set of triangles goes through a triangle of the other."""
    return _pierces(points, first, second) or _pierces(points, second, first)


def _pierces(points, edged, faces):
    """Moeller and Trumbore (1997), every edge with every triangle."""
    start = np.concatenate([points[edged[:, k]] for k in range(3)])[:, None]
    stop = np.concatenate([points[edged[:, (k + 1) % 3]] for k in range(3)])[:, None]
    a, b, c = (points[faces[:, k]][None] for k in range(3))
    way = stop - start
    normal = np.cross(way, c - a)
    size = (normal * (b - a)).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = ((start - a) * normal).sum(-1) / size
        other = np.cross(start - a, b - a)
        v = (way * other).sum(-1) / size
        t = ((c - a) * other).sum(-1) / size
    return bool(((u > 0) & (v > 0) & (u + v < 1) & (t > 0) & (t < 1)).any())
