"""Fit, sample and compare as jobs: tables in, folders and tables out."""

import json

import numpy as np
import pandas as pd
import pytest

from genface.behavior import BehaviorModel
from genface.errors import InputError
from genface.facs import AU_NAMES, EMOTIONS
from genface.pipelines.au_tracks import common_columns, read_tracks
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
    with pytest.raises(InputError, match="no model.json"):
        sample_behavior(tmp_path, tmp_path / "s.csv", seconds=1)


def test_progress_ends_where_it_said(tmp_path):
    seen = []
    fit_behavior(
        [face_table()], tmp_path / "m", progress=lambda *a: seen.append(a), **FAST
    )
    assert seen[0] == ("fit", 0, 4) and seen[-1] == ("fit", 4, 4)


def test_real_news_clips_can_be_fitted(shared, tmp_path):
    paths = sorted((shared / "data" / "news_sample").glob("0*.csv"))[:4]
    result = fit_behavior(paths, tmp_path / "m", states=(2, 3), restarts=1)
    assert result.model.family == "gaussian"  # as in the reference figures
    assert any("folds of whole clips" in line for line in result.lines)
