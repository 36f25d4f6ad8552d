"""Frames out: clips as mp4, gif, animated WebP and PNG, or a folder of pictures."""

import secrets
import shutil
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path

import av.error
import numpy as np
from PIL import Image

from genface.errors import InputError, MediaError, ShapeError
from genface.files import atomic
from genface.video.gif import encode_gif, gif_step
from genface.video.streams import STREAMS, encode_stream

SUFFIXES = (".mp4", ".gif", ".webp", ".apng")
SLOWEST, FASTEST = 0.01, 1000.0  # frames per second


def write_clip(
    path: Path | str,
    frames: Iterable[np.ndarray],
    fps: Fraction | float,
    *,
    max_width: int | None = None,
    every: int = 1,
    comment: str = "",
) -> Path:
    """Write pictures (H, W, 3) uint8, all of one size, shown ``fps`` times a second.

    ``.mp4`` is H.264 that plays everywhere; odd sizes grow by a copy of the last row
    or column. ``.gif`` has one palette for the whole clip, and delays that alternate
    between hundredths of a second so that the mean rate is right; above 50 frames/s
    frames are left out. ``.webp`` keeps most of the colours in about the size of a gif,
    its times are rounded to milliseconds; ``.apng`` keeps every pixel. ``max_width``
    shrinks, ``every`` keeps each n-th frame and slows the rate with it.
    ``comment`` is kept in an mp4 or gif. The file appears whole or not at all; the
    same frames give the same bytes.

    Raises :class:`InputError` for another ending or no frames, :class:`MediaError`
    when the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path}: clips are written as {', '.join(SUFFIXES[:-1])} or "
            f"{SUFFIXES[-1]}, not {suffix or 'without an ending'}."
        )
    rate = exact_rate(fps)
    for name, value in (("every", every), ("max_width", max_width)):
        if value is not None and value < 1:
            raise InputError(f"{name} is {value}; expected 1 or more.")
    if suffix == ".gif":
        every = max(every, gif_step(rate))
    pictures = (shrunk(frame, max_width) for frame in islice(frames, 0, None, every))
    source = _Source(path, pictures)
    try:
        with atomic(path) as temporary:
            if suffix == ".gif":
                encode_gif(temporary, source, rate / every, comment)
            else:
                kind = STREAMS[suffix]
                encode_stream(temporary, source, rate / every, kind, comment)
    except (av.error.FFmpegError, OSError) as error:
        raise source.reason(error) from None
    return path


def write_pictures(
    folder: Path | str, frames: Iterable[np.ndarray], *, replace: bool = False
) -> Path:
    """Write pictures (H, W, 3) uint8 as ``00000.png``, ``00001.png``, ... of a folder.

    The folder appears whole or not at all; with ``replace`` instead of one of this
    kind.

    Raises :class:`InputError` for no frames or a folder that is not empty,
    :class:`MediaError` when it cannot be written.
    """
    folder = Path(folder)
    check_pictures(folder, replace)
    source = _Source(folder, iter(frames))
    scratch = folder.with_name(f".{folder.name}-{secrets.token_hex(6)}")
    whole, old = scratch / "new", scratch / "old"
    try:
        whole.mkdir(parents=True)
        for index, frame in enumerate(source):
            Image.fromarray(frame).save(whole / f"{index:05d}.png")
        if folder.exists():
            folder.rename(old)
        whole.rename(folder)
    except OSError as error:
        raise source.reason(error) from None
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def check_pictures(folder: Path, replace: bool = True) -> None:
    """Refuse a place where :func:`write_pictures` must not write."""
    if folder.exists() and not (_only_pictures(folder) if replace else _empty(folder)):
        raise InputError(f"{folder}: holds something else; name another folder.")


def _empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _only_pictures(folder: Path) -> bool:
    """Whether a folder holds nothing but what :func:`write_pictures` writes."""
    return folder.is_dir() and all(
        path.suffix == ".png" and path.stem.isdecimal() for path in folder.iterdir()
    )


class _Source:
    """Passes pictures of one size on, and remembers whether making one failed."""

    def __init__(self, path: Path, frames: Iterator[np.ndarray]) -> None:
        checked = (_checked(frame) for frame in frames)
        first = next(checked, None)
        if first is None:
            raise InputError(f"{path}: there are no frames to write.")
        self._frames = _of_one_size(chain([first], checked), first.shape)
        self._path = path
        self._failed = False

    def __iter__(self) -> Iterator[np.ndarray]:
        try:
            yield from self._frames
        except GeneratorExit:
            raise
        except BaseException:
            self._failed = True
            raise

    def reason(self, error: Exception) -> Exception:
        """The error itself if the trouble is the frames', else what to do about it."""
        if self._failed:
            return error
        reason = getattr(error, "strerror", None) or str(error)
        return MediaError(
            f"{self._path}: cannot be written ({reason}); check the folder and free "
            "space."
        )


def exact_rate(fps: Fraction | float) -> Fraction:
    """Frames per second as the ratio that was meant (29.97 is 30000/1001)."""
    rate = float(fps)
    if not SLOWEST <= rate <= FASTEST:
        raise InputError(
            f"fps is {fps}; expected {SLOWEST:g} to {FASTEST:g} frames a second."
        )
    if isinstance(fps, Fraction):
        return fps
    whole = round(rate)
    broadcast = Fraction(whole * 1000, 1001)
    if abs(float(broadcast) - rate) < min(0.005, abs(whole - rate)):
        return broadcast
    return Fraction(rate).limit_denominator(1001)


def shrunk(frame: np.ndarray, max_width: int | None) -> np.ndarray:
    """A picture brought down to ``max_width`` pixels; never enlarged."""
    frame = _checked(frame)
    height, width = frame.shape[:2]
    if max_width is None or width <= max_width:
        return frame
    size = (max_width, max(1, round(height * max_width / width)))
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BOX))


def _checked(frame: np.ndarray) -> np.ndarray:
    frame = np.asarray(frame)
    is_rgb = frame.ndim == 3 and frame.shape[2] == 3 and frame.dtype == np.uint8
    if not is_rgb or not frame.size:
        raise ShapeError(
            f"frames: expected (H, W, 3) uint8, got {frame.shape} {frame.dtype}."
        )
    return frame


def _of_one_size(frames, shape) -> Iterator[np.ndarray]:
    for frame in frames:
        if frame.shape != shape:
            raise ShapeError(
                f"frames: the first is {shape}, a later one {frame.shape}; "
                "a clip has one size."
            )
        yield frame
