"""Speed of the avatar: pictures per second by size and rig, and a whole clip.

Command:   python -m experiments.benchmarks.rendering [--ict FILE] [--no-clip]
Minutes:   about 2
Expected:  one core, at least 60 pictures/s at 256 px and 15 at 720 px; three panels of
           the sample clip (472 frames, mp4 and gif) in less than 25 s on 2 cores.

Seconds are those of the CPU, the fastest of three passes over the same pictures, as
other programs on the machine lengthen both clock and CPU time; the clock's are beside.
The rivals draw a face as py-feat's and celluloid's animations do: matplotlib with the
mesh's 898 triangles, flat, one artist updated, no file; and the contours as lines in
axes, snapped by celluloid and written as a GIF.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib.util
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
from genface.geometry import mesh_points
from genface.pipelines.render_clip import render_clip

SIZES = (256, 360, 512, 720)
PASSES = 3
LINES = (
    mesh_points.FACE_OVAL,
    mesh_points.LIPS_OUTER_UPPER,
    mesh_points.LIPS_OUTER_LOWER,
    mesh_points.LIPS_INNER_UPPER,
    mesh_points.LIPS_INNER_LOWER,
    mesh_points.RIGHT_LID_UPPER,
    mesh_points.RIGHT_LID_LOWER,
    mesh_points.LEFT_LID_UPPER,
    mesh_points.LEFT_LID_LOWER,
    *mesh_points.BROWS,
)


def expressions(rig: Rig, count: int) -> np.ndarray:
    """Vertices of random faces, a third of the AUs on, the head turning."""
    rng = np.random.default_rng(0)
    aus = rng.random((count, len(rig.au_names))) * (rng.random(len(rig.au_names)) < 0.3)
    return rig.vertices(aus, pose=rng.normal(0, 0.15, (count, 3)))


def pictures_per_second(
    rig: Rig, size: int, vertices: np.ndarray
) -> tuple[float, float]:
    """By the clock and of the CPU, one core, after a first picture."""
    renderer = AvatarRenderer(rig, size=(size, size))
    renderer.render(vertices[0])
    passes = []
    for _ in range(PASSES):
        clock, cpu = time.perf_counter(), time.process_time()
        for face in vertices:
            renderer.render(face)
        passes.append((time.perf_counter() - clock, time.process_time() - cpu))
    clock, cpu = np.min(passes, axis=0)
    return len(vertices) / clock, len(vertices) / cpu


def bare_axes(size: int):
    figure = pyplot.figure(figsize=(size / 100, size / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-11, 11), ylim=(-12, 14))
    axes.axis("off")
    return figure, axes


def matplotlib_per_second(size: int, vertices: np.ndarray) -> float:
    """The mesh's triangles, painted from back to front."""
    triangles = mesh_points.triangles()
    figure, axes = bare_axes(size)
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


def celluloid_per_second(vertices: np.ndarray) -> float | None:
    """Contours in axes, a snap for each frame, written as a GIF of 288 x 360 px.

    None without celluloid.
    """
    if importlib.util.find_spec("celluloid") is None:
        return None
    from celluloid import Camera

    figure, axes = pyplot.subplots(figsize=(4, 5), dpi=72)
    camera = Camera(figure)
    start = time.process_time()
    for points in vertices:
        for path in LINES:
            axes.plot(*points[list(path), :2].T, color="k")
        camera.snap()
    with tempfile.TemporaryDirectory() as folder:
        camera.animate().save(Path(folder) / "face.gif", writer="pillow")
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ict", type=Path, help="ICT-FaceKit, as for Rig.from_ict")
    parser.add_argument("--no-clip", action="store_true")
    options = parser.parse_args()
    rig = Rig.default()
    vertices = expressions(rig, 40)
    for size in SIZES:
        clock, cpu = pictures_per_second(rig, size, vertices)
        print(f"avatar at {size} px: {cpu:.1f} pictures/s of CPU time ({clock:.1f})")
    if options.ict is not None:
        ict = Rig.from_ict(options.ict)
        clock, cpu = pictures_per_second(ict, 720, expressions(ict, 10))
        print(f"ICT's head at 720 px: {cpu:.1f} pictures/s of CPU time ({clock:.1f})")
    ours = pictures_per_second(rig, 256, vertices)[1]
    rivals = {
        "matplotlib, flat triangles at 256 px": matplotlib_per_second(
            256, vertices[:10]
        ),
        "celluloid, contours to a GIF": celluloid_per_second(vertices),
    }
    for name, rival in rivals.items():
        if rival is None:
            print(f"{name}: not installed")
        else:
            print(f"{name}: {rival:.1f}/s; ratio {ours / rival:.1f}")
    if options.no_clip:
        return
    clock, cpu, frames, size = whole_clip()
    print(
        f"three panels, {frames} frames, mp4 and gif ({size / 1e6:.1f} MB): "
        f"{clock:.1f} s (CPU {cpu:.1f} s)"
    )


if __name__ == "__main__":
    main()
