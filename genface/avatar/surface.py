"""The smooth surface that is drawn: face mesh, head behind it, ears, and openings."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from genface.avatar import head, skin
from genface.avatar.subdivision import Refined, refine
from genface.geometry import mesh_points

LIDS = (
    (mesh_points.RIGHT_LID_UPPER, mesh_points.RIGHT_LID_LOWER),
    (mesh_points.LEFT_LID_UPPER, mesh_points.LEFT_LID_LOWER),
)
EYE_CORNERS = (mesh_points.RIGHT_EYE_CORNERS, mesh_points.LEFT_EYE_CORNERS)
LIPS = (mesh_points.LIPS_INNER_UPPER, mesh_points.LIPS_INNER_LOWER)
OPENINGS = (*LIDS, LIPS)
# What upper and lower rim leave of the light in eyes and mouth.
EYE_SHADOW = (0.60, 0.97)
MOUTH_SHADOW = (0.62, 0.95)
SKIN, RIGHT_EYE, LEFT_EYE, MOUTH = range(4)
BACK = -1


@dataclass(frozen=True)
class Surface:
    """Fixed facts of a drawn head; see :func:`build`.

    ``parts`` are the first triangles of skin (with hair and ears), right eye, left eye
    and mouth, and the end. Drawn vertices (R,) are ``copies`` of surface points, each
    with its place in the texture (``uv`` (R, 2); in openings not used) and, in
    openings, the light that the rims leave (``rim_light`` (R,)).
    """

    refined: Refined
    back: head.HeadBack
    neutral: np.ndarray
    normal_matrix: sparse.csr_array
    normal_triangles: np.ndarray
    hollow_matrix: sparse.csr_array
    hollow_scale: np.ndarray
    ear_points: np.ndarray
    ear_normals: np.ndarray
    triangles: np.ndarray
    parts: np.ndarray
    copies: np.ndarray
    uv: np.ndarray
    rim_light: np.ndarray

    def points(self, local: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Surface points and unit normals (S, 3), and hollowness (S,).

        ``local`` (478, 3) are vertices in the frame of the head. Hollowness is the
        depth of a fold or groove relative to the local mesh width, below 0 on ridges.
        """
        moved = local - self.neutral
        rings = self.back.points + self.back.follow[:, None] * moved[self.back.outline]
        control = np.concatenate([local, rings])
        smooth = self.refined.smooth @ control
        a, b, c = (smooth[self.normal_triangles[:, k]] for k in range(3))
        normals = self.normal_matrix @ np.cross(b - a, c - a)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
        bent = self.hollow_matrix @ control  # toward the mean of the neighbours
        first = normals[: len(control)]
        hollow = np.einsum("vk,vk->v", bent, first) / self.hollow_scale
        hollow = self.refined.linear @ hollow
        none = np.zeros(len(self.ear_points))
        return (
            np.concatenate([smooth, self.ear_points]),
            np.concatenate([normals, self.ear_normals]),
            np.concatenate([hollow, none]),
        )


