"""The smooth surface that is drawn: face mesh, head behind it, ears, and openings."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from genface.avatar import head, skin
from genface.avatar.subdivision import refine
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
# Kinds of triangles in the order in which they are drawn.
SKIN, EARS, BODY, RIGHT_EYE, LEFT_EYE, MOUTH = range(1, 7)
BACK = 0  # the head behind the face, drawn with the skin


@dataclass(frozen=True)
class Surface:
    """Fixed facts of a drawn head; see :func:`build`. All numbers are float32.

    Surface points (S, 3) are those of the refined face and head, then of the ears, then
    of the body. Drawn vertices (R,) are ``copies`` of them, each with its place in the
    texture (``uv`` (R, 2); in openings not used) and, in openings, the light that the
    rims leave (``rim_light`` (R,)). ``first_opening`` is the first drawn vertex of the
    openings; ``parts`` (M,) uint8 is the kind of each of the ``triangles`` (M, 3), the
    first ``n_face`` of which are the skin of the face.
    """

    smooth: sparse.csr_array
    linear: sparse.csr_array
    back: head.HeadBack
    neutral: np.ndarray
    normal_matrix: sparse.csr_array
    normal_triangles: np.ndarray
    hollow_matrix: sparse.csr_array
    hollow_scale: np.ndarray
    ear_points: np.ndarray
    ear_normals: np.ndarray
    body: head.Body
    triangles: np.ndarray
    parts: np.ndarray
    copies: np.ndarray
    uv: np.ndarray
    rim_light: np.ndarray
    first_opening: int
    n_face: int

    def points(self, local: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points and unit normals (S, 3) without the body's, and hollowness (S,).

        ``local`` (478, 3) are vertices in the frame of the head. Hollowness is the
        depth of a fold or groove relative to the local mesh width, below 0 on ridges.
        """
        moved = local - self.neutral
        rings = self.back.points + self.back.follow[:, None] * moved[self.back.outline]
        control = np.concatenate([local, rings])
        smooth = self.smooth @ control
        normals = self.normal_matrix @ face_normals(smooth, self.normal_triangles)
        normals /= np.sqrt(np.einsum("vk,vk->v", normals, normals))[:, None] + 1e-12
        bent = self.hollow_matrix @ control  # toward the mean of the neighbours
        first = normals[: len(control)]
        hollow = np.einsum("vk,vk->v", bent, first) / self.hollow_scale
        hollow = self.linear @ hollow
        return (
            np.concatenate([smooth, self.ear_points]),
            np.concatenate([normals, self.ear_normals]),
            np.concatenate([hollow, np.zeros(len(self.ear_points), np.float32)]),
        )


def face_normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Normals (M, 3) of triangles, as long as twice their areas."""
    (ax, bx, cx), (ay, by, cy), (az, bz, cz) = (
        points[:, axis][triangles.T] for axis in range(3)
    )
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    return np.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx], axis=1)


def build(neutral: np.ndarray, levels: int) -> Surface:
    """Join the parts for a neutral face (478, 3) in head centimetres."""
    back, body = head.head_back(neutral), head.body()
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
    uv_body = np.concatenate([uv_face, uv_ear, skin.body_uv(body.along)])
    pieces = [
        (fine[fine_kind == SKIN], uv_face, SKIN),
        (fine[fine_kind == BACK], uv_hair, SKIN),
        (ear_triangles + n_fine, np.concatenate([uv_face, uv_ear]), EARS),
        (body.triangles + n_fine + len(ear_points), uv_body, BODY),
    ] + [
        (fine[fine_kind == part], uv_face, part)
        for part in (RIGHT_EYE, LEFT_EYE, MOUTH)
    ]
    triangles, copies, uv = _separate([piece[:2] for piece in pieces])
    parts = np.concatenate([np.full(len(piece[0]), piece[2]) for piece in pieces])
    rim_light = refined.linear @ _rim_light(len(control))
    none = np.ones(len(ear_points) + len(body.points))
    outer = fine[np.isin(fine_kind, (SKIN, BACK))]
    mean = _neighbour_mean(coarse[(kind == SKIN) | (kind == BACK)], len(control))
    single = np.float32
    return Surface(
        smooth=refined.smooth.astype(single),
        linear=refined.linear.astype(single),
        back=back.single(),
        neutral=neutral.astype(single),
        normal_triangles=outer,
        normal_matrix=corner_sum(outer, n_fine),
        hollow_matrix=mean.astype(single),
        hollow_scale=_mesh_width(mean, control).astype(single),
        ear_points=ear_points.astype(single),
        ear_normals=ear_normals.astype(single),
        body=body.single(),
        triangles=triangles,
        parts=parts.astype(np.uint8),
        copies=copies,
        uv=uv.astype(single),
        rim_light=np.append(rim_light, none)[copies].astype(single),
        first_opening=int(triangles[parts > BODY].min()),
        n_face=len(pieces[0][0]),
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


def corner_sum(triangles: np.ndarray, n_points: int) -> sparse.csr_array:
    """Matrix (n_points, M) that sums what the triangles around each point carry."""
    columns = np.repeat(np.arange(len(triangles)), 3)
    return sparse.csr_array(
        (np.ones(triangles.size, np.float32), (triangles.ravel(), columns)),
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
