"""Our face: vertices of the rig to a shaded picture of a person."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from genface.avatar import head, openings, skin, surface
from genface.avatar.raster import BLOCK, Fragments, rasterize
from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError
from genface.geometry import mesh_points

BACKGROUND = (206, 214, 222)
CAMERA = 75.0  # cm from the head to the eye of the viewer
VIEW_HEIGHT, VIEW_WIDTH = 29.0, 21.5  # cm of the scene that the picture shows
VIEW_MIDDLE = -1.0  # height in its centre
KEY = np.array([-0.42, 0.5, 0.76]) / np.linalg.norm([-0.42, 0.5, 0.76])
FILL = np.array([0.75, 0.1, 0.55]) / np.linalg.norm([0.75, 0.1, 0.55])
SHINE = 24.0  # exponent of the highlights
HOLLOW = 1.1  # how much folds darken
# Hardly moved by any AU: bridge of the nose, eye corners, temples.
STILL = (6, 168, 197, 133, 362, 33, 263, 127, 356, 234, 454, 162, 389)


@lru_cache(maxsize=4)
def _prepared(neutral: bytes, levels: int) -> tuple[surface.Surface, skin.Texture]:
    """Surface and texture of a neutral face, which renderers of any size share."""
    face = np.frombuffer(neutral).reshape(-1, 3)
    cover = head.hair_cover(round(skin.WIDTH_CM * skin.PIXELS_PER_CM))
    return surface.build(face, levels), skin.paint(face, cover)


class AvatarRenderer:
    """Draws the face of a rig, with head, hair and shoulders, at one size.

    ``size`` is (H, W) in pixels, ``background`` an RGB colour (0-255); ``levels`` of
    subdivision smooth the surface. Equal vertices give equal bytes.
    """

    def __init__(
        self,
        rig: Rig | None = None,
        size: tuple[int, int] = (256, 256),
        background: tuple[int, int, int] = BACKGROUND,
        levels: int = 1,
    ) -> None:
        if len(size) != 2 or min(size) < 16:
            raise InputError(f"size {size}: expected (H, W), each at least 16 pixels.")
        self.rig = rig if rig is not None else Rig.default()
        self.size = (int(size[0]), int(size[1]))
        neutral = np.asarray(self.rig.neutral, np.float64)
        outer = neutral[list(mesh_points.OUTER_EYE_CORNERS)]
        self._unit = np.linalg.norm(outer[1] - outer[0]) / head.EYE_SPAN
        self._origin = outer.mean(axis=0)
        self._surface, self._texture = _prepared(self._in_cm(neutral).tobytes(), levels)
        # Drawn at twice the size and halved: four samples per pixel.
        height, width = self._inner = (2 * self.size[0], 2 * self.size[1])
        self._scale = min(height / VIEW_HEIGHT, width / VIEW_WIDTH)
        self._row = height / 2 + self._scale * VIEW_MIDDLE
        bust = head.paint_bust(self._inner, self._scale, self._row, background)
        self._backdrop = np.ascontiguousarray(bust.reshape(-1, 3).T)

    def render(self, vertices: np.ndarray) -> np.ndarray:
        """Picture (H, W, 3) uint8 of vertices (478, 3) as the rig gives them."""
        vertices = np.asarray(vertices, np.float64)
        if vertices.shape != self.rig.neutral.shape:
            raise ShapeError(
                f"vertices: expected {self.rig.neutral.shape}, got {vertices.shape}."
            )
        if not np.isfinite(vertices).all():
            raise InputError("vertices: expected finite numbers; fill gaps first.")
        local, turn, shift = self._head_frame(self._in_cm(vertices))
        points, normals, hollow = self._surface.points(local)
        values = self._values(points, self._light(normals @ turn.T, hollow))
        world = points @ turn.T + shift
        near = self._scale * CAMERA / (CAMERA - world[:, 2])
        column = self._inner[1] / 2 + near * world[:, 0]
        screen = np.stack([column, self._row - near * world[:, 1], world[:, 2]], axis=1)
        seen = rasterize(
            screen[self._surface.copies], self._surface.triangles, values, self._inner
        )
        return self._develop(seen, local)

    def frames(
        self,
        aus: np.ndarray,
        pose: np.ndarray | None = None,
        gaze: np.ndarray | None = None,
        au_names: list[str] | None = None,
    ) -> Iterator[np.ndarray]:
        """Pictures of a series of AUs (T, A); arguments as for :meth:`Rig.vertices`."""
        for vertices in self.rig.vertices(aus, pose, gaze, au_names):
            yield self.render(vertices)

    def _in_cm(self, vertices):
        """Coordinates of ``head``, in which every rig's eyes are at one place."""
        return (vertices - self._origin) / self._unit + head.EYES

    def _head_frame(self, vertices):
        """Vertices before the head's pose, its rotation (3, 3) and shift (3,)."""
        still = list(STILL)
        rest, now = self._surface.neutral[still], vertices[still]
        middle, moved = rest.mean(axis=0), now.mean(axis=0)
        left, _, right = np.linalg.svd((now - moved).T @ (rest - middle))
        flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
        turn = left @ flip @ right
        shift = moved - turn @ middle
        return (vertices - shift) @ turn, turn, shift

    def _light(self, normals, hollow):
        """What reaches the viewer (S, 3): red, green and blue, highlight."""
        key = np.clip((normals @ KEY + 0.28) / 1.28, 0, 1)
        fill = np.clip(normals @ FILL, 0, 1)
        below = np.clip(-normals[:, 1], 0, 1)
        folds = np.clip(1 - HOLLOW * np.clip(hollow, -0.12, 0.6), 0.55, 1.1)
        white = (0.36 + 0.66 * key + 0.15 * fill - 0.08 * below) * folds
        # Light that has passed through skin is red: at the border of the shadow.
        red = white + 0.10 * (key * (1 - key)) * 1.6
        halfway = KEY + np.array([0, 0, 1.0])
        halfway /= np.linalg.norm(halfway)
        shine = 0.11 * np.clip(normals @ halfway, 0, 1) ** SHINE
        return np.stack([red, white, shine], axis=1)

    def _values(self, points, light):
        """What the drawn vertices carry (R, 5): two places, three kinds of light."""
        copies, parts = self._surface.copies, self._surface
        values = np.empty((len(copies), 5))
        values[:, :2] = parts.uv
        values[:, 2:] = light[copies]
        first = parts.triangles[parts.parts[1] :].min()
        values[first:, :2] = points[copies[first:], :2]
        values[first:, 2] = parts.rim_light[first:]
        return values

    def _develop(self, seen: Fragments, local: np.ndarray) -> np.ndarray:
        """Colour the fragments and reduce the picture to its final size."""
        picture = self._backdrop.copy()
        ends = np.searchsorted(seen.triangle, self._surface.parts)
        for start in range(0, ends[1], BLOCK):
            block = slice(start, min(start + BLOCK, ends[1]))
            self._paint_skin(picture, seen.pixel[block], seen.values[:, block])
        for part, (start, stop) in enumerate(
            zip(ends[1:], ends[2:], strict=False), start=surface.RIGHT_EYE
        ):
            if stop > start:
                x, y, light = seen.values[:3, start:stop]
                colours = self._opening(part, x, y, light, local)
                picture[:, seen.pixel[start:stop]] = colours
        return self._reduce(picture)

    def _paint_skin(self, picture, pixel, values):
        """Texture times light, plus highlights: fragments of skin and hair."""
        u, v, red, white, shine = values
        height, width = self._texture.shape
        place = np.clip(v, 0, height - 1).astype(np.intp) * width
        place += np.clip(u, 0, width - 1).astype(np.intp)
        for channel, light in enumerate((red, white, white)):
            colour = self._texture.planes[channel][place]
            colour *= light
            colour += shine
            picture[channel][pixel] = colour

    def _opening(self, part, x, y, light, local):
        soft = 1.5 / self._scale
        if part == surface.MOUTH:
            lips = self._surface.neutral[[13, 14], 1]
            chin = [mesh_points.CHIN, 148, 377]
            drop = (self._surface.neutral[chin, 1] - local[chin, 1]).mean()
            jaw = max(0.0, float(drop))
            gap = local[13, 1] - local[14, 1]
            light = light * np.float32(np.clip(gap / 0.4, 0.3, 1))  # a slit is dark
            return openings.mouth_colours(x, y, light, lips.mean(), jaw, soft)
        side = part - surface.RIGHT_EYE
        iris = local[list(mesh_points.IRISES[side]), :2]
        corners = local[list(surface.EYE_CORNERS[side]), :2]
        return openings.eye_colours(x, y, light, iris, corners, soft)

    def _reduce(self, planes: np.ndarray) -> np.ndarray:
        """Mean of each 2 x 2 block as (H, W, 3) uint8."""
        height, width = self.size
        result = np.empty((height, width, 3), np.uint8)
        for channel in range(3):
            plane = planes[channel].reshape(self._inner)
            total = plane[0::2] + plane[1::2]
            mean = total[:, 0::2] + total[:, 1::2]
            np.clip(mean, 0, 4, out=mean)
            result[..., channel] = mean * np.float32(255 / 4) + np.float32(0.5)
        return result


@lru_cache(maxsize=4)
def _renderer(size: tuple[int, int]) -> AvatarRenderer:
    return AvatarRenderer(size=size)


def render_face(vertices: np.ndarray, size: tuple[int, int] = (256, 256)) -> np.ndarray:
    """Shaded picture (H, W, 3) uint8 of vertices (478, 3) of the default rig.

    ``size`` is (H, W). For many pictures of one rig make an :class:`AvatarRenderer`.
    """
    return _renderer((int(size[0]), int(size[1]))).render(vertices)
