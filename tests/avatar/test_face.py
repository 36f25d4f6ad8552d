"""The drawn face: equal bytes, mirror images, eyes, mouth, body, and other rigs."""

from types import SimpleNamespace

import numpy as np
import pytest

from genface.avatar.face import AvatarRenderer, render_face
from genface.avatar.painted import PaintedHead
from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError
from genface.geometry import mesh_points

SIZE = (128, 112)
SYMMETRIC = ("AU01", "AU04", "AU06", "AU09", "AU12", "AU15", "AU25", "AU43")


@pytest.fixture(scope="module")
def renderer():
    return AvatarRenderer(size=SIZE)


def pose_face(**activations):
    return Rig.default().vertices(
        np.array([list(activations.values())]), au_names=list(activations)
    )[0]


REST = {"AU01": 0.0}


def pixel_of(renderer, vertices, points):
    """Rows and columns where vertices lie, without pose."""
    model = renderer._model
    assert isinstance(model, PaintedHead)
    face = model._in_cm(np.float64(vertices[:478]))
    column, row, _ = model.camera.screen(face[list(points)]).T
    return row.astype(int), column.astype(int)


def iris_column(renderer, vertices, side):
    """Column of the bluest and darkest part of an eye: the middle of the iris."""
    rows, columns = pixel_of(renderer, vertices, mesh_points.RIGHT_EYE_CORNERS)
    if side == "L":
        rows, columns = pixel_of(renderer, vertices, mesh_points.LEFT_EYE_CORNERS)
    picture = renderer.render(vertices).astype(float)
    row = round(rows.mean())
    band = picture[row - 2 : row + 2, columns.min() + 1 : columns.max()]
    dark = (255 - band.max(axis=2)).clip(60, None) - 60
    return columns.min() + 1 + (dark * np.arange(dark.shape[1])).sum() / dark.sum()


def test_equal_vertices_give_equal_bytes(renderer):
    vertices = pose_face(AU12=0.7, AU25=0.4)
    first = renderer.render(vertices)
    again = AvatarRenderer(size=SIZE).render(vertices)
    assert first.dtype == np.uint8 and first.shape == (*SIZE, 3)
    assert first.tobytes() == renderer.render(vertices).tobytes() == again.tobytes()


def test_the_order_of_pictures_does_not_matter(renderer):
    one, other = pose_face(AU04=1.0), pose_face(AU43=1.0)
    first = renderer.render(one)
    renderer.render(other)
    assert (renderer.render(one) == first).all()


@pytest.mark.parametrize("au", SYMMETRIC)
def test_one_sided_aus_change_mirrored_places(renderer, au):
    """The light comes from one side, so that amounts differ, but not places."""
    rest = renderer.render(pose_face(**REST)).astype(int)
    left = np.abs(renderer.render(pose_face(**{f"{au}_L": 1.0})) - rest).sum(axis=2)
    right = np.abs(renderer.render(pose_face(**{f"{au}_R": 1.0})) - rest).sum(axis=2)
    assert left.max() > 30 and right.max() > 30
    mirrored = right[:, ::-1]
    both = np.minimum(left, mirrored).sum() / np.maximum(left, mirrored).sum()
    assert both > 0.55
    inner = SIZE[1] // 2
    if au not in ("AU01", "AU04", "AU09", "AU25"):  # these reach over the middle
        assert left[:, inner:].sum() > 3 * left[:, :inner].sum()


@pytest.mark.parametrize("side", "LR")
def test_eyes_turn_with_the_gaze(renderer, side):
    looks = np.array([[0, -0.4], [0, 0], [0, 0.4]])
    faces = Rig.default().vertices(np.zeros((3, 1)), gaze=looks, au_names=["AU01"])
    left, ahead, right = (iris_column(renderer, face, side) for face in faces)
    assert (
        left > ahead + 0.8 and ahead > right + 0.8
    )  # the subject's right is ours left


