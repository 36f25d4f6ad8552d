"""Folds and bulges of the skin that Action Units raise, as relief of the texture.

Where folds run is from the descriptions of the AUs (Ekman, Friesen and Hager, Facial
Action Coding System, 2002). Every person has lines of their own, deeper with age.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
from scipy.ndimage import gaussian_filter

from experiments.synthetic_faces.canvas import Canvas
from experiments.synthetic_faces.head import TEXELS_PER_CM, TEXTURE
from experiments.synthetic_faces.kernels import FAST
from experiments.synthetic_faces.people import Person

# What raises folds is read off the shapes, so that any mixture of them has folds.
RAISED_BY = {
    1: {"browInnerUp": 1.0},
    2: {"browOuterUp": 1.0},
    4: {"browDown": 1.0},
    6: {"cheekSquint": 0.6, "cheekRaiser": 0.6},
    7: {"eyeSquint": 1.0},
    9: {"noseSneer": 1.0},
    10: {"mouthUpperUp": 1.0},
    12: {"mouthSmile": 1.0},
    14: {"mouthDimple": 1.0},
    15: {"mouthFrown": 1.0},
    17: {"mouthShrugLower": 1.25},
    20: {"mouthStretch": 1.0},
    24: {"mouthPress": 0.8, "mouthPucker": 0.6},
}


@dataclass(frozen=True)
class Fold:
    """Lines of (x, y) in cm on the subject's left of the neutral face, from the front.

    ``raised_by`` says by which AUs, ``height`` and ``width`` are cm: below 0 a furrow,
    above a bulge. ``rest``: how much of it an old face has at rest.
    """

    raised_by: dict[int, float]
    height: float
    width: float
    rest: float
    lines: tuple[tuple[tuple[float, float], ...], ...]


FOLDS = (
    # Across the forehead, in its middle and over the outer brow.
    Fold({1: 1.0, 2: 0.3}, -0.12, 0.12, 0.35, (
        ((0.0, 7.0), (1.0, 7.1), (2.3, 7.0)),
        ((0.0, 7.65), (1.2, 7.75), (2.6, 7.55)),
        ((0.0, 8.25), (1.1, 8.3), (2.4, 8.15)),
        ((0.0, 8.8), (1.2, 8.85)),
    )),
    Fold({2: 1.0}, -0.11, 0.11, 0.3, (
        ((2.0, 7.0), (3.4, 7.2), (4.9, 6.75)),
        ((2.3, 7.7), (3.6, 7.8), (5.0, 7.35)),
        ((2.4, 8.25), (3.6, 8.3), (4.8, 7.95)),
    )),
    # Between the brows: furrows, and the muscle that swells beside them.
    Fold({4: 1.0, 9: 0.3}, -0.17, 0.13, 0.25, (
        ((0.40, 6.3), (0.48, 5.6), (0.66, 4.85)),
        ((0.95, 6.1), (1.02, 5.6), (1.1, 5.2)),
    )),
    Fold({4: 1.0, 9: 0.2}, 0.13, 0.34, 0.0, (((0.85, 5.9), (1.6, 5.9)),)),
    Fold({4: 0.6, 9: 0.4}, -0.08, 0.11, 0.15, (((0.0, 4.35), (0.6, 4.5)),)),
    # Across the root and along the sides of the nose.
    Fold({9: 1.0}, -0.14, 0.11, 0.08, (
        ((0.0, 3.75), (0.65, 3.9)),
        ((0.0, 4.3), (0.6, 4.4)),
        ((0.55, 4.0), (0.95, 3.2), (1.25, 2.4)),
        ((0.35, 3.1), (0.75, 2.6), (1.0, 2.0)),
    )),
    Fold({9: 1.0}, 0.10, 0.28, 0.0, (((0.75, 3.6), (1.3, 3.0)),)),
    # Crow's feet; the fold below the lower lid; the cheek above a smile.
    Fold({6: 1.0, 7: 0.25}, -0.10, 0.10, 0.3, (
        ((4.9, 3.6), (5.6, 4.05), (6.2, 4.6)),
        ((4.95, 3.4), (5.7, 3.55), (6.4, 3.75)),
        ((4.9, 3.15), (5.6, 3.0), (6.3, 2.9)),
        ((4.8, 2.9), (5.4, 2.5), (5.9, 2.1)),
    )),
    Fold({6: 1.0, 7: 0.5}, -0.09, 0.13, 0.35, (
        ((1.9, 2.65), (2.8, 2.15), (3.9, 2.15), (4.6, 2.5)),
    )),
    Fold({7: 1.0, 6: 0.4}, -0.06, 0.09, 0.15, (
        ((2.1, 2.85), (3.0, 2.55), (4.0, 2.65), (4.5, 2.95)),
    )),
    Fold({6: 1.0, 12: 0.35}, 0.14, 0.6, 0.0, (
        ((3.0, 1.2), (4.2, 1.5), (5.0, 1.7)),
    )),
    # From the wing of the nose past the corner of the mouth.
    Fold({12: 0.8, 10: 0.9, 9: 0.8, 6: 0.3, 20: 0.3}, -0.14, 0.20, 0.45, (
        ((1.75, 0.2), (2.25, -0.55), (2.8, -1.5), (3.2, -2.6)),
    )),
    Fold({10: 1.0, 9: 0.6}, 0.09, 0.3, 0.0, (((2.3, 0.2), (2.9, -0.7)),)),
    # Beside the corner of the mouth: dimple, and the crease that pulls it down.
    Fold({14: 1.0, 12: 0.3}, -0.13, 0.18, 0.1, (
        ((3.05, -2.8), (3.2, -3.5), (3.05, -4.1)),
    )),
    Fold({15: 1.0}, -0.11, 0.17, 0.3, (((2.8, -3.8), (3.05, -4.4), (3.15, -5.2)),)),
    Fold({20: 1.0}, -0.07, 0.14, 0.1, (
        ((3.4, -2.7), (3.6, -3.6), (3.5, -4.5)),
        ((3.9, -2.9), (4.1, -3.7), (4.0, -4.5)),
    )),
    # Around pressed lips.
    Fold({24: 1.0}, -0.03, 0.08, 0.15, (
        ((0.4, -1.5), (0.45, -2.2)),
        ((0.95, -1.5), (1.1, -2.2)),
        ((1.5, -1.8), (1.75, -2.45)),
        ((0.7, -4.75), (0.65, -5.2)),
        ((1.35, -4.6), (1.35, -5.0)),
    )),
    # Under the lower lip, and the chin that swells below.
    Fold({17: 1.0, 15: 0.3, 24: 0.3}, -0.12, 0.2, 0.2, (
        ((0.0, -5.2), (0.8, -5.15), (1.5, -4.95)),
    )),
    Fold({17: 1.0}, 0.12, 0.55, 0.0, (((0.0, -6.3), (0.6, -6.2)),)),
)  # fmt: skip
CREASE = (0.35, 0.09)  # cm above the upper lid's edge, width: of the fold of the lid
PEBBLES = 0.04  # cm, the chin's dimples at most
MIDDLE = 16  # texels over which one half of the face gives way to the other
SHOULDERS = 0.45  # skin that a furrow displaces is heaped up beside it


@dataclass(frozen=True)
class Layer:
    """``relief`` (h, w, 3): slope along columns and rows, and how dark it is inside."""

    window: tuple[slice, slice]
    relief: np.ndarray
    shapes: np.ndarray  # (S,) how far each raises it


class Folds:
    """One person's folds; ``relief`` (H, W, 3) is for :func:`shading.shade`."""

    def __init__(
        self, person: Person, canvas: Canvas, names: Sequence[str], rng
    ) -> None:
        self._at = _Places(canvas)
        depth = (0.3 + 1.0 * person.age) * np.exp(0.3 * rng.standard_normal())
        self.rest = _pores(person, canvas, rng)
        self.layers: list[Layer] = []
        for fold in FOLDS:
            own = depth * np.exp(0.35 * rng.standard_normal())
            own = own if fold.height < 0 else np.sqrt(own)  # muscles swell on all
            lines = _own_lines(fold.lines, rng)
            for side, sign in (("L", 1), ("R", -1)):
                shapes = _shapes_of(fold.raised_by, side, names)
                paths = [self._at.texels(line * (sign, 1)) for line in lines]
                relief = _relief(paths, own * fold.height, fold.width, sign)
                layer = Layer(*relief, shapes)
                self.layers.append(layer)
                self.rest[layer.window] += fold.rest * person.age**1.5 * layer.relief
        self._creases(canvas, rng)
        self._pebbles(canvas, depth, names, rng)
        self.relief = self.rest.copy()
        self._raised: list[Layer] = []

    def raise_(self, weights: np.ndarray) -> np.ndarray:
        """The relief (H, W, 3) at weights (S,) of the shapes; overwritten each time."""
        for layer in self._raised:
            self.relief[layer.window] = self.rest[layer.window]
        self._raised = []
        for layer in self.layers:
            amount = min(float(layer.shapes @ weights), 1.3)
            if amount > 0.02:
                self.relief[layer.window] += np.float32(amount) * layer.relief
                self._raised.append(layer)
        return self.relief

    def _creases(self, canvas, rng) -> None:
        """The fold of the upper lids, which some have and some have not."""
        up, width = CREASE
        height = -0.09 * rng.beta(1.5, 1.2)
        up = up * rng.uniform(0.8, 1.5)
        for sign, edge in zip((-1, 1), canvas.lids, strict=True):
            arch = np.sin(np.pi * np.linspace(0.1, 0.95, len(edge)))
            path = edge - np.stack([0 * arch, up * (0.35 + 0.65 * arch)], 1) * (
                TEXELS_PER_CM
            )
            window, relief = _relief([path[3:-3:4]], height, width, sign)
            self.rest[window] += relief

    def _pebbles(self, canvas, depth, names, rng) -> None:
        """Dimples of the chin (17)."""
        window, share = canvas.chin
        row, column = rng.integers(0, 400, 2)
        tall, wide = share.shape
        noise = canvas.noise[row : row + tall, column : column + wide, 1]
        noise = gaussian_filter(noise, rng.uniform(0.5, 2.0))
        height = PEBBLES * min(np.sqrt(depth), 1.2) * share * noise / noise.std()
        shapes = _shapes_of({17: 1.0}, "L", names)
        self.layers.append(Layer(window, _slopes(height.astype(np.float32)), shapes))


