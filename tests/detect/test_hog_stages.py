"""Stages on histograms of gradients: the original's numbers, scipy and numpy."""

import numpy as np
import pytest
import stand_ins
from scipy.ndimage import map_coordinates
from scipy.spatial import Delaunay

from genface.detect.face_crops import FaceCrops
from genface.detect.hog_stages import FaceHog, HogMeasures
from genface.errors import WeightError
from genface.nets.hog_classifiers import HogClassifiers, Reduction, Separators
from genface.nets.trees import Trees
from genface.table.columns import AUS, V1_EMOTIONS

RANDOM = np.random.default_rng(0)
N_HOG = 13 * 13 * 2 * 2 * 8


def faces_with_landmarks():
    faces = stand_ins.batch()
    FaceCrops()(faces)
    faces.found["crop_landmarks"] = stand_ins.face_shares()
    return faces


def aligned(crop, landmarks):
    """An upright picture, black around the face, and its whole landmarks: by scipy."""
    complex_points = landmarks.astype(float) @ [1, 1j]
    anchors = np.array(
        [
            complex_points[36:42].mean(),
            complex_points[42:48].mean(),
            *complex_points[[30, 48, 54]],
        ]
    )
    turn = np.exp(-1j * np.angle(anchors[1] - anchors[0]))
    turned = anchors * turn
    low = turned.real.min() + 1j * turned.imag.min()
    high = turned.real.max() + 1j * turned.imag.max()
    extent = max((high - low).real, (high - low).imag)
    grow = 111 / (2.5 * extent)

    def moved(points):
        return (points * turn - (low + high) / 2) * grow + 55.5 * (1 + 1j)

    whole = moved(complex_points)
    points = np.stack([whole.real, whole.imag], -1).astype(int)
    rows, columns = np.mgrid[:112, :112]
    back = ((columns + 1j * rows - 55.5 * (1 + 1j)) / grow + (low + high) / 2) / turn
    x, y = back.real, back.imag
    upright = np.stack(
        [
            map_coordinates(colour, [y, x], order=1, mode="grid-constant")
            for colour in np.moveaxis(crop, -1, 0)
        ],
        -1,
    )
    beyond = (np.minimum(x, y) < -0.5) | (np.maximum(x, y) > 111.5)
    upright[beyond] = 128
    grid = np.stack([columns, rows], -1).reshape(-1, 2)
    mask = (Delaunay(points).find_simplex(grid, tol=1e-9) >= 0).reshape(112, 112)
    (left, one), (right, other) = np.maximum(points[[0, 16]], 0)
    mask[: min(one, other), left:right] = True
    return upright * mask[..., None], points


