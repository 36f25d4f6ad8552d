"""Fit, sample and compare as jobs: tables in, folders and tables out."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genface.behavior import BehaviorModel
from genface.errors import FitError, InputError
from genface.facs import AU_NAMES, EMOTIONS
from genface.pipelines import outputs
from genface.pipelines.au_tracks import (
    common_columns,
    notes_of,
    read_tracks,
    same_behavior,
)
from genface.pipelines.compare_sets import compare_sets
from genface.pipelines.fit_behavior import fit_behavior
from genface.pipelines.sample_behavior import sample_behavior
from genface.table import read_table, write_table

UNSEEN = ("AU04", "AU09", "AU17")
FAST = dict(states=(2, 3), restarts=1)


def face_table(n=150, seed=0, face_id=0, scale="intensity", fps=25.0):
    rng = np.random.default_rng(seed)
    centres = rng.beta(1, 3, (2, 20))
    states = np.repeat(rng.integers(0, 2, -(-n // 15)), 15)[:n]
    aus = np.clip(centres[states] + 0.03 * rng.standard_normal((n, 20)), 0, 1)
    table = pd.DataFrame(aus, columns=list(AU_NAMES))
    table[list(UNSEEN)] = np.nan
    table["input"] = "clip.mp4"
    table["frame"] = np.arange(n)
    table["time"] = np.arange(n) / fps
    table["face_id"] = float(face_id)
    table["status"] = "ok"
    table.attrs = {"au_scale": scale, "fps": fps, "unseen_aus": list(UNSEEN)}
    return table


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A table, its model and a continuation, as files."""
    folder = tmp_path_factory.mktemp("job")
    write_table(face_table(), folder / "faces.csv")
    fitted = fit_behavior(folder / "faces.csv", folder / "model", **FAST)
    sampled = sample_behavior(
        fitted.path,
        folder / "synthetic.csv",
        seconds=4,
        continue_from=folder / "faces.csv",
    )
    return folder, fitted, sampled


def test_unseen_aus_are_left_out_and_said(made):
    _, fitted, _ = made
    assert fitted.model.columns == tuple(n for n in AU_NAMES if n not in UNSEEN)
    assert any("AU04, AU09, AU17" in line for line in fitted.lines)
    assert fitted.model.facts["unseen_aus"] == list(UNSEEN)
    assert fitted.model.fps == 25.0 and fitted.model.au_scale == "intensity"


def test_the_model_folder_is_what_was_returned(made):
    folder, fitted, _ = made
    again = BehaviorModel.load(folder / "model")
    np.testing.assert_array_equal(again.sample(9, 1), fitted.model.sample(9, 1))
    stops = {run["stop"] for run in again.runs}
    assert stops <= {"tol", "cap", "decrease"}


def test_synthetic_tables_have_the_columns_of_the_convention(made):
    folder, _, sampled = made
    table = read_table(folder / "synthetic.csv")
    expected = [*AU_NAMES, *EMOTIONS, "frame", "time", "face_id"]
    assert list(table.columns) == expected
    assert len(table) == 100
    assert table[list(UNSEEN)].isna().all().all()
    seen = table[[n for n in AU_NAMES if n not in UNSEEN]].to_numpy()
    assert seen.min() >= 0 and seen.max() <= 1
    assert table.attrs["au_scale"] == "intensity" and table.attrs["fps"] == 25.0
    np.testing.assert_allclose(np.diff(table["time"]), 0.04)
    total = table[list(EMOTIONS)].sum(axis=1)
    np.testing.assert_allclose(total, 1.0, atol=1e-6)
    assert "a continuation" in sampled.lines[-1]


def test_the_continuation_is_the_models_own(made):
    folder, fitted, _ = made
    model = fitted.model
    history = face_table()[list(model.columns)].to_numpy()
    expected = model.sample(100, 0, history)
    table = read_table(folder / "synthetic.csv")
    np.testing.assert_allclose(table[list(model.columns)].to_numpy(), expected)


def test_a_continuation_starts_a_clock_of_its_own_and_is_not_time_locked(made):
    folder, _, _ = made
    table = read_table(folder / "synthetic.csv")
    assert table.attrs["settings"]["continued"] and table.attrs["synthetic"]
    assert table["time"].iloc[0] == 0 and "time_locked" not in table.attrs


