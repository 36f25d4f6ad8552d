"""Clips of every kind: pictures, timing, and nothing half-written."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from genface.errors import InputError, MediaError, ShapeError
from genface.video.streams import STREAMS
from genface.video.writer import exact_rate, write_clip, write_pictures

NAMES = ["clip.mp4", "clip.gif", "clip.webp", "clip.apng"]
RATES = [Fraction(24000, 1001), 15, 30, 7]


def bars(count, shape=(48, 64)):
    """Frames in which a bright bar moves to the right."""
    for k in range(count):
        frame = np.full((*shape, 3), (40, 90, 160), np.uint8)
        frame[:, (3 * k) % shape[1] : (3 * k) % shape[1] + 8] = (230, 200, 60)
        yield frame


def decoded(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(video=0))
        return stream.average_rate, frames


@pytest.mark.parametrize(
    "fps", [Fraction(24000, 1001), 25, 29.97, 30, Fraction(15, 2), 60]
)
def test_an_mp4_has_every_frame_at_its_exact_time(tmp_path, fps):
    path = write_clip(tmp_path / "clip.mp4", bars(20), fps)
    rate, frames = decoded(path)
    assert rate == exact_rate(fps)
    assert len(frames) == 20
    times = [frame.pts * frame.time_base for frame in frames]
    assert times == [pytest.approx(float(k / rate), abs=1e-4) for k in range(20)]
    assert frames[0].format.name == "yuv420p"


def test_an_mp4_keeps_colours_and_starts_with_its_index(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", bars(5), 25)
    _, frames = decoded(path)
    shown = frames[2].to_ndarray(format="rgb24").astype(int)
    assert np.abs(shown[20, 50] - (40, 90, 160)).max() <= 6
    assert np.abs(shown[20, 9] - (230, 200, 60)).max() <= 12
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # plays before all is loaded


def test_odd_sizes_grow_by_a_copy_of_the_last_row_and_column(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", bars(3, (47, 63)), 25)
    _, frames = decoded(path)
    assert (frames[0].height, frames[0].width) == (48, 64)
    shown = frames[0].to_ndarray(format="rgb24").astype(int)
    assert np.abs(shown[-1, -1] - shown[-3, -3]).max() <= 4


def delays_of(path):
    with Image.open(path) as image:
        delays = []
        for k in range(image.n_frames):
            image.seek(k)
            image.load()
            delays.append(image.info["duration"])
        return delays


@pytest.mark.parametrize("fps", RATES)
def test_the_delays_of_a_gif_alternate_so_that_the_mean_rate_is_right(tmp_path, fps):
    path = write_clip(tmp_path / "clip.gif", bars(21), fps)
    delays = delays_of(path)
    assert len(delays) == 21
    assert sum(delays) == pytest.approx(21 * 1000 / float(fps), abs=5)
    assert max(delays) - min(delays) <= 10


def test_a_gif_shows_the_frames(tmp_path):
    wanted = list(bars(12))
    path = write_clip(tmp_path / "clip.gif", wanted, 12)
    with Image.open(path) as image:
        for k, frame in enumerate(wanted):
            image.seek(k)
            shown = np.asarray(image.convert("RGB")).astype(int)
            assert np.abs(shown - frame).max() <= 8, k


@pytest.mark.parametrize("fps", [*RATES, 60])
@pytest.mark.parametrize(("name", "within"), [("a.webp", 2), ("a.apng", 1e-6)])
def test_webp_and_png_last_as_long_as_their_frames(tmp_path, fps, name, within):
    path = write_clip(tmp_path / name, bars(21), fps)
    delays = delays_of(path)
    assert len(delays) == 21
    assert sum(delays) == pytest.approx(21 * 1000 / float(exact_rate(fps)), abs=within)
    assert max(delays) - min(delays) <= within
    with Image.open(path) as image:
        assert image.info["loop"] == 0  # again and again


@pytest.mark.parametrize(("name", "within"), [("a.webp", 6), ("a.apng", 0)])
@pytest.mark.parametrize("shape", [(48, 64), (47, 63)])
def test_webp_and_png_show_the_frames(tmp_path, name, within, shape):
    wanted = list(bars(9, shape))
    path = write_clip(tmp_path / name, wanted, 12)
    with Image.open(path) as image:
        for k, frame in enumerate(wanted):
            image.seek(k)
            shown = np.asarray(image.convert("RGB")).astype(int)
            assert shown.shape == frame.shape
            far = np.abs(shown - frame)  # WebP has half as many pixels of colour
            assert far.mean() <= within and np.median(far) <= within, k


def test_a_folder_of_pictures_has_every_pixel_in_order(tmp_path):
    wanted = list(bars(12))
    folder = write_pictures(tmp_path / "deep" / "frames", wanted)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"{k:05d}.png" for k in range(12)]
    for name, frame in zip(names, wanted, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(folder / name)), frame)
    assert (folder.stat().st_mode & 0o777) == (folder.parent.stat().st_mode & 0o777)
    with pytest.raises(InputError, match="holds something else"):
        write_pictures(folder, wanted)
    write_pictures(folder, wanted[:2], replace=True)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["frames"]
    assert len(list(folder.iterdir())) == 2
    (folder / "notes.txt").touch()
    with pytest.raises(InputError, match="holds something else"):
        write_pictures(folder, wanted, replace=True)


def test_a_comment_is_kept_in_mp4_and_gif(tmp_path):
    words = "smoothed by 0.1 s"
    with av.open(write_clip(tmp_path / "a.mp4", bars(3), 9, comment=words)) as clip:
        assert clip.metadata["comment"] == words
    with Image.open(write_clip(tmp_path / "a.gif", bars(3), 9, comment=words)) as clip:
        assert clip.info["comment"] == words.encode()


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError, None])
def test_a_folder_of_pictures_appears_whole_or_not_at_all(tmp_path, trouble):
    def broken():
        yield from bars(3)
        raise trouble("the source broke")

    if trouble is None:
        with pytest.raises(InputError, match="no frames"):
            write_pictures(tmp_path / "frames", [])
    else:
        with pytest.raises(trouble, match="the source broke"):
            write_pictures(tmp_path / "frames", broken())
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(MediaError, match="cannot be written"):
        write_pictures(tmp_path / "file" / "frames", bars(2))


def test_an_ffmpeg_without_an_encoder_is_named(tmp_path, monkeypatch):
    odd = replace(STREAMS[".webp"], codec="none_such")
    monkeypatch.setitem(STREAMS, ".webp", odd)
    with pytest.raises(MediaError, match=r"cannot write webp \(no none_such\)"):
        write_clip(tmp_path / "clip.webp", bars(2), 25)
    assert not list(tmp_path.iterdir())


def test_a_gif_of_many_colours_stays_close(tmp_path):
    y, x = np.mgrid[:64, :64] * 4
    frame = np.stack([x, y, 255 - x], axis=-1).astype(np.uint8)
    path = write_clip(tmp_path / "clip.gif", [frame, frame[::-1]], 10)
    with Image.open(path) as image:
        shown = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(shown - frame).mean() < 8


def test_every_and_max_width_make_a_smaller_clip_of_the_same_length(tmp_path):
    path = write_clip(tmp_path / "clip.gif", bars(24), 24, every=3, max_width=32)
    with Image.open(path) as image:
        assert image.size == (32, 24) and image.n_frames == 8
    assert sum(delays_of(path)) == pytest.approx(1000, abs=5)


def test_a_gif_faster_than_viewers_allow_drops_frames(tmp_path):
    path = write_clip(tmp_path / "clip.gif", bars(60), 120)
    assert min(delays_of(path)) >= 20
    assert sum(delays_of(path)) == pytest.approx(500, abs=15)


@pytest.mark.parametrize("name", NAMES)
def test_same_frames_same_bytes(tmp_path, name):
    first = write_clip(tmp_path / "a" / name, bars(8), 25).read_bytes()
    assert first == write_clip(tmp_path / "b" / name, bars(8), 25).read_bytes()


WRITES_ONE = """
import sys
import numpy as np
from genface.video.writer import write_clip
frames = np.full((8, 48, 64, 3), (40, 90, 160), np.uint8)
for k, frame in enumerate(frames):
    frame[:, 3 * k : 3 * k + 8] = 230, 200, 60
