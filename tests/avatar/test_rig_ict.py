"""ICT-FaceKit's whole head: AUs, eyes that turn, lips and lids that touch."""

import numpy as np
import pytest

from genface.avatar.rig import Rig
from genface.errors import InputError
from genface.files import read_npz, write_npz

pytestmark = pytest.mark.slow
X, Y, Z = 0, 1, 2
CORNERS, CHIN, BROWS = (48, 54), 8, (21, 22)  # of the set's 68 landmarks


@pytest.fixture(scope="module")
def ict_file(shared):
    return shared / "data" / "ict_facekit.npz"


@pytest.fixture(scope="module")
def rig(ict_file):
    return Rig.from_ict(ict_file)


@pytest.fixture(scope="module")
def landmarks(ict_file):
    return read_npz(ict_file)["landmarks68"]


def moved(rig, **aus):
    return rig.vertices([list(aus.values())], au_names=list(aus))[0] - rig.neutral


def test_the_whole_head_in_parts_and_colours(rig):
    assert rig.neutral.shape == (26719, 3) and rig.colours.shape == (26719, 3)
    assert {"skin", "teeth_upper", "eye_L", "lashes"} <= set(rig.parts)
    assert 0 <= rig.colours.min() and rig.colours.max() <= 1
    corners = rig.neutral[rig.triangles[rig.parts["skin"]]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    forehead = (corners[..., Y].min(1) > 6) & (corners[..., Z].min(1) > 6)
    assert forehead.sum() > 300 and (normal[forehead, Z] > 0).all()


def test_aus_move_the_named_landmarks(rig, landmarks):
    smile = moved(rig, AU12=1.0)[landmarks[list(CORNERS)]]
    assert smile[0, X] < -0.5 and smile[1, X] > 0.5 and smile[:, Y].min() > 0.5
    assert moved(rig, AU26=1.0)[landmarks[CHIN], Y] < -1
    brows = moved(rig, AU04=1.0)[landmarks[list(BROWS)]]
    assert brows[:, Y].max() < -0.2 and brows[0, X] > 0.1 > -0.1 > brows[1, X]


def test_one_side_at_a_time(rig, landmarks):
    right, left = moved(rig, AU12_L=1.0)[landmarks[list(CORNERS)]]
    assert np.linalg.norm(left) > 1 and np.linalg.norm(right) < 0.05


def test_it_agrees_with_the_default_rig(rig):
    """The mesh lies on its surface: what is near the mesh's vertex moves like it."""
    mesh = Rig.default()
    for au in ("AU02", "AU06", "AU09", "AU12", "AU20", "AU26"):
        head, face = moved(rig, **{au: 1.0}), moved(mesh, **{au: 1.0})
        most = np.linalg.norm(face[:468], axis=1).argsort()[-5:]
        for vertex in most:
            near = np.linalg.norm(rig.neutral[:9409] - mesh.neutral[vertex], axis=1)
            at = near.argmin()
            assert np.linalg.norm(head[at] - face[vertex]) < 0.35, (au, vertex)


def test_eyeballs_turn_and_keep_their_distance(rig):
    turned = rig.vertices(np.zeros((1, 1)), gaze=[[0.2, 0.3]])[0]
    for rows, centre in zip(rig.eyes, rig.eye_centres, strict=True):
        before, after = rig.neutral[rows] - centre, turned[rows] - centre
        far = np.linalg.norm(before, axis=1)
        np.testing.assert_allclose(np.linalg.norm(after, axis=1), far, atol=1e-4)
        front = before[:, Z].argmax()
        assert (after - before)[front, Y] > 0.2 > -0.2 > (after - before)[front, X]


def test_edges_of_lips_and_lids_touch_and_do_not_cross(rig):
    generator = np.random.default_rng(0)
    aus = generator.random((60, len(rig.au_names)))
    aus *= generator.random(aus.shape).argsort(1) < 6
    aus = np.concatenate([np.eye(len(rig.au_names)), aus])
    raw = rig.neutral + np.einsum(
        "ts,svc->tvc", rig.morph_weights(aus), rig.morphs.deltas
    )
    deep = {"raw": 0.0, "rig": 0.0}
    for name, faces in (("raw", raw), ("rig", rig.vertices(aus))):
        for edge in rig.edges:
            for face in faces:
                (x_up, y_up), (x_low, y_low) = (
                    face[rows, :2].T for rows in (edge.upper, edge.lower)
                )
                under = np.interp(x_up, x_low, y_low) - y_up
                deep[name] = max(deep[name], under.max())
    assert deep["raw"] > 0.3 and deep["rig"] < 0.005


def test_the_neutral_head_is_the_zero_face(rig):
    np.testing.assert_allclose(
        rig.vertices(np.zeros((1, 26)))[0], rig.neutral, atol=1e-5
    )


def test_a_folder_of_obj_files_is_the_same(rig, ict_file, tmp_path):
    arrays = read_npz(ict_file)
    faces = "".join(
        "f " + " ".join(f"{k + 1}/{k + 1}" for k in quad if k >= 0) + "\n"
        for quad in arrays["quads"]
    )

    def write(name, points):
        rows = "\n".join(f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in points)
        (tmp_path / f"{name}.obj").write_text(rows + "\n" + faces)

    write("generic_neutral_mesh", arrays["neutral"])
    for name, delta in zip(
        arrays["expression_names"], arrays["expression_deltas"], strict=True
    ):
        write(name, arrays["neutral"] + delta.astype(np.float32))
    again = Rig.from_ict(tmp_path)
    np.testing.assert_array_equal(again.triangles, rig.triangles)
    np.testing.assert_allclose(again.morphs.deltas, rig.morphs.deltas, atol=1e-4)


def test_another_head_of_that_size_is_refused(ict_file, tmp_path):
    arrays = read_npz(ict_file)
    path = tmp_path / "moved.npz"
    write_npz(path, arrays | {"neutral": 2 * arrays["neutral"]})
    with pytest.raises(InputError, match="not ICT-FaceKit's generic one"):
        Rig.from_ict(path)
    kept = arrays["expression_names"] != "jawOpen"
    shapes = {k: arrays[k][kept] for k in ("expression_names", "expression_deltas")}
    write_npz(path, arrays | shapes)
    with pytest.raises(InputError, match="without the shape jawOpen"):
        Rig.from_ict(path)