class _Places:
    """Texels of points of the face's front view."""

    def __init__(self, canvas: Canvas) -> None:
        self._tree, self._rows = canvas.front

    def texels(self, points: np.ndarray) -> np.ndarray:
        distance, near = self._tree.query(points, k=4)
        share = 1 / (distance + 1e-3) ** 2
        share /= share.sum(1, keepdims=True)
        return (share[..., None] * self._rows[near]).sum(1)


def _own_lines(lines, rng) -> list[np.ndarray]:
    """A person's version: shifted, turned, bent, now and then one less."""
    kept = [line for line in lines if len(lines) == 1 or rng.random() > 0.2]
    moved = []
    for line in kept or lines[:1]:
        points = _smooth(np.array(line))
        middle = points.mean(0)
        turn, scale = rng.normal(0, 0.1), rng.normal(1, 0.12)
        c, s = np.cos(turn), np.sin(turn)
        own = (points - middle) @ (scale * np.array([[c, s], [-s, c]])) + middle
        wave = 0.06 * np.sin(np.linspace(0, rng.uniform(2, 8), len(own)))
        own = own + rng.normal(0, 0.09, 2) + wave[:, None] * rng.standard_normal(2)
        if line[0][0] == 0:  # meets its mirror image
            own[:, 0] -= own[0, 0]
        moved.append(own)
    return moved


