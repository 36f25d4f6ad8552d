"""The clip that a table was made from, with its faces marked, at any times."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from genface.avatar.overlay import mark_faces
from genface.errors import MediaError
from genface.fex import Fex
from genface.pipelines.faces import times_of
from genface.table.columns import FACEBOX
from genface.video import Frame, probe, read_frames


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
        with read_frames(self._path, start=max(self._start - 1e-3, 0.0)) as reader:
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
