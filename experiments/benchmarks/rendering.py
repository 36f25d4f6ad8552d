"""Speed of the avatar: pictures per second by size, and a whole clip of three panels.

Command:   python -m experiments.benchmarks.rendering
Minutes:   about 2
Expected:  one core, at least 60 pictures/s at 256 px; three panels of the sample clip
           (472 frames, mp4 and gif) in less than 25 s on 2 cores.

CPU seconds are printed beside seconds by the clock, which other programs on the machine
lengthen. The rival is matplotlib drawing the same triangles (what py-feat's and
celluloid's animations are made of): `plot_trisurf` would be slower still.
"""

import tempfile
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot
from matplotlib.collections import PolyCollection

from genface import weights
from genface.avatar.face import AvatarRenderer
from genface.avatar.rig import Rig
from genface.detect import Detector
from genface.fex import Fex
from genface.pipelines.render_clip import render_clip

SIZES = (256, 360, 512, 720)
REPEATS = 40


def expressions(count: int) -> np.ndarray:
    rig = Rig.default()
    rng = np.random.default_rng(0)
    aus = rng.random((count, len(rig.au_names))) * (rng.random(len(rig.au_names)) < 0.3)
    return rig.vertices(aus, pose=rng.normal(0, 0.15, (count, 3)))


def pictures_per_second(size: int, vertices: np.ndarray) -> tuple[float, float]:
    """By the clock and of the CPU, one core, after a first picture."""
    renderer = AvatarRenderer(size=(size, size))
    renderer.render(vertices[0])
    clock, cpu = time.perf_counter(), time.process_time()
    for face in vertices:
        renderer.render(face)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    return len(vertices) / clock, len(vertices) / cpu


def matplotlib_per_second(size: int, vertices: np.ndarray) -> float:
    """The same triangles, flat, painted from back to front, one artist updated."""
    triangles = Rig.default().triangles
    figure = pyplot.figure(figsize=(size / 100, size / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-11, 11), ylim=(-12, 14))
    axes.axis("off")
    faces = PolyCollection([], antialiased=True)
    axes.add_collection(faces)
    start = time.process_time()
    for points in vertices:
        corners = points[triangles]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        light = normal[:, 2] / (np.linalg.norm(normal, axis=1) + 1e-9)
        order = np.argsort(corners[..., 2].mean(axis=1))
        faces.set_verts(corners[order][..., :2])
        shade = np.clip(light[order], 0, 1)[:, None] * [0.9, 0.7, 0.6]
        faces.set_facecolor(shade)
        figure.canvas.draw()
    taken = time.process_time() - start
    pyplot.close(figure)
    return len(vertices) / taken


def rolled(fex: Fex) -> Fex:
    """A stand-in for synthetic behaviour: the real one, started elsewhere."""
    aus = list(fex.aus.columns)
    shifted = Fex(fex[["frame", "time", "face_id", *aus]].copy())
    shifted[aus] = np.roll(shifted[aus].to_numpy(), len(fex) // 3, axis=0)
    shifted.attrs = dict(fex.attrs)
    return shifted


def whole_clip() -> tuple[float, float, int, int]:
    """Seconds by the clock and of the CPU, frames, and bytes of the gif."""
    clip = weights.ensure("clip_wolfgang")
    fex = Detector().detect(str(clip), progress=False)
    fex = fex.complete(fex.longest_face())
    with tempfile.TemporaryDirectory() as folder:
        clock, cpu = time.perf_counter(), time.process_time()
        result = render_clip(
            fex, Path(folder) / "clip.mp4", source=clip, synthetic=rolled(fex)
        )
        clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
        return clock, cpu, result.n_frames, result.paths[1].stat().st_size


def main() -> None:
    vertices = expressions(REPEATS)
    for size in SIZES:
        clock, cpu = pictures_per_second(size, vertices)
        print(f"avatar at {size} px: {clock:.1f} pictures/s (of CPU time {cpu:.1f})")
    rival = matplotlib_per_second(256, vertices[:10])
    ours = pictures_per_second(256, vertices)[1]
    print(
        f"matplotlib, flat triangles at 256 px: {rival:.1f}/s; ratio {ours / rival:.1f}"
    )
    clock, cpu, frames, size = whole_clip()
    print(
        f"three panels, {frames} frames, mp4 and gif ({size / 1e6:.1f} MB): "
        f"{clock:.1f} s (CPU {cpu:.1f} s)"
    )


if __name__ == "__main__":
    main()
