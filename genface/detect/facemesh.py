"""From faces to meshes: the region about a face, and the 478 points in it.

Source: the graphs ``modules/face_landmark`` of MediaPipe 0.10.21 (Apache-2.0) for the
rules of regions, and Grishchenko et al. 2020 for the attention mesh.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genface import nets, weights
from genface.detect.faces import Faces, Keypoints, finder_of
from genface.detect.settings import Settings
from genface.geometry import Pixels, crop, iou, region_of, to_picture
from genface.geometry.mesh_points import N_FACE, OUTER_EYE_CORNERS
from genface.nets import Network
from genface.nets.au_appearance import load_appearance

# A region is a square this much larger than what it was made for.
MARGIN = 1.5

# Overlap of boxes from which on two faces are one.
SAME = 0.5

# How many of an eye's refined points form its contour, whose depth the iris takes.
_EYE_CONTOUR = 16


class Mesh(NamedTuple):
    """One face: ``points`` (V, 3) float32 in pixels, z like x and smaller = nearer.

    V is 478, or 468 for the network without irises; ``presence`` is the network's
    belief, 0-1, that there is a face in the region. ``skin`` (S,) is what
    :meth:`Appearance.read` made of the network's features, where it has them.
    """

    points: np.ndarray
    presence: float
    skin: np.ndarray | None = None

    @property
    def box(self) -> np.ndarray:
        """Bounding box x1, y1, x2, y2 of the 468 points of the surface."""
        surface = self.points[:N_FACE, :2]
        return np.concatenate([surface.min(0), surface.max(0)])


class MeshMaker:
    """A face mesh network with its weights."""

    def __init__(
        self,
        network: str,
        offline: bool | None = None,
        grid: bool = False,
        batch_size: int = 1,
    ) -> None:
        weights.ensure(network, offline)
        self._network, self._forward = _loaded(network)
        self._size = self._network.input_shape[0]
        self._grid = grid
        self._batch_size = batch_size

    def meshes(self, pixels: Pixels, regions: Sequence[np.ndarray]) -> list[Mesh]:
        """One mesh for each region (4,), in groups of the batch size."""
        made: list[Mesh] = []
        for first in range(0, len(regions), self._batch_size):
            group = list(regions[first : first + self._batch_size])
            # One shape, one program: a last group that is short repeats a region.
            padded = group + group[:1] * (self._batch_size - len(group))
            crops = [
                crop(pixels, region, self._size, grid=self._grid) for region in padded
            ]
            points, *facts = jax.device_get(
                self._forward(self._network.params, tuple(crops))
            )
            made += [
                Mesh(
                    to_picture(points[i], region).astype(np.float32),
                    *(fact[i] for fact in facts),
                )
                for i, region in enumerate(group)
            ]
        return made


@lru_cache
def _loaded(name: str) -> tuple[Network, Callable]:
    """A network and its jitted use here, one and the same for every detector."""
    network = nets.load(name, grids=True)
    return network, jax.jit(_forward(network))


def _forward(network: Network) -> Callable:
    """Crops (S, S, 3) to points (N, V, 3) in units of the crop, presence (N,), skin."""
    appearance = load_appearance()

    def refined(outputs: dict[str, jax.Array]) -> jax.Array:
        points = outputs["mesh"]
        vertices_of = network.constants
        points = points.at[:, vertices_of["lips"], :2].set(outputs["lips"])
        irises = []
        for side in ("left", "right"):
            vertices = vertices_of[f"image_{side}_eye"]
            points = points.at[:, vertices, :2].set(outputs[f"image_{side}_eye"])
            iris = outputs[f"image_{side}_iris"]
            depth = points[:, vertices[:_EYE_CONTOUR], 2].mean(1)
            depth = jnp.broadcast_to(depth[:, None, None], (*iris.shape[:2], 1))
            irises.append(jnp.concatenate([iris, depth], axis=-1))
        return jnp.concatenate([points, *irises], axis=1)

    def forward(params, crops):
        outputs = network.apply(params, jnp.stack(crops) / 255.0)
        points = refined(outputs) if "lips" in outputs else outputs["mesh"]
        points = points / network.input_shape[0]
        presence = jax.nn.sigmoid(outputs["presence_logit"])
        if "grid_48" not in outputs:
            return points, presence
        return points, presence, appearance.read(outputs["grid_48"], points)

    return forward


def regions_of_faces(faces: Faces) -> list[np.ndarray]:
    """Region (4,) of each detected face, turned by the line through its eyes."""
    return [
        region_of(box, points[0], points[1], MARGIN)
        for box, points in zip(faces.boxes, faces.keypoints, strict=True)
    ]


def region_of_mesh(mesh: Mesh) -> np.ndarray:
    """Region (4,) in which to look for this face again."""
    points = mesh.points[:, :2]
    box = np.concatenate([points.min(0), points.max(0)])
    right, left = (points[corner] for corner in OUTER_EYE_CORNERS)
    return region_of(box, right, left, MARGIN)


def disagreement(mesh: Mesh, points: np.ndarray, keypoints: Keypoints) -> float:
    """Mean distance of a finder's points (P, 2) from the mesh's own, in face sizes.

    ``keypoints`` are the vertices whose middle each point is. A few hundredths for
    faces; where the finder was pleased by letters or leaves, the mesh has no reason to
    agree, and ``Settings.apart`` draws the line.
    """
    own = np.stack([mesh.points[list(same), :2].mean(0) for same in keypoints])
    size = np.sqrt(np.prod(mesh.box[2:] - mesh.box[:2]))
    return float(np.linalg.norm(own - points, axis=1).mean() / size)


def unlike(meshes: Iterable[Mesh], others: Iterable[Mesh]) -> list[Mesh]:
    """The meshes that lie on no face of ``others``, nor on one before them."""
    found: list[Mesh] = []
    taken = [mesh.box for mesh in others]
    for mesh in meshes:
        if not any(iou(mesh.box, box) > SAME for box in taken):
            found.append(mesh)
            taken.append(mesh.box)
    return found


class FaceMesh:
    """Finder and mesh network together: the faces of one picture."""

    def __init__(
        self,
        settings: Settings,
        offline: bool | None = None,
        batch_size: int = 1,
        commercial: bool | None = None,
    ) -> None:
        self.settings = settings
        self._finder = finder_of(
            settings.finder,
            offline,
            commercial=commercial,
            grid=settings.grid,
            min_face=settings.min_face,
        )
        self._maker = MeshMaker(settings.mesh, offline, settings.grid, batch_size)

    def faces(self, pixels: Pixels) -> Faces:
        """Faces that the finder sees."""
        return self._finder.find(pixels, self.settings.threshold)

    def follow(self, pixels: Pixels, regions: Iterable[np.ndarray]) -> list[Mesh]:
        """Meshes in the given regions, in one pass, whatever their presence."""
        return self._maker.meshes(pixels, list(regions))

    def present(self, mesh: Mesh) -> bool:
        """Whether the network believes that this is a face."""
        return bool(mesh.presence >= self.settings.presence)

    def meshes(self, pixels: Pixels, faces: Faces) -> list[Mesh]:
        """Meshes of newly found faces, in as many passes as set.

        Left out is what the mesh network does not take for a face, and what the two
        networks see in different places: letters and leaves can please either.
        """
        meshes = self.follow(pixels, regions_of_faces(faces))
        for _ in range(self.settings.passes - 1):
            meshes = self.follow(pixels, map(region_of_mesh, meshes))
        most, same = self.settings.apart, self._finder.keypoints
        agreed = [
            mesh
            for mesh, points in zip(meshes, faces.keypoints, strict=True)
            if self.present(mesh)
            and (most is None or disagreement(mesh, points, same) <= most)
        ]
        return unlike(agreed, [])

    def __call__(self, pixels: Pixels) -> list[Mesh]:
        """Meshes of all faces of a picture, in the order of their scores."""
        return self.meshes(pixels, self.faces(pixels))
