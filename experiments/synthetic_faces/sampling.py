"""What a person does from frame to frame: one-sided AUs, shape weights, gaze.

Which AUs go together follows FACS: smiles raise cheeks, brows are raised as a whole,
lips press, tighten and pout when they are shut and not while they are open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from genface.avatar.activation import lid_weights
from genface.avatar.shapes import EXTRA_SHAPES
from genface.facs import ARKIT_FROM_AU, AU_NAMES, au_number

NUMBERS = tuple(map(au_number, AU_NAMES))
SIDES = ("R", "L")  # order of the labels' last axis: the subject's right, left
LOOKS = ("eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut")
# AU -> {shape without side: weight}
AU_SHAPES = {
    number: {
        shape: ARKIT_FROM_AU[number].get(shape, 0) + EXTRA_SHAPES[number].get(shape, 0)
        for shape in {**ARKIT_FROM_AU[number], **EXTRA_SHAPES[number]}
    }
    if number in EXTRA_SHAPES
    else dict(ARKIT_FROM_AU[number])
    for number in NUMBERS
}
# How often an AU that is on is seen on one side only. The jaw and what acts on both
# lips as a whole have no sides.
ONE_SIDED = {
    1: 0.05, 2: 0.15, 4: 0.05, 5: 0.03, 6: 0.1, 7: 0.1, 9: 0.1, 10: 0.2, 11: 0.1,
    12: 0.15, 14: 0.3, 15: 0.1, 20: 0.15, 43: 0.2,
}  # fmt: skip
# (shape, how often, up to): motion that is nobody's AU but that a model will meet.
NUISANCE = (
    ("mouthPucker", 0.25, 0.6),
    ("mouthFunnel", 0.2, 0.5),
    ("mouthShrugUpper", 0.15, 0.4),
    ("jawForward", 0.1, 0.4),
    ("jawLeft", 0.1, 0.3),
    ("jawRight", 0.1, 0.3),
    ("mouthLeft", 0.1, 0.25),
    ("mouthRight", 0.1, 0.25),
    ("cheekPuff", 0.05, 0.5),
)
# Of the sampler of shapes: those that are never drawn, and those that reach less far.
NEVER = ("PupilDilate", "mouthClose", *LOOKS)
LESS = {"mouthLeft": 0.7, "mouthRight": 0.7, "jawForward": 0.7, "jawLeft": 0.7,
        "jawRight": 0.7}  # fmt: skip
JAW_BEHIND_LIPS = 0.3  # how far it drops, at most, where the lips do not part by choice
# Rings of the upper and the lower lip from within outward; right, middle, left.
LIPS = (
    ((82, 38, 72), (87, 86, 85)),
    ((13, 12, 11), (14, 15, 16)),
    ((312, 268, 302), (317, 316, 315)),
)
LIPS_APART, LIPS_OPEN = 0.12, 0.8  # cm: where AU25 begins, and how much further it ends
LOWEST, HIGHEST = -0.6, 1.3  # weights of shapes


@dataclass(frozen=True)
class Expressions:
    """One person's frames; the first is at rest.

    ``aus`` (F, A, 2) in 0-1, right and left, or NaN where shapes were drawn instead;
    ``weights`` (F, S) of the shapes; ``gaze`` (F, 2) pitch, yaw.
    """

    aus: np.ndarray
    weights: np.ndarray
    gaze: np.ndarray


def toward_camera(pose: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gaze (F, 2) of one who more or less looks at the camera with the head turned."""
    return np.clip(-rng.uniform(0.2, 1) * pose[:, ::2], -0.3, 0.3)


