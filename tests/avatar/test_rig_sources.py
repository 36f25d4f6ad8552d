"""Rigs from other places: py-feat's map, GLB files, ICT-FaceKit."""

import numpy as np
import pytest

from genface.avatar.glb import write_glb
from genface.avatar.rig import Rig
from genface.errors import InputError
from genface.files import write_npz

WIDTH = 3 * 478


def axis_major(mesh):
    """Row (1434,) of a mesh (478, 3): all x, then all y, all z."""
    return np.concatenate([mesh[:, 0], mesh[:, 1], mesh[:, 2]])


@pytest.fixture(scope="module")
def pyfeat_file(tmp_path_factory):
    """A map in py-feat's format, twenty times as large as ours and somewhere else."""
    rest = Rig.default().neutral[:478] * 20.0 + [107, -140, -160]
    moved = np.zeros((2, 478, 3))
    moved[0, [61, 291], 1] = 30.0
    moved[1, [159, 386], 1] = -18.0
    coef = np.stack([*map(axis_major, moved), *np.ones((3, WIDTH))])
    path = tmp_path_factory.mktemp("pyfeat") / "au_to_mesh_pls_v4.npz"
    write_npz(
        path,
        {
            "coef": coef.astype(np.float32),
            "intercept": axis_major(rest).astype(np.float32),
            "au_columns": np.array(["AU12", "AU43"]),
            "pose_columns": np.array(["Pitch", "Yaw", "Roll"]),
        },
    )
    return path


def test_pyfeats_map_is_scaled_to_our_face(pyfeat_file):
    rig, ours = Rig.from_pyfeat(pyfeat_file), Rig.default()
    assert rig.name == "au_to_mesh_pls_v4" and rig.au_names == ("AU12", "AU43")
    np.testing.assert_allclose(rig.neutral, ours.neutral[:478], atol=1e-3)
    moved = rig.vertices(np.eye(2)) - rig.neutral
    np.testing.assert_allclose(moved[0, [61, 291], 1], 1.5, atol=1e-4)
    np.testing.assert_allclose(moved[1, [159, 386], 1], -0.9, atol=1e-4)
    left = rig.vertices([[1.0]], au_names=["AU12_L"])[0] - rig.neutral
    assert left[291, 1] == pytest.approx(1.5, abs=1e-3) and abs(left[61, 1]) < 1e-3


def test_pyfeats_face_looks_around(pyfeat_file):
    rig = Rig.from_pyfeat(pyfeat_file)
    moved = rig.vertices(np.zeros((1, 1)), gaze=[[0.3, 0.0]])[0] - rig.neutral
    assert (moved[[468, 473], 1] > 0.3).all()


def test_pyfeats_own_meshes_are_reproduced(shared, tmp_path):
    """Its predictions, up to a scale and a shift."""
    with np.load(shared / "reference" / "mesh_v4_predict.npz") as arrays:
        meshes = {name: arrays[name].astype(float) for name in arrays}
    names = [name for name in meshes if name.startswith("AU")]
    rest = meshes["neutral"]
    coef = [axis_major(meshes[name] - rest) for name in names]
    path = tmp_path / "map.npz"
    write_npz(
        path,
        {
            "coef": np.stack(coef),
            "intercept": axis_major(rest),
            "au_columns": np.array(names),
        },
    )
    rig = Rig.from_pyfeat(path)
    mixed = meshes["mixed_in"]
    given = mixed.copy()
    given[names.index("AU05")] = 0  # fades under the shut lids of AU43
    given[names.index("AU25")] *= 1 - given[names.index("AU26")]  # and under the jaw
    moved = rig.vertices(mixed[None], au_names=names)[0] - rig.neutral
    theirs = np.einsum("a,avc->vc", given, [meshes[n] - rest for n in names])
    unit = np.linalg.norm(rig.neutral[33] - rig.neutral[263])
    unit /= np.linalg.norm(rest[33] - rest[263])
    np.testing.assert_allclose(moved, unit * theirs, atol=1e-4)
    assert rig.neutral[10, 1] > rig.neutral[152, 1]
    assert rig.neutral[1, 2] > rig.neutral[10, 2]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"coef": None}, "without coef"),
        ({"coef": np.zeros((5, 30))}, "expected coef"),
        ({"intercept": np.zeros(7)}, "expected coef"),
        ({"intercept": np.full(WIDTH, np.nan)}, "not finite"),
        ({"au_columns": np.array(["AU12", "smile"])}, "smile"),
    ],
)
def test_wrong_pyfeat_files(pyfeat_file, tmp_path, change, says):
    with np.load(pyfeat_file) as arrays:
        altered = dict(arrays) | change
    path = tmp_path / "wrong.npz"
    write_npz(path, {k: v for k, v in altered.items() if v is not None})
    with pytest.raises(InputError, match=says) as caught:
        Rig.from_pyfeat(path)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def own_glb(tmp_path_factory):
    path = tmp_path_factory.mktemp("glb") / "me.glb"
    write_glb(path, Rig.default(), normals=False, body=False)
    return path


