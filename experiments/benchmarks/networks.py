"""Speed of each ported network against py-feat's own torch module, and equal outputs.

Command:   python -m experiments.benchmarks.networks [--threads 2] [NAME ...]
Minutes:   about 15 on an idle machine; with names of networks, those alone
Expected:  on 2 cores no network slower than torch; outputs equal to 2e-4 of their range

Needs the package ``py-feat`` with torch and torchvision; without them only JAX's times
are printed. Both sides get weights that follow from their keys, the same pictures and
the same number of threads. Each network is measured in a process of its own, torch and
JAX in turns, and the least of their times is kept: by the clock, which other programs
on the machine lengthen, and of the CPU, summed over the threads. The time of JAX
contains the copies from and to numpy; torch's holds no transposing to its
channels-first order. Torch's threads wait for one another spinning: where other
programs take their cores its times grow without measure, and only those of one thread
mean anything.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from experiments.benchmarks import torch_modules
from experiments.benchmarks.torch_modules import MODULES, TorchModule

BATCHES = (1, 16)
SECONDS = 2.0  # of measuring each side, at least
ROUNDS = 3  # at least
TURN = 0.3  # seconds of one side before it is the other's turn
COLUMNS = ("torch ms", "JAX ms", "ratio", "torch CPU", "JAX CPU", "ratio")


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """By the clock and of the CPU."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def least(sides: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Least seconds of each side by the clock and of the CPU, measured in turns."""
    times: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
    for work in sides.values():
        work()
    while any(
        len(rows) < ROUNDS or sum(row[0] for row in rows) < SECONDS
        for rows in times.values()
    ):
        for side, work in sides.items():
            time.sleep(0.05)  # the other side's threads spin for a while
            work()
            until = time.perf_counter() + TURN
            times[side].append(seconds(work))
            while time.perf_counter() < until:
                times[side].append(seconds(work))
    return {side: np.min(rows, axis=0).tolist() for side, rows in times.items()}


def pictures(name: str, batch: int) -> np.ndarray:
    """A batch, channels last, as a network without its preprocessing may see it."""
    draws = np.random.default_rng(0).random((batch, *MODULES[name].shape))
    return (draws * 4 - 2).astype(np.float32)


def measure(name: str, threads: int) -> None:
    """In a process of its own: print times and differences of a network as JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    module = None if torch_modules.missing() else TorchModule(name)
    from genface.nets.ported import from_torch

    if module is None:
        from tests.nets.seeded_ports import seeded_port

        net = seeded_port(name)
    else:
        net = from_torch(name, module.arrays)
    found = {}
    for batch in BATCHES:
        x = pictures(name, batch)
        sides: dict[str, Callable[[], object]] = {"jax": lambda x=x: net(x)}
        difference = None
        if module is not None:
            sides, difference = _beside(module, sides, x, threads)
        found[batch] = {"seconds": least(sides), "difference": difference}
    print(json.dumps(found))


def _beside(
    module: TorchModule,
    sides: dict[str, Callable[[], object]],
    x: np.ndarray,
    threads: int,
) -> tuple[dict[str, Callable[[], object]], float]:
    """Torch's side added, and the largest difference in ranges of an output."""
    import torch

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    theirs = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))
    if x.ndim == 3:
        theirs = torch.from_numpy(x)  # points, not pictures
    expected = module.named(module(theirs))
    found: dict[str, np.ndarray] = sides["jax"]()  # type: ignore[assignment]
    difference = max(
        np.abs(found[key] - expected[key].reshape(found[key].shape)).max()
        / np.ptp(expected[key])
        for key in torch_modules.common(found, expected)
    )
    return {"torch": lambda: module(theirs), **sides}, float(difference)


def in_fresh_process(name: str, threads: int) -> dict:
    command = [sys.executable, "-m", "experiments.benchmarks.networks", name]
    command += ["--threads", str(threads), "--only"]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{name}: failed with exit code {done.returncode}.")
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str, batch: str, entry: dict) -> str:
    """One line of the table, in ms for each item."""
    ours = [1e3 * value / int(batch) for value in entry["seconds"]["jax"]]
    if "torch" not in entry["seconds"]:
        cells = ["-", f"{ours[0]:.2f}", "-", "-", f"{ours[1]:.2f}", "-"]
    else:
        theirs = [1e3 * value / int(batch) for value in entry["seconds"]["torch"]]
        cells = [
            cell
            for torch, jax in zip(theirs, ours, strict=True)
            for cell in (f"{torch:.2f}", f"{jax:.2f}", f"{torch / jax:.2f}")
        ]
    known = entry["difference"] is not None
    cells.append(f"{entry['difference']:.0e}" if known else "-")
    return f"{name:26s} {batch:>3s}" + "".join(f"{cell:>10s}" for cell in cells)


def main(names: list[str], threads: int) -> None:
    lacking = torch_modules.missing()
    if lacking:
        print(f"without torch's modules: {lacking}")
    heads = "".join(f"{column:>10s}" for column in (*COLUMNS, "differ"))
    print(f"{'ms per item':24s} batch{heads}")
    for name in names or MODULES:
        for batch, entry in in_fresh_process(name, threads).items():
            print(row(name, batch, entry), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        measure(given.names[0], given.threads)
    else:
        main(given.names, given.threads)
