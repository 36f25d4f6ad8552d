"""AU shapes as sums of ICT-FaceKit's expression shapes, each inside its own region.

The table is :data:`genface.facs.ARKIT_FROM_AU`; what it lacks on a real surface is
added here. Points may be any of the set's surface, its vertices or a mesh laid over
it: centimetres, x right in the image, y up, z toward the viewer; the subject's left
is x > 0.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial.distance import cdist

from genface.avatar.activation import LOOKS, SIDES
from genface.facs.arkit import ARKIT_FROM_AU
from genface.facs.regions import MOVES_OUTLINE, PATCHES, mirror, region
from genface.facs.units import AU_NAMES, au_number
from genface.geometry.mesh_points import FACE_OVAL, LEFT_LID_LOWER, N_FACE

# The detector's AUs first, in its order, then those that only the rig has.
RIG_AUS = (*map(au_number, AU_NAMES), 13, 16, 18, 22, 27, 45)
# ICT's browDown lowers the arch of the brow twice as far as its inner end, where the
# frown is; pressed lips (24) also roll in, or they would look as at rest.
EXTRA_SHAPES: dict[int, dict[str, float]] = {
    4: {"browInnerUp": -0.5},
    13: {"mouthSmile": 0.15, "cheekPuff": 0.3},
    24: {"mouthRollUpper": 0.35, "mouthRollLower": 0.35, "mouthShrugLower": 0.15},
}
# Gains along x, y, z: a smile pulls out as well as up, a sharp lip puller only up.
GAINS: dict[int, tuple[float, float, float]] = {
    12: (1.2, 0.9, 1.0),
    13: (0.2, 1.0, 0.5),
}
WHOLE_FACE = (26, 27)  # the jaw: its shapes end by themselves, but for the lids
# The raw shape of 9 opens the mouth as far as AU10 does; 11 leaves the corners.
WEAKER = {9: ("upper lip", 0.4), 11: ("mouth corner", 0.3)}
EDGE = 1.6  # cm over which an AU fades out around its region, and toward the outline
EDGES = {1: 2.4, 2: 3.0}  # the forehead's skin goes along further
MIXTURES = (
    ("AU01", "AU04"),
    ("AU06", "AU12"),
    ("AU12", "AU26"),
    ("AU12", "AU27"),
)
LOOK_SHAPES = ("eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut")


def side_deltas(
    shapes: Mapping[str, np.ndarray],
    points: np.ndarray,
    mesh: np.ndarray,
    sides: Sequence[str] = SIDES,
) -> dict[str, np.ndarray]:
    """Deltas (V, 3) of every driver of a rig, such as ``AU12_L`` and ``look_up_L``.

    ``shapes`` are the set's deltas (V, 3) at ``points`` (V, 3); those with sides are
    named ``..._L`` and ``..._R``. ``mesh`` (478, 3) is the face mesh on the same
    surface, which carries the regions.
    """
    masks = region_masks(points, mesh)
    deltas: dict[str, np.ndarray] = {}
    for side in sides:
        for number in RIG_AUS:
            raw = _of_au(number, shapes, points, mesh, side)
            deltas[f"AU{number:02d}_{side}"] = raw * masks[number][:, None]
        for name, shape in zip(LOOKS, LOOK_SHAPES, strict=True):
            deltas[f"{name}_{side}"] = shapes[f"{shape}_{side}"]
        for pair in MIXTURES:
            first, second = (deltas[f"{name}_{side}"] for name in pair)
            deltas[f"{'+'.join(pair)}_{side}"] = corrective(pair, first, second)
    return deltas


def region_masks(points: np.ndarray, mesh: np.ndarray) -> dict[int, np.ndarray]:
    """How far each AU acts at each point (V,): 1 in its region, smoothly to 0 around.

    AUs that do not move the jaw also fade out toward the outline of the face.
    """
    face = mesh[:N_FACE]
    distance = cdist(face, face)
    inside = smooth(distance[:, list(FACE_OVAL)].min(1) / EDGE)
    rows = []
    for number in RIG_AUS:
        weight = np.ones(N_FACE)
        if number not in WHOLE_FACE:
            near = distance[:, list(region(number))].min(1)
            weight = smooth(1 - near / EDGES.get(number, EDGE))
        if number not in MOVES_OUTLINE:
            weight *= inside
        if number in WEAKER:
            patch, share = WEAKER[number]
            right = list(PATCHES[patch])
            near = distance[:, right + [mirror()[i] for i in right]].min(1)
            weight *= share + (1 - share) * smooth(near / EDGE)
        rows.append(weight)
    spread = RBFInterpolator(face, np.stack(rows, 1), kernel="linear")
    values = np.clip(spread(points), 0, 1)
    outer = np.array([number in WHOLE_FACE for number in RIG_AUS])
    lid = mesh[LEFT_LID_LOWER[4], 1]
    values[:, outer] = smooth((lid - points[:, 1:2]) / 2)
    return dict(zip(RIG_AUS, values.T, strict=True))


def corrective(
    pair: tuple[str, str], first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """What is added where two AUs are both fully on, (V, 3).

    1+4: the inner brow stays up although it is drawn together. 12 with an open jaw:
    the corners hang less on the jaw than at rest. 6+12: where both push the same skin
    the same way it moves by the root of the sum of squares, as it cannot move twice.
    """
    if pair == ("AU06", "AU12"):
        both = first + second
        size = np.linalg.norm(both, axis=1, keepdims=True)
        root = np.sqrt((first**2 + second**2).sum(1, keepdims=True))
        same = (first * second).sum(1, keepdims=True) > 0
        return np.where(same, (root / np.maximum(size, 1e-9) - 1) * both, 0.0)
    if pair == ("AU01", "AU04"):
        return -0.5 * _share(first) * second * [0, 1, 0]
    return -0.35 * _share(first) * second


def smooth(t: np.ndarray) -> np.ndarray:
    """Smooth step from 0 at t <= 0 to 1 at t >= 1."""
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def _share(delta: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(delta, axis=1, keepdims=True)
    return size / size.max()


def _of_au(number: int, shapes, points, mesh, side: str) -> np.ndarray:
    weights = dict(ARKIT_FROM_AU[number])
    for name, weight in EXTRA_SHAPES.get(number, {}).items():
        weights[name] = weights.get(name, 0.0) + weight
    delta = np.zeros(points.shape)
    for name, weight in weights.items():
        delta += weight * _one_side(name, shapes, points, side)
    if number in GAINS:
        delta = delta * GAINS[number]
    outward = 1 if side == "L" else -1
    if number == 4:
        delta = delta + _together(points, mesh, outward)
    if number == 11:
        delta = _nasolabial(delta, points, mesh, outward)
    return delta


def _one_side(name: str, shapes, points, side: str) -> np.ndarray:
    """One side's half of a shape; of the jaw, which has no sides, half of its way."""
    if name not in shapes:
        return shapes[f"{name}_{side}"]
    if name.startswith("jaw"):
        return 0.5 * shapes[name]
    outward = points[:, :1] * (1 if side == "L" else -1)
    return smooth(outward / 2 + 0.5) * shapes[name]


def _together(points, mesh, outward: int) -> np.ndarray:
    """The inner end of a brow drawn .35 cm to the middle (corrugator)."""
    inner = mesh[[285, 336] if outward > 0 else [55, 107]].mean(0)
    near = np.exp(-((points - inner) ** 2).sum(1) / (2 * 0.9**2))
    near *= smooth(outward * points[:, 0] / 0.8)
    return near[:, None] * [-0.35 * outward, 0, 0]


def _nasolabial(delta, points, mesh, outward: int) -> np.ndarray:
    """Zygomaticus minor lifts the side of the upper lip and deepens the fold."""
    fold = mesh[[423, 426, 391] if outward > 0 else [203, 206, 165]]
    near = np.exp(-(cdist(points, fold).min(1) ** 2) / (2 * 0.5**2))
    near *= smooth(outward * points[:, 0])
    side = smooth(outward * points[:, 0] / 1.6)
    return delta * side[:, None] * 1.3 + near[:, None] * [0.08 * outward, 0.12, -0.22]
