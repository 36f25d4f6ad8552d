"""A mesh with a colour for each vertex, drawn as it is: heads of other rigs."""

import numpy as np

from genface.avatar.camera import Camera
from genface.avatar.light import glint, light
from genface.avatar.picture import Posed
from genface.avatar.rig import Rig
from genface.avatar.skin import SKIN
from genface.avatar.surface import corner_sum, face_normals

WET = ("eye_L", "eye_R")  # parts in which the lights are mirrored
# What lips leave of the light inside of the mouth.
SHADE = {"mouth": 0.55, "teeth_upper": 0.85, "teeth_lower": 0.75}


class ColouredMesh:
    """Draws all triangles of a rig in the colours of their vertices.

    Without colours all is skin. Vertices at one place (as at the seams of a texture)
    are shaded as one.
    """

    def __init__(self, rig: Rig, size: tuple[int, int]) -> None:
        neutral, colours = rig.neutral, rig.colours
        self.triangles = triangles = rig.triangles
        self.parts = np.ones(len(triangles), np.uint8)
        if all(len(rows) for rows in rig.eyes):
            self.camera = Camera.of_head(np.asarray(rig.eye_centres), size)
        else:
            self.camera = Camera.around(neutral[np.unique(triangles)], size)
        if colours is None:
            colours = np.broadcast_to(np.array(SKIN) / 255, neutral.shape)
        self._colours = 255 * colours.astype(np.float32)
        wet = np.zeros(len(neutral), bool)
        for number, (name, rows) in enumerate(rig.parts.items(), start=2):
            self.parts[rows] = min(number, 255)
            vertices = np.unique(triangles[rows])
            self._colours[vertices] *= SHADE.get(name, 1.0)
            wet[vertices] = name in WET
        self._wet = np.flatnonzero(wet)
        _, first, place = np.unique(
            neutral.round(4), axis=0, return_index=True, return_inverse=True
        )
        self._place = place.ravel()
        self._around = corner_sum(self._place[triangles], len(first))

    def pose(self, vertices: np.ndarray) -> Posed:
        """What is drawn of vertices (V, 3)."""
        vertices = vertices.astype(np.float32)
        normals = self._around @ face_normals(vertices, self.triangles)
        normals /= np.sqrt(np.einsum("vk,vk->v", normals, normals))[:, None] + 1e-12
        normals = normals[self._place]
        red, white, shine = light(normals).T
        shine[self._wet] = glint(normals[self._wet])
        values = self._colours * np.stack([red, white, white], axis=1)
        values += 255 * shine[:, None]
        return Posed(vertices, values, lambda seen: seen.values)
