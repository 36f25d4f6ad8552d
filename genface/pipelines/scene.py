"""Panels side by side over a strip of AUs: how each frame of a clip is put together."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from genface.avatar.animation import Motion
from genface.avatar.face import AvatarRenderer
from genface.avatar.labels import emotion_label
from genface.avatar.lettering import text_band, wrapped
from genface.avatar.overlay import greyed
from genface.avatar.rig import Rig
from genface.avatar.strip import INK, PAPER, StateRibbon, Strip, title_bar
from genface.behavior import BehaviorModel
from genface.errors import InputError
from genface.fex import Fex
from genface.pipelines.clip_formats import LARGEST, SMALLEST
from genface.pipelines.clip_states import leading_emotion, states_of
from genface.pipelines.motions import Cast
from genface.pipelines.source_panel import SourcePanel

PANEL = 360  # height of the panels beside a source
AVATAR_ASPECT = 0.84  # width of an avatar's panel relative to its height
ALONE = (512, 432)  # (H, W) of an avatar without company
AWAY = ("no face", "no data")  # in the real panel, and in the synthetic one
AHEAD = 4  # frames being drawn while one is written
BLOCK = 64  # frames whose vertices are in memory at once
TITLES = ("avatar of the real AUs", "avatar of the synthetic AUs")

Below = Callable[[float], np.ndarray]
"""Draws what is under the panels at a time in seconds."""

Label = Callable[[np.ndarray, int], np.ndarray]
"""Writes on the picture of an avatar, at the index of a frame."""


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
        told = str(size)
        if isinstance(size, int):
            size = (size, max(SMALLEST, 2 * round(size * AVATAR_ASPECT / 2)))
        else:
            told = f"{size[1]}x{size[0]}"
        if not SMALLEST <= min(size) <= max(size) <= LARGEST:
            raise InputError(
                f"size {told}: expected {SMALLEST} to {LARGEST} pixels a side."
            )
        return size


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
    below: Sequence[Below] = ()
    labels: Sequence[Label | None] = ()

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
    two = len(cast.motions) > 1
    beside = two or source is not None
    height, width = layout.panel(beside)
    renderer = AvatarRenderer(rig, size=(height, width))
    panel = None
    titles, widths = list(TITLES) if two else ["avatar"], [width] * len(cast.motions)
    if source is not None:
        panel = SourcePanel(source, cast.fex, cast.rows[0], height)
        titles, widths = ["source", *titles], [panel.size[1], *widths]
    above = title_bar(titles[: len(widths)], widths) if beside else None
    below: list[Below] = []
    labels: list[Label | None] = []
    if layout.strip:
        below += [_strip(cast, sum(widths)).at, *_ribbons(cast, model, sum(widths))]
        labels = [_label(*pair) for pair in zip(cast.rows, cast.motions, strict=True)]
    if layout.caption:
        band = _band(layout.caption, sum(widths))
        below.insert(0, lambda time: band)
    return Scene(renderer, cast.motions, panel, above, below, labels)


def _strip(cast: Cast, width: int) -> Strip:
    names = sorted({name for motion in cast.motions for name in motion.au_names})
    return Strip(
        width,
        names,
        [_by_name(motion, names) for motion in cast.motions],
        ["real AUs", "synthetic AUs"] if len(cast.motions) > 1 else ["Action Units"],
        len(cast.motions[0]) / float(cast.rate),
    )


def _ribbons(cast: Cast, model: BehaviorModel | None, width: int) -> list[Below]:
    """A ribbon for each face whose states are known, under its part of the strip."""
    ribbons: list[Below] = []
    count, lasts = len(cast.motions), len(cast.motions[0]) / float(cast.rate)
    for which, (rows, motion) in enumerate(zip(cast.rows, cast.motions, strict=True)):
        states = states_of(rows, motion, model)
        if states is not None:
            whose = ("real: ", "synthetic: ")[which] if count > 1 else ""
            names = [f"{whose}state {k}" for k in range(states.max(initial=-1) + 1)]
            block = (which, count)
            ribbons.append(StateRibbon(width, states, lasts, names, block=block).at)
    return ribbons


def _label(rows: Fex, motion: Motion) -> Label:
    """Writes the leading emotion of each frame on its picture."""
    names, scores = leading_emotion(rows, motion)

    def write(picture: np.ndarray, index: int) -> np.ndarray:
        if not names[index]:
            return picture
        return emotion_label(picture, names[index], scores[index])

    return write


def _band(text: str, width: int) -> np.ndarray:
    """A caption of at most two lines as a picture of its own."""
    size = max(12, min(28, width // 24))
    return text_band(wrapped(text, width - size, size, 2), width, size, INK, PAPER)


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
    label: Label | None,
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
        if motion.bridged is not None:
            values[motion.bridged[:, column], names.index(name)] = np.nan
    values[~motion.seen] = np.nan
    return values
