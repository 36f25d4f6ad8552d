"""What can be seen of irises and pupils between the lids."""

import numpy as np

from genface.geometry import mesh_points

LIDS = (
    (mesh_points.RIGHT_LID_UPPER, mesh_points.RIGHT_LID_LOWER),
    (mesh_points.LEFT_LID_UPPER, mesh_points.LEFT_LID_LOWER),
)
PUPIL = 0.45  # of the iris's radius
CORNERS = 32  # of the polygon that draws an iris


def iris_outlines(vertices: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Outlines (2, 32, 3) of both irises of a mesh (478, 3), right first, cut by lids.

    ``share`` of the radius is drawn: :data:`PUPIL` makes pupils. The mesh may have any
    pose and unit. Between closed lids the outline has no area.
    """
    vertices = np.asarray(vertices, np.float64)
    outlines = [
        _outline(
            vertices[list(iris)], vertices[list(upper)], vertices[list(lower)], share
        )
        for iris, (upper, lower) in zip(mesh_points.IRISES, LIDS, strict=True)
    ]
    return np.stack(outlines)


def _outline(
    iris: np.ndarray, upper: np.ndarray, lower: np.ndarray, share: float
) -> np.ndarray:
    """Outline (32, 3): in the eye's own plane, no higher or lower than its lids."""
    origin = upper[0]
    along = _unit(upper[-1] - origin)
    # Lid margins sag: their normal is that of the iris's rim, which faces outward.
    out = _unit(np.cross(iris[1] - iris[3], iris[2] - iris[4]))
    up = _unit(np.cross(out, along))
    out = np.cross(along, up)
    axes = np.stack([along, up, out], axis=1)
    iris, upper, lower = ((part - origin) @ axes for part in (iris, upper, lower))
    radius = (
        0.25 * share * sum(np.linalg.norm(rim[:2] - iris[0, :2]) for rim in iris[1:])
    )
    turn = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    x = np.clip(iris[0, 0] + radius * np.cos(turn), 0, upper[-1, 0])
    y = iris[0, 1] + radius * np.sin(turn)
    top, bottom = (np.interp(x, lid[:, 0], lid[:, 1]) for lid in (upper, lower))
    y = np.clip(y, np.minimum(top, bottom), top)
    flat = np.stack([x, y, np.full(CORNERS, iris[0, 2])], axis=1)
    return flat @ axes.T + origin


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