def test_the_same_job_is_up_to_date_and_another_needs_force(made, tmp_path):
    folder, _, _ = made
    source = folder / "faces.csv"
    again = fit_behavior(source, folder / "model", **FAST)
    assert "up to date" in again.lines[0]
    with pytest.raises(InputError, match="--force"):
        fit_behavior(source, folder / "model", states=(2,), restarts=1)
    first = fit_behavior(source, tmp_path / "m", states=(2,), restarts=1)
    assert first.model.n_states == 2
    second = fit_behavior(source, tmp_path / "m", states=(3,), restarts=1, force=True)
    assert second.model.n_states == 3
    assert BehaviorModel.load(tmp_path / "m").n_states == 3


def test_a_model_counts_as_what_it_is_saved_as(made, tmp_path):
    folder, fitted, _ = made
    assert outputs.digest(fitted.model) == outputs.digest(fitted.path)
    write_table(face_table(80, seed=4), tmp_path / "real.csv")
    words = tmp_path / "real.csv", folder / "synthetic.csv", tmp_path / "card"
    compare_sets(*words, model=fitted.model)
    again = compare_sets(*words, model=BehaviorModel.load(fitted.path))
    assert again.card is None  # the very same model
    other = fit_behavior(face_table(seed=9), tmp_path / "m", states=(2,), restarts=1)
    with pytest.raises(InputError, match="another job"):
        compare_sets(*words, model=other.model)


def test_another_scale_in_the_sidecar_is_another_job(made, tmp_path):
    path = tmp_path / "faces.csv"
    write_table(face_table(), path)
    fit_behavior(path, tmp_path / "m", states=(2,), restarts=1)
    write_table(face_table(scale="presence"), path)
    with pytest.raises(InputError, match="another job"):
        fit_behavior(path, tmp_path / "m", states=(2,), restarts=1)


def test_a_number_or_a_word_is_the_same_face(tmp_path):
    table = face_table()
    fit_behavior(table, tmp_path / "m", states=(2,), restarts=1, face="0")
    again = fit_behavior(table, tmp_path / "m", states=(2,), restarts=1, face=0)
    assert "up to date" in again.lines[0]


def test_several_samples_differ_and_are_told_apart(made, tmp_path):
    _, fitted, _ = made
    out = tmp_path / "many.csv"
    table = sample_behavior(fitted.path, out, seconds=1, n=3, seed=5).table
    assert table["face_id"].tolist() == [0] * 25 + [1] * 25 + [2] * 25
    parts = [rows["AU12"].to_numpy() for _, rows in table.groupby("face_id")]
    assert not np.allclose(parts[0], parts[1])
    assert len(read_tracks(out, "all")) == 3


def test_comparing_writes_card_and_page(made, tmp_path):
    folder, fitted, _ = made
    result = compare_sets(
        folder / "faces.csv", folder / "synthetic.csv", tmp_path, model=fitted.path
    )
    card_path, page = result.paths
    card = json.loads(card_path.read_text())
    assert {"wasserstein", "dwell"} <= {row["key"] for row in card["rows"]}
    assert "AU04" not in card["columns"] and card["fps"] == 25.0
    assert page.name == "report.html"
    assert result.card.row("mean").value is not None
    again = compare_sets(
        folder / "faces.csv", folder / "synthetic.csv", tmp_path, model=fitted.path
    )
    assert again.card is None and "up to date" in again.lines[0]


def test_a_face_that_is_away_is_a_hole_and_the_longest_is_followed():
    long, short = face_table(), face_table(40, seed=1, face_id=1)
    table = pd.concat([long.drop(index=range(60, 70)), short], ignore_index=True)
    table.attrs = long.attrs
    absent = pd.DataFrame({"frame": range(60, 70), "input": "clip.mp4"})
    absent["time"] = absent["frame"] / 25
    absent["status"] = "no_face"
    table = pd.concat([table, absent], ignore_index=True)
    table.attrs = long.attrs
    (track,) = read_tracks(table)
    assert track.face_id == 0 and track.values.shape == (150, 20)
    missing = np.isnan(track.values[:, 0])
    assert np.flatnonzero(missing).tolist() == list(range(60, 70))
    assert [t.face_id for t in read_tracks(table, "all")] == [0, 1]
    assert len(read_tracks(table, "1")[0].values) == 40
    with pytest.raises(InputError, match="no face 7"):
        read_tracks(table, 7)
    with pytest.raises(InputError, match="expected longest"):
        read_tracks(table, "tallest")