def sample_aus(
    n: int, names: Sequence[str], camera: np.ndarray, rng: np.random.Generator
) -> Expressions:
    """Natural mixtures of AUs, one-sided now and then, with looks and nuisance.

    ``camera`` (n, 2) is the gaze that the looks are around.
    """
    both = bilateral_aus(n, rng)
    both[0] = 0
    aus = both[..., None] * _tilt(n, rng)
    aus = np.clip(aus, 0, 1)
    # People differ in how far an AU moves their skin, and no two times are alike.
    strength = np.exp(0.15 * rng.standard_normal(len(NUMBERS)))
    strength = strength * np.exp(0.1 * rng.standard_normal((n, 1)))
    weights = au_weights(aus * strength[..., None], names)
    gaze = _gaze(camera, rng)
    shut = aus[:, NUMBERS.index(43)]
    _look(weights, gaze, names, open_=1 - shut)
    for shape, share, high in NUISANCE:
        drawn = (rng.random(n) < share) * rng.uniform(0, high, n)
        for column, _ in columns(shape, names):
            weights[:, column] += drawn
    weights[0] = 0
    return Expressions(aus, np.clip(weights, LOWEST, HIGHEST), gaze)


def sample_shapes(
    n: int, names: Sequence[str], camera: np.ndarray, rng: np.random.Generator
) -> Expressions:
    """Every shape independently, unequal on the two sides; no AU labels."""
    weights = np.zeros((n, len(names)))
    for shape in dict.fromkeys(name.removesuffix("_L") for name in names):
        if shape.endswith("_R") or shape in NEVER:
            continue
        share, low, high = 0.12, 0.15, LESS.get(shape, 1.0)
        if shape == "jawOpen":
            share, low, high = 0.35, 0.05, 0.7
        drawn = (rng.random(n) < share) * rng.uniform(low, high, n)
        for column, side in columns(shape, names):
            uneven = rng.normal(1, 0.25, n).clip(0.4, 1.6) if side else 1
            weights[:, column] = drawn * uneven
    gaze = _gaze(camera, rng)
    _look(weights, gaze, names)
    weights[0] = 0
    aus = np.full((n, len(NUMBERS), 2), np.nan)
    aus[0] = 0
    return Expressions(aus, np.clip(weights, 0, 1.2), gaze)


SAMPLERS: dict[str, Callable[..., Expressions]] = {
    "aus": sample_aus,
    "shapes": sample_shapes,
}


def bilateral_aus(n: int, rng: np.random.Generator) -> np.ndarray:
    """Activations (n, A) in 0-1."""

    def some(share):
        return rng.random(n) < share

    def amount(low=0.0, high=1.0):
        return rng.uniform(low, high, n)

    au = {number: some(0.2) * amount(0.05) for number in NUMBERS}

    smile = some(0.4) * amount(0.1)
    au[12] = smile
    au[6] = np.where(some(0.75), smile * amount(0.5, 1.1), some(0.1) * amount())
    au[7] = np.where(some(0.4), au[6] * amount(0.5, 1.2), au[7])
    raised = some(0.4) * amount(0.1)
    au[1] = raised * np.where(some(0.8), 1, amount())
    au[2] = raised * np.where(some(0.75), amount(0.6, 1.2), 0)
    wide = some(0.3) & (raised > 0.3)
    au[5] = np.where(wide, raised * amount(0.1), some(0.1) * amount())
    au[4] = np.where(some(0.35), amount(0.1), 0)
    au[10] = np.where(some(0.3), smile * amount(0.2, 0.8), au[10] * some(0.6))
    au[11] = np.where(some(0.5), au[10] * amount(0.3), au[11] * some(0.5))
    au[9] = np.where(some(0.2), amount(0.1), 0)
    shut = some(0.15)
    au[43] = shut * amount(0.2)
    au[5] = np.where(shut, 0, au[5])

    apart = some(0.55)
    au[25] = apart * amount(0.1)
    # The jaw goes its own way: a grin shows shut teeth, and it drops behind the lips.
    au[26] = some(0.5) * amount(0.05) * np.where(apart, 1, JAW_BEHIND_LIPS)
    when_shut = {14: 0.3, 15: 0.25, 17: 0.35, 23: 0.35, 24: 0.35, 28: 0.15}
    for number, share in when_shut.items():
        rarely = some(0.15) * (number not in (24, 28))
        au[number] = np.where(apart, au[number] * rarely, some(share) * amount(0.1))
    au[26] = au[26] * (au[24] + au[28] == 0)  # lips that are pressed stay shut
    au[15] = au[15] * (au[12] < 0.3)
    au[23] = au[23] * (au[12] < 0.5)
    return np.clip(np.stack([au[number] for number in NUMBERS], 1), 0, 1)


