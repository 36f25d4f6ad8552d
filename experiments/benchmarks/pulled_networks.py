"""Speed of each pulled network: milliseconds per crop, seconds until the first answer.

Command:   python -m experiments.benchmarks.pulled_networks
Minutes:   about 2
Expected:  on 2 cores, one crop: attention mesh 4 to 12 ms, full range 5 to 18 ms; until
           the first answer of both at most 25 s with an empty compilation cache and 3 s
           with a filled one.

The first answer is timed in fresh processes and includes reading the file, tracing and
compiling, but not the import of JAX. CPU seconds are printed beside seconds by the
clock, which other programs on the machine lengthen.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import jax
import numpy as np

from genface import nets, weights

NAMES = [name for name, entry in weights.ASSETS.items() if entry.kind == "tflite"]
CROPS = 200


def crops(network: nets.Network, count: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, *network.input_shape), np.float32)


def first_answer(name: str) -> None:
    """In a fresh process: print seconds (clock, CPU) until a network has answered."""
    weights.ensure(name)
    jax.block_until_ready(jax.numpy.zeros(1))  # starts the backend
    clock, cpu = time.perf_counter(), time.process_time()
    network = nets.load(name)
    jax.block_until_ready(network(crops(network, 1)))
    print(json.dumps([time.perf_counter() - clock, time.process_time() - cpu]))


def in_fresh_process(name: str, compiled: str) -> list[float]:
    settings = {
        "JAX_COMPILATION_CACHE_DIR": compiled,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    command = [sys.executable, "-m", "experiments.benchmarks.pulled_networks", name]
    done = subprocess.run(
        command, env=os.environ | settings, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def milliseconds(name: str, batch: int) -> np.ndarray:
    """Quartiles of the time per crop."""
    network = nets.load(name)
    x = jax.device_put(crops(network, batch))
    jax.block_until_ready(network(x))
    times = []
    for _ in range(CROPS // batch):
        start = time.perf_counter()
        jax.block_until_ready(network.apply(network.params, x))
        times.append(time.perf_counter() - start)
    return np.percentile(times, [0, 25, 50]) * 1e3 / batch


def main() -> None:
    weights.pull(NAMES)
    print("first answer, s by the clock (CPU)   empty cache    filled cache")
    with tempfile.TemporaryDirectory() as compiled:
        for name in NAMES:
            cold, warm = (in_fresh_process(name, compiled) for _ in range(2))
            print(
                f"  {name:30s} {cold[0]:7.1f} ({cold[1]:4.1f}) "
                f"{warm[0]:9.2f} ({warm[1]:4.2f})"
            )
    print("ms per crop: least, quartile, median      one crop        batch of 4")
    for name in NAMES:
        cells = [
            " ".join(f"{value:5.1f}" for value in milliseconds(name, batch))
            for batch in (1, 4)
        ]
        print(f"  {name:30s} {cells[0]:>20s} {cells[1]:>20s}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        first_answer(sys.argv[1])
    else:
        main()
