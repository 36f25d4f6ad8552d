"""Frames out: clips as mp4 and gif."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path

import av
import av.error
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from genface.errors import InputError, MediaError, ShapeError
from genface.files import atomic

SUFFIXES = (".mp4", ".gif")
QUALITY = 20  # constant rate factor of x264
BT709 = 1  # code of the colour primaries and transfer in the H.264 standard
GIF_NOISE = 10  # of 255; changes up to this are taken for noise
UNCHANGED = 255  # entry of the palette for pixels that a gif's frame leaves alone
GIF_FASTEST = 50  # frames per second; viewers slow down what is faster


def write_clip(
    path: Path | str,
    frames: Iterable[np.ndarray],
    fps: Fraction | float,
    *,
    max_width: int | None = None,
    every: int = 1,
) -> Path:
    """Write pictures (H, W, 3) uint8, all of one size, shown ``fps`` times a second.

    ``.mp4`` is H.264 that plays everywhere; odd sizes grow by a copy of the last row
    or column. ``.gif`` has one palette for the whole clip, and delays that alternate
    between hundredths of a second so that the mean rate is right; above 50 frames/s
    frames are left out. ``max_width`` shrinks, ``every`` keeps each n-th frame and
    slows the rate with it. The file appears whole or not at all.

    Raises :class:`InputError` for another ending or no frames, :class:`MediaError`
    when the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path}: clips are written as {' or '.join(SUFFIXES)}, not "
            f"{suffix or 'without an ending'}."
        )
    rate = exact_rate(fps)
    if every < 1:
        raise InputError(f"every is {every}; expected 1 or more.")
    if suffix == ".gif":
        every = max(every, -(-rate // GIF_FASTEST))
    pictures = (shrunk(_checked(f), max_width) for f in islice(frames, 0, None, every))
    first = next(pictures, None)
    if first is None:
        raise InputError(f"{path}: there are no frames to write.")
    write = _write_gif if suffix == ".gif" else _write_mp4
    source = _Source(_of_one_size(chain([first], pictures), first.shape))
    try:
        with atomic(path) as temporary:
            write(temporary, source, rate / every)
    except (av.error.FFmpegError, OSError) as error:
        if source.failed:  # the trouble is the frames', not the file's
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(
            f"{path}: cannot be written ({reason}); check the folder and free space."
        ) from None
    return path


class _Source:
    """Passes frames on, and remembers whether making one of them failed."""

    def __init__(self, frames: Iterator[np.ndarray]) -> None:
        self._frames = frames
        self.failed = False

    def __iter__(self) -> Iterator[np.ndarray]:
        try:
            yield from self._frames
        except GeneratorExit:
            raise
        except BaseException:
            self.failed = True
            raise


def exact_rate(fps: Fraction | float) -> Fraction:
    """Frames per second as the ratio that was meant (29.97 is 30000/1001)."""
    if not np.isfinite(float(fps)) or fps <= 0:
        raise InputError(f"fps is {fps}; expected a positive number.")
    if isinstance(fps, Fraction):
        return fps
    broadcast = Fraction(round(fps) * 1000, 1001)
    if abs(float(broadcast) - fps) < 0.005:
        return broadcast
    return Fraction(fps).limit_denominator(1001)


def _checked(frame: np.ndarray) -> np.ndarray:
    frame = np.asarray(frame)
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
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


def shrunk(frame: np.ndarray, max_width: int | None) -> np.ndarray:
    """A picture brought down to ``max_width`` pixels; never enlarged."""
    height, width = frame.shape[:2]
    if max_width is None or width <= max_width:
        return frame
    size = (max_width, max(1, round(height * max_width / width)))
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BOX))


def _write_mp4(path: Path, frames: Iterable[np.ndarray], rate: Fraction) -> None:
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = None
        for index, rgb in enumerate(frames):
            odd = [(0, size % 2) for size in rgb.shape[:2]]
            if any(extra for _, extra in odd):
                rgb = np.pad(rgb, [*odd, (0, 0)], "edge")
            stream = stream or _h264(container, rgb.shape, rate)
            picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
            )
            picture.pts, picture.time_base = index, 1 / rate
            container.mux(stream.encode(picture))
        if stream is not None:
            container.mux(stream.encode())


def _h264(container, shape, rate: Fraction):
    stream = container.add_stream("libx264", rate=rate)
    stream.height, stream.width = shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.options = {"crf": str(QUALITY), "preset": "veryfast"}
    context = stream.codec_context
    context.time_base = 1 / rate
    # Say which colours these are; players guess differently by size otherwise.
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = ColorRange.MPEG
    return stream


def _write_gif(path: Path, frames: Iterable[np.ndarray], rate: Fraction) -> None:
    codes, histogram = [], np.zeros(1 << 16, np.int64)
    shown = None
    for rgb in frames:
        shown = rgb if shown is None else _steadied(rgb, shown)
        code = _rgb565(shown)
        histogram += np.bincount(code.ravel(), minlength=1 << 16)
        codes.append(code)
    palette, nearest = _palette(histogram)

    def indexed(now: int) -> Image.Image:
        index = nearest[codes[now]]
        if now:
            index[codes[now] == codes[now - 1]] = UNCHANGED
        image = Image.fromarray(index)
        image.putpalette(palette.tobytes())
        return image

    ticks = [round(100 * k / rate) for k in range(len(codes) + 1)]
    delays = [10 * (after - now) for now, after in zip(ticks, ticks[1:], strict=False)]
    indexed(0).save(
        path,
        save_all=True,
        append_images=(indexed(now) for now in range(1, len(codes))),
        duration=delays,
        loop=0,
        transparency=UNCHANGED,
        disposal=1,
        optimize=False,
    )


def _steadied(rgb: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """New picture in which what hardly changed stays as it was: noise costs space."""
    change = np.maximum(rgb, shown) - np.minimum(rgb, shown)
    return np.where((change <= GIF_NOISE).all(axis=-1, keepdims=True), shown, rgb)


def _rgb565(rgb: np.ndarray) -> np.ndarray:
    """Colours in 16 bits, as red 5, green 6, blue 5."""
    wide = rgb.astype(np.uint16)
    return (wide[..., 0] >> 3 << 11) | (wide[..., 1] >> 2 << 5) | wide[..., 2] >> 3


def _palette(histogram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Palette (255, 3) uint8 for a histogram of 16-bit colours, and each one's index.

    Median cut (Heckbert 1982) on a picture that holds each colour in proportion.
    """
    code = np.arange(1 << 16)
    colours = np.stack([code >> 11 << 3, (code >> 5 & 63) << 2, (code & 31) << 3], 1)
    colours += [4, 2, 4]
    seen = np.flatnonzero(histogram)
    # The square root keeps small, bright details beside large, even areas.
    share = np.sqrt(histogram[seen])
    copies = np.ceil(share * (1 << 17) / share.sum()).astype(np.int64)
    sample = np.repeat(colours[seen], copies, axis=0).astype(np.uint8)
    reduced = Image.fromarray(sample[None]).quantize(
        UNCHANGED, Image.Quantize.MEDIANCUT
    )
    palette = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)[:UNCHANGED]
    nearest = np.zeros(1 << 16, np.uint8)
    for block in np.array_split(seen, max(1, len(seen) // 4096)):
        far = colours[block, None].astype(np.int32) - palette.astype(np.int32)
        nearest[block] = (far**2 @ np.array([3, 6, 1])).argmin(axis=1)
    return palette, nearest
