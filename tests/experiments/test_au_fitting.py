"""The fit of the AU model, on a made-up rig whose answers are known."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from genface.facs import AU_NAMES
from genface.geometry.mesh_points import N_FACE, N_MESH

ROOT = Path(__file__).parents[2]
LIPS = [82, 87, 13, 14, 312, 317]
AU25 = AU_NAMES.index("AU25")


@pytest.fixture(scope="module")
def module():
    """Modules of the experiment by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "experiments" / "02_au_model")
        patch.syspath_prepend(ROOT)
        yield importlib.import_module


@pytest.fixture(scope="module")
def fitting(module):
    return module("fitting")


@pytest.fixture(scope="module")
def rig(module, fitting):
    """Points at random heights, in pairs but for the middle of the lips."""
    mirror = np.arange(N_MESH)
    for points in (np.setdiff1d(mirror[:N_FACE], LIPS), mirror[N_FACE:].copy()):
        mirror[points] = points[::-1]
    mirror[[82, 312, 87, 317]] = 312, 82, 317, 87
    height = np.random.default_rng(0).uniform(-6, 9, N_MESH)
    shapes = {*fitting.OTHER_PATTERNS}.union(
        *module("experiments.synthetic_faces.sampling").AU_SHAPES.values()
    )
    return module("training").Rig(
        average=np.zeros((N_MESH, 3)),
        height=(height + height[mirror]) / 2,
        rises=np.zeros((2 * len(shapes), N_MESH)),
        mirror=mirror,
        unit=9.0,
        shape_names=tuple(f"{s}_{side}" for s in sorted(shapes) for side in "LR"),
    )


