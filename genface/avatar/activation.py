"""AU columns and gaze to what drives a rig: one-sided activations, lids, mixtures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genface.errors import InputError, ShapeError, warn

SIDES = ("L", "R")  # the subject's left and right
LOOKS = ("look_up", "look_down", "look_in", "look_out")
# Where both are on, the first fades: 27 is the whole of 26, a jaw that drops parts the
# lips as well (25 is measured as their gap, whatever opens it), and shut lids are not
# raised. Under several, the strongest decides.
FADES_UNDER = (
    ("AU26", "AU27"),
    ("AU25", "AU26"),
    ("AU25", "AU27"),
    ("AU05", "AU43"),
    ("AU05", "AU45"),
)
# One motion under two names, in a table that has both: the first only adds what it has
# beyond the second, so that lids shut as far as the larger of 43 and a blink (45) says.
ADDS_TO = (("AU43", "AU45"),)
SHUT = ("AU43", "AU45")
# Gaze angle at which the lids have followed as far as their shapes go; taken so that
# the upper lid moves with the surface of the eyeball when one looks down.
LIDS_FOLLOW_UNTIL = 0.5  # radians
SLACK = 0.05  # beyond 0-1 without a warning: noise of models


@dataclass(frozen=True)
class Drivers:
    """What a face can be asked to do, each side on its own.

    ``au_names`` are bilateral; ``mixtures`` are pairs of them whose shapes collide and
    that drive a corrective shape of their own, by the product of the two.
    """

    au_names: tuple[str, ...]
    mixtures: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """``AU01_L``, ``AU01_R`` ..., ``look_up_L`` ..., ``AU12+AU26_L`` ... (D,)."""
        pairs = tuple("+".join(pair) for pair in self.mixtures)
        every = (*self.au_names, *LOOKS, *pairs)
        return tuple(f"{name}_{side}" for name in every for side in SIDES)

    def values(
        self,
        aus: np.ndarray,
        gaze: np.ndarray | None = None,
        au_names: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Activations (T, D) in 0-1, in the order of :attr:`names`.

        Arguments and errors as for :meth:`genface.avatar.Rig.vertices`.
        """
        aus = np.asarray(aus, np.float32)
        if aus.ndim != 2:
            raise ShapeError(f"aus: expected (T, A), got shape {aus.shape}.")
        names = self._columns(aus.shape[1], au_names)
        _check_scale(aus, names)
        sides = self._by_side(aus, names)
        lids = lid_weights(per_frame("gaze", gaze, len(aus), 2))
        shut = sides[..., self._indices(SHUT)].sum(-1, keepdims=True)
        lids *= 1 - shut  # shut lids do not follow the gaze
        products = [sides[..., self._indices(pair)].prod(-1) for pair in self.mixtures]
        every = np.concatenate([sides, lids, *(p[..., None] for p in products)], axis=2)
        return every.transpose(0, 2, 1).reshape(len(aus), len(self.names))

    def _indices(self, names: Sequence[str]) -> list[int]:
        return [self.au_names.index(name) for name in names if name in self.au_names]

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
            if faded in given and under in given:
                k = self.au_names.index(faded)
                left = given[faded] * (1 - given[under])
                sides[:, :, k] = np.minimum(sides[:, :, k], left)
        for more, whole in ADDS_TO:
            if more in given and whole in given:
                beyond = np.maximum(given[more] - given[whole], 0)
                sides[:, :, self.au_names.index(more)] = beyond
        return sides


def per_frame(
    what: str, angles: np.ndarray | None, count: int, width: int
) -> np.ndarray:
    """Angles (T, width) as float32, zeros where missing."""
    if angles is None:
        return np.zeros((count, width), np.float32)
    angles = np.asarray(angles, np.float32)
    if angles.shape != (count, width):
        raise ShapeError(f"{what}: expected {(count, width)}, got {angles.shape}.")
    if np.isinf(angles).any():
        raise InputError(f"{what}: infinite angles; mark what is missing by NaN.")
    return np.nan_to_num(angles, nan=0.0)


def lid_weights(gaze: np.ndarray) -> np.ndarray:
    """Weights (T, 2, 4) of looking up, down, in and out for the left and right eye."""
    pitch, yaw = np.clip(gaze / LIDS_FOLLOW_UNTIL, -1, 1).T
    up, down = pitch.clip(0), (-pitch).clip(0)
    to_right, to_left = yaw.clip(0), (-yaw).clip(0)
    left = np.stack([up, down, to_right, to_left], axis=1)
    right = np.stack([up, down, to_left, to_right], axis=1)
    return np.stack([left, right], axis=1).astype(np.float32)


def _check_scale(aus: np.ndarray, names: Sequence[str]) -> None:
    """Refuse infinite values, warn of those clearly outside of 0-1."""
    low = np.fmin.reduce(aus, axis=0, initial=0.0)
    high = np.fmax.reduce(aus, axis=0, initial=0.0)
    if np.isinf(low).any() or np.isinf(high).any():
        raise InputError("aus: infinite values; mark what is missing by NaN.")
    outside = (low < -SLACK) | (high > 1 + SLACK)
    if outside.any():
        worst = int(np.argmax(np.where(outside, np.fmax(high - 1, -low), -1)))
        warn(
            f"aus: {names[worst]} goes from {low[worst]:.3g} to {high[worst]:.3g}; "
            "clipped to 0-1 (FACS intensities of 0-5 are to be divided by 5)."
        )


def _base(name: str) -> str:
    """``AU12`` of ``AU12_L``."""
    return name[:-2] if name[-2:] in ("_L", "_R") else name
