"""What a call to a detector was given: files or arrays, pictures or clips."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from genface.errors import InputError, MediaError, ShapeError
from genface.files import sha256
from genface.geometry import Pixels, as_pixels
from genface.video import (
    Frame,
    VideoInfo,
    as_rgb,
    check_file,
    check_range,
    is_picture,
    read_frames,
    read_image,
)

Kind = Literal["image", "video"]
Given = Path | str | np.ndarray | Iterable[Path | str | np.ndarray]

SMALLEST = 16  # pixels of the shorter side, below which no face can be told


@dataclass(frozen=True)
class Span:
    """Which frames of a clip are used: seconds from its first one, every n-th."""

    start: float | None = None
    end: float | None = None
    skip_frames: int | None = None

    def __post_init__(self) -> None:
        check_range(self.start, self.end, self.skip_frames)

    @property
    def step(self) -> int:
        """Frames from one that is used to the next."""
        return self.skip_frames or 1

    def __str__(self) -> str:
        end = "the end" if self.end is None else f"{self.end:g} s"
        return f"from {self.start or 0:g} s to {end}"


@dataclass
class Source:
    """One picture or clip; ``number`` counts the pictures of a call.

    Known after reading: ``read``, how many frames that were, and ``problem``, where a
    damaged file ended.
    """

    name: str
    kind: Kind
    content: Path | np.ndarray
    number: int = 0
    read: int = field(default=0, init=False)
    problem: str | None = field(default=None, init=False)
    info: VideoInfo | None = field(default=None, init=False)

    @contextmanager
    def frames(self, span: Span) -> Iterator[Iterable[Frame]]:
        """Yield the frames to detect; the span is for clips only."""
        if isinstance(self.content, np.ndarray):
            yield self._of_array(self.content, span.step)
        elif self.kind == "image":
            yield [Frame(self.number, np.nan, read_image(self.content))]
        else:
            times = span.start, span.end
            with read_frames(self.content, *times, span.skip_frames) as reader:
                self.info = reader.info
                yield reader
                self.problem = reader.problem

    def _of_array(self, content: np.ndarray, step: int) -> Iterator[Frame]:
        if self.kind == "image":
            yield Frame(self.number, np.nan, as_rgb(content))
            return
        for index in range(0, len(content), step):
            yield Frame(index, np.nan, as_rgb(content[index]))

    @property
    def fps(self) -> float | None:
        """Average frames per second of a clip, if it tells."""
        return float(self.info.fps) if self.info and self.kind == "video" else None

    @property
    def moves(self) -> bool:
        """Whether there is more than one frame to tell a person's rest from."""
        return self.kind == "video" and self.read > 1

    def digest(self) -> str | None:
        """sha256 of the file; None for an array."""
        return sha256(self.content) if isinstance(self.content, Path) else None

    def check(self, span: Span) -> None:
        """Refuse what can be seen to fail before any frame is read."""
        if isinstance(self.content, Path):
            check_file(self.content)
        elif self.kind == "video" and (span.start, span.end) != (None, None):
            raise InputError(
                f"{self.name}: an array of frames has no clock; choose its frames by "
                "slicing it, not by start and end."
            )

    def expected(self, span: Span) -> int | None:
        """About how many frames will be detected; None if the file does not tell."""
        if self.kind == "image":
            return 1
        if isinstance(self.content, np.ndarray):
            return -(-len(self.content) // span.step)
        if self.info is None or self.info.n_frames is None:
            return None
        first = (span.start or 0.0) * float(self.info.fps)
        last = np.inf if span.end is None else span.end * float(self.info.fps)
        return max(round((min(last, self.info.n_frames) - first) / span.step), 1)


class Shot(NamedTuple):
    """A frame of a source on the device; ``time`` in seconds, NaN if unknown."""

    source: Source
    frame: int
    time: float
    pixels: Pixels


def sources_of(given: Given, data_type: Kind | None) -> list[Source]:
    """Every picture and clip of a call's input.

    A path or array, or several of them. An array is a picture (H, W[, 1|3|4]) or
    several (N, H, W, 3): pictures, or with ``data_type="video"`` the frames of a clip.
    Arrays are named ``array 0``, ``array 1`` and so on.
    """
    if data_type not in (None, "image", "video"):
        raise InputError(f"data_type={data_type!r}: use None, 'image' or 'video'.")
    if isinstance(given, Path | str | np.ndarray):
        given = [given]
    if not isinstance(given, Iterable):
        raise _unusable(given)
    found: list[Source] = []
    arrays, pictures = count(), count()
    for item in given:
        if isinstance(item, np.ndarray):
            several = _of_array(item, f"array {next(arrays)}", data_type)
        elif isinstance(item, Path | str):
            kind: Kind = data_type or ("image" if is_picture(item) else "video")
            several = [Source(str(item), kind, Path(item))]
        else:
            raise _unusable(item)
        for source in several:
            if source.kind == "image":
                source.number = next(pictures)
            found.append(source)
    if not found:
        raise InputError("no input came; give at least one video, image or array.")
    return found


def _of_array(item: np.ndarray, name: str, data_type: Kind | None) -> list[Source]:
    if not (item.ndim == 4 or (item.ndim in (2, 3) and data_type != "video")):
        wanted = "" if data_type == "video" else "(H, W), (H, W, 3) or "
        raise ShapeError(
            f"{name}: shape {item.shape} came; expected {wanted}(N, H, W, 3)."
        )
    if data_type == "video":
        if not len(item):
            raise ShapeError(f"{name}: a clip of no frames came.")
        return [Source(name, "video", item)]
    return [Source(name, "image", one) for one in (item if item.ndim == 4 else [item])]


def _unusable(item: object) -> InputError:
    kind = type(item).__name__
    return InputError(
        f"a {kind} came; expected a path, a numpy array, or several of them."
    )


def shot_of(source: Source, frame: Frame) -> Shot:
    """The frame on the device; one too small to hold a face is a MediaError."""
    height, width = frame.rgb.shape[:2]
    if min(height, width) < SMALLEST:
        raise MediaError(
            f"{source.name}: {width} x {height} pixels are too few for a face; "
            f"expected at least {SMALLEST} x {SMALLEST}."
        )
    return Shot(source, frame.index, frame.time, as_pixels(frame.rgb))