def lip_gaps(heights: np.ndarray) -> np.ndarray:
    """How far lips are apart (F, 3), right, middle and left, from heights (F, 478).

    Where they can be seen: inner edges that roll in leave each other, while what is in
    front of them still touches.
    """
    return np.stack(
        [
            heights[:, upper].min(axis=1) - heights[:, lower].max(axis=1)
            for upper, lower in LIPS
        ],
        axis=1,
    ).clip(0)


def with_open_lips(
    aus: np.ndarray, gaps: np.ndarray, at_rest: np.ndarray
) -> np.ndarray:
    """The labels (F, A, 2) with AU25 as the lips show it: ``gaps`` (F, 3) and (3,).

    Lips that are apart at rest begin there. 24 and 28 are not there when they are open.
    """
    aus = aus.copy()
    gap, begins = ((g[..., ::2] + g[..., 1:2]) / 2 for g in (gaps, at_rest))
    parted = np.clip((gap - np.maximum(begins, LIPS_APART)) / LIPS_OPEN, 0, 1)
    aus[:, NUMBERS.index(25)] = parted
    for pressed in (24, 28):
        values = aus[:, NUMBERS.index(pressed)]
        values[parted > 0.5] = np.where(np.isnan(values[parted > 0.5]), np.nan, 0)
    return aus


def au_weights(aus: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Weights (F, S) of the shapes for AUs (F, A, 2)."""
    weights = np.zeros((len(aus), len(names)))
    for k, number in enumerate(NUMBERS):
        for shape, weight in AU_SHAPES[number].items():
            for column, side in columns(shape, names):
                value = aus[:, k, SIDES.index(side)] if side else aus[:, k].mean(1)
                weights[:, column] += weight * value
    return weights


def columns(shape: str, names: Sequence[str]) -> list[tuple[int, str]]:
    """Index and side of a shape, or of its two sides."""
    if shape in names:
        return [(list(names).index(shape), "")]
    return [(list(names).index(f"{shape}_{side}"), side) for side in SIDES]


def _tilt(n: int, rng: np.random.Generator) -> np.ndarray:
    """Factors (n, A, 2) on both sides: never quite equal, at times one is all but 0."""
    shift = 0.15 * rng.standard_normal((n, len(NUMBERS)))
    tilt = np.exp(np.stack([shift, -shift], 2)).clip(0.6, 1.4)
    for k, number in enumerate(NUMBERS):
        share = ONE_SIDED.get(number, 0)
        alone = rng.random(n) < share
        weak, side = rng.uniform(0, 0.3, n), rng.integers(0, 2, n)
        if share:
            tilt[alone, k, side[alone]] *= weak[alone]
        else:
            tilt[:, k] = 1
    return tilt


def _gaze(camera: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gaze (n, 2) relative to the head: near ``camera``, often down, at times up.

    At rest (the first frame) it is at the camera or nearly so.
    """
    n = len(camera)
    gaze = rng.normal(0, (0.06, 0.1), (n, 2))
    down = rng.random(n) < 0.3
    up = ~down & (rng.random(n) < 0.2)
    aside = rng.random(n) < 0.3
    gaze[:, 0] += up * rng.uniform(0, 0.25, n) - down * rng.uniform(0, 0.4, n)
    gaze[:, 1] += aside * rng.uniform(-0.4, 0.4, n)
    gaze[0] = 0
    gaze += camera
    gaze[0] = gaze[0].clip(-0.15, 0.15)
    return gaze


def _look(weights, gaze, names, open_=None) -> None:
    """Let lids follow the gaze, as far as they are open (F, 2)."""
    follow = lid_weights(gaze)[:, ::-1]  # ours: right before left
    if open_ is not None:
        follow = follow * open_[..., None]
    for k, shape in enumerate(LOOKS):
        for column, side in columns(shape, names):
            weights[:, column] += follow[:, SIDES.index(side), k]
