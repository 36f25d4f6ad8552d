"""Folds of the skin that Action Units raise, as light and shade on the texture.

A mesh of 478 points is too coarse for wrinkles. They are painted once as fine relief,
and each layer is blended in by the activation that the vertices show: that is read back
from them by a ridge regression on the rig's own shapes. Where folds run is from the
descriptions of the AUs (Ekman, Friesen and Hager, Facial Action Coding System, 2002).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from genface.avatar import skin
from genface.avatar.morphs import Morphs

PIXELS_PER_CM = 16
FINE = 2  # times finer while painting
RIDGE = 1e-3  # of the largest shape's square, against shapes that look alike
FAINT = 0.02  # activations below leave no trace
SIDES = (("L", 1), ("R", -1))  # subject's side, and how its columns run
SOFT = 0.075  # cm, blur of a fold
LIT = 0.55  # how much brighter than dark the lower side of a fold is

# Each layer: which AUs raise it, how dark it is, and lines of (x, y) in cm on the
# subject's left of the neutral face (outer eye corners at x = 4.45, y = 2.66).
LAYERS = (
    # Across the forehead, in its middle and over the outer brow.
    ({"AU01": 1.0}, 0.30, 0.10, (
        ((0.0, 6.35), (1.0, 6.45), (2.3, 6.25)),
        ((0.0, 7.05), (1.2, 7.15), (2.6, 6.9)),
        ((0.0, 7.75), (1.1, 7.8), (2.4, 7.6)),
    )),
    ({"AU02": 1.0}, 0.26, 0.10, (
        ((2.0, 6.35), (3.4, 6.45), (4.9, 5.9)),
        ((2.3, 6.95), (3.6, 7.0), (5.0, 6.5)),
    )),
    # Between the brows.
    ({"AU04": 1.0, "AU09": 0.3}, 0.42, 0.13, (
        ((0.42, 5.35), (0.50, 4.7), (0.72, 4.05), (0.70, 3.6)),
        ((0.95, 5.15), (1.02, 4.7), (1.1, 4.4)),
    )),
    ({"AU04": 0.8, "AU09": 0.7}, 0.28, 0.10, (((0.0, 3.35), (0.55, 3.45)),)),
    # Across the root and along the sides of the nose.
    ({"AU09": 1.0}, 0.34, 0.10, (
        ((0.0, 2.75), (0.6, 2.85)),
        ((0.55, 3.0), (0.95, 2.3), (1.25, 1.5)),
        ((0.35, 2.2), (0.75, 1.75), (1.0, 1.2)),
    )),
    # Crow's feet, and the fold below the lower lid.
    ({"AU06": 1.0, "AU07": 0.25}, 0.30, 0.09, (
        ((4.9, 2.85), (5.6, 3.25), (6.2, 3.75)),
        ((4.95, 2.55), (5.7, 2.65), (6.4, 2.8)),
        ((4.85, 2.25), (5.5, 2.0), (6.1, 1.75)),
    )),
    ({"AU06": 1.0, "AU07": 0.6}, 0.22, 0.10, (
        ((1.9, 1.95), (2.8, 1.45), (3.9, 1.45), (4.6, 1.8)),
    )),
    # From the wing of the nose past the corner of the mouth.
    ({"AU12": 0.75, "AU10": 0.7, "AU09": 0.7, "AU11": 0.7, "AU06": 0.3, "AU13": 0.6,
      "AU20": 0.3}, 0.30, 0.28, (
        ((1.75, -0.55), (2.25, -1.3), (2.75, -2.2), (3.1, -3.3)),
    )),
    # Beside the corner of the mouth: dimple, and the crease that pulls it down.
    ({"AU14": 1.0, "AU12": 0.35}, 0.34, 0.24, (
        ((3.0, -3.1), (3.15, -3.7), (3.0, -4.3)),
    )),
    ({"AU15": 1.0}, 0.28, 0.24, (((3.0, -4.2), (3.15, -4.7), (3.2, -5.4)),)),
    # Under the lower lip, and the puckered chin.
    ({"AU17": 1.0, "AU15": 0.4, "AU24": 0.3}, 0.32, 0.22, (
        ((0.0, -5.35), (0.7, -5.3), (1.4, -5.1)),
    )),
    ({"AU17": 1.0}, 0.26, 0.14, (
        ((0.35, -6.0), (0.45, -6.25)),
        ((0.95, -6.1), (0.9, -6.4)),
        ((0.1, -6.55), (0.2, -6.8)),
        ((0.65, -6.7), (0.6, -6.95)),
    )),
)  # fmt: skip


@dataclass(frozen=True)
class _Layer:
    """Relief (h, w) with its place in the picture, and what raises it (S,)."""

    rows: slice
    columns: slice
    relief: np.ndarray
    raised_by: np.ndarray

    @classmethod
    def of(cls, relief: np.ndarray, raised_by: np.ndarray) -> "_Layer":
        """Cut out what is not 0."""
        rows, columns = (np.flatnonzero(relief.any(axis=k)) for k in (1, 0))
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return cls(*part, relief[part], raised_by)


class Wrinkles:
    """The relief of a rig's face; ``morphs`` as in :class:`genface.avatar.Rig`.

    ``unit`` is the size of a centimetre of :mod:`genface.avatar.skin` in the morphs'.
    """

    def __init__(self, morphs: Morphs, n_vertices: int, unit: float) -> None:
        shapes = morphs.deltas[:, :n_vertices].reshape(len(morphs.names), -1) / unit
        shapes = shapes.astype(np.float64)
        gram = shapes @ shapes.T
        gram += RIDGE * gram.diagonal().max() * np.eye(len(gram))
        self._read = np.linalg.solve(gram, shapes).astype(np.float32)
        self.shape = _shape()
        self._layers = [
            _Layer.of(relief[:, ::step], np.array(raised_by, np.float32))
            for (aus, *_), relief in zip(LAYERS, _reliefs(), strict=True)
            for side, step in SIDES
            if any(raised_by := _raised_by(aus, side, morphs.names))
        ]

    def relief(self, moved: np.ndarray) -> np.ndarray | None:
        """Factor (h * w,) on the light, or None where nothing is folded.

        ``moved`` (478, 3) is how far vertices are from where they rest, in cm.
        """
        shown = np.clip(self._read @ moved.ravel(), 0, 1)
        result = None
        for layer in self._layers:
            amount = min(float(layer.raised_by @ shown), 1.0)
            if amount > FAINT:
                if result is None:
                    result = np.ones(self.shape, np.float32)
                result[layer.rows, layer.columns] -= amount * layer.relief
        return None if result is None else result.ravel()


def _shape() -> tuple[int, int]:
    return round(skin.HEIGHT_CM * PIXELS_PER_CM), round(skin.WIDTH_CM * PIXELS_PER_CM)


def _raised_by(aus: dict[str, float], side: str, names) -> list[float]:
    return [aus.get(name[:-2], 0.0) * (name[-2:] == f"_{side}") for name in names]


@lru_cache(maxsize=1)
def _reliefs() -> list[np.ndarray]:
    """Relief (H, W) of each layer on the subject's left."""
    return [depth * _folds(lines, width) for _, depth, width, lines in LAYERS]


