"""Moving line faces: easing, timing, gaps, files, celluloid."""

import re
import sys

import av
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from genface.avatar import animate_au, animate_face, interpolate_aus
from genface.errors import InputError, MediaError, ShapeError
from genface.facs import AU_NAMES

SMILE = AU_NAMES.index("AU12")


def series(count, fps=None):
    """A slow smile; a table with times where ``fps`` is given."""
    aus = np.zeros((count, 20))
    aus[:, SMILE] = np.linspace(0, 1, count)
    if fps is None:
        return aus
    table = pd.DataFrame(aus, columns=AU_NAMES)
    return table.assign(time=np.arange(count) / fps)


def smile_of(animation):
    return animation.values[:, animation.au_names.index("AU12")]


@pytest.mark.parity
def test_frames_between_faces_are_py_feats(shared):
    name = "interpolate_aus_start0_end1_n8_pad4_rev.csv"
    wanted = np.loadtxt(shared / "reference" / name, delimiter=",")
    found = interpolate_aus(
        np.zeros(3), [1, 2, 0.5], 8, num_padding_frames=4, include_reverse=True
    )
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_frames_without_reverse_and_with_another_easing():
    frames = interpolate_aus([0], [2], 5, lambda t: t, include_reverse=False)
    np.testing.assert_allclose(frames[:, 0], [0, 0.5, 1, 1.5, 2])
    eased = interpolate_aus([0], [1], 101, include_reverse=False)[:, 0]
    assert (np.diff(eased) > 0).all()
    np.testing.assert_allclose(eased + eased[::-1], 1)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([0, 0], [1], 5), ShapeError),
        (([[0]], [[1]], 5), ShapeError),
        (([0], [1], 1), InputError),
        (([0], [1], 5, None, -1), InputError),
    ],
)
def test_faces_that_cannot_be_joined(arguments, error):
    with pytest.raises(error):
        interpolate_aus(*arguments)


def test_an_animation_has_the_frames_and_seconds_asked_for():
    animation = animate_face(None, "Happy", fps=10, duration=0.5, padding=0.2)
    assert len(animation) == 2 * (5 + 2 * 2)
    assert animation.duration == pytest.approx(1.8)
    smile = smile_of(animation)
    np.testing.assert_allclose(smile, smile[::-1])
    assert smile[0] == 0 and smile.max() == 1
    assert len(animate_face(end="Sad", include_reverse=False, padding=0)) == 8


def test_one_au_goes_from_a_value_to_a_value():
    animation = animate_face(0.2, 0.8, AU=12, include_reverse=False)
    assert animation.au_names == ("AU12",)
    np.testing.assert_allclose(smile_of(animation)[[0, -1]], [0.2, 0.8])
    corners = animation.vertices[:, 61, 1]
    assert corners[-1] - corners[0] > 0.4


def test_gaze_goes_along():
    animation = animate_face(gaze_end=(0, 0.4), include_reverse=False)
    x = animation.vertices[:, 468, 0]
    assert x[-1] - x[0] < -0.2


@pytest.mark.parametrize("fps", [7.3, 10, 25])
def test_a_series_lasts_as_long_as_its_data(fps):
    animation = animate_face(aus=series(11, fps), fps=15)
    assert animation.duration == pytest.approx(11 / fps, abs=0.51 / 15)
    times = np.arange(len(animation)) / 15
    wanted = np.interp(times, np.arange(11) / fps, np.linspace(0, 1, 11))
    np.testing.assert_allclose(smile_of(animation), wanted, atol=1e-9)


def test_a_series_of_numbers_is_one_frame_each_or_at_its_own_rate():
    assert len(animate_face(aus=series(9), fps=12)) == 9
    assert len(animate_face(aus=series(9), fps=12, aus_fps=6)) == 18
    faces = [None, "AU12", {"AU12": 0.5}]
    np.testing.assert_allclose(smile_of(animate_face(aus=faces)), [0, 1, 0.5])
    gaze = np.linspace([0, 0], [0, 0.4], 9)
    x = animate_face(aus=series(9), gaze=gaze).vertices[:, 468, 0]
    assert x[-1] - x[0] < -0.2


def test_a_gap_is_bridged_and_a_long_one_fades_and_says_so():
    table = series(40, 10)
    table.loc[10:34, list(AU_NAMES)] = np.nan
    table["AU12"] += 0.0
    with pytest.warns(UserWarning, match="fades to neutral"):
        animation = animate_face(aus=table, fps=10)
    smile = smile_of(animation)
    assert smile[9] > 0.2 and smile[25] == 0 and smile[39] > 0.9


