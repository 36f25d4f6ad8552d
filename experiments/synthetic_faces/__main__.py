"""Make a set: python -m experiments.synthetic_faces OUT --people 280 --frames 9."""

import argparse
import time
from pathlib import Path

from experiments.synthetic_faces.dataset import Plan, write
from experiments.synthetic_faces.head import ICT_FILE
from experiments.synthetic_faces.sampling import SAMPLERS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--people", type=int, default=280)
    parser.add_argument("--frames", type=int, default=9, help="per person")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sampler", choices=SAMPLERS, default="aus")
    parser.add_argument("--size", type=int, default=256, help="pixels")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--ict", type=Path, default=ICT_FILE, help="ICT-FaceKit's npz")
    given = parser.parse_args()
    plan = Plan(given.people, given.frames, given.seed, given.sampler, given.size)
    start = time.perf_counter()

    def report(done: int, total: int, cpu: float) -> None:
        took = time.perf_counter() - start
        print(f"{done} of {total} pictures in {took:.0f} s, {1000 * cpu / done:.0f} ms "
              "of CPU each", flush=True)  # fmt: skip

    write(given.out, plan, given.ict, given.workers, report)


if __name__ == "__main__":
    main()
