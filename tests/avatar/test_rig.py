"""The rig: which way each AU moves the face, and that lips and lids never cross."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError
from genface.facs import AU_NAMES
from genface.facs.regions import MOVES_OUTLINE, mirror, region
from genface.files import sha256, shipped_model
from genface.geometry import mesh_points

# Left and right mirror points, written down here and not read from the rig.
CORNERS = (291, 61)
INNER_BROWS, OUTER_BROWS = (336, 107), (300, 70)
UPPER_MID, LOWER_MID = (386, 159), (374, 145)
IRIS_CENTRES = (473, 468)
X, Y, Z = 0, 1, 2
JAW = {f"AU{number}" for number in MOVES_OUTLINE}
# Vertices of the subject's left half, where and how far (cm, at least) they go when
# the left side of an AU is fully on. Outward is +x.
MOVES = {
    "AU01": [(336, Y, 0.4)],
    "AU02": [(300, Y, 0.4), (334, Y, 0.4)],
    "AU04": [(336, Y, -0.3), (285, Y, -0.3), (336, X, -0.2)],
    "AU05": [(386, Y, 0.15)],
    "AU06": [(346, Y, 0.3), (374, Y, 0.1)],
    "AU07": [(374, Y, 0.1), (253, Y, 0.1)],
    "AU09": [(294, Y, 0.2), (358, Y, 0.3), (285, Y, -0.1)],
    "AU10": [(269, Y, 0.4)],
    "AU11": [(426, Y, 0.2), (423, Z, -0.1)],
    "AU12": [(291, X, 0.6), (291, Y, 0.6)],
    "AU13": [(291, Y, 0.6)],
    "AU14": [(291, Z, -0.3), (375, Z, -0.3)],
    "AU15": [(291, Y, -0.4), (321, Y, -0.2)],
    "AU16": [(314, Y, -0.3)],
    "AU17": [(428, Y, 0.2), (313, Y, 0.2)],
    "AU18": [(291, X, -0.2), (267, Z, 0.2)],
    "AU20": [(291, X, 0.4), (291, Y, -0.1)],
    "AU22": [(267, Z, 0.2), (314, Z, 0.2)],
    "AU23": [(291, X, -0.1)],
    "AU24": [(314, Y, 0.05)],
    "AU25": [(317, Y, -0.1), (312, Y, 0.05)],
    "AU26": [(400, Y, -0.5)],
    "AU27": [(400, Y, -1.0)],
    "AU28": [(267, Z, -0.05), (314, Z, -0.2)],
    "AU43": [(386, Y, -0.8)],
    "AU45": [(386, Y, -0.8)],
}


@pytest.fixture(scope="module")
def rig() -> Rig:
    return Rig.default()


@pytest.fixture(scope="module")
def single(rig) -> dict[str, np.ndarray]:
    """Movement (478, 3) of each AU at full activation."""
    vertices = rig.vertices(np.eye(len(rig.au_names)))
    return dict(zip(rig.au_names, vertices - rig.neutral, strict=True))


def lip_gap(vertices):
    return vertices[..., 13, Y] - vertices[..., 14, Y]


def lid_gaps(vertices):
    return vertices[..., UPPER_MID, Y] - vertices[..., LOWER_MID, Y]


def random_aus(rig, count, active, seed=0):
    generator = np.random.default_rng(seed)
    values = generator.random((count, len(rig.au_names)))
    order = generator.random(values.shape).argsort(1)
    return np.where(order < active, values, 0)


def test_the_detectors_aus_come_first(rig):
    assert rig.au_names[: len(AU_NAMES)] == AU_NAMES
    assert rig.neutral.shape[1:] == (3,) and len(rig.neutral) > 478
    np.testing.assert_array_equal(
        rig.triangles[rig.parts["skin"]], mesh_points.triangles()
    )
    assert rig.neutral.dtype == np.float32


def test_the_neutral_face_is_a_face(rig):
    face = rig.neutral
    assert face[10, Y] > face[INNER_BROWS[0], Y] > face[386, Y] > face[374, Y]
    assert face[374, Y] > face[1, Y] > face[13, Y] >= face[14, Y] > face[152, Y]
    assert face[291, X] > 0 > face[61, X]
    assert face[1, Z] == face[:, Z].max() or face[4, Z] == face[:, Z].max()
    assert 8 < np.linalg.norm(face[33] - face[263]) < 10


def test_smile_pulls_corners_out_and_up(single):
    left, right = single["AU12"][list(CORNERS)]
    assert left[X] > 0.3 and right[X] < -0.3
    assert min(left[Y], right[Y]) > 0.5


def test_corners_fall_more_than_they_move_forward(single):
    for corner in single["AU15"][list(CORNERS)]:
        assert corner[Y] < -0.3
        assert abs(corner[Y]) > 2 * abs(corner[Z])


def test_stretch_pulls_corners_out_and_not_up(single):
    left, right = single["AU20"][list(CORNERS)]
    assert left[X] > 0.3 and right[X] < -0.3
    assert max(left[Y], right[Y]) < 0.1


def test_brows_go_up_and_down(single):
    inner, outer = list(INNER_BROWS), list(OUTER_BROWS)
    assert (single["AU01"][inner, Y] > 0.4).all()
    assert (single["AU01"][outer, Y] < 0.2).all()
    assert (single["AU02"][outer, Y] > 0.4).all()
    assert (single["AU04"][inner, Y] < -0.15).all()
    left, right = single["AU04"][inner, X]
    assert left < -0.1 and right > 0.1  # together


def test_lids(rig, single):
    open_ = lid_gaps(rig.neutral)
    for shut in ("AU43", "AU45"):
        assert (lid_gaps(rig.neutral + single[shut]) < 0.1 * open_).all()
    assert (lid_gaps(rig.neutral + single["AU05"]) > 1.2 * open_).all()
    assert (lid_gaps(rig.neutral + single["AU07"]) < 0.85 * open_).all()
    assert (single["AU07"][list(LOWER_MID), Y] > 0.1).all()


def test_closing_wins_over_raising_the_lids(rig):
    both = rig.vertices(np.ones((1, 2)), au_names=["AU05", "AU43"])[0]
    assert (lid_gaps(both) < 0.1 * lid_gaps(rig.neutral)).all()


@pytest.mark.parametrize(("course", "blink"), [(0.5, 0.5), (0.3, 0.8), (1.0, 0.4)])
def test_lids_shut_as_far_as_the_larger_of_43_and_45(rig, course, blink):
    """A details table has AU43 and, during blinks, the same again as AU45."""
    gaze, raised = [[-0.3, 0]], 0.6
    one = rig.vertices(
        [[max(course, blink), raised]], gaze=gaze, au_names=["AU43", "AU05"]
    )
    both = rig.vertices(
        [[course, blink, raised]], gaze=gaze, au_names=["AU43", "AU45", "AU05"]
    )
    np.testing.assert_allclose(both, one, atol=1e-5)


def test_cheeks_and_nose_rise(single):
    assert single["AU06"][[117, 346], Y].min() > 0.3
    assert single["AU09"][[64, 294], Y].min() > 0.2  # wings of the nose
    assert single["AU10"][0, Y] > 0.4  # upper lip


def test_the_jaw_drops_and_27_is_further_than_26(rig, single):
    chin26, chin27 = single["AU26"][152, Y], single["AU27"][152, Y]
    assert chin27 < chin26 < -1
    both = rig.vertices(np.ones((1, 2)), au_names=["AU26", "AU27"])[0]
    np.testing.assert_allclose(both - rig.neutral, single["AU27"], atol=1e-4)


def test_lips_part_and_close(rig, single):
    rest = lip_gap(rig.neutral)
    for opens in ("AU25", "AU26", "AU27", "AU16", "AU22"):
        assert lip_gap(rig.neutral + single[opens]) > rest + 0.4
    for shuts in ("AU17", "AU23", "AU24", "AU28"):  # also where they roll in
        middle = (rig.neutral + single[shuts])[:, Y]
        assert middle[[0, 11, 12, 13]].min() - middle[[14, 15, 16, 17]].max() <= rest


def test_chin_raiser_lifts_chin_and_lower_lip(single):
    assert single["AU17"][200, Y] > 0.3
    assert single["AU17"][17, Y] > 0.2


def test_lips_roll_in_and_pucker_forward(single):
    assert single["AU28"][0, Z] < 0 and single["AU28"][17, Z] < 0
    assert single["AU18"][0, Z] > 0.2
    left, right = single["AU18"][list(CORNERS), X]
    assert left < -0.2 and right > 0.2  # narrower
    left, right = single["AU23"][list(CORNERS), X]
    assert left < -0.1 and right > 0.1


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("au", sorted(MOVES))
def test_each_side_of_each_au_moves_the_named_way(rig, au, side):
    moved = rig.vertices(np.ones((1, 1)), au_names=[f"{au}_{side}"])[0] - rig.neutral
    for vertex, axis, least in MOVES[au]:
        way = moved[vertex if side == "L" else mirror()[vertex], axis]
        if side == "R" and axis == X:
            way = -way
        assert np.sign(least) * way >= abs(least), (vertex, axis, way)


def test_every_au_of_the_rig_is_in_the_table(rig):
    assert set(MOVES) == set(rig.au_names)


def test_pressed_lips_are_thinner(rig, single):
    rest = rig.neutral[0, Y] - rig.neutral[17, Y]
    assert single["AU24"][0, Y] - single["AU24"][17, Y] < -0.15 * rest


def test_a_sharp_pull_goes_up_and_not_out(single):
    for corner, outward in zip(CORNERS, (1, -1), strict=True):
        assert abs(single["AU13"][corner, X]) < 0.25 * single["AU13"][corner, Y]
        assert outward * single["AU12"][corner, X] > 0.8 * single["AU12"][corner, Y]


def test_the_nasolabial_fold_deepens_without_the_middle_of_the_lip(single):
    fold, lip = single["AU11"], single["AU10"]
    assert np.linalg.norm(fold[[203, 206]], axis=1).min() > abs(fold[0, Y])
    assert lip[0, Y] > 2 * fold[0, Y]


def test_the_largest_mover_lies_in_the_own_region(single):
    for au, movement in single.items():
        assert np.linalg.norm(movement[:468], axis=1).argmax() in region(au), au


def test_the_outline_stays_except_for_the_jaw(single):
    oval = list(mesh_points.FACE_OVAL)
    for au in set(single) - JAW:
        size = np.linalg.norm(single[au], axis=1)
        assert size[oval].max() < 0.05 * size.max(), au


def test_left_and_right_mirror(rig):
    """Of the whole rig, inner parts too; the other side by brute force."""
    flip = np.array([-1, 1, 1], np.float32)
    distance = np.linalg.norm((rig.neutral * flip)[:, None] - rig.neutral, axis=-1)
    other = distance.argmin(1)
    assert distance.min(1).max() < 1e-6
    for left in (name for name in rig.morphs.names if name.endswith("_L")):
        right = rig.morphs[left[:-1] + "R"]
        np.testing.assert_allclose(
            rig.morphs[left][other] * flip, right, atol=1e-6, err_msg=left
        )
    names = rig.au_names
    each = np.eye(len(names))
    left = rig.vertices(each, au_names=[f"{name}_L" for name in names])
    right = rig.vertices(each, au_names=[f"{name}_R" for name in names])
    np.testing.assert_allclose(left[:, other] * flip, right, atol=2e-6)


def test_one_sided_aus_move_their_side(rig):
    moved = rig.vertices(np.ones((1, 1)), au_names=["AU12_L"])[0] - rig.neutral
    assert np.linalg.norm(moved[291]) > 1  # the subject's left is image right
    assert np.linalg.norm(moved[61]) < 0.01


def test_both_sides_together_are_the_bilateral_au(rig):
    for au in ("AU02", "AU12", "AU18", "AU26", "AU43"):
        both = rig.vertices(np.ones((1, 2)), au_names=[f"{au}_L", f"{au}_R"])
        whole = rig.vertices(np.ones((1, 1)), au_names=[au])
        np.testing.assert_allclose(both, whole, atol=1e-5)


def test_a_side_takes_precedence_over_both_and_nan_does_not(rig):
    names = ["AU12_L", "AU12"]
    moved = rig.vertices([[0, 1], [np.nan, 1]], au_names=names) - rig.neutral
    assert np.linalg.norm(moved[0, 291]) < 0.01 < np.linalg.norm(moved[0, 61])
    assert np.linalg.norm(moved[1, 291]) > 1


def test_zero_and_nan_are_the_neutral_face(rig):
    aus = np.zeros((3, len(rig.au_names)))
    aus[1] = np.nan
    pose, gaze = np.full((3, 3), np.nan), np.full((3, 2), np.nan)
    for vertices in rig.vertices(aus, pose, gaze):
        np.testing.assert_allclose(vertices, rig.neutral, atol=1e-5)


def test_nan_in_one_au_leaves_the_others(rig):
    known = rig.vertices([[0, 0.7]], au_names=["AU01", "AU12"])
    gap = rig.vertices([[np.nan, 0.7]], au_names=["AU01", "AU12"])
    np.testing.assert_array_equal(known, gap)


def test_values_are_clipped(rig):
    inside = rig.vertices([[1.0, 0.0]], au_names=["AU12", "AU04"])
    with pytest.warns(UserWarning, match=r"AU12 goes from 0 to 7.*0-5"):
        outside = rig.vertices([[7.0, -3.0]], au_names=["AU12", "AU04"])
    np.testing.assert_array_equal(inside, outside)


def test_a_frame_does_not_depend_on_how_many_come_with_it(rig):
    aus = random_aus(rig, 600, 4)
    together = rig.vertices(aus)
    for frame in (0, 511, 512, 599):
        alone = rig.vertices(aus[frame : frame + 1])[0]
        np.testing.assert_allclose(together[frame], alone, atol=1e-5)
    assert rig.vertices(aus[:0]).shape == (0, *rig.neutral.shape)


def still(rig, **angles):
    return rig.vertices(np.zeros((1, 1)), **angles)[0]


def test_head_pose_signs(rig):
    up = still(rig, pose=[[0.3, 0, 0]]) - rig.neutral
    assert up[1, Y] > 1  # the nose goes up
    tilt = still(rig, pose=[[0, 0.3, 0]]) - rig.neutral
    assert tilt[10, X] < -1  # the forehead goes to the subject's right
    turn = still(rig, pose=[[0, 0, 0.3]]) - rig.neutral
    assert turn[1, X] < -1  # the nose goes to the subject's right


def test_the_head_moves_rigidly(rig):
    turned = still(rig, pose=[[0.2, -0.3, 0.4]])
    before = np.linalg.norm(rig.neutral[::9, None] - rig.neutral, axis=-1)
    after = np.linalg.norm(turned[::9, None] - turned, axis=-1)
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_gaze_moves_both_irises_and_keeps_them_on_the_ball(rig):
    for gaze, axis, sign in (
        ([0.3, 0], Y, 1),
        ([-0.3, 0], Y, -1),
        ([0, 0.3], X, -1),  # the subject's right is image left
        ([0, -0.3], X, 1),
    ):
        moved = still(rig, gaze=[gaze])
        shift = (moved - rig.neutral)[list(IRIS_CENTRES), axis]
        np.testing.assert_allclose(sign * shift, 1.452 * np.sin(0.3), atol=2e-3)
        for rows, centre in zip(rig.eyes, rig.eye_centres, strict=True):
            turned, rest = moved[rows] - centre, rig.neutral[rows] - centre
            np.testing.assert_allclose(turned @ turned.T, rest @ rest.T, atol=1e-4)
            iris = np.linalg.norm(turned[:5], axis=1)  # the mesh's, in front
            np.testing.assert_allclose(iris, 1.452, atol=1e-3)


def test_lids_follow_the_gaze(rig):
    for pitch, sign in ((0.3, 1), (-0.3, -1)):
        moved = still(rig, gaze=[[pitch, 0]]) - rig.neutral
        assert (sign * moved[list(UPPER_MID), Y] > 0.1).all()


def test_shut_lids_stay_shut_wherever_the_eyes_look(rig):
    gaze = np.array([[0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]])
    shut = rig.vertices(np.ones((4, 1)), gaze=gaze, au_names=["AU43"])
    assert (lid_gaps(shut) < 0.1 * lid_gaps(rig.neutral)).all()


def test_unknown_aus_are_named(rig):
    with pytest.raises(InputError, match=r"AU99, AU12_X; the rig has AU01, .*AU45"):
        rig.vertices(np.zeros((1, 3)), au_names=["AU99", "AU12", "AU12_X"])


@pytest.mark.parametrize(
    "call",
    [
        {"aus": np.zeros(20)},
        {"aus": np.zeros((2, 99))},
        {"aus": np.zeros((2, 3)), "au_names": ["AU01"]},
        {"aus": np.zeros((2, 3)), "pose": np.zeros((1, 3))},
        {"aus": np.zeros((2, 3)), "gaze": np.zeros((2, 3))},
    ],
)
def test_shapes_that_do_not_fit(rig, call):
    with pytest.raises(ShapeError):
        rig.vertices(**call)


@pytest.mark.parametrize("call", [{}, {"pose": [[0, np.inf, 0]]}])
def test_infinite_values_are_refused(rig, call):
    value = 0.0 if call else np.inf
    with pytest.raises(InputError, match="infinite"):
        rig.vertices([[value]], au_names=["AU12"], **call)


def test_a_name_twice_is_refused(rig):
    with pytest.raises(InputError, match="twice"):
        rig.vertices(np.zeros((1, 2)), au_names=["AU12", "AU12"])


def test_the_asset_is_small(rig):
    assert shipped_model("rig", "rig.npz").stat().st_size < 300_000


@pytest.mark.slow
def test_the_asset_is_what_its_experiment_writes(shared, tmp_path):
    root = Path(__file__).parents[2]
    script = root / "experiments" / "01_rig" / "run.py"
    subprocess.run([sys.executable, script, "-o", tmp_path], check=True, timeout=120)
    made, kept = tmp_path / "rig.npz", shipped_model("rig", "rig.npz")
    assert sha256(made) == sha256(kept)


def test_the_kept_output_is_of_the_shipped_asset():
    root = Path(__file__).parents[2]
    results = (root / "experiments" / "01_rig" / "RESULTS.md").read_text()
    assert sha256(shipped_model("rig", "rig.npz")) in results
