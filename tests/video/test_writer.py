"""Clips as mp4 and gif: pictures, timing, and nothing half-written."""

import errno
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from genface.errors import InputError, MediaError, ShapeError
from genface.video.writer import exact_rate, write_clip


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


def gif_delays(path):
    with Image.open(path) as image:
        delays = []
        for k in range(image.n_frames):
            image.seek(k)
            delays.append(image.info["duration"])
        return delays


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), 15, 30, 7])
def test_the_delays_of_a_gif_alternate_so_that_the_mean_rate_is_right(tmp_path, fps):
    path = write_clip(tmp_path / "clip.gif", bars(21), fps)
    delays = gif_delays(path)
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
    assert sum(gif_delays(path)) == pytest.approx(1000, abs=5)


def test_a_gif_faster_than_viewers_allow_drops_frames(tmp_path):
    path = write_clip(tmp_path / "clip.gif", bars(60), 120)
    assert min(gif_delays(path)) >= 20
    assert sum(gif_delays(path)) == pytest.approx(500, abs=15)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.gif"])
def test_same_frames_same_bytes(tmp_path, name):
    first = write_clip(tmp_path / "a" / name, bars(8), 25).read_bytes()
    assert first == write_clip(tmp_path / "b" / name, bars(8), 25).read_bytes()


@pytest.mark.parametrize("name", ["clip.mp4", "clip.gif"])
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


@pytest.mark.parametrize("name", ["clip.mp4", "clip.gif"])
def test_an_interrupt_leaves_no_file(tmp_path, name):
    def interrupted():
        yield from bars(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clip(tmp_path / name, interrupted(), 25)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["clip.mp4", "clip.gif"])
def test_no_frames_is_an_error_and_no_file(tmp_path, name):
    with pytest.raises(InputError, match="no frames"):
        write_clip(tmp_path / name, [], 25)
    assert not list(tmp_path.iterdir())


def test_another_ending_lists_what_is_written(tmp_path):
    with pytest.raises(InputError, match=r"\.mp4 or \.gif, not \.avi"):
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
    with pytest.raises(InputError, match="positive"):
        write_clip(tmp_path / "clip.mp4", bars(2), 0)
    assert not list(tmp_path.iterdir())
