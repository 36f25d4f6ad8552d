"""Which vertex of the 478-point face mesh lies where: index tables, no coordinates.

The topology is MediaPipe's face mesh (468 points) with its ten iris points (468-477);
connection lists from ``face_mesh_connections.py`` of MediaPipe 0.10.21 (Apache-2.0).
Right and left are the subject's; the subject's right is on the left of an unmirrored
picture. Paths over lips and lids run from image left to image right.
"""

from functools import lru_cache
from importlib.resources import files

import numpy as np

N_FACE = 468  # vertices of the surface; the irises follow
N_MESH = 478

# The 68 points of dlib / Multi-PIE as mesh vertices, in that order (py-feat 2.1.5,
# ``DLIB68_FROM_MP478``; the landmarks of its Detectorv2 are exactly these vertices).
# fmt: off
LANDMARKS_68 = (
    127, 234, 93, 132, 58, 172, 136, 150, 176, 148, 152, 377, 400, 379, 365, 397, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    168, 6, 195, 4, 240, 75, 1, 305, 460,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
    78, 82, 13, 312, 308, 317, 14, 87,
)

# Closed outline of the face, clockwise in the image from the top of the forehead.
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400,
    377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103,
    67, 109,
)

LIPS_OUTER_UPPER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LIPS_OUTER_LOWER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
LIPS_INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIPS_INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)

RIGHT_LID_UPPER = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LID_LOWER = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_LID_UPPER = (362, 398, 384, 385, 386, 387, 388, 466, 263)
LEFT_LID_LOWER = (362, 382, 381, 380, 374, 373, 390, 249, 263)

# The sixteen contour points of an eye, lower lid first, outer corner to inner corner
# (the order of MediaPipe's iris refinement).
RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157,
             173)
LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384,
            398)

# Rims of the right eye, the left eye and the mouth.
OPENINGS = (
    RIGHT_LID_UPPER + RIGHT_LID_LOWER,
    LEFT_LID_UPPER + LEFT_LID_LOWER,
    LIPS_INNER_UPPER + LIPS_INNER_LOWER,
)

RIGHT_BROW_UPPER = (70, 63, 105, 66, 107)  # outer to inner
RIGHT_BROW_LOWER = (46, 53, 52, 65, 55)
LEFT_BROW_UPPER = (300, 293, 334, 296, 336)
LEFT_BROW_LOWER = (276, 283, 282, 295, 285)
# Points that hardly move with expression: bridge and tip of the nose, corners of the
# eyes, forehead, temples, base of the nose. Our choice; head pose is fitted to them.
STILL = (
    168, 6, 197, 195, 5, 4, 33, 133, 362, 263, 10, 109, 338, 67, 297, 103, 332, 54, 284,
    21, 251, 162, 389, 127, 356, 98, 327, 2,
)
# fmt: on

# Of each iris: centre, image right, top, image left, bottom (attention model).
RIGHT_IRIS = (468, 469, 470, 471, 472)
LEFT_IRIS = (473, 474, 475, 476, 477)

BROWS = (RIGHT_BROW_UPPER, RIGHT_BROW_LOWER, LEFT_BROW_UPPER, LEFT_BROW_LOWER)
IRISES = (RIGHT_IRIS, LEFT_IRIS)

# (outer corner, inner corner), and the corners that give a face its roll in the image.
RIGHT_EYE_CORNERS = (33, 133)
LEFT_EYE_CORNERS = (263, 362)
OUTER_EYE_CORNERS = (33, 263)
MOUTH_CORNERS = (61, 291)  # the subject's right, left

NOSE_TIP = 1
CHIN = 152


@lru_cache(maxsize=1)
def triangles() -> np.ndarray:
    """Vertex indices (898, 3) of the surface, counter-clockwise from the front."""
    table = files("genface.geometry").joinpath("triangles.txt")
    faces = np.loadtxt(table.read_text(encoding="utf-8").splitlines(), dtype=np.int32)
    faces.setflags(write=False)
    return faces


@lru_cache(maxsize=1)
def tesselation() -> np.ndarray:
    """Every undirected edge (1365, 2) of the triangles, smaller index first."""
    faces = triangles()
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    unique = np.unique(np.sort(edges, axis=1), axis=0)
    unique.setflags(write=False)
    return unique


def contours() -> np.ndarray:
    """Edges (124, 2) that draw oval, lips, eyes and brows."""
    open_paths = (
        LIPS_OUTER_UPPER,
        LIPS_OUTER_LOWER,
        LIPS_INNER_UPPER,
        LIPS_INNER_LOWER,
        RIGHT_LID_UPPER,
        RIGHT_LID_LOWER,
        LEFT_LID_UPPER,
        LEFT_LID_LOWER,
        *BROWS,
        (*FACE_OVAL, FACE_OVAL[0]),
    )
    return np.concatenate(
        [np.stack([path[:-1], path[1:]], axis=1) for path in open_paths]
    )


def __getattr__(name: str) -> np.ndarray:
    """Read ``TRIANGLES`` and ``TESSELATION`` on first use (PEP 562)."""
    if name == "TRIANGLES":
        return triangles()
    if name == "TESSELATION":
        return tesselation()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
