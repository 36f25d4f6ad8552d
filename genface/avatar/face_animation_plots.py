"""The line face in motion: between two faces, or as measured over time."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from genface.avatar.face_plots import FIGURE, LineFace, frame
from genface.avatar.inputs import Expression, activations, joined, motion_of
from genface.avatar.lineface import vertex_frames
from genface.avatar.muscles import Muscles
from genface.avatar.tweening import interpolate_aus
from genface.errors import InputError
from genface.facs.units import au_name
from genface.video import write_clip

DPI = 100


class FaceAnimation:
    """A line face over time. Shows itself in a notebook.

    ``values`` (T, A) are intensities of ``au_names``, ``vertices`` (T, 478, 3) the
    mesh.
    """

    def __init__(
        self,
        values: np.ndarray,
        au_names: tuple[str, ...],
        vertices: np.ndarray,
        fps: Fraction | float,
        title: str | None,
        border: bool,
        look: Mapping[str, Any],
    ) -> None:
        self.values, self.au_names, self.vertices = values, au_names, vertices
        self.fps = fps
        self.figure = Figure(figsize=FIGURE, dpi=DPI, layout="constrained")
        self._canvas = FigureCanvasAgg(self.figure)
        ax = self.figure.subplots()
        self._face = LineFace(ax, **look)
        frame(ax, border, title)
        self._canvas.draw()
        self.figure.set_layout_engine("none")  # it would lay out every frame anew

    def __len__(self) -> int:
        return len(self.values)

    @property
    def duration(self) -> float:
        """Seconds that it lasts."""
        return len(self) / float(self.fps)

    def draw(self, index: int) -> None:
        """Bring ``figure`` to one frame."""
        face = dict(zip(self.au_names, self.values[index].tolist(), strict=True))
        self._face.show(self.vertices[index], face)

    def frames(self) -> Iterator[np.ndarray]:
        """Pictures (H, W, 3) uint8."""
        for index in range(len(self)):
            self.draw(index)
            self._canvas.draw()
            yield np.asarray(self._canvas.buffer_rgba())[..., :3].copy()

    def save(self, path: Path | str, fps: Fraction | float | None = None) -> Path:
        """Write a clip as :func:`genface.video.write_clip` does, or nothing at all."""
        return write_clip(path, self.frames(), fps or self.fps)

    def to_jshtml(self) -> str:
        """HTML with the pictures and a player."""
        animation = FuncAnimation(
            self.figure, self.draw, len(self), interval=1000 / float(self.fps)
        )
        return animation.to_jshtml()

    def _repr_html_(self) -> str:
        return self.to_jshtml()


def animate_face(
    start: Expression | float = None,
    end: Expression | float = None,
    save: Path | str | None = None,
    AU: str | int | None = None,
    include_reverse: bool = True,
    feature_range: tuple[float, float] | bool = False,
    fps: Fraction | float = 15,
    duration: float = 0.5,
    padding: float = 0.25,
    interp_func: Callable[[np.ndarray], np.ndarray] | None = None,
    title: str | None = None,
    muscles: Muscles = None,
    gaze_start: np.ndarray | None = None,
    gaze_end: np.ndarray | None = None,
    color: str = "k",
    linewidth: float = 1,
    linestyle: str = "-",
    border: bool = True,
    muscle_scaler: float | None = None,
    cmap: str = "Blues",
    *,
    aus: Any = None,
    aus_fps: float | None = None,
    gaze: np.ndarray | None = None,
) -> FaceAnimation:
    """Animate a line face between two faces, or along a series of AUs.

    ``start`` and ``end`` are faces as for :func:`plot_face` (neutral where left out),
    or intensities of one ``AU``. The way takes ``duration`` seconds, eased by
    ``interp_func`` (:func:`interpolate_aus`); each end stands for ``padding`` seconds,
    and with ``include_reverse`` it goes back.

    ``aus`` is a series instead: a table of one face, numbers (T, 20), or a list of
    faces. It is resampled by its times to ``fps`` (a table's column ``time``, or
    ``aus_fps`` frames a second; ``fps`` if left out), so that it lasts as long as the
    data. In gaps the face holds, then fades to neutral, and a warning says so. ``gaze``
    (T, 2) goes with it; ``gaze_start`` and ``gaze_end`` with the two faces.

    ``save`` writes ``.gif``, ``.mp4`` and what else
    :func:`genface.video.write_clip` knows. Muscles and looks are as for
    :func:`plot_face`.
    """
    _check_times(fps, duration, padding)
    if aus is not None:
        if not (start is None and end is None and AU is None):
            raise InputError("give start and end, or the series aus; not both.")
        motion = motion_of(aus, fps, aus_fps, gaze)
        values, names, looks = motion.aus, motion.au_names, motion.gaze
    else:
        faces = [_one_face(side, AU, feature_range) for side in (start, end)]
        (first, last), names = joined(faces)
        n_frames, still = (ceil(float(fps) * time) for time in (duration, padding))
        timing = (max(2, n_frames), interp_func, still, include_reverse)
        values = np.clip(interpolate_aus(first, last, *timing), 0.0, 1.0)
        looks = _between(gaze_start, gaze_end, timing)
    vertices = vertex_frames(values, names, looks)
    look = {
        "color": color,
        "linewidth": linewidth,
        "linestyle": linestyle,
        "muscles": muscles,
        "cmap": cmap,
        "muscle_scaler": muscle_scaler,
    }
    animation = FaceAnimation(values, names, vertices, fps, title, border, look)
    if save is not None:
        animation.save(save)
    return animation


def animate_au(
    fig: Figure,
    ax: Axes,
    aus: Any,
    fps: float = 10,
    border: bool = True,
    title: str | None = None,
    **look: Any,
) -> Any:
    """Animation of a series of AUs drawn by celluloid in the axes of a notebook.

    ``aus`` is a series as for :func:`animate_face`, shown at ``fps``; ``look`` may say
    ``color``, ``linewidth``, ``linestyle``, ``muscles``, ``cmap`` and
    ``muscle_scaler``. Returns matplotlib's animation: ``HTML(ani.to_jshtml())``.
    celluloid keeps the artists of every frame; :func:`animate_face` moves one set of
    them, and writes files.
    """
    try:
        from celluloid import Camera
    except ImportError:
        raise InputError(
            "animate_au needs celluloid: pip install 'genface[celluloid]'; "
            "animate_face(aus=...) does without."
        ) from None
    motion = motion_of(aus, fps)
    vertices = vertex_frames(motion.aus, motion.au_names)
    camera = Camera(fig)
    look.setdefault("color", "k")
    look.setdefault("linewidth", 1)
    frame(ax, border, title)
    for row, mesh in zip(motion.aus.tolist(), vertices, strict=True):
        face = dict(zip(motion.au_names, row, strict=True))
        LineFace(ax, **look).show(mesh, face)
        camera.snap()
    return camera.animate(interval=1000 / float(fps))


def _one_face(
    face: Expression | float,
    au: str | int | None,
    feature_range: tuple[float, float] | bool,
) -> dict[str, float]:
    if au is None:
        return activations(face, feature_range)
    if face is not None and np.ndim(face) != 0:
        raise InputError(f"AU={au!r}: start and end are its intensities, two numbers.")
    return activations({au_name(au): 0.0 if face is None else face})


def _between(
    start: np.ndarray | None, end: np.ndarray | None, timing: tuple
) -> np.ndarray | None:
    if start is None and end is None:
        return None
    ahead = np.zeros(2)
    first, last = (ahead if g is None else np.asarray(g, float) for g in (start, end))
    return interpolate_aus(first, last, *timing)


def _check_times(fps: Fraction | float, duration: float, padding: float) -> None:
    if not (float(fps) > 0 and duration > 0 and padding >= 0):
        raise InputError(
            f"fps is {fps}, duration {duration} and padding {padding}; expected frames "
            "a second above 0, and seconds."
        )
