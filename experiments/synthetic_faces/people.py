"""Who is in the picture: shape of the face, age, colours, hair."""

from dataclasses import dataclass

import numpy as np

N_MODES, SPREAD = 100, 0.8  # identity modes, and their standard deviation
# Skin from light to dark, sRGB, as on photographs in even light.
TONES = np.array(
    [
        (246, 214, 196),
        (232, 190, 166),
        (216, 168, 138),
        (190, 138, 106),
        (152, 104, 76),
        (112, 74, 54),
        (78, 52, 40),
    ]
)
HAIRS = np.array(
    [(28, 22, 20), (48, 34, 26), (84, 58, 40), (128, 92, 60), (186, 150, 104),
     (130, 62, 36), (150, 146, 142)]
)  # fmt: skip
IRISES = np.array(
    [(72, 46, 28), (96, 66, 38), (48, 32, 24), (104, 98, 60), (86, 116, 128),
     (104, 140, 168), (120, 128, 130)]
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """``identity`` (100,); colours are linear RGB (3,); the rest shares of 0-1."""

    identity: np.ndarray
    age: float  # 0 young and smooth, 1 old and lined
    tone: float  # 0 light, 1 dark
    skin: np.ndarray
    lips: np.ndarray
    hair: np.ndarray
    brows: np.ndarray
    iris: np.ndarray
    cloth: np.ndarray
    beard: float  # 0 shaved
    length: float  # of the hair below the eyes in cm; 0 is a short cut
    hairline: float  # cm up from the usual one
    tilt: float  # of the hairline, cm per cm across
    arch: float  # of it, cm per square cm
    bald: bool
    volume: float  # cm of hair on the scalp
    lashes: float  # how dark
    gloss: float
    shoulders: float


def draw(rng: np.random.Generator) -> Person:
    """A random person."""
    bearded = rng.random() < 0.5  # who may have a beard, and seldom has long hair
    age = rng.beta(1.3, 1.6)
    tone = rng.random()
    skin = _between(TONES, tone) * rng.normal(1, (0.02, 0.03, 0.04), 3)
    skin = skin + rng.uniform(0, 0.12) * (skin.mean() - skin)  # some are less ruddy
    skin = np.clip(skin, 0.02, 0.9)
    dark = rng.random() < 0.25 + 0.65 * tone
    hair = linear(HAIRS[rng.integers(0, 2) if dark else rng.integers(0, len(HAIRS))])
    hair = hair * rng.uniform(0.8, 1.25)
    if age > 0.6 and rng.random() < 0.5:
        grey = rng.uniform(0.3, 1)
        hair = hair * (1 - grey) + grey * linear(np.array((150, 146, 142)))
    brown_eyed = rng.random() < 0.3 + 0.7 * tone
    iris = IRISES[rng.integers(0, 3) if brown_eyed else rng.integers(0, len(IRISES))]
    painted = not bearded and rng.random() < 0.4
    lips = skin * rng.uniform((0.62, 0.32, 0.34), (0.95, 0.6, 0.62))
    if painted:
        red = linear(rng.uniform((120, 20, 30), (200, 90, 100)))
        lips = lips + rng.uniform(0.2, 0.9) * (red - lips)
    long_ = rng.random() < (0.1 if bearded else 0.7)
    bald = bearded and not long_ and rng.random() < 0.1 + 0.2 * age
    return Person(
        identity=SPREAD * rng.standard_normal(N_MODES),
        age=age,
        tone=tone,
        skin=skin,
        lips=lips,
        hair=hair,
        brows=np.minimum(hair * rng.uniform(0.5, 1.0), 0.6 * skin),
        iris=linear(iris) * rng.uniform(0.8, 1.2),
        cloth=linear(rng.uniform(20, 230, 3)) * rng.uniform(0.4, 1),
        beard=float(bearded and rng.random() < 0.5) * rng.uniform(0.2, 1),
        length=rng.uniform(6, 24) * long_,
        hairline=rng.uniform(-0.3, 1.1)
        + 1.5 * bearded * age * rng.random()
        + 30 * bald,
        tilt=rng.normal(0, 0.08),
        arch=rng.uniform(-0.04, 0.03),
        bald=bald,
        volume=rng.uniform(0.2, 1.3),
        lashes=rng.uniform(0.05, 0.3) + 0.15 * painted,
        gloss=rng.uniform(0.15, 0.9),
        shoulders=rng.uniform(0.75, 1.15),
    )


def linear(srgb: np.ndarray) -> np.ndarray:
    """Linear light in 0-1 of sRGB values in 0-255."""
    return (np.asarray(srgb) / 255) ** 2.2


def _between(colours: np.ndarray, share: float) -> np.ndarray:
    place = share * (len(colours) - 1)
    rows = np.arange(len(colours))
    return linear(np.array([np.interp(place, rows, c) for c in colours.T]))
