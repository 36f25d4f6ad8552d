"""What a call may be given, and what it is told otherwise."""

import numpy as np
import pytest

from genface.detect import Detector
from genface.detect.sources import checked, sources_of
from genface.errors import InputError, MediaError, ShapeError


def frames_of(source, skip=None):
    with source.frames(None, None, skip) as frames:
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
    assert source.expected(None, None, 3) == 3


@pytest.mark.parametrize(
    "given, data_type, error",
    [
        ([], None, InputError),
        (["a.mp4"], "film", InputError),
        ([3], None, InputError),
    ],
)
def test_other_things_are_refused(given, data_type, error):
    with pytest.raises(error, match="expected|use|give"):
        sources_of(given, data_type)


def test_floats_are_not_guessed():
    (source,) = sources_of(np.zeros((20, 20, 3)), None)
    with pytest.raises(ShapeError, match="uint8"):
        frames_of(source)


def test_a_single_pixel_holds_no_face():
    (source,) = sources_of(np.zeros((1, 1, 3), np.uint8), None)
    with pytest.raises(MediaError, match="1 x 1 pixels are too few"):
        checked(source, frames_of(source)[0])


@pytest.mark.parametrize("preset", ["multitask", "modular"])
def test_presets_to_come_say_so(preset):
    with pytest.raises(InputError, match=f"'{preset}' is not built yet.*facemesh"):
        Detector(preset)


def test_unknown_presets_are_told_the_known_ones():
    with pytest.raises(InputError, match="there is facemesh"):
        Detector("retinaface")
    with pytest.raises(InputError, match="None or 'mediapipe'"):
        Detector(compat="openface")
