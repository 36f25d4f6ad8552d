"""A rig's vertices to a shaded picture: light, camera and rasteriser of all rigs."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from genface.avatar import head
from genface.avatar.coloured import ColouredMesh
from genface.avatar.painted import PaintedHead
from genface.avatar.picture import develop
from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError
from genface.geometry import mesh_points

BACKGROUND = (206, 214, 222)


class AvatarRenderer:
    """Draws the face of a rig at one size.

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
        if np.shape(size) != (2,) or min(size) < 16:
            raise InputError(f"size {size}: expected (H, W), each at least 16 pixels.")
        self.rig = rig if rig is not None else Rig.default()
        self.size = (int(size[0]), int(size[1]))
        self._model = _model(self.rig, self.size, levels)
        self._backdrop = head.backdrop(self.size, background)

    def render(self, vertices: np.ndarray) -> np.ndarray:
        """Picture (H, W, 3) uint8 of vertices (V, 3) as the rig gives them."""
        vertices = np.asarray(vertices)
        if vertices.shape != self.rig.neutral.shape:
            raise ShapeError(
                f"vertices: expected {self.rig.neutral.shape}, got {vertices.shape}."
            )
        if not np.isfinite(vertices).all():
            raise InputError("vertices: expected finite numbers; fill gaps first.")
        model = self._model
        return develop(
            model.pose(vertices),
            model.triangles,
            model.parts,
            model.camera,
            self._backdrop,
        )

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


def _model(rig: Rig, size: tuple[int, int], levels: int) -> PaintedHead | ColouredMesh:
    """A rig without colours that has MediaPipe's mesh is painted, others are not."""
    skin = rig.triangles[rig.parts.get("skin", slice(None))]
    mesh = mesh_points.triangles()
    if rig.colours is None and np.array_equal(skin, mesh):
        return PaintedHead(rig, size, levels)
    return ColouredMesh(rig, size)


@lru_cache(maxsize=4)
def _renderer(size: tuple[int, int]) -> AvatarRenderer:
    return AvatarRenderer(size=size)


def render_face(vertices: np.ndarray, size: tuple[int, int] = (256, 256)) -> np.ndarray:
    """Shaded picture (H, W, 3) uint8 of vertices (V, 3) of the default rig.

    ``size`` is (H, W). For many pictures of one rig make an :class:`AvatarRenderer`.
    """
    return _renderer((int(size[0]), int(size[1]))).render(vertices)