def test_presence_is_calibrated_and_facs_divided():
    table = series(20, 10)
    table.attrs["au_scale"] = "presence"
    with pytest.warns(UserWarning, match="presence is no strength"):
        animation = animate_face(aus=table + 0.0, fps=10)
    assert smile_of(animation)[0] == 0
    table[list(AU_NAMES)] *= 5
    table.attrs["au_scale"] = "facs"
    assert smile_of(animate_face(aus=table, fps=10)).max() == 1


def test_a_saved_gif_has_its_frames_and_time(tmp_path):
    path = tmp_path / "smile.gif"
    animation = animate_face(
        end="Happy", save=path, fps=10, duration=0.3, padding=0, muscles=True
    )
    with av.open(path) as clip:
        frames = list(clip.decode(video=0))
        seconds = clip.duration / av.time_base
    assert len(frames) == len(animation) == 6
    assert seconds == pytest.approx(0.6, abs=0.02)
    first, middle = (frames[k].to_ndarray(format="rgb24") for k in (0, 2))
    assert first.shape == (500, 400, 3) and (first != middle).any()


def test_frames_are_pictures_of_the_faces():
    animation = animate_face(end="AU27", include_reverse=False, padding=0, fps=6)
    pictures = [picture.astype(int) for picture in animation.frames()]
    middle = [p[:480, 180:220].mean(axis=2) for p in pictures]  # inside the frame
    chin = [np.argwhere(p < 120)[:, 0].max() for p in middle]
    assert chin[-1] > chin[0] + 20


def test_a_notebook_gets_a_player():
    html = animate_face(end="Sad", duration=0.2, padding=0)._repr_html_()
    assert html.count("data:image/png;base64") == 6


@pytest.mark.parametrize("suffix", [".avi", ""])
def test_another_ending_says_what_there_is(tmp_path, suffix):
    path = tmp_path / f"face{suffix}"
    with pytest.raises(InputError, match=r"\.gif"):
        animate_face(end="Happy", save=path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_none_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(MediaError, match="cannot be written"):
        animate_face(end="Happy", save=tmp_path / "file" / "face.gif")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aus": series(3), "end": "Happy"}, "not both"),
        ({"aus": np.zeros((0, 20))}, "no frames"),
        ({"aus": series(0, 10)}, "no frames"),
        ({"aus": np.zeros((3, 17))}, r"expected \(T, 20\)"),
        ({"aus": np.zeros(20)}, r"expected \(T, 20\)"),
        ({"aus": series(3) * 2}, "AU12 is 2"),
        ({"aus": np.full((3, 20), np.inf)}, "infinite"),
        ({"aus": np.full((3, 20), np.nan)}, "every AU is NaN"),
        ({"aus": series(3), "gaze": np.zeros((2, 2))}, "gaze"),
        ({"aus": pd.DataFrame({"Happy": [1.0]})}, "no column says how strong"),
        ({"aus": pd.DataFrame({"AU12": ["high"]})}, "expected numbers"),
        ({"aus": series(3, 10).assign(time="noon")}, "time: expected numbers"),
        ({"aus": pd.concat([series(3, 10)] * 2, axis=1)}, "appear twice"),
        ({"aus": [[1, 2], [1]]}, "expected numbers"),
        ({"aus": np.zeros((3, 20)), "aus_fps": 0}, "0 frames a second"),
        ({"end": 12}, "says nothing of a face"),
        ({"end": {"AU12": "much"}}, "AU12: expected numbers"),
        ({"aus": pd.concat([series(3, 10)] * 2)}, "time must rise"),
        ({"start": np.zeros(20), "AU": 12}, "two numbers"),
        ({"start": 0, "end": 3, "AU": 12}, "AU12 is 3"),
        ({"end": "Happy", "fps": 0}, "fps is 0"),
        ({"end": "Happy", "duration": 0}, "duration 0"),
    ],
)
def test_an_animation_that_cannot_be_made(options, message):
    with pytest.raises(InputError, match=message):
        animate_face(**options)


def test_celluloid_animates_as_in_the_notebook():
    figure = Figure(figsize=(4, 5))
    animation = animate_au(figure, figure.subplots(), series(3), muscles=True)
    html = animation.to_jshtml()
    assert html.count("data:image/png;base64") == 3
    pictures = re.findall(r"base64,([^\"]{200,})", html)
    assert len(set(pictures)) == 3
    interval = int(
        re.search(r"new Animation\(frames, img_id, slider_id, (\d+)", html)[1]
    )
    assert interval == 100


def test_without_celluloid_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "celluloid", None)
    figure = Figure()
    with pytest.raises(InputError, match=r"pip install 'genface\[celluloid\]'"):
        animate_au(figure, figure.subplots(), series(3))
