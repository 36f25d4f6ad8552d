"""Figures show the numbers they are given, where they belong, with open gaps."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from genface import Fex, stats
from genface.errors import InputError, ShapeError


@pytest.fixture
def ax():
    return Figure().subplots()


def clips(seed: int = 0) -> Fex:
    """Six clips of 20 frames, two conditions."""
    rng = np.random.default_rng(seed)
    names = np.repeat([f"{n}.mp4" for n in range(6)], 20)
    table = pd.DataFrame(
        {
            "input": names,
            "frame": np.tile(np.arange(20), 6),
            "AU06": rng.random(120),
            "AU12": rng.random(120) + np.repeat([0, 1, 0, 1, 0, 1], 20),
        }
    )
    return Fex(table).update_sessions(np.repeat(["bad", "good"] * 3, 20))


def two_faces() -> pd.DataFrame:
    frame = np.tile(np.arange(30), 2)
    face = np.repeat([0, 1], 30)
    x = np.sin(frame / 3) + 0.1 * face * frame
    box = {"FaceRectX": 100 + 400 * face, "FaceRectY": 50.0, "FaceRectWidth": 80.0}
    table = pd.DataFrame(
        {"frame": frame, "face_id": face, "time": frame / 10, "AU12": x, **box}
    )
    return table.assign(
        FaceRectHeight=100.0,
        gaze_pitch=np.radians(5.0),
        gaze_yaw=np.where(face, np.radians(20.0), np.radians(-10.0)),
    )


def bar_groups(ax):
    return [c for c in ax.containers if hasattr(c, "patches")]


def errors_of(container) -> np.ndarray:
    (lines,) = [
        part for part in container.errorbar.lines[2] if isinstance(part, LineCollection)
    ]
    return np.array([np.ptp(s[:, 1]) / 2 for s in lines.get_segments()])


def test_bars_are_means_of_clips_with_the_errors_between_them(ax):
    table = clips()
    assert stats.draw_au_bars(table, ax=ax) is ax
    by_clip = pd.DataFrame(table).groupby("input")[["AU06", "AU12"]].mean()
    for container, rows in zip(
        bar_groups(ax), (slice(0, 6, 2), slice(1, 6, 2)), strict=True
    ):
        part = by_clip.iloc[rows]
        assert [b.get_height() for b in container] == pytest.approx(
            part.mean().tolist()
        )
        assert errors_of(container) == pytest.approx(part.sem().to_numpy())
    assert ax.get_ylabel() == "mean ± SE of clips"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["AU06", "AU12"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["bad", "good"]


def test_bars_of_a_summary_are_its_numbers(ax):
    summary = clips().extract_summary(std=False, min=False, max=False)
    stats.draw_au_bars(summary, aus=["AU12"], ax=ax)
    for container, label in zip(bar_groups(ax), ("bad", "good"), strict=True):
        assert container[0].get_height() == pytest.approx(
            summary.loc[label, "mean_AU12"]
        )
        assert errors_of(container) == pytest.approx([summary.loc[label, "sem_AU12"]])


@pytest.mark.parametrize(
    ("error", "factor"), [("sem", 1), ("ci", 1.96), ("sd", 3**0.5)]
)
def test_errors_are_what_was_asked_for(ax, error, factor):
    means = clips().update_sessions(clips()["input"]).extract_mean()
    stats.draw_au_bars(means, by=["a", "b"] * 3, error=error, ax=ax)
    expected = means["mean_AU06"].iloc[::2].sem() * factor
    assert errors_of(bar_groups(ax)[0])[0] == pytest.approx(expected)


def test_bars_need_aus_that_are_there():
    with pytest.raises(InputError, match="no AU99"):
        stats.draw_au_bars(clips(), aus=["AU99"])
    with pytest.raises(InputError, match="no AU columns"):
        stats.draw_au_bars(clips()[["input", "frame"]])
    with pytest.raises(InputError, match="'sem', 'sd' or 'ci'"):
        stats.draw_au_bars(clips(), error="range")


def test_significant_coefficients_are_starred():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(50)
    table = pd.DataFrame({"x": x, "AU01": rng.random(50), "AU12": x + rng.random(50)})
    found = stats.regress(table, X="x", y=["AU01", "AU12"])
    ax = stats.draw_betas(found)
    assert [b.get_height() for b in ax.patches] == pytest.approx(found.b.loc["x"])
    (star,) = [t for t in ax.texts if t.get_text() == "*"]
    assert star.xy[0] == 1
    first, second = (bar.get_facecolor() for bar in ax.patches)
    assert first != second
    with pytest.raises(InputError, match="there are x, intercept"):
        stats.draw_betas(found, "sessions")


def test_accuracies_are_means_of_folds_with_chance():
    table = clips().update_sessions(clips()["input"]).extract_mean()
    labels = np.array(["bad", "good"] * 3)
    decoded = stats.decode(
        table, "mean_AU12", labels, cv_kwargs={"cv": 3}, permutations=19
    )
    ax = stats.draw_decoding({"one": decoded, "other, too": [0.5, 1.0, 0.75]})
    assert [b.get_height() for b in ax.patches] == pytest.approx([100, 75])
    words = [text.get_text() for text in ax.texts]
    assert f"p = {decoded.p:.2g}" in words and " chance" in words
    chance = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert chance[0].get_ydata()[0] == 50
    with pytest.raises(InputError, match="no results"):
        stats.draw_decoding({})


def test_a_series_is_open_where_frames_are_missing(ax):
    table = two_faces().query("not (face_id == 1 and 10 <= frame < 20)")
    table.loc[table.index[5], "AU12"] = np.nan
    stats.draw_au_series(table, "AU12", ax=ax)
    whole, broken = ax.lines
    assert np.isnan(whole.get_ydata()).sum() == 1
    gap = np.flatnonzero(np.isnan(broken.get_ydata()))
    assert broken.get_xdata()[gap[0] - 1] == pytest.approx(0.9)
    assert broken.get_xdata()[gap[0] + 1] == pytest.approx(2.0)
    assert ax.get_xlabel() == "time (s)"


def test_seconds_come_from_the_frame_rate_if_need_be(ax):
    table = two_faces().drop(columns="time")
    stats.draw_au_series(table, "AU12", ax=ax)
    assert ax.get_xlabel() == "frame"
    table.attrs["fps"] = 10.0
    stats.draw_au_series(table, "AU12", ax=ax)
    assert ax.get_xlabel() == "time (s)"
    assert ax.lines[-1].get_xdata()[-1] == pytest.approx(2.9)


def test_two_clips_are_not_one_line():
    table = pd.concat([two_faces().assign(input=n) for n in "ab"])
    with pytest.raises(InputError, match="come twice"):
        stats.draw_au_series(table, "AU12")
    with pytest.raises(InputError, match="no column AU99"):
        stats.draw_au_series(table, "AU99")


def test_like_series_stand_side_by_side_with_their_colours():
    rng = np.random.default_rng(0)
    one, two = rng.standard_normal((2, 100))
    wide = pd.DataFrame({f"{n}": (one, two)[n % 2] for n in range(6)})
    matrix = (wide + 0.3 * rng.standard_normal(wide.shape)).corr()
    ax = stats.draw_isc(matrix, {str(n): "ab"[n % 2] for n in range(6)})
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    parity = [int(name) % 2 for name in names]
    assert parity in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    shown = ax.images[0].get_array()
    np.testing.assert_allclose(shown, matrix.loc[names, names])
    colours = {tick.get_color() for tick in ax.get_yticklabels()[:3]}
    assert len(colours) == 1
    plain = stats.draw_isc(matrix, cluster=False)
    assert [t.get_text() for t in plain.get_yticklabels()] == list(matrix)
    with pytest.raises(ShapeError):
        stats.draw_isc(matrix.iloc[:3])


def test_a_matrix_with_gaps_is_drawn():
    matrix = pd.DataFrame(np.eye(4)).replace(0, np.nan)
    ax = stats.draw_isc(matrix)
    assert np.ma.count_masked(ax.images[0].get_array()) == 12
    ax.figure.canvas.draw()


def test_correlations_of_an_au_between_faces_are_written_in():
    table = two_faces()
    ax = stats.draw_au_correlation(table, "AU12")
    wide = table.pivot(index="frame", columns="face_id", values="AU12")
    r = wide.corr().iloc[0, 1]
    assert [t.get_text() for t in ax.texts] == ["1.00", f"{r:.2f}", f"{r:.2f}", "1.00"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["face 0", "face 1"]


def test_faces_are_where_they_are_in_the_picture(ax):
    stats.draw_face_locations(two_faces(), size=(640, 480), ax=ax)
    middles = [line for line in ax.lines if line.get_markersize() > 7]
    assert [float(m.get_xdata()[0]) for m in middles] == [140, 540]
    assert [float(m.get_ydata()[0]) for m in middles] == [100, 100]
    assert ax.get_ylim() == (480, 0)  # down, as in the picture
    assert stats.draw_face_locations(
        two_faces().assign(FrameWidth=800, FrameHeight=600)
    ).get_xlim() == (0, 800)


def test_landmarks_stand_in_for_face_boxes(ax):
    points = {f"x_{i}": 10.0 + i for i in range(68)}
    points |= {f"y_{i}": 20.0 + i for i in range(68)}
    table = pd.DataFrame(points, index=range(5)).assign(face_id=3)
    stats.draw_face_locations(table, ax=ax)
    middle = ax.lines[-1]
    assert (middle.get_xdata()[0], middle.get_ydata()[0]) == (43.5, 53.5)
    with pytest.raises(InputError, match="neither face boxes nor landmarks"):
        stats.draw_face_locations(table[["face_id"]])


def test_gaze_is_drawn_as_seen_in_the_picture(ax):
    stats.draw_gaze(two_faces(), ax=ax)
    middles = [line for line in ax.lines if line.get_markersize() > 7]
    # The subject's right is the picture's left.
    assert [float(m.get_xdata()[0]) for m in middles] == pytest.approx([10, -20])
    assert [float(m.get_ydata()[0]) for m in middles] == pytest.approx([5, 5])
    with pytest.raises(InputError, match="no column gaze_pitch"):
        stats.draw_gaze(two_faces().drop(columns="gaze_pitch"))


def test_openfaces_gaze_vectors_point_the_same_way(ax):
    # Its axes: x to the right in the picture, y down, z away from the camera.
    eye = {"x": np.sin(0.2), "y": -0.1, "z": -np.cos(0.2)}
    columns = {f"gaze_{e}_{axis}": eye[axis] for e in "01" for axis in "xyz"}
    table = pd.DataFrame(columns, index=range(4)).assign(face_id=0, success=1)
    stats.draw_gaze(table, ax=ax)
    middle = ax.lines[1]
    assert middle.get_xdata()[0] == pytest.approx(np.degrees(0.2))
    assert middle.get_ydata()[0] > 0


def test_windows_of_isc_show_what_is_beyond_chance():
    index = pd.Index([0.5, 1.0, 1.5], name="time")
    windows = pd.DataFrame(
        {"isc": [0.1, 0.6, np.nan], "p": [0.5, 0.01, np.nan], "band": 0.3}, index
    )
    ax = stats.draw_isc_windows(windows)
    assert ax.get_xlabel() == "time (s)"
    marked = ax.lines[-1].get_ydata()
    assert np.isfinite(marked).tolist() == [False, True, False]