def test_holes_cut_the_training_sequence(tmp_path):
    table = face_table()
    table.loc[50:59, list(AU_NAMES)] = np.nan
    result = fit_behavior([table], tmp_path / "m", **FAST)
    assert any("10 of 150 frames" in line for line in result.lines)


def test_an_au_that_is_often_missing_is_left_out_by_name(tmp_path):
    table = face_table()
    table.loc[:79, "AU12"] = np.nan
    table.loc[80:, "AU25"] = np.nan  # no row is complete
    table.loc[10:19, "AU01"] = np.nan
    result = fit_behavior([table], tmp_path / "m", **FAST)
    assert not {"AU12", "AU25"} & set(result.model.columns)
    text = " ".join(result.lines)
    assert "missing in too many frames: AU12 (53%), AU25 (47%)" in text
    assert "10 of 150 frames lack a value of AU01 (10)" in text


def test_a_face_that_does_not_vary_is_said_once(tmp_path):
    still = face_table()
    still[[n for n in AU_NAMES if n not in UNSEEN]] = 0.5
    for table, what in ((still, "150 frames alike"), (face_table(1), "one frame")):
        with pytest.raises(FitError, match="does not vary") as caught:
            fit_behavior([table], tmp_path / "m")
        assert what in str(caught.value) and len(str(caught.value)) < 150


