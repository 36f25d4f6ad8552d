"""Synthetic people: labels that are true, lips that touch, seeds that repeat."""

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genface.facs import AU_NAMES
from genface.geometry import mesh_points
from genface.geometry.pose import rotation_from_euler

ROOT = Path(__file__).parents[2]
SIDED = (
    "browDown browInnerUp browOuterUp cheekPuff cheekRaiser cheekSquint eyeBlink "
    "eyeLookDown eyeLookIn eyeLookOut eyeLookUp eyeSquint eyeWide mouthDimple "
    "mouthFrown mouthLowerDown mouthPress mouthSmile mouthStretch mouthUpperUp "
    "noseSneer"
).split()
WHOLE = (
    "jawForward jawLeft jawOpen jawRight mouthClose mouthFunnel mouthLeft mouthPucker "
    "mouthRight mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper"
).split()
NAMES = (*(f"{shape}_{side}" for shape in SIDED for side in "LR"), *WHOLE)
FRAMES = 8


@pytest.fixture(scope="module")
def module():
    """Modules of the experiment by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        yield lambda name: importlib.import_module(
            f"experiments.synthetic_faces.{name}"
        )


@pytest.fixture(scope="module")
def sampling(module):
    return module("sampling")


@pytest.fixture(scope="module")
def drawn(sampling):
    return {
        name: column
        for name, column in zip(
            AU_NAMES,
            sampling.bilateral_aus(20_000, np.random.default_rng(0)).T,
            strict=True,
        )
    }


@pytest.fixture(scope="module")
def studio(module, shared):
    pytest.importorskip("numba", reason="pip install genface[experiments]")
    path = shared / "data" / "ict_facekit.npz"
    return module("studio").Studio.of(module("head").load(path))


@pytest.fixture(scope="module")
def people(studio):
    """Three people by the sampler of AUs, and one by that of shapes."""
    taken = [studio.photograph((5, k), FRAMES, "aus", 96) for k in range(3)]
    return [*taken, studio.photograph((5, 3), FRAMES, "shapes", 96)]


def test_aus_that_exclude_each_other_do_not_meet(drawn):
    def together(first, second):
        return ((first > 0) & (second > 0)).any()

    assert not together(drawn["AU05"], drawn["AU43"])
    assert not together(drawn["AU15"], drawn["AU12"] >= 0.3)
    assert not together(drawn["AU23"], drawn["AU12"] >= 0.5)
    for pressed in ("AU24", "AU28"):
        assert drawn[pressed].any()
        assert not together(drawn[pressed], drawn["AU25"])
        assert not together(drawn[pressed], drawn["AU26"])


def test_the_jaw_is_not_told_by_the_lips(drawn):
    """A grin shows shut teeth; a jaw drops behind lips, though not as far."""
    jaw, lips = drawn["AU26"], drawn["AU25"]
    apart = lips > 0
    assert abs(np.corrcoef(jaw[apart], lips[apart])[0, 1]) < 0.03
    assert (jaw[apart] == 0).mean() == pytest.approx(0.5, abs=0.02)
    assert 0.25 < jaw[~apart].max() < 0.31


def test_smiles_raise_cheeks_and_brows_go_together(drawn):
    assert np.corrcoef(drawn["AU06"], drawn["AU12"])[0, 1] > 0.5
    assert np.corrcoef(drawn["AU01"], drawn["AU02"])[0, 1] > 0.5
    # The mouth says nothing of the brows: a model must not learn one from the other.
    assert abs(np.corrcoef(drawn["AU12"], drawn["AU02"])[0, 1]) < 0.03


def test_every_au_is_drawn_over_its_range(drawn):
    for name, values in drawn.items():
        assert values.min() == 0, name
        assert values.max() > 0.9, name
        assert 0.04 < (values > 0.1).mean() < 0.6, name


@pytest.mark.parametrize("sampler", ["aus", "shapes"])
def test_a_person_begins_at_rest(sampling, sampler):
    rng = np.random.default_rng(3)
    acted = sampling.SAMPLERS[sampler](50, NAMES, np.zeros((50, 2)), rng)
    assert not acted.aus[0].any()
    assert not acted.weights[0].any()
    assert acted.weights[1:].any(axis=1).all()


def test_some_aus_are_on_one_side(sampling):
    rng = np.random.default_rng(4)
    aus = sampling.sample_aus(20_000, NAMES, np.zeros((20_000, 2)), rng).aus
    right, left = np.moveaxis(aus, 2, 0)
    for name, alone in (("AU12", 0.15), ("AU43", 0.2), ("AU01", 0.05)):
        k = AU_NAMES.index(name)
        on = np.maximum(right[:, k], left[:, k]) > 0.3
        weak = np.minimum(right[on, k], left[on, k])
        one_sided = weak < 0.45 * np.maximum(right[on, k], left[on, k])
        assert one_sided.mean() == pytest.approx(alone, rel=0.25), name
        assert (right[on, k] > left[on, k]).mean() == pytest.approx(0.5, abs=0.05)
    jaw = AU_NAMES.index("AU26")
    np.testing.assert_array_equal(right[:, jaw], left[:, jaw])


def test_a_smile_of_the_right_moves_the_shape_of_the_right(sampling):
    aus = np.zeros((1, len(AU_NAMES), 2))
    aus[0, AU_NAMES.index("AU12"), 0] = 0.8
    weights = sampling.au_weights(aus, NAMES)[0]
    assert {NAMES[k]: weights[k] for k in np.flatnonzero(weights)} == {
        "mouthSmile_R": 0.8
    }


def test_shapes_are_independent_and_have_no_labels(sampling):
    rng = np.random.default_rng(5)
    acted = sampling.sample_shapes(20_000, NAMES, np.zeros((20_000, 2)), rng)
    assert np.isnan(acted.aus[1:]).all()
    on = acted.weights[1:] > 0
    share = dict(zip(NAMES, on.mean(0), strict=True))
    assert share["jawOpen"] == pytest.approx(0.35, abs=0.02)
    assert share["mouthSmile_L"] == pytest.approx(0.12, abs=0.01)
    smile, frown = (acted.weights[1:, NAMES.index(f"{s}_L")] for s in
                    ("mouthSmile", "browDown"))  # fmt: skip
    assert abs(np.corrcoef(smile, frown)[0, 1]) < 0.03


def test_au25_is_what_the_gap_of_the_lips_shows(sampling):
    aus = np.zeros((4, len(AU_NAMES), 2))
    aus[:, AU_NAMES.index("AU24")] = 0.5
    # A side is half its own column, half the middle.
    rest = np.array([0.3, 0.1, -0.1])
    gap = np.array([[0.3, 0.1, -0.1], [0.9, 0.3, -0.06], [1.2, 0.8, 0.24], [2, 2, 2]])
    found = sampling.with_open_lips(aus, gap, rest)
    np.testing.assert_allclose(
        found[:, AU_NAMES.index("AU25")], [[0, 0], [0.5, 0], [1, 0.5], [1, 1]]
    )
    np.testing.assert_allclose(
        found[:, AU_NAMES.index("AU24")], [[0.5, 0.5], [0.5, 0.5], [0, 0.5], [0, 0]]
    )


def test_lips_that_roll_in_are_not_apart(sampling):
    heights = np.zeros((3, 478))
    heights[:, [82, 13, 312]] += 0.5  # the inner edge of the upper lip
    heights[:, [38, 12, 268, 72, 11, 302]] += [[0.6], [0.1], [-0.2]]  # in front of it
    heights[:, [86, 15, 316, 85, 16, 315]] -= 0.4
    np.testing.assert_allclose(
        sampling.lip_gaps(heights), np.repeat([[0.5], [0.1], [0]], 3, axis=1)
    )


@pytest.mark.slow
def test_same_seed_same_arrays(studio, people):
    again = studio.photograph((5, 2), FRAMES, "aus", 96)
    assert again.keys() == people[2].keys()
    for name, values in again.items():
        np.testing.assert_array_equal(values, people[2][name], err_msg=name)
    assert (people[0]["images"] != people[1]["images"]).any()


@pytest.mark.slow
def test_records_have_their_shapes_and_types(people):
    found = {name: (v.shape, v.dtype.name) for name, v in people[0].items()}
    assert found == {
        "images": ((FRAMES, 96, 96, 3), "uint8"),
        "aus": ((FRAMES, 20, 2), "float32"),
        "shapes": ((FRAMES, 57), "float32"),
        "pose": ((FRAMES, 3), "float32"),
        "gaze": ((FRAMES, 2), "float32"),
        "mesh_true": ((FRAMES, 478, 3), "float32"),
        "lip_gap": ((FRAMES,), "float32"),
        "lid_gap": ((FRAMES, 2), "float32"),
    }


@pytest.mark.slow
def test_labels_agree_with_the_rig(module, studio, sampling):
    """Lids shut with AU43, lips part with AU25, each on their own side."""
    person = module("people").draw(np.random.default_rng(8))
    level = np.linspace(0, 1, 5)
    for name, side in (("AU43", 0), ("AU43", 1), ("AU25", 0), ("AU25", 1)):
        aus = np.zeros((5, len(AU_NAMES), 2))
        aus[:, AU_NAMES.index(name), side] = level
        weights = sampling.au_weights(aus, studio.head.names)
        acted = sampling.Expressions(aus, weights, np.zeros((5, 2)))
        mesh = studio.mesh(studio.faces(person, acted), acted.gaze)
        lids = np.stack([mesh[:, 159] - mesh[:, 145], mesh[:, 386] - mesh[:, 374]], 1)
        lids = lids[..., 1]
        lips = np.stack([mesh[:, 82] - mesh[:, 87], mesh[:, 312] - mesh[:, 317]], 1)
        lips = lips[..., 1]
        if name == "AU43":
            assert (np.diff(lids[:, side]) < 0).all()
            assert lids[-1, side] < 0.12 * lids[0, side]
            np.testing.assert_allclose(lids[:, 1 - side], lids[0, 1 - side], rtol=0.05)
        else:
            assert (np.diff(lips[:, side]) > 0.01).all()
            assert lips[-1, side] > lips[-1, 1 - side]


@pytest.mark.slow
def test_lips_and_lids_never_cross(studio, people, module):
    """Also in other people's faces, whatever they do."""
    rng = np.random.default_rng(11)
    blinks = [studio.head.names.index(f"eyeBlink_{side}") for side in "LR"]
    rows = (
        (mesh_points.LIPS_INNER_UPPER, mesh_points.LIPS_INNER_LOWER),
        (mesh_points.RIGHT_LID_UPPER, mesh_points.RIGHT_LID_LOWER),
        (mesh_points.LEFT_LID_UPPER, mesh_points.LEFT_LID_LOWER),
    )
    for sampler in ("aus", "shapes"):
        person = module("people").draw(rng)
        draw = module("sampling").SAMPLERS[sampler]
        acted = draw(16, studio.head.names, np.zeros((16, 2)), rng)
        acted.weights[-4:, blinks] = 1.3  # more than shuts them
        mesh = studio.mesh(studio.faces(person, acted), acted.gaze)
        for upper, lower in rows:
            gap = mesh[:, upper, 1] - mesh[:, lower, 1]
            assert gap.min() > -0.03  # cm; opposite points are a little apart in x
    for taken in people:
        assert taken["lid_gap"].min() > -1e-4