def build(neutral: np.ndarray, levels: int) -> Surface:
    """Join the parts for a neutral face (478, 3) in head centimetres."""
    back = head.head_back(neutral)
    coarse = np.concatenate([mesh_points.triangles(), back.triangles])
    kind = _kinds(len(back.triangles))
    control = np.concatenate([neutral, back.points])
    creases = [edge for rims in OPENINGS for rim in rims for edge in _edges(rim)]
    refined = refine(coarse, len(control), np.array(creases), levels)
    fine, fine_kind = refined.triangles, kind[refined.parent]
    n_fine = refined.smooth.shape[0]
    ear_points, ear_normals, ear_triangles = head.ears()
    uv_face = skin.face_uv(refined.linear @ control)
    uv_hair = refined.linear @ skin.hair_uv(back.around, back.back)
    uv_ear = np.broadcast_to(skin.face_uv(head.PLAIN_SKIN), (len(ear_points), 2))
    pieces = [
        (fine[fine_kind == SKIN], uv_face),
        (fine[fine_kind == BACK], uv_hair),
        (ear_triangles + n_fine, np.concatenate([uv_face, uv_ear])),
    ] + [(fine[fine_kind == part], uv_face) for part in (RIGHT_EYE, LEFT_EYE, MOUTH)]
    triangles, copies, uv = _separate(pieces)
    sizes = [len(faces) for faces, _ in pieces]
    rim_light = refined.linear @ _rim_light(len(control))
    closed = (kind == SKIN) | (kind == BACK)
    outer = fine[np.isin(fine_kind, (SKIN, BACK))]
    mean = _neighbour_mean(coarse[closed], len(control))
    return Surface(
        refined=refined,
        back=back,
        neutral=neutral,
        normal_triangles=outer,
        normal_matrix=_corner_sum(outer, n_fine),
        hollow_matrix=mean,
        hollow_scale=_mesh_width(mean, control),
        ear_points=ear_points,
        ear_normals=ear_normals,
        triangles=triangles,
        parts=np.concatenate(
            [[0, sum(sizes[:3])], sum(sizes[:3]) + np.cumsum(sizes[3:])]
        ),
        copies=copies,
        uv=uv,
        rim_light=np.append(rim_light, np.ones(len(ear_points)))[copies],
    )


def _kinds(n_back: int) -> np.ndarray:
    """Part of each coarse triangle; those of an opening have all corners on its rim."""
    face = mesh_points.triangles()
    kind = np.full(len(face), SKIN)
    for part, rims in enumerate(OPENINGS, start=RIGHT_EYE):
        kind[np.isin(face, np.concatenate(rims)).all(axis=1)] = part
    return np.concatenate([kind, np.full(n_back, BACK)])


def _edges(path):
    return zip(path, path[1:], strict=False)


def _separate(pieces):
    """Give each piece its own vertices: triangles, copied points (R,), uv (R, 2)."""
    triangles, copies, uv, count = [], [], [], 0
    for faces, place in pieces:
        used, local = np.unique(faces, return_inverse=True)
        triangles.append(local.reshape(-1, 3) + count)
        copies.append(used)
        uv.append(place[used])
        count += len(used)
    return np.concatenate(triangles), np.concatenate(copies), np.concatenate(uv)


def _rim_light(n_control: int) -> np.ndarray:
    light = np.ones(n_control)
    for (upper, lower), (dark, bright) in zip(
        OPENINGS, (EYE_SHADOW, EYE_SHADOW, MOUTH_SHADOW), strict=True
    ):
        light[list(lower)] = bright
        light[list(upper)] = dark
    return light


def _corner_sum(triangles, n_points):
    """Matrix that sums what the triangles around each point carry."""
    columns = np.repeat(np.arange(len(triangles)), 3)
    return sparse.csr_array(
        (np.ones(triangles.size), (triangles.ravel(), columns)),
        shape=(n_points, len(triangles)),
    )


def _neighbour_mean(triangles, n_points):
    """Matrix that leads from each point to the mean of its neighbours."""
    sides = np.concatenate([triangles, np.roll(triangles, -1, axis=1)])
    pairs = np.stack([sides[: len(triangles)], sides[len(triangles) :]], axis=-1)
    pairs = np.unique(np.sort(pairs.reshape(-1, 2), axis=1), axis=0)
    rows = np.concatenate([pairs[:, 0], pairs[:, 1]])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0]])
    count = np.maximum(np.bincount(rows, minlength=n_points), 1)
    mean = sparse.csr_array(
        (1 / count[rows], (rows, columns)), shape=(n_points, n_points)
    )
    here = np.bincount(rows, minlength=n_points) > 0
    return (mean - sparse.dia_array((here[None] * 1.0, [0]), mean.shape)).tocsr()


def _mesh_width(mean, control):
    """Typical distance to the neighbours (control,), never 0."""
    graph = mean.tocoo()
    rows, columns = graph.coords
    off = rows != columns
    far = np.linalg.norm(control[rows[off]] - control[columns[off]], axis=1)
    total = np.bincount(rows[off], far * graph.data[off], minlength=len(control))
    return np.where(total > 0, total, 1.0)