def test_a_folder_that_is_no_model_is_refused_before_fitting(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("precious")
    fitted = []
    with pytest.raises(InputError, match="not a model folder"):
        fit_behavior(
            face_table(),
            tmp_path / "photos",
            force=True,
            progress=lambda *a: fitted.append(a),
        )
    assert not fitted


def test_an_input_without_the_face_is_left_out_and_said(made, tmp_path):
    folder, fitted, _ = made
    wall = face_table(20)
    wall[[*AU_NAMES, "face_id"]] = np.nan
    wall["input"], wall["status"] = "wall.mp4", "no_face"
    both = pd.concat([wall, face_table()], ignore_index=True)
    both.attrs = face_table().attrs
    (track,) = read_tracks(both)
    assert "wall.mp4" in track.notes[0] and "no face was found" in track.notes[0]
    result = fit_behavior([wall, face_table()], tmp_path / "m", **FAST)
    assert any("left out" in line and "no face" in line for line in result.lines)
    card = compare_sets([both], folder / "synthetic.csv", tmp_path / "c")
    assert any("wall.mp4" in line for line in card.lines)
    two = [face_table(), face_table(face_id=1)]
    (track,) = read_tracks(two, "1")
    assert "no face 1 in it; it has [0]" in track.notes[0]
    with pytest.raises(InputError, match="no face was found"):
        read_tracks([wall])


@pytest.mark.slow
def test_all_that_is_left_out_of_a_comparison_is_said(tmp_path):
    real, fake = face_table(seed=1), face_table(seed=2).drop(columns="AU10")
    real["AU12"] = 0.5
    lines = compare_sets(real, fake, tmp_path).lines
    assert sum("Left out" in line for line in lines) == 3
    text = " ".join(lines)
    assert "AU10" in text and "AU04" in text and "constant" in text


@pytest.mark.slow
def test_one_sided_models_fill_the_bilateral_columns(tmp_path):
    table = face_table()
    for name in ("AU06", "AU12"):
        table[f"{name}_L"], table[f"{name}_R"] = table[name], 0.5 * table[name]
    table["AU25_L"] = table["AU25"]
    table = table.drop(columns=["AU06", "AU12", "AU25"])
    model = fit_behavior(table, tmp_path / "m", states=(2,), restarts=1).model
    made = sample_behavior(model, tmp_path / "s.csv", seconds=2).table
    np.testing.assert_allclose(
        made["AU12"], (made["AU12_L"] + made["AU12_R"]) / 2, atol=1e-12
    )
    assert made.attrs["unseen_aus"] == ["AU04", "AU09", "AU17", "AU25"]
    assert made["AU25"].isna().all() and made["Happy"].notna().all()


@pytest.mark.parametrize("asked", [{"seconds": 1e9}, {"seconds": 100, "n": 10**6}])
def test_more_frames_than_there_is_memory_for_are_refused(made, tmp_path, asked):
    _, fitted, _ = made
    with pytest.raises(InputError, match="frames; expected 2,000,000 or fewer"):
        sample_behavior(fitted.path, tmp_path / "s.csv", **asked)


def test_a_single_frame_is_continued_at_any_rate(made, tmp_path):
    _, fitted, _ = made
    still = face_table(n=1).drop(columns="time")
    still.attrs["fps"] = None
    out = tmp_path / "s.csv"
    made = sample_behavior(fitted.path, out, seconds=1, continue_from=still)
    assert len(made.table) == 25


def test_the_same_table_twice_is_refused(made, tmp_path):
    folder, _, _ = made
    write_table(face_table(), tmp_path / "copy.parquet")
    tables = [folder / "faces.csv", tmp_path / "copy.parquet"]
    with pytest.raises(InputError, match=r"copy\.parquet holds the same values as"):
        fit_behavior(tables, tmp_path / "m", **FAST)


def test_overlapping_pieces_of_one_recording_are_refused():
    """Also with other values: of other settings, or of another detector."""
    tables = [face_table(seed=k) for k in range(4)]
    for table, begin, digest in zip(tables, (0, 3, 6, 0), "aaab", strict=True):
        table["time"] += begin
        table.attrs["source_sha256"] = {"clip.mp4": digest}
    first, overlapping, next_, another = read_tracks(tables)
    assert same_behavior([first, next_, another]) is None
    assert "same recording and seconds" in same_behavior([first, overlapping])
    assert same_behavior([first, replace(overlapping, face_id=1)]) is None


def test_a_table_compared_with_itself_is_said(made, tmp_path):
    folder, _, _ = made
    lines = compare_sets(folder / "faces.csv", folder / "faces.csv", tmp_path).lines
    assert any("The same values on both sides" in line for line in lines)


def test_what_is_noted_of_many_tables_is_said_once():
    bare = [face_table(seed=k)[list(AU_NAMES)] for k in range(5)]
    for table in bare:
        table.attrs = {}
    bare[0].attrs = {"fps": 30.0}
    scale, rate = notes_of(read_tracks(bare))
    assert scale == "5 of 5 faces: no AU scale is told, presence assumed"
    assert rate == "4 of 5 faces: no frame rate is told, 30 a second assumed"


def test_frame_numbers_tell_how_many_rows_a_second():
    table = face_table().drop(columns="time").assign(frame=2 * np.arange(150))
    table.attrs = {"fps": 30.0}
    (track,) = read_tracks(table)
    assert track.fps == pytest.approx(15.0)
    assert not any("uneven" in note for note in track.notes)


def test_results_are_short_to_read(made):
    _, fitted, sampled = made
    for result in (fitted, sampled):
        assert len(repr(result)) < 100 + len(repr((result.path, result.lines)))


def test_openface_names_are_the_same_aus():
    table = face_table()[["AU06", "AU12", "frame", "time"]]
    table = table.rename(columns={"AU06": "AU06_r", "AU12": "AU12_r"})
    table["AU45_c"] = 1
    table.attrs = {}
    (track,) = read_tracks(table)
    assert track.columns == ("AU06", "AU12") and track.au_scale == "intensity"
    np.testing.assert_allclose(track.values[:, 1], face_table()["AU12"] / 5)


def test_uneven_steps_are_taken_as_even_with_a_note():
    table = face_table(200, fps=30.0)
    slow = np.arange(80) / 10
    table["time"] = np.concatenate([np.arange(120) / 30, 4.0 + slow])
    (track,) = read_tracks(table)
    assert track.fps == pytest.approx(30)
    assert any("uneven (up to 0.1 s)" in note for note in track.notes)
    jitter = face_table(200, fps=30.0)
    jitter["time"] = jitter["time"].round(3)
    assert read_tracks(jitter)[0].notes == ()


def test_tables_that_do_not_go_together_are_refused(tmp_path):
    with pytest.raises(InputError, match="fps"):
        fit_behavior([face_table(), face_table(fps=30.0)], tmp_path / "m", **FAST)
    with pytest.raises(InputError, match="au_scale"):
        fit_behavior(
            [face_table(), face_table(scale="presence")], tmp_path / "m", **FAST
        )
    assert not (tmp_path / "m").exists()
    narrow = face_table().drop(columns="AU12")
    _, notes = common_columns(read_tracks([face_table(), narrow]))
    assert notes == ["left out, not in every table: AU12"]


def test_a_history_on_another_scale_or_rate_is_refused(made, tmp_path):
    _, fitted, _ = made
    for other, what in ((face_table(scale="presence"), "scale"),
                        (face_table(fps=10.0), "10 frames")):  # fmt: skip
        with pytest.raises(InputError, match=what):
            sample_behavior(
                fitted.path, tmp_path / "s.csv", seconds=1, continue_from=other
            )
    assert list(tmp_path.iterdir()) == []


def test_a_history_is_not_written_over(made, tmp_path):
    folder, fitted, _ = made
    path = Path(shutil.copy(folder / "faces.csv", tmp_path))
    with pytest.raises(InputError, match="is read for this"):
        sample_behavior(fitted.path, path, seconds=1, continue_from=path, force=True)
    assert path.read_bytes() == (folder / "faces.csv").read_bytes()


def test_tables_that_tell_little_are_read_with_a_note(tmp_path):
    bare = face_table()[list(AU_NAMES)]
    bare.attrs = {}
    (track,) = read_tracks(bare)
    assert (track.fps, track.au_scale) == (30.0, "presence")
    assert len(track.notes) == 2
    wild = face_table()
    wild.loc[3, "AU12"] = 1.4
    result = fit_behavior([wild], tmp_path / "m", **FAST)
    assert any("1 values outside 0-1" in line for line in result.lines)


def test_the_rate_is_that_of_the_frames_with_the_face():
    table = face_table(100, fps=30.0)
    table.loc[60:, list(AU_NAMES)] = np.nan
    table.loc[60:, "time"] = 2.0 + np.arange(40) / 10  # the camera slows down
    table.attrs["fps"] = 16.0  # the mean
    (track,) = read_tracks(table)
    assert len(track.values) == 60
    assert track.fps == pytest.approx(30.0)


def test_bad_input_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        fit_behavior(tmp_path / "none.csv", tmp_path / "m")
    empty = face_table()
    empty[list(AU_NAMES)] = np.nan
    with pytest.raises(InputError, match="no AU value"):
        fit_behavior([empty], tmp_path / "m")
    with pytest.raises(InputError, match="no AU column"):
        read_tracks(face_table()[["frame", "time", "face_id", "input"]])
    with pytest.raises(InputError, match="seconds > 0"):
        sample_behavior(tmp_path, tmp_path / "s.csv", seconds=0)
    for seconds in (np.inf, np.nan):
        with pytest.raises(InputError, match="seconds > 0"):
            sample_behavior(tmp_path, tmp_path / "s.csv", seconds=seconds)
    with pytest.raises(InputError, match="seed >= 0"):
        sample_behavior(tmp_path, tmp_path / "s.csv", seconds=1, seed=-1)
    with pytest.raises(InputError, match="no model.json"):
        sample_behavior(tmp_path, tmp_path / "s.csv", seconds=1)


def test_progress_ends_where_it_said(tmp_path):
    seen = []
    fit_behavior(
        [face_table()], tmp_path / "m", progress=lambda *a: seen.append(a), **FAST
    )
    n_fits = 2 * (1 + 5)  # two numbers of states: on all rows, and in five folds
    assert seen[0] == ("fit", 0, n_fits) and seen[-1] == ("fit", n_fits, n_fits)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_real_news_clips_can_be_fitted(shared, tmp_path):
    paths = sorted((shared / "data" / "news_sample").glob("0*.csv"))[:4]
    result = fit_behavior(paths, tmp_path / "m", states=(2, 3), restarts=1)
    assert result.model.family == "logistic"  # the default
    assert any("folds of whole clips" in line for line in result.lines)


def test_tables_that_do_not_go_together_are_named(tmp_path):
    slow, fast = tmp_path / "slow.csv", tmp_path / "fast.csv"
    write_table(face_table(60, fps=10.0), slow)
    write_table(face_table(60, seed=1), fast)
    with pytest.raises(InputError, match="slow.csv: 10, .*fast.csv: 25"):
        fit_behavior([fast, slow], tmp_path / "m", **FAST)
    words = face_table(60).astype({"AU12": object})
    words.loc[3, "AU12"] = "high"
    with pytest.raises(InputError, match="AU12: values that are no numbers"):
        read_tracks(words)