@pytest.mark.slow
def test_irises_turn_with_the_gaze(module, studio, sampling):
    person = module("people").draw(np.random.default_rng(8))
    gaze = np.array([[0, 0], [0, 0.3], [0.2, 0]])
    none = np.zeros((3, len(AU_NAMES), 2))
    weights = np.zeros((3, len(studio.head.names)))
    acted = sampling.Expressions(none, weights, gaze)
    mesh = studio.mesh(studio.faces(person, acted), gaze)
    moved = mesh[1:, [468, 473]] - mesh[:1, [468, 473]]
    assert (moved[0, :, 0] < -0.35).all()  # the subject's right is image left
    assert (moved[1, :, 1] > 0.2).all()
    radius = np.linalg.norm(mesh[:, 469:473] - mesh[:, 468:469], axis=2)
    np.testing.assert_allclose(
        radius, np.broadcast_to(radius[0, 0], radius.shape), rtol=1e-5
    )


@pytest.mark.slow
def test_the_true_mesh_is_where_the_picture_has_it(studio):
    """Pupils are the darkest of an eye, and lie at the mesh's iris centres."""
    taken = studio.photograph((5, 1), 1, "aus", 256)
    image, mesh = taken["images"][0].astype(float).mean(2), taken["mesh_true"][0]
    for iris in mesh_points.IRISES:
        column, row = mesh[iris[0], :2]
        radius = np.abs(mesh[list(iris[1:]), 0] - column).max()
        middle = image[
            round(row - 1) : round(row + 1), round(column - 1) : round(column + 1)
        ]
        cheek = image[round(row + 4 * radius), round(column)]
        assert middle.mean() < 0.6 * cheek


