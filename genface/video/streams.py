"""Pictures as mp4, animated WebP and animated PNG: one after the other, exact in time.

FFmpeg's encoders by PyAV, so that a clip of any length needs the memory of few frames.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.video.reformatter import ColorRange, Colorspace

from genface.errors import MediaError

BT709 = 1  # code of the colour primaries and transfer in the H.264 standard


@dataclass(frozen=True)
class Stream:
    """How FFmpeg writes one kind of clip; ``bt709`` for colours as of a video."""

    container: str
    codec: str
    pixels: str
    options: Mapping[str, str]
    container_options: Mapping[str, str] = field(default_factory=dict)
    bt709: bool = False


STREAMS = {
    ".mp4": Stream(
        "mp4",
        "libx264",
        "yuv420p",
        # x264's mbtree reads memory that nobody has written when rows have few blocks:
        # the same frames would give other bytes. CRF 22 without it is about 20 with.
        {"crf": "22", "preset": "veryfast", "x264-params": "mbtree=0"},
        {"movflags": "+faststart"},
        bt709=True,
    ),
    ".webp": Stream("webp", "libwebp_anim", "bgra", {"quality": "85"}, {"loop": "0"}),
    ".apng": Stream("apng", "apng", "rgb24", {"pred": "mixed"}, {"plays": "0"}),
}
"""Kinds by the ending of the file. WebP and PNG begin again after the end."""


def encode_stream(
    path: Path,
    frames: Iterable[np.ndarray],
    rate: Fraction,
    kind: Stream,
    comment: str = "",
) -> None:
    """Write pictures (H, W, 3) uint8, all of one size, ``rate`` per second.

    A ``comment`` is kept where the container has a place for it (mp4). Where colours
    have half the size, odd sizes grow by a copy of the last row or column.
    """
    with av.open(
        str(path), "w", format=kind.container, options=dict(kind.container_options)
    ) as container:
        stream = None
        if comment:
            container.metadata["comment"] = comment
        for index, rgb in enumerate(frames):
            rgb = _even(rgb) if kind.bt709 else np.ascontiguousarray(rgb)
            stream = stream or _opened(container, rgb.shape, rate, kind)
            picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            if kind.bt709:
                picture = picture.reformat(
                    format=kind.pixels,
                    dst_colorspace=Colorspace.ITU709,
                    dst_color_range=ColorRange.MPEG,
                )
            elif kind.pixels != "rgb24":
                picture = picture.reformat(format=kind.pixels)
            picture.pts, picture.time_base, picture.duration = index, 1 / rate, 1
            container.mux(stream.encode(picture))
        if stream is not None:
            container.mux(stream.encode())


def _even(rgb: np.ndarray) -> np.ndarray:
    odd = [(0, size % 2) for size in rgb.shape[:2]]
    return np.pad(rgb, [*odd, (0, 0)], "edge")


def _opened(container, shape, rate: Fraction, kind: Stream):
    try:
        stream = container.add_stream(kind.codec, rate=rate)
    except UnknownCodecError:
        raise MediaError(
            f"this FFmpeg cannot write {kind.container} (no {kind.codec}); write "
            "another kind, or install PyAV's own wheel."
        ) from None
    stream.height, stream.width = shape[:2]
    stream.pix_fmt = kind.pixels
    stream.options = dict(kind.options)
    context = stream.codec_context
    context.time_base = 1 / rate
    if kind.bt709:
        # Say which colours these are; players guess differently by size otherwise.
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = ColorRange.MPEG
    return stream