def test_an_open_mouth_is_dark_between_the_lips(renderer):
    shut, opened = pose_face(**REST), pose_face(AU25=1.0, AU26=1.0)
    rows, columns = pixel_of(renderer, opened, (13, 14))
    low = rows[0] + round(0.7 * (rows[1] - rows[0]))
    assert rows[1] - rows[0] >= 4
    assert renderer.render(opened)[low, columns[0]].max() < 90
    assert renderer.render(shut)[low, columns[0]].max() > 110


def test_a_closed_mouth_shows_no_teeth_and_a_smile_with_parted_lips_does():
    large = AvatarRenderer(size=(256, 224))

    def pale(**aus):
        """Pixels of the mouth as colourless as teeth."""
        vertices = pose_face(**aus)
        rows, columns = pixel_of(large, vertices, (61, 291, 0, 17))
        picture = large.render(vertices).astype(int)
        mouth = picture[rows.min() : rows.max(), columns.min() : columns.max()]
        return ((np.ptp(mouth, axis=2) < 40) & (mouth.min(axis=2) > 100)).sum()

    assert pale(**REST) == 0
    assert pale(AU24=1.0) == 0
    assert pale(AU12=1.0, AU25=1.0) > 50


def test_closed_lids_hide_the_eyes(renderer):
    shut, opened = pose_face(AU43=1.0), pose_face(**REST)
    for iris in mesh_points.IRISES:
        rows, columns = pixel_of(renderer, opened, iris[:1])
        seen = renderer.render(opened)[rows[0], columns[0]].astype(int)
        above = renderer.render(shut)[rows[0] - 1, columns[0]].astype(int)
        assert seen.max() < 100  # the pupil
        assert above[0] - above[2] > 25 and above[0] > 110  # skin


def test_a_wink_leaves_the_other_eye_open(renderer):
    rest, wink = (
        renderer.render(pose_face(**REST)),
        renderer.render(pose_face(AU43_L=1.0)),
    )
    half = SIZE[1] // 2
    moved = np.abs(rest.astype(int) - wink).max(axis=2)
    assert moved[:, : half - 4].max() < 16 < 60 < moved[:, half + 4 :].max()


def test_a_frown_draws_folds_between_the_brows():
    large = AvatarRenderer(size=(256, 224))

    def steps(**aus):
        vertices = pose_face(**aus)
        rows, columns = pixel_of(large, vertices, (55, 285, 9, 8))
        light = large.render(vertices).astype(int).sum(axis=2)
        between = light[rows.min() : rows.max(), columns.min() : columns.max()]
        return np.abs(np.diff(between, axis=1)).max()

    assert steps(AU04=1.0) > 1.5 * steps(**REST)