def test_the_camera_is_a_pinhole(module):
    scene = module("scene")
    setting = scene.draw(64, np.random.default_rng(0))
    point = np.array([[2.0, 3.0, 10.0]])
    away = setting.distance - (10.0 - scene.PIVOT[2])
    focal = 64 * setting.zoom * setting.distance
    x, y, near = setting.project(point, 64)[0]
    assert x == pytest.approx(32 + focal * (2.0 - setting.centre[0]) / away)
    assert y == pytest.approx(32 - focal * (3.0 - setting.centre[1]) / away)
    assert near > 0  # in front of the pivot


@pytest.mark.slow
def test_a_frown_folds_the_skin_between_the_brows(module, studio):
    draw = module("people").draw
    folds = module("folds")
    names = studio.head.names
    weights = np.zeros(len(names))
    weights[[names.index("browDown_L"), names.index("browDown_R")]] = 1

    def steepness(age):
        person = replace(draw(np.random.default_rng(2)), age=age)
        skin = folds.Folds(person, studio.canvas, names, np.random.default_rng(2))
        change = skin.raise_(weights).copy() - skin.rest
        np.testing.assert_array_equal(skin.raise_(0 * weights), skin.rest)
        return np.abs(change[..., :2]).max(2)

    old, young = steepness(0.9), steepness(0.1)
    assert old.max() > 1.5 * young.max() > 0.1
    x, y, _ = np.moveaxis(studio.canvas.points, -1, 0)
    elsewhere = (y < 2.5) | (y > 8.5) | (np.abs(x) > 4)
    assert not old[elsewhere].any()


