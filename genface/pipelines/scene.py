"""Panels side by side over a strip of AUs: how each frame of a clip is put together."""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from genface.avatar.animation import Motion
from genface.avatar.face import AvatarRenderer
from genface.avatar.overlay import greyed, mark_faces
from genface.avatar.rig import Rig
from genface.avatar.strip import Strip, title_bar
from genface.behavior import BehaviorModel
from genface.errors import InputError, MediaError
from genface.fex import Fex
from genface.pipelines.faces import times_of
from genface.pipelines.motions import Cast
from genface.table.columns import FACEBOX
from genface.video import Frame, probe, read_frames

PANEL = 360  # height of the panels beside a source
AVATAR_ASPECT = 0.84  # width of an avatar's panel relative to its height
ALONE = (512, 432)  # (H, W) of an avatar without company
AWAY = ("no face", "no data")  # in the real panel, and in the synthetic one
AHEAD = 4  # frames being drawn while one is written
BLOCK = 64  # frames whose vertices are in memory at once
LARGEST = 4096  # pixels of a side
TITLES = ("avatar of the real AUs", "avatar of the synthetic AUs")


@dataclass(frozen=True)
class Layout:
    """How a clip is laid out.

    ``size`` is (H, W) of an avatar's panel, or H alone; ``strip`` whether the AUs are
    shown below, ``caption`` a line of text under everything.
    """

    size: int | tuple[int, int] | None = None
    strip: bool = False
    caption: str = ""

    def panel(self, beside: bool) -> tuple[int, int]:
        """(H, W) of an avatar's panel, ``beside`` a source or another avatar."""
        size = self.size if self.size is not None else PANEL if beside else ALONE
        if isinstance(size, int):
            size = (size, 2 * round(size * AVATAR_ASPECT / 2))
        if not 16 <= min(size) <= max(size) <= LARGEST:
            raise InputError(
                f"size {size[1]}x{size[0]}: expected 16 to {LARGEST} pixels a side."
            )
        return size


class SourcePanel:
    """The source's frames at given times, with the faces of a table marked.

    ``problem`` says where a damaged source ended; the last frame then stays.
    """

    def __init__(self, path: Path, fex: Fex, rows: Fex, height: int) -> None:
        info = probe(path)
        width = max(2, round(height * info.width / info.height / 2) * 2)
        self.size = (height, width)
        self.problem: str | None = None
        self._path = path
        self._start = float(times_of(rows)[0])
        self._marks = _marks(fex, rows)
        self._marked = sorted(self._marks)
        steps = np.diff(self._marked)
        self._step = round(float(np.median(steps))) if len(steps) else 1

    def frames(self, times: np.ndarray) -> Iterator[np.ndarray]:
        """Panels (H, W, 3) for ``times`` in seconds after the first row's."""
        with read_frames(self._path, start=self._start - 1e-3) as reader:
            source = iter(reader)
            shown = next(source, None)
            if shown is None:
                raise MediaError(
                    f"{self._path}: has no frame at {self._start:.2f} s, where the "
                    "table begins; is it the table's source?"
                )
            following = next(source, None)
            panel = self._panel(shown)
            for time in times + self._start:
                drawn = shown
                # The frame on screen at this time, give or take rounding.
                while following is not None and following.time <= time + 1e-3:
                    shown, following = following, next(source, None)
                if shown is not drawn:
                    panel = self._panel(shown)
                yield panel
            self.problem = reader.problem

    def _panel(self, frame: Frame) -> np.ndarray:
        mesh, box, others = self._marks_at(frame.index)
        picture = Image.fromarray(mark_faces(frame.rgb, mesh, box, others))
        height, width = self.size
        if picture.size != (width, height):
            picture = picture.resize((width, height))
        return np.asarray(picture)

    def _marks_at(self, index: int) -> tuple:
        """Marks of a frame; of the one before it in a table of every n-th frame."""
        at = bisect_right(self._marked, index) - 1
        if at < 0 or index - self._marked[at] >= self._step:
            return None, None, ()
        return self._marks[self._marked[at]]


