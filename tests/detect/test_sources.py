"""What a call may be given, and what it is told otherwise."""

import numpy as np
import pytest

from genface.detect import Detector
from genface.detect.sources import Span, shot_of, sources_of
from genface.errors import InputError, MediaError, ShapeError


def frames_of(source, skip=None):
    with source.frames(Span(skip_frames=skip)) as frames:
        return list(frames)


def test_files_are_pictures_or_clips_by_their_names():
    kinds = [s.kind for s in sources_of(["a.JPG", "b.mp4", "c.png"], None)]
    assert kinds == ["image", "video", "image"]


def test_pictures_are_counted_over_the_whole_call():
    picture = np.zeros((20, 30, 3), np.uint8)
    sources = sources_of([picture, np.stack([picture, picture]), picture[..., 0]], None)
    assert [frames_of(s)[0].index for s in sources] == [0, 1, 2, 3]
    assert all(frames_of(s)[0].rgb.shape == (20, 30, 3) for s in sources)


def test_an_array_may_be_the_frames_of_a_clip():
    (source,) = sources_of(np.zeros((7, 20, 20, 3), np.uint8), "video")
    assert [frame.index for frame in frames_of(source, skip=3)] == [0, 3, 6]
    assert source.expected(Span(skip_frames=3)) == 3


def test_arrays_are_named_one_by_one():
    picture = np.zeros((20, 30, 3), np.uint8)
    sources = sources_of([picture, np.stack([picture, picture]), "a.png"], None)
    names = ["array 0", "array 1", "array 1", "a.png"]
    assert [source.name for source in sources] == names


@pytest.mark.parametrize(
    "given, data_type, error",
    [
        ([], None, InputError),
        (["a.mp4"], "film", InputError),
        ([3], None, InputError),
        (None, None, InputError),
        (np.zeros(4, np.uint8), None, ShapeError),
        (np.zeros((20, 20, 3), np.uint8), "video", ShapeError),
        (np.zeros((0, 20, 20, 3), np.uint8), "video", ShapeError),
    ],
)
def test_other_things_are_refused(given, data_type, error):
    with pytest.raises(error, match="expected|use|give|no frames"):
        sources_of(given, data_type)


@pytest.mark.parametrize(
    "span",
    [
        {"skip_frames": 0},
        {"skip_frames": -1},
        {"skip_frames": 1.5},
        {"start": 2, "end": 2},
        {"end": 0},
        {"start": float("nan")},
        {"start": -1},
        {"end": float("inf")},
    ],
)
def test_spans_that_cannot_be_meant_are_refused(span):
    with pytest.raises(InputError, match="expected|must lie"):
        Span(**span)


def test_an_array_of_frames_has_no_clock():
    (source,) = sources_of(np.zeros((7, 20, 20, 3), np.uint8), "video")
    with pytest.raises(InputError, match="array 0: .*no clock"):
        source.check(Span(start=1))
    source.check(Span(skip_frames=2))


def test_a_file_that_is_not_there_is_told_before_any_is_read(tmp_path):
    for path, what in ((tmp_path / "absent.mp4", "no such file"), (tmp_path, "folder")):
        (source,) = sources_of(path, None)
        with pytest.raises(MediaError, match=what):
            source.check(Span())


def test_floats_are_not_guessed():
    (source,) = sources_of(np.zeros((20, 20, 3)), None)
    with pytest.raises(ShapeError, match="uint8"):
        frames_of(source)


def test_a_single_pixel_holds_no_face():
    (source,) = sources_of(np.zeros((1, 1, 3), np.uint8), None)
    with pytest.raises(MediaError, match="1 x 1 pixels are too few"):
        shot_of(source, frames_of(source)[0])


def test_unknown_presets_are_told_the_known_ones():
    with pytest.raises(InputError, match="there are facemesh, multitask, modular"):
        Detector("retinaface")
    with pytest.raises(InputError, match="None or 'mediapipe'"):
        Detector(compat="openface")