def test_the_outline_of_the_face_is_antialiased(renderer):
    picture = renderer.render(pose_face(**REST)).astype(int)
    row = pixel_of(renderer, pose_face(**REST), (2,))[0][0]  # below the ears' middle
    line = picture[row, : SIZE[1] // 2, 0] - picture[row, : SIZE[1] // 2, 2]
    start = int(np.flatnonzero(line > 40)[0])  # skin is red, the rest is not
    edge = line[start - 2 : start + 1]
    assert (np.diff(edge) >= 0).all()  # from background to skin without overshoot
    assert (np.diff(line[: start - 2]) < 12).all()


def test_shoulders_follow_when_the_head_moves_aside():
    background = (10, 240, 10)
    green = AvatarRenderer(size=(128, 128), background=background)
    vertices = pose_face(**REST)

    def span(picture, rows):
        person = (picture[rows].astype(int)[..., 1] - picture[rows][..., 0]) < 60
        return np.flatnonzero(person.any(axis=0)).mean()

    still, moved = green.render(vertices), green.render(vertices + [3.0, 0, 0])
    expected = 3.0 * green._model.camera.scale
    for rows in (slice(20, 70), slice(105, 112)):  # head, and neck
        assert span(moved, rows) - span(still, rows) == pytest.approx(expected, abs=2)


def test_a_turned_head_leaves_the_shoulders_where_they_are(renderer):
    rig = Rig.default()
    turned = rig.vertices(
        np.zeros((2, 1)), pose=np.array([[0, 0, 0], [0, 0, 0.4]]), au_names=["AU01"]
    )
    ahead, aside = (renderer.render(face).astype(int) for face in turned)
    assert np.abs(ahead[-5:] - aside[-5:]).max() <= 2
    assert np.abs(ahead[20:90] - aside[20:90]).max() > 50


def test_vertices_of_another_shape_or_not_finite_are_refused(renderer):
    with pytest.raises(ShapeError, match="expected"):
        renderer.render(np.zeros((468, 3)))
    broken = pose_face(**REST).copy()
    broken[3] = np.nan
    with pytest.raises(InputError, match="finite"):
        renderer.render(broken)
    with pytest.raises(InputError, match="16"):
        AvatarRenderer(size=(8, 8))


def test_frames_draws_a_series():
    small = AvatarRenderer(size=(32, 32))
    names = ["AU12", "AU26"]
    frames = list(small.frames(np.array([[0, 0], [1, 1.0]]), au_names=names))
    assert len(frames) == 2 and (frames[0] != frames[1]).any()
    same = render_face(pose_face(AU12=0.0), size=(32, 32))
    assert (frames[0] == same).all()


def ball_rig(colours=True):
    """A ball of radius 1, red on the left of the picture and blue on the right."""
    polar, turn = np.meshgrid(np.linspace(0, np.pi, 25), np.linspace(0, 2 * np.pi, 49))
    points = np.stack(
        [np.sin(polar) * np.sin(turn), np.cos(polar), np.sin(polar) * np.cos(turn)], -1
    ).astype(np.float32)
    index = np.arange(polar.size).reshape(polar.shape)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]
    faces = np.stack([a, c, b, b, c, d], axis=-1).reshape(-1, 3)[:, ::-1]
    neutral = points.reshape(-1, 3)
    paint = np.where(neutral[:, :1] < 0, [[1.0, 0, 0]], [[0, 0, 1.0]])
    return SimpleNamespace(
        neutral=neutral,
        triangles=faces.astype(np.int32),
        parts={"skin": slice(0, len(faces))},
        colours=paint if colours else None,
        eyes=((), ()),
        eye_centres=np.zeros((2, 3)),
        head_pivot=np.zeros(3),
    )


def test_a_rig_with_colours_is_drawn_in_them_and_fills_the_picture():
    ball = ball_rig()
    renderer = AvatarRenderer(ball, (96, 96), background=(255, 255, 255))
    picture = renderer.render(ball.neutral).astype(int)
    person = np.ptp(picture, axis=2) > 40
    rows, columns = np.flatnonzero(person.any(1)), np.flatnonzero(person.any(0))
    for place in (rows, columns):
        assert place[0] <= 8 and place[-1] >= 87  # room of some percent
        assert place[0] > 0 and place[-1] < 95
    area = np.pi / 4 * np.ptp(rows) * np.ptp(columns)
    assert person.sum() == pytest.approx(area, rel=0.06)
    assert (picture[48, 20:44, 0] > picture[48, 20:44, 2] + 60).all()
    assert (picture[48, 52:76, 2] > picture[48, 52:76, 0] + 60).all()


def test_light_is_smooth_over_the_seams_of_a_mesh():
    """Vertices that lie at one place twice have one normal."""
    ball = ball_rig(colours=False)
    renderer = AvatarRenderer(ball, (96, 96))
    row = renderer.render(ball.neutral).astype(int)[40, 20:76, 1]
    assert np.abs(np.diff(row, 2)).max() <= 8


@pytest.mark.slow
def test_the_head_of_ict_facekit_shows_eyes_teeth_and_skin(shared):
    rig = Rig.from_ict(shared / "data" / "ict_facekit.npz")
    renderer = AvatarRenderer(rig, (200, 168))
    rest, smile = rig.vertices(np.array([[0, 0], [1, 1.0]]), au_names=["AU12", "AU25"])
    ahead = renderer.render(rest)
    assert ahead.tobytes() == renderer.render(rest).tobytes()

    def pale(picture):
        mouth = picture[105:150, 60:108].astype(int)
        return ((np.ptp(mouth, axis=2) < 40) & (mouth.min(axis=2) > 110)).sum()

    assert pale(renderer.render(smile)) > pale(ahead) + 30
