"""Frames of a clip or picture, with their true time.

Time comes from the container's presentation timestamps, never from frame / fps, so
clips with a variable frame rate keep their timing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np

from genface.errors import InputError, MediaError
from genface.video.picture import is_picture, read_image


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a clip: source index, seconds, RGB (H, W, 3) uint8."""

    index: int
    time: float
    rgb: np.ndarray


@dataclass(frozen=True)
class VideoInfo:
    """What a file says of itself; sizes are in pixels after rotation.

    ``fps`` is the average rate; ``n_frames`` and ``duration`` (seconds) are None where
    the container does not tell.
    """

    path: str
    width: int
    height: int
    fps: Fraction
    duration: float | None
    n_frames: int | None
    is_image: bool


def _open(path: Path) -> "av.container.InputContainer":
    if not path.exists():
        raise MediaError(f"{path}: no such file; check the path.")
    if path.is_dir():
        raise MediaError(f"{path}: is a folder; name a video or image file in it.")
    try:
        container = av.open(str(path))
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(
            f"{path}: not a readable video ({reason}); "
            "expected a clip such as mp4, mov, webm or avi, or an image."
        ) from None
    if not container.streams.video:
        container.close()
        raise MediaError(f"{path}: has no picture in it (sound only?).")
    return container


def _upright(rgb: np.ndarray, rotation: int) -> np.ndarray:
    """Turn a stored picture the way its display matrix asks (degrees, ccw)."""
    turned = np.rot90(rgb, round(rotation / 90))
    return np.ascontiguousarray(turned)


def probe(path: Path | str) -> VideoInfo:
    """Size, rate and length of a clip or picture; :class:`MediaError` if neither."""
    path = Path(path)
    if is_picture(path):
        height, width = read_image(path).shape[:2]
        return VideoInfo(str(path), width, height, Fraction(1), None, 1, True)
    with _open(path) as container:
        stream = container.streams.video[0]
        first = next(_decoded(container, path), None)
        if first is None:
            raise MediaError(f"{path}: holds no frame that can be decoded.")
        width, height = first.width, first.height
        if round(first.rotation / 90) % 2:
            width, height = height, width
        duration = None
        if stream.duration is not None and stream.time_base is not None:
            duration = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            duration = container.duration / 1e6
        fps = stream.average_rate or stream.guessed_rate or Fraction(25)
        return VideoInfo(
            str(path), width, height, fps, duration, stream.frames or None, False
        )


def _decoded(container, path: Path, reader: "FrameReader | None" = None) -> Iterator:
    """Decoded pictures until the end, or until damage stops the decoder."""
    try:
        yield from container.decode(video=0)
    except (av.error.FFmpegError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "unexpected end"
        if reader is None:
            raise MediaError(f"{path}: cannot be decoded ({reason}).") from None
        reader.problem = f"damaged ({reason})"


class FrameReader:
    """Iterate over the frames of a clip or picture; also a context manager.

    ``problem`` stays None for a sound file; for a damaged one it says, once the
    frames that could be read have been yielded, where reading ended.
    """

    def __init__(
        self,
        path: Path | str,
        start: float | None = None,
        end: float | None = None,
        skip_frames: int | None = None,
    ) -> None:
        if skip_frames is not None and skip_frames < 1:
            raise InputError(f"skip_frames is {skip_frames}; expected 1 or more.")
        if start is not None and end is not None and end <= start:
            raise InputError(f"end ({end} s) must lie after start ({start} s).")
        self.path = Path(path)
        self.info = probe(path)
        self.problem: str | None = None
        self._start = start if start is not None else -np.inf
        self._end = end if end is not None else np.inf
        self._step = skip_frames or 1
        self._frames = self._picture() if self.info.is_image else self._clip()

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def __enter__(self) -> "FrameReader":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file; iterating further yields nothing."""
        self._frames.close()

    def _picture(self):
        yield Frame(0, 0.0, read_image(self.path))

    def _clip(self):
        with _open(self.path) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            index = -1
            time = 0.0
            for index, picture in enumerate(_decoded(container, self.path, self)):
                time = (
                    picture.time
                    if picture.time is not None
                    else float(index / self.info.fps)
                )
                if time >= self._end:
                    return
                if time < self._start or index % self._step:
                    continue
                rgb = picture.to_ndarray(format="rgb24")
                yield Frame(index, time, _upright(rgb, picture.rotation))
            self._note_end(index + 1, time)

    def _note_end(self, read: int, time: float) -> None:
        """Say where reading ended if the container promised more frames."""
        promised, duration = self.info.n_frames, self.info.duration
        # Edit lists and encoder delay make sound files promise a few frames more.
        whole = duration is not None and time + 1.5 / float(self.info.fps) >= duration
        whole |= promised is None or read >= promised - 2
        if self.problem is None and whole:
            return
        of = f" of {promised}" if promised else ""
        self.problem = (
            f"{self.path}: {self.problem or 'cut off'}; "
            f"it ends after frame {read}{of}, at {time:.2f} s"
        )


def read_frames(
    path: Path | str,
    start: float | None = None,
    end: float | None = None,
    skip_frames: int | None = None,
) -> FrameReader:
    """Frames with ``start <= time < end`` (seconds), every ``skip_frames``-th.

    Indices count the source's frames from 0, also after ``start``.
    """
    return FrameReader(path, start, end, skip_frames)
