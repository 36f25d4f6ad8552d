import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from genface.errors import InputError, MediaError, ShapeError
from genface.video import as_rgb, probe, read_frames, read_image


def write_mp4(path, times=tuple(range(10)), size=(32, 48), rate=10, faststart=False):
    """A grey ramp, one level per frame, with the given times in 1/rate s."""
    options = {"movflags": "+faststart"} if faststart else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "1", "g": "1"}
        for level, time in enumerate(times):
            rgb = np.full((*size, 3), 20 * level + 10, np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def rotate_clockwise(path, height):
    """Write a 90 degree display matrix (ISO 14496-12 tkhd) into a clip."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 4 + 20 + 16
    one = 1 << 16
    matrix = (0, one, 0, -one, 0, 0, height * one, 0, 1 << 30)
    data[at : at + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(data)


def test_indices_and_times_are_the_container_s(tmp_path):
    clip = write_mp4(tmp_path / "a.mp4", times=(0, 1, 2, 5, 6, 20))  # variable rate
    with read_frames(clip) as frames:
        got = [(frame.index, frame.time, frame.rgb[0, 0, 0]) for frame in frames]
    assert [index for index, _, _ in got] == [0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose([t for _, t, _ in got], [0, 0.1, 0.2, 0.5, 0.6, 2.0])
    np.testing.assert_allclose([v for *_, v in got], np.arange(6) * 20 + 10, atol=4)


def test_start_end_and_skip_keep_source_indices(tmp_path):
    clip = write_mp4(tmp_path / "a.mp4")
    with read_frames(clip, start=0.3, end=0.8, skip_frames=2) as frames:
        assert [frame.index for frame in frames] == [4, 6]


def test_probe_tells_size_rate_and_length(tmp_path):
    info = probe(write_mp4(tmp_path / "a.mp4"))
    assert (info.width, info.height, info.fps, info.n_frames) == (48, 32, 10, 10)
    assert info.duration == pytest.approx(1.0)
    assert not info.is_image


def test_display_rotation_is_applied(tmp_path):
    clip = write_mp4(tmp_path / "a.mp4")
    with av.open(str(clip)) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="rgb24")
    rotate_clockwise(clip, height=32)
    with read_frames(clip) as frames:
        shown = next(iter(frames)).rgb
    assert (probe(clip).width, probe(clip).height) == (32, 48)
    np.testing.assert_array_equal(shown, np.rot90(stored, -1))


def test_a_truncated_clip_yields_what_is_there_and_says_where_it_ends(tmp_path):
    clip = write_mp4(tmp_path / "a.mp4", size=(128, 128), faststart=True)
    data = clip.read_bytes()
    mdat = data.index(b"mdat")
    clip.write_bytes(data[: mdat + 2 * (len(data) - mdat) // 3])
    with read_frames(clip) as frames:
        read = list(frames)
    assert 3 <= len(read) < 10
    assert f"after frame {len(read)} of 10" in frames.problem


def test_a_sound_clip_has_no_problem(tmp_path):
    with read_frames(write_mp4(tmp_path / "a.mp4")) as frames:
        assert len(list(frames)) == 10
    assert frames.problem is None


def test_what_is_no_video_is_a_media_error(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("not a film")
    for path in (text, tmp_path / "missing.mp4", tmp_path):
        with pytest.raises(MediaError) as error:
            read_frames(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_bad_ranges_are_input_errors(tmp_path):
    clip = write_mp4(tmp_path / "a.mp4")
    with pytest.raises(InputError, match="after start"):
        read_frames(clip, start=1, end=1)
    with pytest.raises(InputError, match="skip_frames"):
        read_frames(clip, skip_frames=0)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("L", 7, (7, 7, 7)),
        ("RGBA", (1, 2, 3, 9), (1, 2, 3)),
        ("I;16", 2570, (10, 10, 10)),
    ],
)
def test_pictures_become_rgb(tmp_path, mode, value, expected):
    path = tmp_path / "a.png"
    Image.new(mode, (4, 3), value).save(path)
    rgb = read_image(path)
    assert rgb.shape == (3, 4, 3) and rgb.dtype == np.uint8
    assert tuple(rgb[0, 0]) == expected


def test_exif_rotation_is_applied(tmp_path):
    picture = Image.new("RGB", (6, 4), "black")
    picture.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    picture.save(tmp_path / "a.png", exif=exif)
    rgb = read_image(tmp_path / "a.png")
    assert rgb.shape == (6, 4, 3) and rgb[0, -1, 0] == 255


def test_a_picture_is_one_frame_at_time_zero(tmp_path):
    Image.new("RGB", (4, 3)).save(tmp_path / "a.png")
    with read_frames(tmp_path / "a.png") as frames:
        (frame,) = frames
    assert (frame.index, frame.time) == (0, 0.0)
    assert probe(tmp_path / "a.png").is_image


def test_text_named_png_is_a_media_error(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(MediaError, match="not an image"):
        read_image(tmp_path / "a.png")


def test_arrays_that_are_no_images_are_refused():
    with pytest.raises(ShapeError, match="dtype"):
        as_rgb(np.zeros((4, 4, 3)))
    with pytest.raises(ShapeError, match="shape"):
        as_rgb(np.zeros((4, 4, 5), np.uint8))
