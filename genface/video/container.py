"""What a file is before its frames are read: a clip or a picture, its size and rate."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error

from genface.errors import MediaError
from genface.video.display import shown
from genface.video.picture import check_file, is_picture, read_image

# FFmpeg also makes moving pictures of text, of single pictures, and of lists of other
# files, over which it may wait for ever; only clips are opened.
_FORMATS = (
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,asf,ogg,gif,apng,mxf,dv,"
    "rm,nut,ivf,obu,h264,hevc,vc1,yuv4mpegpipe,wtv,mjpeg"
)

# These count the length from the clock's zero; the others from the first frame.
_FROM_ZERO = {"matroska,webm", "asf"}


@dataclass(frozen=True)
class VideoInfo:
    """What a file says of itself; sizes are in pixels as shown (turned, square).

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


def open_clip(path: Path) -> "av.container.InputContainer":
    """Open a clip with at least one picture stream; else a :class:`MediaError`."""
    check_file(path)
    try:
        container = av.open(str(path), options={"format_whitelist": _FORMATS})
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(
            f"{path}: not a readable video ({reason}); "
            "expected a clip such as mp4, mov, webm or avi, or an image that is named "
            "as one, such as .jpg or .png."
        ) from None
    if not container.streams.video:
        container.close()
        raise MediaError(f"{path}: has no picture in it (sound only?).")
    return container


def probe(path: Path | str) -> VideoInfo:
    """Size, rate and length of a clip or picture; :class:`MediaError` if neither."""
    path = Path(path)
    if is_picture(path):
        height, width = read_image(path).shape[:2]
        return VideoInfo(str(path), width, height, Fraction(1), None, 1, True)
    with open_clip(path) as container:
        stream = container.streams.video[0]
        try:
            first = next(container.decode(video=0), None)
        except (av.error.FFmpegError, EOFError) as error:
            raise MediaError(
                f"{path}: cannot be decoded ({reason_of(error)})."
            ) from None
        if first is None:
            raise MediaError(f"{path}: holds no frame that can be decoded.")
        height, width = shown(first, stream.sample_aspect_ratio).shape[:2]
        fps = stream.average_rate or stream.guessed_rate or Fraction(25)
        return VideoInfo(
            path=str(path),
            width=width,
            height=height,
            fps=fps,
            duration=_duration(container, fps),
            n_frames=stream.frames or None,
            is_image=False,
        )


def _duration(container, fps: Fraction) -> float | None:
    """Seconds from the first frame to the end, as the header promises them."""
    stream = container.streams.video[0]
    if container.format.name == "avi" and stream.frames:
        return float(stream.frames / fps)  # its own figure is a guess by file size
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        seconds = container.duration / av.time_base
    else:
        return None
    from_zero = container.format.name in _FROM_ZERO
    return seconds - (container.start_time or 0) / av.time_base * from_zero


def reason_of(error: Exception) -> str:
    """What stopped FFmpeg, in a few words."""
    return getattr(error, "strerror", None) or "unexpected end"