def test_our_own_glb_moves_as_the_rig(own_glb):
    ours, rig = Rig.default(), Rig.from_glb(own_glb)
    assert rig.name == "me" and set(rig.au_names) == set(ours.au_names)
    assert rig.drivers.mixtures == ours.drivers.mixtures
    aus = [[0.8, 0.6, 0.5], [0.0, 1.0, 0.0]]
    names = ["AU12_L", "AU26", "AU02_R"]
    weights = ours.morph_weights(aus, au_names=names)
    expected = ours.neutral + np.einsum("ts,svc->tvc", weights, ours.morphs.deltas)
    found = rig.vertices(aus, au_names=names)
    for ours_at, theirs_at in zip(expected, found, strict=True):
        distance = np.linalg.norm(
            theirs_at[:, None] - ours_at[[61, 291, 152, 300]], axis=2
        )
        assert distance.min(0).max() < 1e-4


def test_the_eyes_of_a_glb_turn(own_glb):
    rig = Rig.from_glb(own_glb)
    np.testing.assert_allclose(rig.eye_centres, Rig.default().eye_centres, atol=0.05)
    moved = rig.vertices(np.zeros((1, 1)), gaze=[[0.3, 0.0]])[0] - rig.neutral
    for rows in rig.eyes:
        assert len(rows) and moved[rows, 1].max() > 0.3


@pytest.mark.parametrize(
    "content", [b"", b"glTF", b"not a model", b"glTF\2\0\0\0\xff\0\0\0"]
)
def test_files_that_are_no_glb(tmp_path, content):
    path = tmp_path / "face.glb"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        Rig.from_glb(path)
    assert "\n" not in str(caught.value) and "face.glb" in str(caught.value)


@pytest.mark.parametrize("read", [Rig.from_ict, Rig.from_glb, Rig.from_pyfeat])
def test_files_that_are_not_there(tmp_path, read):
    with pytest.raises(InputError, match="(?i)no such file"):
        read(tmp_path / "nothing.npz")


def test_wrong_ict_files(tmp_path, pyfeat_file):
    with pytest.raises(InputError, match="not ICT-FaceKit: without neutral"):
        Rig.from_ict(pyfeat_file)
    with pytest.raises(InputError, match="no generic_neutral_mesh.obj"):
        Rig.from_ict(tmp_path)
    path = tmp_path / "small.npz"
    arrays = {"neutral": np.zeros((9, 3)), "expression_names": np.array(["jawOpen"])}
    arrays |= {"expression_deltas": np.zeros((1, 9, 3)), "quads": np.zeros((1, 4), int)}
    write_npz(path, arrays)
    with pytest.raises(InputError, match="expected 26719 vertices"):
        Rig.from_ict(path)
    (tmp_path / "generic_neutral_mesh.obj").write_text("v 0 0 0\n")
    with pytest.raises(InputError, match="got 1"):
        Rig.from_ict(tmp_path)


def test_arrays_of_something_else_are_no_rig(tmp_path):
    np.savez(tmp_path / "else.npz", neutral=np.zeros((3, 3)))
    with pytest.raises(InputError, match="no rig of this project: without"):
        Rig.read(tmp_path / "else.npz")