write_clip(sys.argv[1], frames, 25)
"""


def test_an_mp4_does_not_depend_on_what_was_in_memory(tmp_path):
    """The C library fills new memory with a value; elsewhere this does nothing."""
    files = []
    for fill in ("1", "128", "200"):
        path = tmp_path / f"{fill}.mp4"
        subprocess.run(
            [sys.executable, "-c", WRITES_ONE, str(path)],
            env={**os.environ, "MALLOC_PERTURB_": fill},
            check=True,
        )
        files.append(path.read_bytes())
    assert files[0] == files[1] == files[2]


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_in_the_middle_leaves_what_was_there(tmp_path, name):
    def broken():
        yield from bars(3)
        raise OSError("the source broke")

    path = tmp_path / name
    path.write_bytes(b"before")
    with pytest.raises(OSError, match="the source broke"):
        write_clip(path, broken(), 25)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_an_interrupt_leaves_no_file(tmp_path, name):
    def interrupted():
        yield from bars(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clip(tmp_path / name, interrupted(), 25)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_no_frames_is_an_error_and_no_file(tmp_path, name):
    with pytest.raises(InputError, match="no frames"):
        write_clip(tmp_path / name, [], 25)
    assert not list(tmp_path.iterdir())


def test_another_ending_lists_what_is_written(tmp_path):
    with pytest.raises(InputError, match=r"\.mp4, \.gif, \.webp or \.apng, not \.avi"):
        write_clip(tmp_path / "clip.avi", bars(2), 25)
    with pytest.raises(InputError, match="without an ending"):
        write_clip(tmp_path / "clip", bars(2), 25)


def test_an_unwritable_place_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MediaError, match="cannot be written") as caught:
        write_clip(tmp_path / "file" / "clip.mp4", bars(2), 25)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_line_and_no_file(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("PIL.Image.Image.save", full)
    with pytest.raises(MediaError, match="No space left"):
        write_clip(tmp_path / "clip.gif", bars(2), 25)
    assert not list(tmp_path.iterdir())


def test_frames_that_are_no_pictures_or_change_size_are_refused(tmp_path):
    with pytest.raises(ShapeError, match="uint8"):
        write_clip(tmp_path / "clip.mp4", [np.zeros((4, 4, 3))], 25)
    with pytest.raises(ShapeError, match="one size"):
        write_clip(tmp_path / "clip.mp4", [*bars(2), *bars(1, (20, 20))], 25)
    with pytest.raises(ShapeError, match=r"\(0, 0, 3\)"):
        write_clip(tmp_path / "clip.gif", [np.zeros((0, 0, 3), np.uint8)], 25)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("fps", "options"),
    [
        (0, {}),
        (-1, {}),
        (0.001, {}),
        (float("nan"), {}),
        (Fraction(1, 10**9), {}),
        (1e9, {}),
        (25, {"every": 0}),
        (25, {"max_width": 0}),
    ],
)
def test_rates_and_sizes_that_cannot_be_meant_are_refused(tmp_path, name, fps, options):
    with pytest.raises(InputError, match="expected"):
        write_clip(tmp_path / name, bars(2), fps, **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fps", [0.01, np.float32(25), np.int64(30), 1000])
def test_rates_of_any_kind_and_extent_are_written(tmp_path, name, fps):
    assert write_clip(tmp_path / name, bars(22), fps).stat().st_size
    assert exact_rate(fps) == Fraction(str(fps))


@pytest.mark.parametrize("whole", [1, 2, 5, 15, 24, 30, 60])
def test_whole_rates_stay_whole_and_those_of_broadcasts_are_exact(whole):
    assert exact_rate(float(whole)) == whole
    for digits in (3, 4):
        told = round(whole / 1.001, digits)
        assert exact_rate(told) == Fraction(1000 * whole, 1001)
    assert exact_rate(29.97) == Fraction(30000, 1001)
