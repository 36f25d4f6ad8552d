"""Contact sheet of a set: python -m experiments.synthetic_faces.sheet

Writes docs/images/synthetic_people.jpg: people at rest and moving, then one old and one
young face with single AUs, so that folds can be looked at. About 30 s.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from experiments.synthetic_faces import head, people, sampling, scene
from experiments.synthetic_faces.studio import Sitting, Studio
from genface.files import atomic

OUT = Path(__file__).parents[2] / "docs" / "images" / "synthetic_people.jpg"
PEOPLE, FRAMES, SIZE = 16, 2, 256
SHOWN = 170  # pixels of a picture on the sheet
SINGLE = ((), (4,), (9,), (1, 2), (6, 12), (10,), (17,), (24,))
AGES = ((3, 0.95), (5, 0.25))  # seed and age of those who show single AUs
LARGEST = 400_000  # bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--ict", type=Path, default=head.ICT_FILE)
    given = parser.parse_args()
    studio = Studio.of(head.load(given.ict))
    pictures = [
        picture
        for person in range(PEOPLE)
        for picture in studio.photograph((given.seed, person), FRAMES, "aus", SIZE)[
            "images"
        ]
    ]
    for seed, age in AGES:
        pictures += single_aus(studio, seed, age)
    small = [_small(picture) for picture in pictures]
    columns = len(SINGLE)
    rows = [np.concatenate(small[k : k + columns], 1)
            for k in range(0, len(small), columns)]  # fmt: skip
    save(Image.fromarray(np.concatenate(rows)), given.out)


def single_aus(studio: Studio, seed: int, age: float) -> list[np.ndarray]:
    """One person from near by with the AUs of SINGLE, each at full activation."""
    rng = np.random.default_rng(seed)
    person = replace(people.draw(rng), age=age, beard=0.0, length=0.0)
    setting = replace(
        scene.draw(SIZE, rng), zoom=0.04, distance=70.0, centre=np.array([0, 1.0])
    )
    setting = replace(setting, pose=0.3 * setting.pose, noise=1.0)
    aus = np.zeros((len(SINGLE), len(sampling.NUMBERS), 2))
    for row, numbers in enumerate(SINGLE):
        for number in numbers:
            aus[row, sampling.NUMBERS.index(number)] = 1
    weights = sampling.au_weights(aus, studio.head.names)
    acted = sampling.Expressions(aus, weights, np.zeros((len(SINGLE), 2)))
    sitting = Sitting(studio, person, setting, rng)
    return [
        sitting.picture(face, weight, setting.pose, SIZE, rng)
        for face, weight in zip(studio.faces(person, acted), weights, strict=True)
    ]


def save(sheet: Image.Image, path: Path) -> None:
    """As good a JPEG as is allowed to be this large."""
    for quality in range(92, 30, -4):
        with atomic(path) as temporary:
            sheet.save(temporary, quality=quality, optimize=True)
        if path.stat().st_size < LARGEST:
            break
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, quality {quality}")


def _small(picture: np.ndarray) -> np.ndarray:
    image = Image.fromarray(picture)
    return np.asarray(image.resize((SHOWN, SHOWN), Image.Resampling.LANCZOS))


if __name__ == "__main__":
    main()
