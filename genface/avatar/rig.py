"""AU activations, head pose and gaze to the vertices of a face."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from genface.avatar import contact
from genface.errors import InputError, ShapeError
from genface.files import read_npz, shipped_model
from genface.geometry import mesh_points
from genface.geometry.pose import rotation_from_euler

SIDES = ("L", "R")  # the subject's left and right
# Where both are on, the first fades: 27 is the whole of 26, a blink (45) that of 43,
# and shut lids are not raised.
FADES_UNDER = (
    ("AU26", "AU27"),
    ("AU43", "AU45"),
    ("AU05", "AU43"),
    ("AU05", "AU45"),
)
# Gaze angle at which the lids have followed as far as their shapes go; taken so that
# the upper lid moves with the surface of the eyeball when one looks down.
LIDS_FOLLOW_UNTIL = 0.5  # radians
_SIZES = (4, 64, 512)  # frames deformed at once


@dataclass(frozen=True)
class Rig:
    """A face of 478 points in MediaPipe's order, moved by Action Units.

    Centimetres; x right in the image, y up, z toward the viewer. Symmetric: the right
    side of each AU is the mirror of its left side.
    """

    au_names: tuple[str, ...]
    neutral: np.ndarray  # (478, 3) float32
    deltas: np.ndarray  # (2, A, 478, 3) float32, left and right sides at activation 1
    lids: np.ndarray  # (2, 4, 478, 3) float32, lids when looking up, down, in, out
    eye_centres: np.ndarray  # (2, 3) float32, subject's right and left
    head_pivot: np.ndarray  # (3,) float32, the point about which the head turns

    @classmethod
    def default(cls) -> "Rig":
        """The rig that ships with the package (`models/rig/card.md`)."""
        return _shipped()

    @classmethod
    def read(cls, path: Path | str) -> "Rig":
        """A rig in the format of `models/rig/card.md`."""
        arrays = read_npz(path)
        mirror = arrays["mirror"].astype(int)

        def both_sides(left: np.ndarray) -> np.ndarray:
            left = left.astype(np.float32)
            right = left[:, mirror] * np.array([-1, 1, 1], np.float32)
            return np.stack([left, right])

        rig = cls(
            au_names=tuple(f"AU{number:02d}" for number in arrays["au_numbers"]),
            neutral=arrays["neutral"],
            deltas=both_sides(arrays["left"]),
            lids=both_sides(arrays["lids"]),
            eye_centres=arrays["eye_centres"],
            head_pivot=arrays["head_pivot"],
        )
        for array in (rig.neutral, rig.deltas, rig.lids):
            array.setflags(write=False)  # one instance serves everybody
        return rig

    @property
    def triangles(self) -> np.ndarray:
        """(898, 3) vertex indices, counter-clockwise from the front."""
        return mesh_points.TRIANGLES

    def vertices(
        self,
        aus: np.ndarray,
        pose: np.ndarray | None = None,
        gaze: np.ndarray | None = None,
        au_names: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Vertices (T, 478, 3), float32 cm.

        ``aus`` (T, A) are intensities, clipped to [0, 1]; their columns are
        ``au_names``, or the first of ``self.au_names`` where none are given. ``AU12``
        drives both sides; ``AU12_L`` and ``AU12_R`` (subject's sides) take precedence
        on their own. ``pose`` (T, 3) is Pitch, Roll, Yaw in radians, ``gaze`` (T, 2)
        pitch, yaw relative to the head: + is up, and the subject's right. NaN counts as
        0: a missing frame is the neutral face, looking ahead. Lips and lids that would
        cross are stopped where they touch.

        Raises :class:`InputError` for an unknown AU, :class:`ShapeError` for arrays
        that do not fit each other.
        """
        aus = np.asarray(aus, np.float32)
        if aus.ndim != 2:
            raise ShapeError(f"aus: expected (T, A), got shape {aus.shape}.")
        sides = self._by_side(aus, self._columns(aus.shape[1], au_names))
        count = len(aus)
        euler = _per_frame("pose", pose, count, 3)
        look = _per_frame("gaze", gaze, count, 2)
        shut = sides[:, :, [self.au_names.index(n) for n in ("AU43", "AU45")]].max(2)
        lids = _lid_weights(look) * (1 - shut)[..., None]
        eyes = np.stack([look[:, 0], np.zeros(count), look[:, 1]], axis=1)
        return self._deform(
            sides, lids, rotation_from_euler(eyes), rotation_from_euler(euler)
        )

    def _columns(self, count: int, names: Sequence[str] | None) -> list[str]:
        if names is None:
            if count > len(self.au_names):
                raise ShapeError(
                    f"aus: the rig has {len(self.au_names)} AUs, got {count} columns; "
                    "name them with au_names."
                )
            return list(self.au_names[:count])
        names = [str(name) for name in names]
        if len(names) != count:
            raise ShapeError(f"aus: {count} columns, but {len(names)} au_names.")
        if len(set(names)) < count:
            raise InputError(f"au_names: a name occurs twice in {', '.join(names)}.")
        unknown = [name for name in names if _base(name) not in self.au_names]
        if unknown:
            raise InputError(
                f"unknown AU {', '.join(unknown)}; the rig has "
                f"{', '.join(self.au_names)}, each also with _L or _R."
            )
        return names

    def _by_side(self, aus: np.ndarray, names: list[str]) -> np.ndarray:
        """Activations (T, 2, A) of the left and right side in the rig's order."""
        sides = np.full((len(aus), 2, len(self.au_names)), np.nan, np.float32)
        # Bilateral columns first, so that one-sided ones take precedence.
        order = sorted(enumerate(names), key=lambda item: _base(item[1]) != item[1])
        for column, name in order:
            base, value = _base(name), aus[:, column]
            au = self.au_names.index(base)
            for side, letter in enumerate(SIDES):
                if name in (base, f"{base}_{letter}"):
                    known = ~np.isnan(value)
                    sides[known, side, au] = value[known]
        sides = np.clip(np.nan_to_num(sides, nan=0.0), 0.0, 1.0)
        given = {name: sides[:, :, k].copy() for k, name in enumerate(self.au_names)}
        for faded, under in FADES_UNDER:
            sides[:, :, self.au_names.index(faded)] *= 1 - given[under]
        return sides

    def _deform(self, *frames: np.ndarray) -> np.ndarray:
        count = len(frames[0])
        result = np.empty((count, *self.neutral.shape), np.float32)
        constants = (
            self.neutral,
            self.deltas,
            self.lids,
            self.eye_centres,
            self.head_pivot,
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
def _move(neutral, deltas, lids, eye_centres, pivot, sides, lid_weights, eyes, head):
    """Sum of shapes, then contact, then the eyes and the head turn."""
    moved = neutral + jnp.einsum("tsa,savc->tvc", sides, deltas)
    moved = moved + jnp.einsum("tsk,skvc->tvc", lid_weights, lids)
    moved = contact.part(moved)
    face, irises = moved[:, : mesh_points.N_FACE], moved[:, mesh_points.N_FACE :]
    centres = jnp.repeat(eye_centres, 5, axis=0)
    irises = jnp.einsum("tij,tvj->tvi", eyes, irises - centres) + centres
    moved = jnp.concatenate([face, irises], axis=1)
    return jnp.einsum("tij,tvj->tvi", head, moved - pivot) + pivot


@lru_cache(maxsize=1)
def _shipped() -> Rig:
    return Rig.read(shipped_model("rig", "rig.npz"))


def _base(name: str) -> str:
    """``AU12`` of ``AU12_L``."""
    return name[:-2] if name[-2:] in ("_L", "_R") else name


def _per_frame(what: str, angles, count: int, width: int) -> np.ndarray:
    """Angles (T, width), zeros where missing."""
    if angles is None:
        return np.zeros((count, width), np.float32)
    angles = np.asarray(angles, np.float32)
    if angles.shape != (count, width):
        raise ShapeError(f"{what}: expected {(count, width)}, got {angles.shape}.")
    return np.nan_to_num(angles, nan=0.0)


def _lid_weights(gaze: np.ndarray) -> np.ndarray:
    """Weights (T, 2, 4) of looking up, down, in and out for the left and right eye."""
    pitch, yaw = np.clip(gaze / LIDS_FOLLOW_UNTIL, -1, 1).T
    up, down = pitch.clip(0), (-pitch).clip(0)
    to_right, to_left = yaw.clip(0), (-yaw).clip(0)
    left = np.stack([up, down, to_right, to_left], axis=1)
    right = np.stack([up, down, to_left, to_right], axis=1)
    return np.stack([left, right], axis=1).astype(np.float32)


def _pad(array: np.ndarray, size: int) -> np.ndarray:
    extra = np.zeros((size - len(array), *array.shape[1:]), np.float32)
    return np.concatenate([array.astype(np.float32), extra])
