"""Pictures and clips through a finder and a list of stages.

A clip is cut into stretches of ``find_every`` frames. Each begins with a run of the
finder, and its boxes then follow what is measured in them. Stretches know nothing of
each other, so that several go side by side: the batch size changes how fast, not what.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
import pandas as pd

from genface.detect.assemble import Measured, Sighting, value_table
from genface.detect.faces import Finder
from genface.detect.following import Followed, Looks, Placed, piled_up, places
from genface.detect.numbering import Numbers
from genface.detect.sources import Shot, Source
from genface.detect.stages import FaceBatch, Measures, Stage, measure, names_of
from genface.errors import InputError
from genface.geometry import Pixels

HELD = 1 << 30  # bytes of pictures that wait for their turn, at most

_POINTS = ("mesh", "landmarks")  # of what stages leave, what boxes can follow
_PICTURES = ("chips", "crops")


class Look(NamedTuple):
    """The faces of one frame: boxes (B, 4), values (B, C), and what goes on from there.

    ``faces`` is empty where none are to be followed.
    """

    shot: Shot
    boxes: np.ndarray
    values: np.ndarray
    faces: list[Followed]


class Preset:
    """A finder and stages.

    ``threshold``: score from which on a face counts. ``find_every``: frames from one
    run of the finder to the next; None: about a second, or 1 where no stage leaves
    points that a box could follow. ``facts`` are told of every table.
    """

    def __init__(
        self,
        finder: Finder,
        stages: Sequence[Stage],
        threshold: float = 0.5,
        find_every: int | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        self.finder, self.threshold = finder, threshold
        self._facts = facts or {}
        self.names = names_of(stages)
        given = {key for stage in stages for key in stage.gives}
        points = [key for key in _POINTS if key in given]
        pictures = [key for key in _PICTURES if key in given]
        follows = points and pictures and find_every != 1
        if find_every not in (None, 1) and not follows:
            raise InputError(
                f"find_every={find_every}: without landmarks no face can be followed; "
                "choose a landmark model, or find_every=1."
            )
        self.find_every = find_every if follows else 1
        self.stages = list(stages)
        if follows:
            self.stages.append(Looks(pictures[0]))
        self._keep = (points[0], "looks") if follows else ()

    def look(
        self, shots: Iterable[Shot], a_second: int | None, batch_size: int
    ) -> Iterator[tuple[Shot, list[Measured]]]:
        """The faces of each picture, or of each frame of a clip in its order.

        ``a_second``: how many frames of the clip that is, None for pictures.
        """
        every = 1 if a_second is None else self.find_every or a_second
        numbers = Numbers()
        for look in self._looks(iter(shots), every, batch_size):
            ids = range(len(look.boxes)) if a_second is None else numbers(look.boxes)
            faces = map(Measured, ids, look.values)
            yield look.shot, sorted(faces, key=lambda face: face.face_id)

    def table(self, sightings: Sequence[Sighting], all_aus: bool) -> pd.DataFrame:
        """The rows; there is no AU that the networks cannot tell."""
        return value_table(sightings, self.names)

    def facts(self, sources: Sequence[Source], all_aus: bool) -> dict[str, object]:
        """What a table of the sources has to say about its columns."""
        return {
            **self._facts,
            "unseen_aus": [],
            "gaze_frame": "camera",
            "threshold": self.threshold,
            "find_every": self.find_every,
        }

    def _looks(
        self, shots: Iterator[Shot], every: int, batch_size: int
    ) -> Iterator[Look]:
        first = next(shots, None)
        if first is None:
            return
        shots = chain([first], shots)
        fit = HELD // (first.pixels.colours.nbytes * every)
        if batch_size > 1 and fit > 1:
            while block := list(islice(shots, min(batch_size, fit) * every)):
                yield from self._side_by_side(block, every)
            return
        faces: list[Followed] = []
        for number, shot in enumerate(shots):
            [seen] = self._step([shot], [faces if number % every else []])
            faces = seen.faces
            yield seen

    def _side_by_side(self, block: list[Shot], every: int) -> Iterator[Look]:
        """The same of several stretches at once, a frame of each at a time."""
        stretches = [block[k : k + every] for k in range(0, len(block), every)]
        seen: list[list[Look]] = [[] for _ in stretches]
        for turn in range(every):
            going = [k for k, shots in enumerate(stretches) if turn < len(shots)]
            before = [seen[k][-1].faces if turn else [] for k in going]
            looks = self._step([stretches[k][turn] for k in going], before)
            for k, look in zip(going, looks, strict=True):
                seen[k].append(look)
        yield from chain.from_iterable(seen)

    def _step(
        self, shots: Sequence[Shot], before: Sequence[list[Followed]]
    ) -> list[Look]:
        """One frame of each stretch, in which ``before`` were followed.

        Where none were, or one is lost, the finder has a look.
        """
        looks = self._measured(shots, before)
        lost = [
            k
            for k, (look, faces) in enumerate(zip(looks, before, strict=True))
            if faces and _lost(faces, look)
        ]
        if lost:
            anew = self._measured([shots[k] for k in lost], [[] for _ in lost])
            for k, look in zip(lost, anew, strict=True):
                looks[k] = look
        return looks

    def _measured(
        self, shots: Sequence[Shot], before: Sequence[list[Followed]]
    ) -> list[Look]:
        placed = self._placed(shots, before)
        counts = [len(faces) for faces in placed]
        everyone = list(chain.from_iterable(placed))
        boxes = np.array([face.box for face in everyone]).reshape(-1, 4)
        batch = FaceBatch(
            list(chain.from_iterable(map(_repeated, shots, counts))),
            boxes,
            np.array([face.score for face in everyone], np.float64),
            _poses(everyone),
        )
        found = measure(self.stages, batch, self._keep)
        followed = self._followed(everyone, found)
        spans = [
            slice(end - n, end)
            for n, end in zip(counts, np.cumsum(counts), strict=True)
        ]
        return [
            Look(shot, boxes[span], found.values[span], followed[span])
            for shot, span in zip(shots, spans, strict=True)
        ]

    def _placed(
        self, shots: Sequence[Shot], before: Sequence[list[Followed]]
    ) -> list[list[Placed]]:
        """Faces of each frame: those followed, else those that the finder sees."""
        blank = [shot.pixels for shot, b in zip(shots, before, strict=True) if not b]
        sights = iter(self.finder.find_all(blank, self.threshold) if blank else ())
        return [
            [face.moved() for face in faces] if faces else places(next(sights))
            for faces in before
        ]

    def _followed(self, faces: Sequence[Placed], found: Measures) -> list[Followed]:
        if not (faces and self._keep):
            return []
        points, looks = (found.kept[key] for key in self._keep)
        flat = np.asarray(points[..., :2], np.float64)
        return [Placed.measured(*face) for face in zip(faces, flat, looks, strict=True)]


def _lost(before: Sequence[Followed], look: Look) -> bool:
    gone = [
        then.lost(now, look.shot.pixels)
        for then, now in zip(before, look.faces, strict=True)
    ]
    return any(gone) or piled_up(look.boxes)


def _repeated(shot: Shot, count: int) -> list[Pixels]:
    return [shot.pixels] * count


def _poses(faces: Sequence[Placed]) -> np.ndarray | None:
    """Poses (N, 6) of the finder, if it told those of all."""
    poses = [face.pose for face in faces if face.pose is not None]
    return np.stack(poses) if poses and len(poses) == len(faces) else None
