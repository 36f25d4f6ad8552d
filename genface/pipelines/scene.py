"""Panels side by side over a strip of AUs: how each frame of a clip is put together."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from genface.avatar.animation import Motion
from genface.avatar.face import AvatarRenderer
from genface.avatar.overlay import mark_faces
from genface.avatar.strip import Strip, title_bar
from genface.errors import MediaError
from genface.fex import Fex
from genface.pipelines.motions import times_of
from genface.table.columns import FACEBOX
from genface.video import Frame, probe, read_frames

PANEL_HEIGHT = 360  # pixels of the panels beside a source
AVATAR_ASPECT = 0.84  # width of an avatar's panel relative to its height
ALONE = (512, 432)  # (H, W) of an avatar without company
AHEAD = 4  # frames being drawn while one is written


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
        mesh, box, others = self._marks.get(frame.index, (None, None, ()))
        picture = Image.fromarray(mark_faces(frame.rgb, mesh, box, others))
        height, width = self.size
        if picture.size != (width, height):
            picture = picture.resize((width, height))
        return np.asarray(picture)


@dataclass
class Scene:
    """Panels side by side, and how to draw frame after frame of them."""

    renderer: AvatarRenderer
    motions: list[Motion]
    source: SourcePanel | None = None
    titles: np.ndarray | None = None
    strip: Strip | None = None

    def __len__(self) -> int:
        return len(self.motions[0])

    def frames(self) -> Iterator[np.ndarray]:
        """Whole pictures in order; avatars are drawn in threads, ahead of time."""
        times = self.motions[0].times
        columns = [] if self.source is None else [self.source.frames(times)]
        with ThreadPoolExecutor(max_workers=2) as pool:
            columns += [self._avatars(motion, pool) for motion in self.motions]
            for time, *panels in zip(times, *columns, strict=True):
                row = np.concatenate(panels, axis=1)
                if self.strip is None or self.titles is None:
                    yield row
                else:
                    yield np.concatenate([self.titles, row, self.strip.at(time)])

    def _avatars(self, motion: Motion, pool: Executor) -> Iterator[np.ndarray]:
        todo = iter(
            self.renderer.rig.vertices(
                motion.aus, motion.pose, motion.gaze, motion.au_names
            )
        )
        drawn = deque(pool.submit(self.renderer.render, v) for v in islice(todo, AHEAD))
        while drawn:
            yield drawn.popleft().result()
            for following in islice(todo, 1):
                drawn.append(pool.submit(self.renderer.render, following))


def compose(
    motions: list[Motion],
    source: Path | None,
    fex: Fex,
    rows: Fex,
    size: tuple[int, int] | None,
) -> Scene:
    """Lay out the panels: source, if there is one, then one avatar per motion.

    ``rows`` are those of the followed face in ``fex``; ``size`` is (H, W) of an
    avatar's panel. One motion without a source is drawn alone, without strip.
    """
    if source is None and len(motions) == 1:
        return Scene(AvatarRenderer(size=size or ALONE), motions)
    height, width = size or (PANEL_HEIGHT, round(PANEL_HEIGHT * AVATAR_ASPECT))
    panel = None if source is None else SourcePanel(source, fex, rows, height)
    titles = ["avatar of the real AUs", "avatar of the synthetic AUs"][: len(motions)]
    widths = [width] * len(motions)
    if panel is not None:
        titles, widths = ["source", *titles], [panel.size[1], *widths]
    names = sorted({name for motion in motions for name in motion.au_names})
    strip = Strip(
        sum(widths),
        names,
        [_by_name(motion, names) for motion in motions],
        ["real AUs", "synthetic AUs"],
        len(motions[0]) / float(motions[0].fps),
    )
    renderer = AvatarRenderer(size=(height, width))
    return Scene(renderer, motions, panel, title_bar(titles, widths), strip)


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
