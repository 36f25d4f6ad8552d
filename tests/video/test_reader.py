import struct
from fractions import Fraction
from itertools import product

import av
import numpy as np
import pytest
from PIL import Image

from genface.errors import InputError, MediaError, ShapeError
from genface.video import as_rgb, probe, read_frames, read_image

ONES = (-1, 0, 1)
MATRICES = [
    m
    for m in product(ONES, repeat=4)
    if sorted(map(abs, m)) == [0, 0, 1, 1] and abs(m[0] * m[3] - m[1] * m[2]) == 1
]


def write_clip(
    path,
    times=tuple(range(10)),
    size=(32, 48),
    rate=10,
    *,
    aspect=None,
    codec="libx264",
):
    """A grey ramp, one level per frame, with the given times in 1/rate s.

    A black square in the corner tells up from down and left from right, and a band of
    noise keeps pictures from being tiny beside what the container adds.
    """
    noise = np.random.default_rng(0)
    options = {"movflags": "+faststart"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=rate)
        if aspect:
            stream.sample_aspect_ratio = aspect
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        quality = {"crf": "1"} if codec == "libx264" else {"deadline": "realtime"}
        stream.options = {"g": "1"} | quality
        for level, time in enumerate(times):
            rgb = np.full((*size, 3), min(20 * level + 10, 250), np.uint8)
            rgb[:8, :8] = 0
            rgb[16:24] = noise.integers(0, 255, (8, size[1], 3))
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def lay_down(path, a, b, c, d):
    """Write a display matrix (ISO 14496-12 tkhd) into a clip: x' = a x + c y, ..."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 4 + 20 + 16
    matrix = [n << 16 for n in (a, b, 0, c, d, 0, 0, 0)] + [1 << 30]
    data[at : at + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(data)


def test_indices_and_times_are_the_container_s(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", times=(0, 1, 2, 5, 6, 20))  # variable rate
    with read_frames(clip) as frames:
        got = [(frame.index, frame.time, frame.rgb[-1, -1, 0]) for frame in frames]
    assert [index for index, _, _ in got] == [0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose([t for _, t, _ in got], [0, 0.1, 0.2, 0.5, 0.6, 2.0])
    np.testing.assert_allclose([v for *_, v in got], np.arange(6) * 20 + 10, atol=4)


def test_start_end_and_skip_keep_source_indices(tmp_path):
    clip = write_clip(tmp_path / "a.mp4")
    with read_frames(clip, start=0.3, end=0.8, skip_frames=2) as frames:
        assert [frame.index for frame in frames] == [4, 6]


def test_probe_tells_size_rate_and_length(tmp_path):
    info = probe(write_clip(tmp_path / "a.mp4"))
    assert (info.width, info.height, info.fps, info.n_frames) == (48, 32, 10, 10)
    assert info.duration == pytest.approx(1.0)
    assert not info.is_image


@pytest.mark.parametrize("matrix", MATRICES)
def test_the_display_matrix_is_applied(tmp_path, matrix):
    clip = write_clip(tmp_path / "a.mp4")
    with av.open(str(clip)) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="rgb24")
    lay_down(clip, *matrix)
    # Each stored pixel's place by the matrix itself, moved to start at 0, 0.
    a, b, c, d = matrix
    y, x = np.indices(stored.shape[:2])
    x, y = a * x + c * y, b * x + d * y
    x, y = x - x.min(), y - y.min()
    expected = np.empty((y.max() + 1, x.max() + 1, 3), np.uint8)
    expected[y, x] = stored
    with read_frames(clip) as frames:
        shown = next(iter(frames)).rgb
    assert (probe(clip).height, probe(clip).width) == expected.shape[:2]
    np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize(
    ("aspect", "shape"), [(Fraction(2), (64, 128)), (Fraction(1, 2), (128, 64))]
)
def test_pixels_become_square(tmp_path, aspect, shape):
    clip = write_clip(tmp_path / "a.mp4", size=(64, 64), aspect=aspect)
    with read_frames(clip) as frames:
        picture = next(iter(frames)).rgb
    assert picture.shape[:2] == (frames.info.height, frames.info.width) == shape
    high, wide = (np.argmin(edge < 5) for edge in (picture[:, 0, 0], picture[0, :, 0]))
    assert wide / high == pytest.approx(float(aspect), rel=0.2)  # the black square


CONTAINERS = [
    *[("mp4", "libx264"), ("mov", "libx264"), ("mkv", "libx264"), ("webm", "vp8")],
    *[("avi", "mpeg4"), ("ts", "libx264"), ("flv", "flv")],
]


@pytest.mark.parametrize("offset", [0, 75])
@pytest.mark.parametrize(("suffix", "codec"), CONTAINERS)
class TestOfEachContainer:
    @pytest.fixture
    def clip(self, tmp_path, suffix, codec, offset):
        """Fifty frames at 25 a second; the container's clock starts at the offset."""
        times = tuple(range(offset, offset + 50))
        return write_clip(tmp_path / f"a.{suffix}", times, (64, 96), 25, codec=codec)

    def test_a_whole_clip_counts_from_its_first_frame_and_has_no_problem(self, clip):
        with read_frames(clip) as frames:
            times = [frame.time for frame in frames]
        if clip.suffix == ".avi" and times[1] > 0.1:  # it has no clock: empty frames
            times = [0.0, *np.arange(1, 50) / 25]
        np.testing.assert_allclose(times, np.arange(50) / 25, atol=1e-3)
        assert frames.problem is None

    def test_start_and_end_count_from_the_first_frame(self, clip, offset):
        if clip.suffix == ".avi" and offset:
            pytest.skip("an avi has no clock that could start late")
        with read_frames(clip, start=0.5, end=1.5) as frames:
            assert [frame.index for frame in frames] == list(range(13, 38))

    def test_a_clip_cut_in_half_says_where_it_ends(self, clip):
        data = clip.read_bytes()
        clip.write_bytes(data[: len(data) // 2 - 1])
        with read_frames(clip) as frames:
            read = list(frames)
        assert 5 <= len(read) < 40
        assert f"ends after frame {len(read)}" in frames.problem


def test_sound_longer_than_the_pictures_is_no_problem(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        for _ in range(10):
            rgb = np.zeros((32, 48, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb)))
        container.mux(stream.encode())
        silence = np.zeros((1, 24000), np.int16)
        heard = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
        heard.sample_rate = 8000
        container.mux(sound.encode(heard))
        container.mux(sound.encode())
    with read_frames(path) as frames:
        assert len(list(frames)) == 10
    assert frames.info.duration == pytest.approx(3.0) and frames.problem is None


def test_what_is_no_video_is_a_media_error(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("not a film")
    letters = tmp_path / "notes.txt"
    letters.write_text("Some notes on a film.\n" * 40)
    listed = tmp_path / "list.m3u8"
    listed.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\na.ts\n")
    picture = tmp_path / "photo"
    Image.new("RGB", (32, 32)).save(picture, "jpeg")
    for path in (text, tmp_path / "missing.mp4", tmp_path, letters, listed, picture):
        with pytest.raises(MediaError) as error:
            read_frames(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_bad_ranges_are_input_errors(tmp_path):
    clip = write_clip(tmp_path / "a.mp4")
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


@pytest.mark.parametrize(("mode", "value"), [("F", 0.5), ("I", 70000), ("I", -1)])
def test_pictures_without_a_scale_are_refused(tmp_path, mode, value):
    Image.new(mode, (4, 3), value).save(tmp_path / "a.tif")
    with pytest.raises(MediaError, match="8 or 16 bits"):
        read_image(tmp_path / "a.tif")
    Image.new("I", (4, 3), 65535).save(tmp_path / "b.tif")
    assert (read_image(tmp_path / "b.tif") == 255).all()


def test_the_order_of_bytes_of_an_array_does_not_matter():
    assert (as_rgb(np.full((4, 3), 2570, ">u2")) == 10).all()


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
