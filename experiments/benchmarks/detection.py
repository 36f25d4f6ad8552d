"""Speed of the detector: frames per second end to end, and time to compile.

Command:   python -m experiments.benchmarks.detection
Minutes:   about 1
Expected:  on 2 cores, decode to table, at least 40 frames/s after warm-up; compiling
           at most 25 s with an empty compilation cache and 3 s with a filled one.

Compiling is measured in fresh processes: the first detection of three frames (face
finder, mesh and crops) less a second one just like it. CPU seconds are printed beside
seconds by the clock, which other programs on the machine lengthen.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

from genface import weights
from genface.detect import Detector

REPEATS = 3


def clip() -> str:
    return str(weights.ensure("clip_wolfgang"))


def timed(work) -> tuple[float, float]:
    """Seconds by the clock and of the CPU."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def first_use() -> None:
    """In a fresh process: print what compiling cost, as JSON."""
    path = clip()
    load = timed(Detector)
    detector = Detector()

    def three_frames() -> None:
        detector.detect(path, end=0.12, progress=False)

    first, again = timed(three_frames), timed(three_frames)
    compiling = [a - b for a, b in zip(first, again, strict=True)]
    print(json.dumps({"load": load, "compile": compiling}))


def in_fresh_process(cache: str) -> dict:
    settings = {
        "JAX_COMPILATION_CACHE_DIR": cache,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    command = [sys.executable, "-m", "experiments.benchmarks.detection", "first-use"]
    done = subprocess.run(
        command, env=os.environ | settings, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def frames_per_second() -> list[float]:
    path, detector = clip(), Detector()
    detector.detect(path, end=1.0, progress=False)  # warm-up
    rates = []
    for _ in range(REPEATS):
        rows: list[int] = []
        clock, _ = timed(
            lambda rows=rows: rows.append(len(detector.detect(path, progress=False)))
        )
        rates.append(rows[0] / clock)
    return rates


def main() -> None:
    clip()
    with tempfile.TemporaryDirectory() as cache:
        for name in ("empty", "filled"):
            spent = in_fresh_process(cache)
            for step, (clock, cpu) in spent.items():
                print(
                    f"{step}, {name} compilation cache: {clock:.1f} s ({cpu:.1f} CPU)"
                )
    rates = frames_per_second()
    shown = " ".join(f"{rate:.0f}" for rate in rates)
    print(f"decode to table: {shown} frames/s ({os.cpu_count()} cores)")


if __name__ == "__main__":
    first_use() if sys.argv[1:] == ["first-use"] else main()