@pytest.fixture(scope="module")
def basis(module, rig):
    """Shapes that have nothing in common, their mirror images, and some noise."""
    rng = np.random.default_rng(1)
    left = rng.normal(size=(len(rig.shape_names) // 2, 2 * N_MESH))
    shapes = np.stack([left, flipped(rig, left)], axis=1).reshape(-1, 2 * N_MESH)
    noise = 0.03 * rng.normal(size=(600, 2 * N_MESH))
    noise = np.concatenate([noise, flipped(rig, noise)])
    return module("seen").SeenBasis(shapes, noise)


@pytest.fixture(scope="module")
def patterns(fitting, rig, basis):
    return fitting.au_patterns(rig, basis)


@pytest.fixture(scope="module")
def planted(fitting, rig):
    """Deltas, AUs that are linear in them, and the weights: each AU of its region."""
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(N_MESH, 2, len(AU_NAMES)))
    share = np.where(rig.skin, fitting.upper_points(rig), np.nan)
    for k, is_upper in enumerate(fitting.upper_aus()):
        weights[share != (1 if is_upper else 0), :, k] = 0
    weights = weights.reshape(2 * N_MESH, -1)
    deltas = rng.normal(size=(2000, 2 * N_MESH))
    return deltas, deltas @ weights + np.linspace(-1, 1, len(AU_NAMES)), weights


def flipped(rig, deltas):
    """Deltas (n, 956) of the faces' mirror images."""
    points = np.array(deltas).reshape(-1, N_MESH, 2)[:, rig.mirror]
    points[..., 0] *= -1
    return points.reshape(len(deltas), -1)


def test_a_ridge_finds_weights_and_their_mirror_image(fitting, rig, planted):
    deltas, aus, true = planted
    found = fitting.region_ridge(rig, deltas, aus)
    both = (true + flipped(rig, true.T).T) / 2
    others = np.arange(len(AU_NAMES)) != AU25
    np.testing.assert_allclose(
        found.weights[:, others], both[:, others], atol=0.02 * both.std()
    )
    offset = np.linspace(-1, 1, len(AU_NAMES))
    np.testing.assert_allclose(found.offset[others], offset[others], atol=0.02)
    assert found.offset[AU25] == 0


def test_an_au_is_read_from_its_own_region(fitting, rig, planted):
    """Also where all that tells it is in the other."""
    deltas, aus, _ = planted
    found = fitting.region_ridge(rig, deltas, aus[:, ::-1])
    weights = found.weights.reshape(N_MESH, 2, -1)
    share, upper = fitting.upper_points(rig), fitting.upper_aus()
    assert weights[share == 1][..., upper].any()
    assert not weights[share == 0][..., upper].any()
    assert weights[share == 0][..., ~upper].any()
    assert not weights[share == 1][..., ~upper & (np.arange(20) != AU25)].any()
    assert not weights[~rig.skin].any()


def test_au25_is_the_mean_gap_of_three_columns(fitting, rig, planted):
    found = fitting.region_ridge(rig, *planted[:2])
    moved = np.zeros((N_MESH, 2))
    moved[[82, 13, 312], 1] = 0.1, 0.3, 0.2
    moved[[87, 14, 317], 1] = -0.1, -0.1, 0.3
    moved[:, 0] = 5.0  # whatever moves across, or elsewhere, is no gap
    moved[np.setdiff1d(np.arange(N_MESH), LIPS), 1] = 7.0
    gap = rig.unit * (0.2 + 0.4 - 0.1) / 3  # cm
    answer = moved.ravel() @ found.weights[:, AU25]
    assert answer == pytest.approx(gap / fitting.FULL_LIP_GAP)


def test_patterns_tell_what_was_put_together(rig, basis, patterns):
    """A smile of the right, a raised brow, a winking left eye, a jaw; and a pout."""
    put_in = {
        "mouthSmile_R": 0.7, "browInnerUp_R": 0.5, "browInnerUp_L": 0.5,
        "eyeBlink_L": 0.6, "jawOpen_R": 0.2, "jawOpen_L": 0.2,
        "mouthPucker_R": 0.4, "mouthPucker_L": 0.4,
    }  # fmt: skip
    delta = sum(
        weight * basis.shapes[rig.shape_names.index(name)]
        for name, weight in put_in.items()
    )
    weights = patterns.weights(delta[None])[0]

    def aus(**values):
        return [values.get(name, 0) for name in AU_NAMES]

    close = {"atol": 0.01}
    whole = aus(AU12=0.35, AU01=0.5, AU43=0.3, AU26=0.4)
    np.testing.assert_allclose(weights @ patterns.whole, whole, **close)
    left, right = weights @ patterns.sides
    np.testing.assert_allclose(left, aus(AU01=0.5, AU43=0.6), **close)
    np.testing.assert_allclose(right, aus(AU12=0.7, AU01=0.5), **close)


def test_patterns_of_a_mirror_image_swap_sides(rig, patterns):
    deltas = np.random.default_rng(3).normal(size=(5, 2 * N_MESH))
    weights, image = (patterns.weights(d) for d in (deltas, flipped(rig, deltas)))
    same = {"rtol": 1e-6, "atol": 1e-8}
    np.testing.assert_allclose(weights @ patterns.whole, image @ patterns.whole, **same)
    for side in (0, 1):
        np.testing.assert_allclose(
            weights @ patterns.sides[side], image @ patterns.sides[1 - side], **same
        )
    assert np.abs(weights @ (patterns.sides[0] - patterns.sides[1])).max() > 0.01


def test_answers_are_stretched_to_1_as_far_as_rest_stays_quiet(fitting):
    answers = np.full(len(AU_NAMES), 0.5)
    spread = np.full(len(AU_NAMES), 0.01)
    answers[[0, 1, 2]] = 0.1, 0, -0.3  # small; none and wrong: no size to go by
    spread[[0, 3, 4]] = 0.02, 0.2, 0
    found = fitting.stretches(answers, spread, quiet=0.1)
    assert found[AU25] == 1
    np.testing.assert_allclose(found[:6], [5, 10, 10, 0.5, 2, 2])
