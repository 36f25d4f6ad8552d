"""Frames of a clip or picture, with their true time.

Time comes from the container's presentation timestamps, never from frame / fps, so
clips with a variable frame rate keep their timing. It counts from the first frame's:
containers start their clocks where they like.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import av
import av.error
import numpy as np

from genface.errors import InputError
from genface.video.container import open_clip, probe, reason_of
from genface.video.display import shown
from genface.video.picture import read_image


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a clip: source index, seconds, RGB (H, W, 3) uint8.

    ``time`` is 0 for the first frame of the source.
    """

    index: int
    time: float
    rgb: np.ndarray


def check_range(
    start: float | None, end: float | None, skip_frames: int | None
) -> None:
    """Refuse (InputError) a choice of frames that cannot be meant."""
    if skip_frames is not None and not (
        isinstance(skip_frames, Integral) and skip_frames >= 1
    ):
        raise InputError(f"skip_frames is {skip_frames}; expected 1, 2, 3 or more.")
    for name, value in (("start", start), ("end", end)):
        if value is not None and not 0 <= value < np.inf:
            raise InputError(
                f"{name} is {value}; expected seconds from the first frame, 0 or more."
            )
    if end is not None and not (start or 0) < end:
        raise InputError(f"end ({end} s) must lie after start ({start or 0} s).")


class FrameReader:
    """Iterate over the frames of a clip or picture; also a context manager.

    ``start`` and ``end`` are seconds from the first frame. ``problem`` stays None for a
    sound file; for a damaged one it says, once the frames that could be read have been
    yielded, where reading ended. Transport streams (ts, mpg) do not say how long they
    are: one that was cut between two frames looks whole.
    """

    def __init__(
        self,
        path: Path | str,
        start: float | None = None,
        end: float | None = None,
        skip_frames: int | None = None,
    ) -> None:
        check_range(start, end, skip_frames)
        self.path = Path(path)
        self.info = probe(path)
        self.problem: str | None = None
        self._reached = 0.0
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
        with open_clip(self.path) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            first, time, index, picture = 0.0, 0.0, -1, None
            for index, picture in enumerate(self._pictures(container)):
                time = picture.time
                if time is None:
                    time = float(index / self.info.fps)
                first = time if index == 0 else first
                time -= first
                if time >= self._end:
                    return
                if time >= self._start and index % self._step == 0:
                    rgb = shown(picture, stream.sample_aspect_ratio)
                    yield Frame(index, time, rgb)
            if picture is not None and picture.is_corrupt:
                self.problem = self.problem or "cut off"
            self._note_end(index + 1, time, self._reached - first)

    def _pictures(self, container) -> Iterator:
        """Decoded pictures until the end, or until damage stops the decoder."""
        video = container.streams.video[0].index
        try:
            for packet in container.demux():
                if packet.pts is not None:
                    end = packet.pts + (packet.duration or 0)
                    self._reached = max(self._reached, float(end * packet.time_base))
                if packet.stream_index == video:
                    yield from packet.decode()
        except (av.error.FFmpegError, EOFError) as error:
            self.problem = f"damaged ({reason_of(error)})"

    def _note_end(self, read: int, time: float, reached: float) -> None:
        """Say where reading ended if the container promised more.

        ``reached`` is where the last picture or sound ended, in seconds.
        """
        promised, duration = self.info.n_frames, self.info.duration
        if self.problem is None:
            # Edit lists and encoder delay make sound files promise a few frames more.
            all_frames = promised is not None and read >= promised - 2
            slack = 1.5 / float(self.info.fps)
            if all_frames or duration is None or reached + slack >= duration:
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
    """Frames with ``start <= time < end``, every ``skip_frames``-th.

    Seconds count from the first frame of the source; indices count all of its frames
    from 0, also after ``start``.
    """
    return FrameReader(path, start, end, skip_frames)
