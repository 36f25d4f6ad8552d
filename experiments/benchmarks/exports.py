"""Size and time of exports: GLB by normals and targets, web page, curves.

Command:   python -m experiments.benchmarks.exports
Minutes:   under 1
Expected:  300 frames x 20 targets in at most 200 KB without and 320 KB with normals of
           the targets; a page of 300 frames under 1 MB; each file within a second or
           two. py-feat's plotly animation of 48 frames is 8.3 MB (13.1 MB offline).

A table of py-feat's 20 AUs with gaze needs more than 20 targets: lids that follow the
eyes, shapes of colliding AUs, and contact of lips and lids.
"""

import struct
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from genface.avatar import (
    Motion,
    Rig,
    write_blendshapes,
    write_glb,
    write_livelink,
    write_openfacs,
    write_page,
)
from genface.avatar.gltf_document import chunks
from genface.facs import AU_NAMES

FRAMES = 300
FEWER = tuple(f"AU{n:02d}" for n in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23))


def waves(names: tuple[str, ...], gaze: bool) -> Motion:
    rng = np.random.default_rng(0)
    times = np.arange(FRAMES) / 30
    turns = np.outer(times, rng.uniform(1.5, 4, len(names))) + rng.uniform(0, 6)
    aus = np.clip(np.sin(turns) - rng.uniform(0, 0.6, len(names)), 0, 1)
    pose = 0.2 * np.sin(np.outer(times, [1.0, 0.7, 0.5]))
    look = 0.4 * np.sin(np.outer(times, [1.3, 0.9])) if gaze else None
    seen = np.ones(FRAMES, bool)
    return Motion(times, Fraction(30), names, aus, pose, look, seen, ~seen)


def report(label: str, path: Path, write: Callable[[Path], object]) -> None:
    started = time.perf_counter()
    notes = write(path)
    seconds = time.perf_counter() - started
    targets = ""
    if path.suffix == ".glb":
        document, _ = chunks(path.read_bytes())
        names = document["meshes"][0]["extras"]["targetNames"]
        touching = sum(name.startswith("contact") for name in names)
        targets = f"{len(names):3d} targets, {touching} of contact"
    size = path.stat().st_size / 1000
    print(f"{label:42s} {size:8.0f} KB {seconds:6.2f} s  {targets}")
    for note in notes or ():
        print(f"    {note}")


def main() -> None:
    rig, few, table = Rig.default(), waves(FEWER, False), waves(AU_NAMES, True)
    with tempfile.TemporaryDirectory() as folder:
        glb, html = Path(folder, "a.glb"), Path(folder, "a.html")
        text, facts = Path(folder, "a.csv"), Path(folder, "a.json")
        write_glb(glb, rig, few)  # compiles
        for normals, word in ((False, "without"), (True, "with")):
            for motion, what in ((few, "14 AUs"), (table, "20 AUs, gaze")):
                report(
                    f"GLB, {what}, {word} normals of targets",
                    glb,
                    lambda path, m=motion, n=normals: write_glb(path, rig, m, n),
                )
        report("GLB, 8 targets", glb, lambda p: write_glb(p, rig, table, max_targets=8))
        report("GLB of the rig alone", glb, lambda p: write_glb(p, rig))
        report("page", html, lambda p: write_page(p, rig, table))
        report("Live Link Face", text, lambda p: write_livelink(p, table))
        report("long CSV", text, lambda p: write_blendshapes(p, table))
        report("openFACS", facts, lambda p: write_openfacs(p, table))
    worst = struct.calcsize("<f") * 3 * FRAMES * len(rig.neutral) / 1000
    print(f"{'(every vertex of every frame as float32)':42s} {worst:8.0f} KB")


if __name__ == "__main__":
    main()