def _folds(lines, width) -> np.ndarray:
    """Relief (H, W) of smooth lines, 1 where dark, below 0 on their lit side."""
    height, across = (FINE * side for side in _shape())
    mask = Image.new("L", (across, height))
    draw = ImageDraw.Draw(mask)
    scale = FINE * PIXELS_PER_CM
    for line in map(np.array, lines):
        path = _smooth(line)
        for share, (x, y) in zip(np.linspace(0, 1, len(path)), path, strict=True):
            centre = ((x - skin.LEFT) * scale, (skin.TOP - y) * scale)
            # Thin where it runs out; a line that meets its mirror image does not.
            ends = np.sin(np.pi * (0.5 + 0.5 * share if line[0, 0] == 0 else share))
            radius = 0.5 * width * scale * (0.25 + 0.75 * ends)
            draw.circle(centre, radius, fill=round(255 * (0.3 + 0.7 * ends)))
    dark, soft = (
        np.asarray(
            mask.filter(ImageFilter.GaussianBlur(blur * scale)).reduce(FINE), np.float32
        )
        / 255
        for blur in (SOFT, 2.2 * SOFT)
    )
    step = max(1, round(0.9 * width * PIXELS_PER_CM))
    lit = np.roll(soft, step, axis=0)
    relief = dark - LIT * np.clip(lit - dark, 0, 1)
    relief[np.abs(relief) < 0.01] = 0
    return relief


def _smooth(line) -> np.ndarray:
    """Points of a curve through the corners of a line (n, 2)."""
    place = np.arange(len(line))
    fine = np.linspace(0, len(line) - 1, 40 * len(line))
    degree = min(len(line) - 1, 3)
    return np.stack(
        [np.polyval(np.polyfit(place, side, degree), fine) for side in line.T], axis=1
    )
