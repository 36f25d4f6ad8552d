"""Where each of the 478 mesh points lies on the surface of ICT-FaceKit.

Lips and lids are placed on curves of the set's own edges, at the arc-length fractions
of MediaPipe's canonical face; the rest follows by a thin-plate spline and eight rounds
of nearest point and Laplacian smoothing. Deterministic; about two seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from experiments.ict.contours import Skin, place_contours
from experiments.ict.facekit import EYEBALLS, ICT
from genface.files import read_npz
from genface.geometry.mesh_points import N_FACE, TRIANGLES

CANONICAL = Path(__file__).parents[3] / "shared" / "data" / "canonical_face.npz"
IRIS_RADIUS = 0.585  # cm; a human iris is 11.7 mm wide, nearly the same in everyone

# Centre, image right, top, image left, bottom of each iris: mirroring swaps the sides.
IRIS_MIRROR = np.array([473, 476, 475, 474, 477, 468, 471, 470, 469, 472])

# Mesh vertex -> landmark of the 68 that pulls it softly: nose, chin, brows.
SOFT_ANCHORS = {4: 30, 2: 33, 98: 31, 327: 35, 152: 8} | dict(
    zip((70, 63, 105, 66, 107, 336, 296, 334, 293, 300), range(17, 27), strict=True)
)
# Mesh vertices under the 51 inner landmarks 17..67, in that order.
INNER_51 = (
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 6, 195, 4, 240, 75, 1),
    *(305, 460, 33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380, 61, 39),
    *(37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87),
)


@dataclass(frozen=True)
class Registration:
    """The 478 points as a linear map of the set's vertices."""

    vertex_ids: np.ndarray  # (468, 3) vertices of the set around each mesh point
    weights: np.ndarray  # (468, 3) barycentric, rows sum to 1
    irises: np.ndarray  # (10, 3) iris points of the neutral face, cm
    eye_centres: np.ndarray  # (2, 3) subject's right, left
    eye_radius: float
    eye_vertices: tuple[np.ndarray, np.ndarray]  # vertices on the two balls
    eye_means: np.ndarray  # (2, 3) their mean in the neutral face
    mirror: np.ndarray  # (478,) the mesh point on the other side
    outer_eye_distance: float  # cm, the unit of the residuals
    residuals: dict[str, float] = field(default_factory=dict)

    def points(self, surface: np.ndarray) -> np.ndarray:
        """Mesh points (..., 478, 3) of a whole set's vertices (..., 26719, 3)."""
        shift = self._eye_means(surface) - self.eye_means
        irises = self.irises + np.repeat(shift, 5, axis=-2)
        return np.concatenate([self._on_skin(surface), irises], axis=-2)

    def deltas(self, shape: np.ndarray) -> np.ndarray:
        """Mesh deltas (..., 478, 3) of a shape's deltas (..., 26719, 3)."""
        irises = np.repeat(self._eye_means(shape), 5, axis=-2)
        return np.concatenate([self._on_skin(shape), irises], axis=-2)

    def _on_skin(self, surface):
        return np.einsum(
            "...vkc,vk->...vc", surface[..., self.vertex_ids, :], self.weights
        )

    def _eye_means(self, surface):
        means = [surface[..., ids, :].mean(-2) for ids in self.eye_vertices]
        return np.stack(means, axis=-2)