def _smooth(line: np.ndarray, count: int = 12) -> np.ndarray:
    place = np.arange(len(line))
    fine = np.linspace(0, len(line) - 1, count)
    degree = min(len(line) - 1, 2)
    return np.stack(
        [np.polyval(np.polyfit(place, side, degree), fine) for side in line.T], axis=1
    )


def _shapes_of(aus, side: str, names) -> np.ndarray:
    weights = np.zeros(len(names))
    for number, share in aus.items():
        for shape, weight in RAISED_BY[number].items():
            name = shape if shape in names else f"{shape}_{side}"
            weights[list(names).index(name)] += share * weight
    return weights


def _relief(paths, height: float, width: float, sign: int):
    """Window and relief of paths (n, 2) in texels; height and width in cm.

    Only the half with x of this ``sign``, fading where it meets the other.
    """
    every = np.concatenate(paths)
    margin = int(np.ceil(5 * width * TEXELS_PER_CM))
    left, top = np.maximum(np.floor(every.min(0)).astype(int) - margin, 0)
    right, bottom = np.ceil(every.max(0)).astype(int) + margin
    right, bottom = min(right, TEXTURE[1] - 1), min(bottom, TEXTURE[0] - 1)
    ground = np.zeros((bottom - top, right - left), np.float32)
    shoulders = SHOULDERS if height < 0 else 0.0
    for path in paths:
        fades = abs(path[0, 0] - TEXTURE[1] / 2) > 3  # not at the middle
        _raise(ground, path - (left, top), height, width, shoulders, fades)
    beyond = sign * (np.arange(left, right) + 0.5 - TEXTURE[1] / 2)
    ground *= np.clip(0.5 + beyond / MIDDLE, 0, 1).astype(np.float32)
    return (slice(top, bottom), slice(left, right)), _slopes(ground)


