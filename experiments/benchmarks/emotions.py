"""Time of scoring 100 000 faces by the Investigator's Guide prototypes.

Command:   python -m experiments.benchmarks.emotions
Minutes:   under 1
Expected:  on 2 cores, 100 000 faces in under 0.5 s once the space is made.
"""

import time
from collections.abc import Callable

import numpy as np

from genface.facs import AU_NAMES, EmotionSpace

FACES = 100_000


def report(name: str, function: Callable) -> None:
    clock, cpu = time.perf_counter(), time.process_time()
    function()
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    print(f"{name:44s} {clock:7.3f} s (CPU {cpu:7.3f})")


def main() -> None:
    rng = np.random.default_rng(0)
    faces = rng.random((FACES, 20)) * (rng.random((FACES, 20)) < 0.35)
    spaces = []
    for turn in (
        "first, JAX imported and compiled",
        "again, from the cache of programs",
    ):
        report(
            f"make a space, {turn}",
            lambda: spaces.append(
                EmotionSpace.from_table("investigators_guide", AU_NAMES)
            ),
        )
    space = spaces[-1]
    for turn in range(3):
        report(f"score {FACES} faces, {turn + 1}", lambda: space.score(faces))
    report("score 1 face", lambda: space.score(faces[:1]))
    scores = space.score(faces[:1000])
    for turn in ("first, scipy imported", "again"):
        report(f"decode 1000 faces, {turn}", lambda: space.decode(scores, 0.5))


if __name__ == "__main__":
    main()
