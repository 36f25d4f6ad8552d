"""What lies behind the skin of the default rig, mixtures, and faces of other people."""

from collections import Counter

import numpy as np
import pytest

from genface.avatar.rig import Rig
from genface.errors import InputError
from genface.geometry import mesh_points

X, Y, Z = 0, 1, 2
INNER = ("eye_R", "eye_L", "teeth_upper", "teeth_lower", "tongue", "mouth")


@pytest.fixture(scope="module")
def rig() -> Rig:
    return Rig.default()


def rows_of(rig, part):
    rows = np.unique(rig.triangles[rig.parts[part]])
    return rows[rows >= 478]


def face(rig, gaze=None, **aus):
    names = list(aus) or ["AU12"]
    values = [[aus.get(name, 0.0) for name in names]]
    return rig.vertices(values, gaze=gaze, au_names=names)[0]


def test_parts_fill_the_triangles_and_few_vertices(rig):
    assert tuple(rig.parts) == ("skin", *INNER)
    ends = [0, *(part.stop for part in rig.parts.values())]
    assert [part.start for part in rig.parts.values()] == ends[:-1]
    assert ends[-1] == len(rig.triangles)
    assert len(rig.neutral) - 478 < 350
    assert set(np.unique(rig.triangles)) >= set(range(478, len(rig.neutral)))


def test_covers_are_the_triangles_over_eyes_and_mouth(rig):
    middle = rig.neutral[rig.triangles[rig.covers]].mean(1)
    eyes = middle[:, Y] > 0
    assert (np.abs(np.abs(middle[eyes, X]) - 3.2) < 1.7).all()
    assert eyes.sum() == 2 * 14 and (~eyes).sum() == 18
    rims = {i for rims in mesh_points.OPENINGS for i in rims}
    assert set(rig.triangles[rig.covers].ravel()) == rims


def test_the_mouth_is_closed_behind_the_lips(rig):
    """Each edge of the bag has two triangles but for those of the lips, which once."""
    faces = rig.triangles[rig.parts["mouth"]]
    edges = Counter(
        tuple(sorted((int(a), int(b))))
        for row in faces
        for a, b in zip(row, np.roll(row, -1), strict=True)
    )
    assert set(edges.values()) == {1, 2}
    rim = {i for edge, count in edges.items() if count == 1 for i in edge}
    assert rim == set(mesh_points.OPENINGS[2])
    assert rig.neutral[rows_of(rig, "mouth"), Z].max() < rig.neutral[13, Z]