def histograms(picture):
    """What scikit-image's ``hog`` does, in numpy."""
    down, across = np.zeros((2, *picture.shape))
    down[1:-1] = picture[2:] - picture[:-2]
    across[:, 1:-1] = picture[:, 2:] - picture[:, :-2]
    size = np.hypot(down, across)
    steep = size.argmax(-1)[..., None]
    down, across, size = (
        np.take_along_axis(x, steep, -1)[..., 0] for x in (down, across, size)
    )
    bins = (np.degrees(np.arctan2(down, across)) % 180 // 22.5).astype(int)
    cells = np.zeros((14, 14, 8))
    rows, columns = np.mgrid[:112, :112] // 8
    np.add.at(cells, (rows, columns, bins), size / 64)
    blocks = []
    for i, j in np.ndindex(13, 13):
        block = cells[i : i + 2, j : j + 2].ravel()
        block = np.minimum(block / np.sqrt((block**2).sum() + 1e-10), 0.2)
        blocks.append(block / np.sqrt((block**2).sum() + 1e-10))
    return np.concatenate(blocks)


def test_histograms_equal_scipy_and_numpy_on_aligned_crops():
    faces = faces_with_landmarks()
    assert FaceHog()(faces).shape == (4, 0)
    crops, shares = stand_ins.pieces(112), stand_ins.face_shares()
    for face in range(4):
        picture, points = aligned(crops[face], shares[face] * np.float32(112))
        np.testing.assert_array_equal(faces.found["aligned_landmarks"][face], points)
        found, expected = np.asarray(faces.found["hog"][face]), histograms(picture)
        # At the edge of the filled outside, angles lie between bins and may fall to
        # either.
        assert (np.abs(found - expected) > 1e-3).mean() < 0.01


@pytest.mark.parity
def test_histograms_equal_the_original(shared):
    draws = np.random.default_rng(5).random((2, 3, 112, 112)).astype(np.float32)
    faces = stand_ins.batch().at([0, 1])
    faces.found["crops"] = np.moveaxis(draws, 1, -1)
    with np.load(shared / "parity/preprocess.npz") as kept:
        faces.found["crop_landmarks"] = kept["landmarks01"]
        FaceHog()(faces)
        np.testing.assert_allclose(faces.found["hog"], kept["hog"], atol=1e-5)
        points = faces.found["aligned_landmarks"]
        np.testing.assert_array_equal(points, kept["align_lm_int"])


def test_a_faces_histogram_is_its_own_whatever_else_is_in_the_batch():
    faces = faces_with_landmarks()
    FaceHog()(faces)
    for face in range(4):
        alone = stand_ins.batch().at([face])
        FaceCrops()(alone)
        alone.found["crop_landmarks"] = stand_ins.face_shares()[[face]]
        FaceHog()(alone)
        np.testing.assert_array_equal(alone.found["hog"][0], faces.found["hog"][face])
    assert np.isfinite(faces.found["hog"]).all()


def reduction():
    matrix = RANDOM.standard_normal((N_HOG, 5)).astype(np.float32)
    return Reduction(np.full(N_HOG, 0.1, np.float32), matrix)


def separators(count):
    """Linear ones, to which the few features matter as much as the many points."""
    coefficients = RANDOM.standard_normal((count, 5 + 136)).astype(np.float32)
    coefficients[:, 5:] /= 200
    return Separators(coefficients, np.zeros(count, np.float32))


def stumps(count):
    """One question about the histogram each, and two answers."""
    nodes = np.tile([[0.0, -1, 2]], (count, 1)).astype(np.float32)
    return Trees(
        feature=np.pad(np.arange(count)[:, None] % 5, [(0, 0), (0, 2)]),
        threshold=nodes,
        left=np.tile([1, 1, 2], (count, 1)),
        right=np.tile([2, 1, 2], (count, 1)),
        default_left=np.ones((count, 3), bool),
        output=np.arange(count),
        base=np.zeros(count, np.float32),
        is_step=np.zeros(count, bool),
    )


def classifiers(make, count):
    """Two regions, whose outputs are interleaved."""
    places = np.arange(count)
    return HogClassifiers(
        {
            "upper": (reduction(), places[::2], make(len(places[::2]))),
            "full": (reduction(), places[1::2], make(len(places[1::2]))),
        }
    )


@pytest.mark.parametrize("columns", [AUS, V1_EMOTIONS], ids=["aus", "emotions"])
@pytest.mark.parametrize("make", [separators, stumps])
def test_classifiers_see_reduced_histograms_and_aligned_landmarks(make, columns):
    faces = faces_with_landmarks()
    FaceHog()(faces)
    made = classifiers(make, len(columns))
    stage = HogMeasures(made, columns)
    found = stage(faces)
    assert stage.columns == columns and found.shape == (4, len(columns))
    points = faces.found["aligned_landmarks"].reshape(4, -1)
    for reduced, places, given in made.regions.values():
        features = (np.asarray(faces.found["hog"], float) - 0.1) @ reduced.matrix
        if make is separators:
            expected = np.hstack([features, points]) @ given.coefficients.T > 0
        else:
            asked = features[:, np.arange(len(places)) % 5]
            expected = 1 / (1 + np.exp(np.where(asked < 0, 1.0, -2)))
        np.testing.assert_allclose(found[:, places], expected, atol=1e-5)
    assert (found.std(0) > 0).any()


def test_another_number_of_classifiers_is_refused():
    with pytest.raises(WeightError, match="7 classifiers came for 20 columns"):
        HogMeasures(classifiers(stumps, 7), AUS)
