"""A face in MediaPipe's mesh as a person: skin with a texture, head, hair and bust."""

from functools import lru_cache

import numpy as np

from genface.avatar import head, openings, skin, surface
from genface.avatar.camera import Camera
from genface.avatar.light import light
from genface.avatar.picture import Posed
from genface.avatar.raster import BLOCK, Fragments
from genface.avatar.rig import Rig
from genface.avatar.wrinkles import PIXELS_PER_CM, Wrinkles
from genface.geometry import mesh_points

STILL = 16  # vertices that AUs move least, by which the head's pose is told
CHIN = (mesh_points.CHIN, 148, 377)


@lru_cache(maxsize=4)
def _prepared(neutral: bytes, levels: int):
    """Surface and painted skin of a neutral face, for renderers of any size."""
    face = np.frombuffer(neutral).reshape(-1, 3)
    cover = head.hair_cover(round(skin.WIDTH_CM * skin.PIXELS_PER_CM))
    return surface.build(face, levels), skin.paint(face, cover)


class PaintedHead:
    """Draws the first 478 vertices of a rig, the rest of the person around them.

    ``levels`` of subdivision smooth the surface.
    """

    def __init__(self, rig: Rig, size: tuple[int, int], levels: int) -> None:
        neutral = np.asarray(rig.neutral, np.float64)[: mesh_points.N_MESH]
        outer = neutral[list(mesh_points.OUTER_EYE_CORNERS)]
        self._unit = np.linalg.norm(outer[1] - outer[0]) / head.EYE_SPAN
        self._origin = outer.mean(axis=0)
        self._pivot = self._in_cm(np.asarray(rig.head_pivot, np.float64))
        self._surface, picture = _prepared(self._in_cm(neutral).tobytes(), levels)
        self.camera = Camera.of_bust(size)
        self._texture = skin.texture_for(picture, self.camera.scale)
        reach = np.linalg.norm(rig.morphs.deltas[:, : mesh_points.N_FACE], axis=2)
        self._still = np.argsort(reach.max(axis=0), kind="stable")[:STILL]
        self._wrinkles = Wrinkles(rig.morphs, mesh_points.N_MESH, float(self._unit))
        self.triangles, self.parts = self._surface.triangles, self._surface.parts

    def pose(self, vertices: np.ndarray) -> Posed:
        """What is drawn of vertices (V, 3), of which the first 478 count."""
        face = self._in_cm(vertices[: mesh_points.N_MESH].astype(np.float64))
        local, turn, shift = self._head_frame(face)
        local, turn, shift = (part.astype(np.float32) for part in (local, turn, shift))
        points, normals, hollow = self._surface.points(local)
        around, around_normals = self._body(turn, shift)
        world = np.concatenate([points @ turn.T + shift, around])
        shone = light(
            np.concatenate([normals @ turn.T, around_normals]),
            np.append(hollow, np.zeros(len(around), np.float32)),
        )
        shone[len(points) :] *= self._surface.body.shade[:, None]
        values = self._values(points, shone)
        relief = self._wrinkles.relief(local - self._surface.neutral)
        return Posed(
            world[self._surface.copies],
            values,
            lambda seen: self._paint(seen, local, relief),
        )

    def _in_cm(self, vertices):
        """Coordinates of ``head``, in which every rig's eyes are at one place."""
        return (vertices - self._origin) / self._unit + head.EYES

    def _head_frame(self, vertices):
        """Vertices before the head's pose, its rotation (3, 3) and shift (3,)."""
        rest, now = self._surface.neutral[self._still], vertices[self._still]
        middle, moved = rest.mean(axis=0), now.mean(axis=0)
        left, _, right = np.linalg.svd((now - moved).T @ (rest - middle))
        flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
        turn = left @ flip @ right
        shift = moved - turn @ middle
        return (vertices - shift) @ turn, turn, shift

    def _body(self, turn, shift):
        """Points and normals (B, 3) of neck and shoulders.

        They go where the head's pivot goes; only the neck turns, less further down.
        """
        body = self._surface.body
        follow = body.follow[:, None]
        moved = (self._pivot @ turn.T + shift - self._pivot).astype(np.float32)
        points = follow * (body.points @ turn.T + shift)
        points += (1 - follow) * (body.points + moved)
        normals = follow * (body.normals @ turn.T) + (1 - follow) * body.normals
        return points, normals

    def _values(self, points, shone):
        """What the drawn vertices carry (R, 5): two places, three kinds of light."""
        parts = self._surface
        values = np.empty((len(parts.copies), 5), np.float32)
        values[:, :2] = self._texture.scale * parts.uv
        values[:, 2:] = 255 * shone[parts.copies]
        values[:, 2:4] /= 255  # textures are in 0-255 already
        first = parts.first_opening
        values[first:, :2] = points[parts.copies[first:], :2]
        values[first:, 2] = parts.rim_light[first:]
        return values

    def _paint(self, seen: Fragments, local, relief) -> np.ndarray:
        """Colours (3, P), 0-255, of fragments."""
        colours = np.empty((3, len(seen.pixel)), np.float32)
        if relief is not None:
            face = np.searchsorted(seen.triangle, self._surface.n_face)
            self._fold(seen.values[:, :face], relief)
        kinds = np.arange(surface.RIGHT_EYE, surface.MOUTH + 2)
        ends = np.searchsorted(self.parts[seen.triangle], kinds)
        for start in range(0, ends[0], BLOCK):
            block = slice(start, min(start + BLOCK, ends[0]))
            self._paint_skin(colours[:, block], seen.values[:, block])
        for part, start, stop in zip(kinds, ends, ends[1:], strict=False):
            if stop > start:
                x, y, shade = seen.values[:3, start:stop]
                colours[:, start:stop] = self._opening(part, x, y, shade, local)
                colours[:, start:stop] *= 255
        return colours

    def _fold(self, values, relief):
        """Darken the light on fragments of the face by a relief."""
        u, v, red, white, _ = values
        height, width = self._wrinkles.shape
        scale = PIXELS_PER_CM / (skin.PIXELS_PER_CM * self._texture.scale)
        place = np.clip(v * scale, 0, height - 1).astype(np.intp) * width
        place += np.clip(u * scale, 0, width - 1).astype(np.intp)
        shade = relief[place]
        red *= shade
        white *= shade

    def _paint_skin(self, colours, values):
        """Texture times light, plus highlights: fragments of skin and hair."""
        u, v, red, white, shine = values
        height, width = self._texture.shape
        place = np.clip(v, 0, height - 1).astype(np.intp) * width
        place += np.clip(u, 0, width - 1).astype(np.intp)
        lights = (red, white, white)
        for colour, plane, shone in zip(
            colours, self._texture.planes, lights, strict=True
        ):
            np.multiply(plane[place], shone, out=colour)
            colour += shine

    def _opening(self, part, x, y, shade, local):
        soft = 0.75 / self.camera.scale
        if part == surface.MOUTH:
            lips = self._surface.neutral[[13, 14], 1]
            drop = self._surface.neutral[CHIN, 1] - local[CHIN, 1]
            jaw = max(0.0, float(drop.mean()))
            gap = local[13, 1] - local[14, 1]
            shade = shade * np.clip(gap / 0.4, 0.3, 1)  # a slit is dark
            return openings.mouth_colours(x, y, shade, lips.mean(), jaw, soft)
        side = part - surface.RIGHT_EYE
        iris = local[list(mesh_points.IRISES[side]), :2]
        corners = local[list(surface.EYE_CORNERS[side]), :2]
        ahead = self._surface.neutral[mesh_points.IRISES[side][0], :2]
        return openings.eye_colours(x, y, shade, iris, corners, soft, ahead)