@pytest.mark.slow
def test_a_set_is_written_once_and_told_from_another(module, studio, shared, tmp_path):
    dataset = module("dataset")
    ict = shared / "data" / "ict_facekit.npz"
    plan = dataset.Plan(people=2, frames=3, seed=5, sampler="aus", size=96)
    dataset.write(tmp_path, plan, ict, workers=1)
    path = dataset.shards(tmp_path)[0]
    part, before = np.load(path), path.stat().st_mtime_ns
    np.testing.assert_array_equal(part["person"], [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(part["frame"], [0, 1, 2, 0, 1, 2])
    alone = studio.photograph((5, 1), 3, "aus", 96)
    np.testing.assert_array_equal(part["images"][3:], alone["images"])
    dataset.write(tmp_path, plan, ict, workers=1)
    assert path.stat().st_mtime_ns == before
    from genface.errors import InputError

    other = dataset.Plan(people=2, frames=3, seed=6, sampler="aus", size=96)
    with pytest.raises(InputError, match="another set"):
        dataset.write(tmp_path, other, ict, workers=1)


@pytest.mark.slow
def test_the_mesh_keeps_its_form_when_the_head_turns(module, studio, sampling):
    """From very far away, undoing the pose leaves the same form of a still face."""
    pose = np.array(
        [[0, 0, 0], [0.4, 0, 0], [0, 0.3, 0], [0, 0, 0.5], [-0.3, 0.2, -0.4]]
    )
    n, rng = len(pose), np.random.default_rng(8)
    still = sampling.Expressions(
        np.zeros((n, len(AU_NAMES), 2)),
        np.zeros((n, len(studio.head.names))),
        np.zeros((n, 2)),
    )
    faces = studio.faces(module("people").draw(rng), still)
    setting = replace(module("scene").draw(64, rng), distance=1e5)
    taken = studio.records(faces, still, pose, setting, 64)
    points = taken["mesh_true"].astype(float) * (1, -1, -1)
    points -= points[:, 168:169]

    def spread(turns):
        flat = np.einsum("fji,fvj->fvi", turns, points)
        return np.abs(flat - flat[0]).max()

    turned = spread(rotation_from_euler(0 * pose))
    # A wrong sign, order or direction of any angle leaves more than this.
    assert spread(rotation_from_euler(taken["pose"])) < 0.01 * turned