@pytest.mark.parametrize("part", INNER)
def test_inner_parts_are_behind_the_skin_and_face_outward(rig, part):
    corners = rig.neutral[rig.triangles[rig.parts[part]]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    if part.startswith("eye"):
        centre = rig.eye_centres[INNER.index(part)]
        assert ((corners.mean(1) - centre) * normal).sum(1).min() > 0
    elif part == "mouth":
        assert (normal[-20:, Z] > 0).all()  # its end is seen from the front
    else:
        assert normal[:, Z].sum() > 0
    assert rig.neutral[rows_of(rig, part), Z].max() < 11.5


def test_lower_teeth_and_tongue_follow_the_jaw_upper_teeth_do_not(rig):
    moved = face(rig, AU27=1.0) - rig.neutral
    assert np.abs(moved[rows_of(rig, "teeth_upper")]).max() < 1e-5
    chin = moved[152, Y]
    for part in ("teeth_lower", "tongue"):
        way = moved[rows_of(rig, part), Y]  # the back ones are nearer to the joint
        assert 0.6 * chin > way.mean() > 1.3 * chin and way.max() < 0.2 * chin
    bag = moved[rows_of(rig, "mouth"), Y]
    assert bag.min() < 0.4 * chin and np.abs(bag).min() < 1e-5


def test_eyeballs_stay_behind_lids_however_they_move(rig):
    """No point of the skin around an eye lies inside of the ball."""
    faces = np.delete(rig.triangles[rig.parts["skin"]], rig.covers, axis=0)
    inside = np.array([[i, j, 6 - i - j] for i in range(7) for j in range(7 - i)]) / 6
    for gaze, aus in (
        ([[0, 0]], {}),
        ([[0.4, 0.3]], {}),
        ([[-0.5, 0]], {}),
        ([[0, 0]], {"AU43": 0.5}),
        ([[-0.4, 0]], {"AU43": 1.0}),
        ([[0, 0]], {"AU06": 1.0, "AU07": 1.0, "AU12": 1.0}),
    ):
        vertices = face(rig, gaze, **aus)
        points = np.einsum("kb,tbc->tkc", inside, vertices[faces]).reshape(-1, 3)
        for part, centre in zip(INNER[:2], rig.eye_centres, strict=True):
            ball = np.linalg.norm(vertices[rows_of(rig, part)] - centre, axis=1)
            away = points - centre
            front = (away[:, Z] > 0.2) & (np.abs(away[:, X]) < 2)
            assert np.linalg.norm(away[front], axis=1).min() > ball.max()


def test_eyeballs_turn_with_the_gaze(rig):
    turned = face(rig, gaze=[[0.3, 0.2]]) - rig.neutral
    for part in INNER[:2]:
        front = rows_of(rig, part)[0]
        assert turned[front, Y] > 0.3 and turned[front, X] < -0.2


def test_mixtures_drive_their_own_shapes_by_the_product(rig):
    names = list(rig.morphs.names)
    weights = rig.morph_weights([[0.5, 0.4]], au_names=["AU12_L", "AU26"])[0]
    assert weights[names.index("AU12+AU26_L")] == pytest.approx(0.2)
    assert weights[names.index("AU12+AU26_R")] == 0
    assert weights[names.index("AU26_L")] == pytest.approx(0.4)


def test_colliding_aus_look_like_neither_sum(rig):
    def alone(au):
        return face(rig, **{au: 1.0}) - rig.neutral

    oblique = face(rig, AU01=1.0, AU04=1.0) - rig.neutral
    summed = alone("AU01") + alone("AU04")
    assert oblique[336, Y] > summed[336, Y] + 0.1  # the inner brow stays up
    assert oblique[336, X] < -0.2  # and is drawn together
    laugh = face(rig, AU12=1.0, AU26=1.0) - rig.neutral
    hang = alone("AU12") + alone("AU26")
    assert laugh[291, Y] > hang[291, Y] + 0.1  # corners hang less on the jaw
    cheek = [346, 280]
    smile = np.linalg.norm((face(rig, AU06=1.0, AU12=1.0) - rig.neutral)[cheek], axis=1)
    parts = [np.linalg.norm(alone(au)[cheek], axis=1) for au in ("AU06", "AU12")]
    assert (smile < sum(parts) - 0.05).all() and (smile > 0.95 * parts[0]).all()


def test_people_differ_and_still_close_their_eyes(rig):
    faces = [rig.with_identity(c) for c in ([2.0], [0, 2.0], [-1, 0.5, 2, -1, 1])]
    for one in faces:
        assert np.abs(one.neutral[:468] - rig.neutral[:468]).max() > 0.2
        shut, rest = face(one, AU43=1.0), one.neutral
        for up, low in ((159, 145), (386, 374)):
            assert shut[up, Y] - shut[low, Y] < 0.1 * (rest[up, Y] - rest[low, Y])
        np.testing.assert_allclose(face(one), one.neutral, atol=1e-5)
        gazing = face(one, gaze=[[0, 0.3]])
        for rows, centre in zip(one.eyes, one.eye_centres, strict=True):
            size = [np.linalg.norm(v[rows] - centre, axis=1) for v in (rest, gazing)]
            np.testing.assert_allclose(size[1], size[0], atol=1e-3)
    nobody = rig.with_identity([0.0]).neutral
    np.testing.assert_allclose(nobody, rig.neutral, atol=1e-6)


@pytest.mark.parametrize("wrong", [[4.0], [np.nan], [0.0] * 11, [[1.0]], 2.0])
def test_identities_that_cannot_be(rig, wrong):
    with pytest.raises(InputError, match="identity: expected"):
        rig.with_identity(wrong)
