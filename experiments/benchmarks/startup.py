"""Seconds to import genface and to print its help, as whole processes.

Command:   python -m experiments.benchmarks.startup
Expected:  import at most .2 s, help at most .5 s, on 2 cores.
"""

import statistics
import subprocess
import sys
import time

RUNS = 9


def median_seconds(command: list[str]) -> float:
    def once() -> float:
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begin

    once()  # files into the system's cache
    return statistics.median(once() for _ in range(RUNS))


def main() -> None:
    python = [sys.executable, "-c"]
    bare = median_seconds([*python, "pass"])
    imported = median_seconds([*python, "import genface"])
    helped = median_seconds([sys.executable, "-m", "genface", "--help"])
    print(f"a bare interpreter      {bare:.3f} s")
    print(f"import genface          {imported:.3f} s (+{imported - bare:.3f})")
    print(f"genface --help          {helped:.3f} s")


if __name__ == "__main__":
    main()
