"""Frames per second of the preset ``multitask`` beside py-feat's network on its crops.

Command:   python -m experiments.benchmarks.multitask
Minutes:   about 2
Expected:  on 2 cores genface's whole chain about 1.2 times py-feat's network alone;
           py-feat's own chain runs RetinaFace on every frame besides (networks.py)

Faces are found by the real BlazeFace in the sample clip; face_multitask has weights
that follow from their keys, on both sides. genface decodes, finds, crops, measures and
fills its table; py-feat's side is its network alone on the same number of crops, one a
call as its default is, and in batches of 16. Needs the package ``py-feat`` with torch
and torchvision.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from experiments.benchmarks import torch_modules
from experiments.benchmarks.networks import seconds
from experiments.benchmarks.torch_modules import TorchModule
from genface import nets, weights
from genface.detect import Detector
from genface.detect.presets import Choice
from genface.nets.ported import from_torch

NAME = "face_multitask_v28"
THREADS = 2
REPEATS = 2
SECONDS = 4  # of the clip
BATCHES = (1, 16)


def best(work: Callable[[], object]) -> np.ndarray:
    """Least seconds by the clock and of the CPU, after one run to warm up."""
    work()
    return np.min([seconds(work) for _ in range(REPEATS)], axis=0)


def theirs(module: TorchModule, count: int, batch: int) -> np.ndarray:
    """Seconds of py-feat's network for a number of crops."""
    import torch

    crops = np.random.default_rng(0).random((batch, 3, 224, 224), np.float32)
    x = torch.from_numpy(crops * 4 - 2)
    return best(lambda: module(x)) * count / batch


def line(what: str, frames: int, spent: np.ndarray) -> str:
    """Frames for each second by the clock and of the CPU."""
    wall, cpu = frames / spent
    return f"{what:42s} {wall:8.1f} frames/s {cpu:8.1f} for each CPU second"


def main() -> None:
    lacking = torch_modules.missing()
    if lacking:
        raise SystemExit(f"without torch's modules: {lacking}")
    import torch

    torch.set_num_threads(THREADS)
    torch.set_grad_enabled(False)
    module = TorchModule(NAME)
    network = from_torch(NAME, module.arrays)
    # Weights made here stand in for the published ones, so nothing of them is pulled.
    nets.load_ported = lambda *_, **__: network  # type: ignore[assignment]
    Choice.pull = lambda *_: None  # type: ignore[method-assign]
    Choice.digests = lambda _: {}  # type: ignore[method-assign]
    clip = str(Path(weights.ensure("clip_wolfgang")))
    frames = 0
    for batch in BATCHES:
        detector = Detector("multitask", face_model="blazeface")
        spent = best(
            lambda d=detector, b=batch: d.detect(
                clip, batch_size=b, end=SECONDS, progress=False
            )
        )
        table = detector.detect(clip, batch_size=batch, end=SECONDS, progress=False)
        frames, faces = table["frame"].nunique(), int(table["FaceScore"].notna().sum())
        print(line(f"genface, {faces} faces, batches of {batch}", frames, spent))
        time.sleep(1)
        spent = theirs(module, faces, batch)
        print(line(f"py-feat's network alone, batches of {batch}", frames, spent))


if __name__ == "__main__":
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    main()