def register(ict: ICT, canonical: Path | str = CANONICAL) -> Registration:
    """Fit the mesh to the set's neutral face.

    ``canonical`` holds MediaPipe's canonical face (``vertices`` (468, 3)), the shape
    that is laid over the set's; its coordinates do not survive in the result.
    """
    shape = read_npz(canonical)["vertices"].astype(np.float64)
    mirror = cKDTree(shape).query(shape * [-1, 1, 1])[1]
    eod = float(np.linalg.norm(np.subtract(*ict.neutral[ict.landmarks68[[36, 45]]])))
    skin = Skin.of(ict)
    contours = place_contours(ict, skin, shape)
    contour, group = contours.positions, contours.part
    residuals: dict[str, float] = {}

    def note(what: str, distance: np.ndarray) -> None:
        residuals[f"{what}, mean"] = 100 * float(distance.mean()) / eod
        residuals[f"{what}, max"] = 100 * float(distance.max()) / eod

    soft = {k: ict.neutral[ict.landmarks68[v]] for k, v in SOFT_ANCHORS.items()}
    anchors = contour | soft
    ids = np.array(sorted(anchors))
    targets = np.array([anchors[i] for i in ids])
    stiffness = np.array([50.0 if i in contour else 6.0 for i in ids])

    landmarks = ict.neutral[ict.landmarks68[17:]]
    points = _similarity(shape[list(INNER_51)], landmarks)(shape)
    note("similarity to surface", skin.nearest(points, skin.everything).distance)
    warp = RBFInterpolator(
        points[ids], targets - points[ids], kernel="thin_plate_spline", smoothing=0.003
    )
    points = points + warp(points)
    note("spline to surface", skin.nearest(points, skin.everything).distance)
    free = np.array([i for i in range(N_FACE) if i not in contour])
    points, distance = _settle(points, skin, free, (ids, targets, stiffness))
    note("smoothing to surface", distance)
    points = (points + points[mirror] * [-1, 1, 1]) / 2

    vertex_ids = np.zeros((N_FACE, 3), int)
    weights = np.zeros((N_FACE, 3))
    left_over = np.zeros(N_FACE)
    allowed = {
        "upper lip": skin.upper_lip,
        "lower lip": skin.lower_lip,
        "lids": skin.everything,
    }
    parts = [([i for i in contour if group[i] == g], t) for g, t in allowed.items()]
    points[list(contour)] = list(contour.values())
    for members, triangles in [*parts, (free, skin.outside)]:
        hit = skin.nearest(points[members], triangles)
        vertex_ids[members] = triangles[hit.triangle]
        weights[members] = hit.weights
        left_over[members] = hit.distance
    note("final projection", left_over)
    return Registration(
        vertex_ids=vertex_ids,
        weights=weights,
        mirror=np.concatenate([mirror, IRIS_MIRROR]),
        outer_eye_distance=eod,
        residuals=residuals,
        **_eyes(ict.neutral),
    )


def _settle(points, skin: Skin, free, anchors) -> tuple[np.ndarray, np.ndarray]:
    """Eight rounds of nearest point and smoothing; the last distances too."""
    ids, targets, stiffness = anchors
    laplacian = _laplacian(points.shape[0])
    bending = (laplacian.T @ laplacian).tocsc()
    for step in range(8):
        hit = skin.nearest(points[free], skin.outside)
        pull, goal = np.zeros(len(points)), points.copy()
        pull[free], goal[free] = 1.0, hit.position
        pull[ids], goal[ids] = stiffness, targets
        smooth = 4 * 0.75**step
        system = (smooth * bending + sparse.diags_array(pull)).tocsc()
        right = smooth * (bending @ points) + pull[:, None] * goal
        solve = scipy.sparse.linalg.factorized(system)
        points = np.stack([solve(axis) for axis in right.T], 1)
    return points, hit.distance


def _laplacian(count: int) -> sparse.csr_array:
    edges = np.concatenate([TRIANGLES[:, [k, (k + 1) % 3]] for k in range(3)])
    edges = np.unique(np.sort(edges, 1), axis=0)
    ones = np.ones(len(edges))
    ring = sparse.coo_array((ones, (edges[:, 0], edges[:, 1])), shape=(count, count))
    ring = (ring + ring.T).tocsr()
    average = sparse.diags_array(1 / ring.sum(1)) @ ring
    return (sparse.diags_array(np.ones(count)) - average).tocsr()


def _similarity(
    source: np.ndarray, target: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Scaled rotation and shift of source (V, 3) onto target (Umeyama 1991)."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, v = np.linalg.svd(a.T @ b)
    rotation = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ v))]) @ v
    scale = s.sum() / (a**2).sum()
    return lambda p: scale * (p - source.mean(0)) @ rotation + target.mean(0)


def _eyes(neutral: np.ndarray) -> dict:
    """Eyeball spheres (robust least squares) and the iris rings on them."""
    balls = np.arange(*EYEBALLS.indices(len(neutral)))
    centres, radii, members, rings = [], [], [], []
    for side in (-1, 1):
        ids = balls[neutral[balls, 0] * side > 0]
        keep = np.ones(len(ids), bool)
        for _ in range(6):
            centre, radius = _sphere(neutral[ids[keep]])
            distance = np.linalg.norm(neutral[ids] - centre, axis=1)
            keep = abs(distance - radius) < 0.06
        centres.append(centre)
        radii.append(radius)
        members.append(ids[keep])
        depth = np.sqrt(radius**2 - IRIS_RADIUS**2)
        ring = [(1, 0), (0, 1), (-1, 0), (0, -1)]
        offsets = [(IRIS_RADIUS * x, IRIS_RADIUS * y, depth) for x, y in ring]
        rings.append(centre + np.array([(0, 0, radius), *offsets]))
    return {
        "irises": np.concatenate(rings),
        "eye_centres": np.array(centres),
        "eye_radius": float(np.mean(radii)),
        "eye_vertices": (members[0], members[1]),
        "eye_means": np.array([neutral[ids].mean(0) for ids in members]),
    }


def _sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    system = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
    x = np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0]
    return x[:3], float(np.sqrt(x[3] + x[:3] @ x[:3]))
