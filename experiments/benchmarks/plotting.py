"""Speed and size of the line face and the mesh figures.

Command:   python -m experiments.benchmarks.plotting
Minutes:   under 1
Expected:  48 frames of the mesh in plotly (24 there, 24 back) below 1 MB, where py-feat
           has 8.3 MB; a gif of the line face in half of celluloid's time.

A line face is drawn at 400 x 500 pixels, as in the notebooks. celluloid keeps new
artists for every frame, ours are moved. Other programs on the machine lengthen seconds
by the clock: compare those of the CPU.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from genface.avatar import (
    animate_au,
    animate_face,
    animate_face_mesh_plotly,
    interpolate_aus,
)
from genface.facs import AU_NAMES

FRAMES = 120


def series() -> np.ndarray:
    rng = np.random.default_rng(0)
    faces = [np.zeros(len(AU_NAMES)), rng.random(len(AU_NAMES))]
    return interpolate_aus(*faces, FRAMES // 2)


def per_second(what: str, make: Callable[[], object]) -> None:
    clock, cpu = time.perf_counter(), time.process_time()
    make()
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    print(f"{what:36} {FRAMES / clock:6.1f} frames/s (of CPU time {FRAMES / cpu:.1f})")


def our_player(aus: np.ndarray) -> str:
    return animate_face(aus=aus, fps=10).to_jshtml()


def celluloid(aus: np.ndarray) -> Any:
    figure = Figure(figsize=(4, 5))
    return animate_au(figure, figure.subplots(), aus)


def main() -> None:
    aus = series()
    animate_face(aus=aus[:1])  # compiles the rig
    animation = animate_face(aus=aus)
    per_second("line face, pictures", lambda: list(animation.frames()))
    with_muscles = animate_face(aus=aus, muscles=True)
    per_second("line face with muscles, pictures", lambda: list(with_muscles.frames()))
    with tempfile.TemporaryDirectory() as folder:
        gif = Path(folder) / "face.gif"
        per_second("line face, gif", lambda: animation.save(gif))
        print(f"    {gif.stat().st_size / 1e6:.2f} MB")
        per_second("celluloid, gif", lambda: celluloid(aus).save(gif, writer="pillow"))
        print(f"    {gif.stat().st_size / 1e6:.2f} MB")
    per_second("line face, player for a notebook", lambda: our_player(aus))
    per_second("celluloid, player for a notebook", lambda: celluloid(aus).to_jshtml())
    for mode in ("contours", "tesselation", "shaded"):
        start = time.perf_counter()
        text = animate_face_mesh_plotly(None, "Happy", mode=mode).to_json()
        taken = time.perf_counter() - start
        print(
            f"plotly, 48 frames, {mode:12} {len(text) / 1e6:.2f} MB of JSON, "
            f"made in {taken:.2f} s"
        )


if __name__ == "__main__":
    main()
