"""AU activations, head pose and gaze to the vertices of a face."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from genface.avatar import (
    contact,
    default_rig,
    glb_rig,
    ict_rig,
    individual,
    pyfeat_rig,
)
from genface.avatar.activation import Drivers, per_frame
from genface.avatar.morphs import Morphs
from genface.files import shipped_model
from genface.geometry.pose import rotation_from_euler

_SIZES = (4, 64, 512)  # frames deformed at once


@dataclass(frozen=True, repr=False, eq=False)
class Rig:
    """A face of V vertices, moved by Action Units.

    Centimetres; x right in the image, y up, z toward the viewer. ``triangles`` (M, 3)
    are counter-clockwise seen from outside; ``parts`` names ranges of them. ``colours``
    (V, 3) in 0-1, or None where the renderer paints. ``eyes`` are the vertices of the
    subject's right and left eye that turn about ``eye_centres`` (2, 3) with the gaze;
    the head turns about ``head_pivot`` (3,). ``drive`` (D, S) leads from the drivers to
    the weights of the morphs; None: each driver has its own. ``covers`` are triangles
    that close eyes and mouth: leave them out where the parts behind are to be seen.
    ``identity`` (K, V, 3) are the ways in which faces differ, per standard deviation.
    """

    name: str
    drivers: Drivers
    neutral: np.ndarray  # (V, 3) float32
    triangles: np.ndarray  # (M, 3) int32
    parts: Mapping[str, slice]
    morphs: Morphs
    eyes: Sequence[Sequence[int]]
    eye_centres: np.ndarray
    head_pivot: np.ndarray
    colours: np.ndarray | None = None
    drive: np.ndarray | None = None
    edges: tuple[contact.Edges, ...] = ()
    covers: np.ndarray = field(default_factory=lambda: np.zeros(0, np.intp))
    identity: np.ndarray | None = None

    def __post_init__(self) -> None:
        for array in (self.neutral, self.triangles, self.morphs.deltas):
            array.setflags(write=False)  # one instance serves everybody

    @classmethod
    def default(cls) -> "Rig":
        """The rig that ships with the package (`models/rig/card.md`).

        The first 478 vertices are MediaPipe's, the last 10 of them the irises.
        """
        return _shipped()

    @classmethod
    def read(cls, path: Path | str) -> "Rig":
        """A rig in the format of `models/rig/card.md`."""
        return cls(name=Path(path).stem, **default_rig.read(path))

    @classmethod
    def from_ict(cls, path: Path | str) -> "Rig":
        """The whole head of ICT-FaceKit, coloured, with the same AUs.

        ``path`` is the set's folder of OBJ files (``FaceXModel``) or an npz with
        ``neutral``, ``expression_names``, ``expression_deltas`` and ``quads``; it is
        no part of this project. Raises :class:`InputError` for anything else.
        """
        return cls(name="ict", **ict_rig.read(path))

    @classmethod
    def from_glb(cls, path: Path | str) -> "Rig":
        """A model whose morph targets are named after AUs or ARKit's shapes.

        Raises :class:`InputError` for a file that is no GLB, or without such targets.
        """
        return cls(name=Path(path).stem, **glb_rig.read(path))

    @classmethod
    def from_pyfeat(cls, path: Path | str) -> "Rig":
        """py-feat's map from AUs to the mesh (``au_to_mesh_pls_v*.npz``), as it is.

        Raises :class:`InputError` for any other file.
        """
        return cls(name=Path(path).stem, **pyfeat_rig.read(path))

    def __repr__(self) -> str:
        return f"Rig({self.name}, {len(self.au_names)} AUs, {len(self.neutral)} points)"

    @property
    def au_names(self) -> tuple[str, ...]:
        """The AUs it shows, such as ``AU12``; each also as ``AU12_L``, ``AU12_R``."""
        return self.drivers.au_names

    @property
    def contact(self) -> Callable[[np.ndarray], jax.Array] | None:
        """Stops the lips and lids of vertices (T, V, 3), before the head's pose."""
        return partial(contact.part, edges=self.edges) if self.edges else None

    def with_identity(self, coefficients: Sequence[float]) -> "Rig":
        """The same rig on another person's face.

        ``coefficients`` (at most K) are standard deviations along :attr:`identity`,
        within +-3. Eyes that are more or less open still close, and lips touch.
        """
        return replace(self, **individual.fields(self, coefficients))

    def morph_weights(
        self,
        aus: np.ndarray,
        gaze: np.ndarray | None = None,
        au_names: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Weights (T, S) of :attr:`morphs`; arguments as for :meth:`vertices`.

        ``neutral + weights @ deltas`` are the vertices before contact, the turn of the
        eyes and the pose of the head.
        """
        values = self.drivers.values(aus, gaze, au_names)
        return values if self.drive is None else values @ self.drive

    def vertices(
        self,
        aus: np.ndarray,
        pose: np.ndarray | None = None,
        gaze: np.ndarray | None = None,
        au_names: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Vertices (T, V, 3), float32 cm.

        ``aus`` (T, A) are intensities, clipped to [0, 1], with a warning where they lie
        clearly outside. Their columns are ``au_names``, or the first of
        ``self.au_names`` where none are given. ``AU12`` drives both sides; ``AU12_L``
        and ``AU12_R`` (subject's sides) take precedence on their own. ``pose`` (T, 3)
        is Pitch, Roll, Yaw in radians, ``gaze`` (T, 2) pitch, yaw relative to the head:
        + is up, and the subject's right. NaN counts as 0: a missing frame is the
        neutral face, looking ahead. Lips and lids that would cross are stopped where
        they touch.

        Raises :class:`InputError` for an unknown AU or infinite values,
        :class:`ShapeError` for arrays that do not fit each other.
        """
        weights = self.morph_weights(aus, gaze, au_names)
        count = len(weights)
        euler = per_frame("pose", pose, count, 3)
        look = per_frame("gaze", gaze, count, 2)
        eyes = np.stack([look[:, 0], np.zeros(count), look[:, 1]], axis=1)
        return self._deform(
            weights, rotation_from_euler(eyes), rotation_from_euler(euler)
        )

    def _deform(self, *frames: np.ndarray) -> np.ndarray:
        count = len(frames[0])
        result = np.empty((count, *self.neutral.shape), np.float32)
        turning = np.zeros((2, len(self.neutral)), np.float32)
        for side, rows in enumerate(self.eyes):
            turning[side, list(rows)] = 1
        constants = (
            self.neutral,
            self.morphs.deltas,
            turning,
            self.eye_centres,
            self.head_pivot,
            self.edges,
        )
        for start in range(0, count, _SIZES[-1]):
            block = [array[start : start + _SIZES[-1]] for array in frames]
            length = len(block[0])
            # Few sizes, so that few programs are compiled.
            size = next(n for n in _SIZES if n >= length)
            padded = [_pad(array, size) for array in block]
            with jax.default_matmul_precision("highest"):  # GPUs would round
                moved = _move(*constants, *padded)
            result[start : start + length] = np.asarray(moved)[:length]
        return result


@jax.jit
def _move(neutral, deltas, turning, centres, pivot, edges, weights, eyes, head):
    """Sum of shapes, then contact, then the eyes and the head turn."""
    moved = neutral + jnp.einsum("ts,svc->tvc", weights, deltas)
    moved = contact.part(moved, edges)
    for mask, centre in zip(turning, centres, strict=True):
        turned = jnp.einsum("tij,tvj->tvi", eyes, moved - centre) + centre
        moved = moved + mask[:, None] * (turned - moved)
    return jnp.einsum("tij,tvj->tvi", head, moved - pivot) + pivot


@lru_cache(maxsize=1)
def _shipped() -> Rig:
    path = shipped_model("rig", "rig.npz")
    return Rig(name="default", **default_rig.read(path))


def _pad(array: np.ndarray, size: int) -> np.ndarray:
    extra = np.zeros((size - len(array), *array.shape[1:]), np.float32)
    return np.concatenate([array.astype(np.float32), extra])