@numba.njit(**FAST)
def _raise(ground, path, height, width, shoulders, fades):
    """Add one line's profile to ``ground`` (h, w) cm; thin where it runs out.

    Of crossing lines the deeper counts. ``fades``: at its start as well.
    """
    n = len(path) - 1
    for row in range(ground.shape[0]):
        for column in range(ground.shape[1]):
            best, at = np.float32(1e9), np.float32(0)
            for k in range(n):
                x0, y0 = path[k, 0], path[k, 1]
                dx, dy = path[k + 1, 0] - x0, path[k + 1, 1] - y0
                px, py = column + 0.5 - x0, row + 0.5 - y0
                share = (px * dx + py * dy) / (dx * dx + dy * dy + 1e-9)
                share = min(max(share, 0.0), 1.0)
                px, py = px - share * dx, py - share * dy
                far = px * px + py * py
                if far < best:
                    best, at = far, (k + share) / n
            reach = width * TEXELS_PER_CM
            far = best / (reach * reach)
            if far < 25:
                end = 0.5 + 0.5 * at if not fades else at
                taper = np.sin(np.pi * end) ** 0.7
                profile = np.exp(-0.5 * far) - shoulders * np.exp(-0.1 * far)
                value = height * taper * profile
                if abs(value) > abs(ground[row, column]):
                    ground[row, column] = value


def _slopes(ground: np.ndarray) -> np.ndarray:
    """Slopes along columns and rows, and the darkness in hollows, (h, w, 3)."""
    down, along = np.gradient(ground, 1 / TEXELS_PER_CM)
    dark = np.clip(-2.2 * ground, 0, 0.5)
    return np.stack([along, down, dark], -1).astype(np.float32)


def _pores(person: Person, canvas: Canvas, rng) -> np.ndarray:
    """Relief (H, W, 3) of skin at rest: pores, and unevenness that comes with age."""
    heights = np.array(
        [
            rng.uniform(0.0, 0.0025) + 0.002 * person.age,
            (0.002 + 0.006 * person.age) * rng.uniform(0.3, 1),
        ],
        np.float32,
    )
    return _uneven(canvas.noise, heights, rng.integers(0, TEXTURE, (2, 2)))


@numba.njit(**FAST)
def _uneven(noise, heights, shifts):
    """Slopes of the first noises, each ``heights`` cm high and shifted."""
    height, width, _ = noise.shape
    out = np.zeros((height, width, 3), np.float32)
    for k in range(len(heights)):
        scale = np.float32(heights[k] * TEXELS_PER_CM)
        for row in range(height - 1):
            i = (row + shifts[k, 0]) % (height - 1)
            for column in range(width - 1):
                j = column + shifts[k, 1]
                j = j - width + 1 if j >= width - 1 else j
                out[row, column, 0] += scale * (noise[i, j + 1, k] - noise[i, j, k])
                out[row, column, 1] += scale * (noise[i + 1, j, k] - noise[i, j, k])
    return out
