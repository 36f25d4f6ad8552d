"""Make a set: python -m experiments.synthetic_faces OUT --people 280 --frames 9."""

import argparse
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

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
    counts: list[int] = []

    def report(done: int, total: int, now: float) -> None:
        rate = done / (now - start)
        counts.append(done)
        print(f"{done} of {total} pictures, {rate:.1f} per second", flush=True)

    write(given.out, plan, given.ict, given.workers, report)
    took, made = time.perf_counter() - start, counts[-1] if counts else 0
    print(f"{given.out}: {made} pictures in {took:.0f} s, reading the head included")
    if made:
        used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
        used = sum(one.ru_utime + one.ru_stime for one in used)
        print(f"  {used:.0f} s of CPU, {1000 * used / made:.0f} ms a picture")


if __name__ == "__main__":
    main()