@dataclass
class Scene:
    """Panels side by side, and how to draw frame after frame of them.

    ``above`` is a picture of its own, ``below`` are what is drawn under the panels at
    each time in seconds, and ``labels`` write on the picture of each avatar.
    """

    renderer: AvatarRenderer
    motions: Sequence[Motion]
    source: SourcePanel | None = None
    above: np.ndarray | None = None
    below: Sequence[Callable[[float], np.ndarray]] = ()
    labels: Sequence[Callable[[np.ndarray, int], np.ndarray] | None] = ()

    def __len__(self) -> int:
        return len(self.motions[0])

    def frames(self) -> Iterator[np.ndarray]:
        """Whole pictures in order; avatars are drawn in threads, ahead of time."""
        times = self.motions[0].times
        columns = [] if self.source is None else [self.source.frames(times)]
        with ThreadPoolExecutor(max_workers=2) as pool:
            for index, motion in enumerate(self.motions):
                avatars = self._avatars(motion, pool)
                label = self.labels[index] if self.labels else None
                columns.append(_marked(avatars, motion.away, AWAY[index], label))
            for time, *panels in zip(times, *columns, strict=True):
                rows = [np.concatenate(panels, axis=1)]
                rows = rows if self.above is None else [self.above, *rows]
                yield np.concatenate([*rows, *(draw(time) for draw in self.below)])

    def notes(self) -> list[str]:
        """What went wrong on the way, after the last frame."""
        problem = self.source and self.source.problem
        return [problem] if problem else []

    def _avatars(self, motion: Motion, pool: Executor) -> Iterator[np.ndarray]:
        todo = _vertices(self.renderer.rig, motion)
        drawn = deque(pool.submit(self.renderer.render, v) for v in islice(todo, AHEAD))
        while drawn:
            yield drawn.popleft().result()
            for following in islice(todo, 1):
                drawn.append(pool.submit(self.renderer.render, following))


def compose(
    cast: Cast,
    layout: Layout,
    rig: Rig,
    model: BehaviorModel | None = None,
    source: Path | None = None,
) -> Scene:
    """Lay out the panels: source, if there is one, then one avatar per motion.

    With a strip, states of the ``model`` (or of a column) and emotions are shown too.
    """
    beside = source is not None or len(cast.motions) > 1
    height, width = layout.panel(beside)
    renderer = AvatarRenderer(rig, size=(height, width))
    panel = None
    titles, widths = list(TITLES), [width] * len(cast.motions)
    if source is not None:
        panel = SourcePanel(source, cast.fex, cast.rows[0], height)
        titles, widths = ["source", *titles], [panel.size[1], *widths]
    above = title_bar(titles[: len(widths)], widths) if beside else None
    below: list[Callable[[float], np.ndarray]] = []
    labels: list = []
    if layout.strip:
        below.append(_strip(cast, sum(widths)).at)
    return Scene(renderer, cast.motions, panel, above, below, labels)


def _strip(cast: Cast, width: int) -> Strip:
    names = sorted({name for motion in cast.motions for name in motion.au_names})
    return Strip(
        width,
        names,
        [_by_name(motion, names) for motion in cast.motions],
        ["real AUs", "synthetic AUs"],
        len(cast.motions[0]) / float(cast.rate),
    )


def _vertices(rig: Rig, motion: Motion) -> Iterator[np.ndarray]:
    """Vertices (V, 3) frame by frame; those of a whole clip may not fit in memory."""
    for start in range(0, len(motion), BLOCK):
        part = slice(start, start + BLOCK)
        pose, gaze = (x if x is None else x[part] for x in (motion.pose, motion.gaze))
        yield from rig.vertices(motion.aus[part], pose, gaze, motion.au_names)


def _marked(
    pictures: Iterator[np.ndarray],
    away: np.ndarray,
    caption: str,
    label: Callable[[np.ndarray, int], np.ndarray] | None,
) -> Iterator[np.ndarray]:
    """Pictures with a label, greyed where they show nobody's expression."""
    for index, (picture, nobody) in enumerate(zip(pictures, away, strict=True)):
        if nobody:
            yield greyed(picture, caption)
        else:
            yield picture if label is None else label(picture, index)


def _by_name(motion: Motion, names: list[str]) -> np.ndarray:
    """AUs (T, A) in the order of ``names``, NaN where there is none or no face."""
    values = np.full((len(motion), len(names)), np.nan)
    for column, name in enumerate(motion.au_names):
        values[:, names.index(name)] = motion.aus[:, column]
    values[~motion.seen] = np.nan
    return values


def _marks(fex: Fex, rows: Fex) -> dict[int, tuple]:
    """By frame: mesh (478, 2) and box of the followed face, boxes of the others."""
    mesh = [f"mesh_{axis}_{k}" for axis in "xy" for k in range(478)]
    box = list(FACEBOX[:4])
    if not {"frame", *box} <= set(rows.columns):
        return {}
    others: dict[int, list] = {}
    if "face_id" in fex.columns:
        rest = fex[fex["face_id"].notna() & (fex["face_id"] != rows["face_id"].iloc[0])]
        for frame, *values in rest[["frame", *box]].itertuples(index=False):
            others.setdefault(int(frame), []).append(values)
    points: Iterable = [None] * len(rows)
    if set(mesh) <= set(rows.columns):
        points = rows[mesh].to_numpy(float).reshape(-1, 2, 478).swapaxes(1, 2)
    frames, boxes = rows["frame"].to_numpy(), rows[box].to_numpy(float)
    return {
        int(frame): (point, edges, others.get(int(frame), ()))
        for frame, point, edges in zip(frames, points, boxes, strict=True)
    }
