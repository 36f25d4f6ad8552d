"""Emotions as jobs: scores of a table, models of emotions, samples toward one."""

import functools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from genface.behavior import BehaviorModel, EmotionCodec, steer
from genface.errors import InputError
from genface.facs import AU_NAMES, EMOTIONS, EmotionSpace, prototype_table
from genface.fex import Fex
from genface.pipelines import (
    fit_behavior,
    render_clip,
    sample_behavior,
    score_emotions,
)
from genface.pipelines.score_emotions import _of_face, _peaks
from genface.table import read_table, write_table
from genface.video import read_frames

NAMES = [name for name in EMOTIONS if name != "Neutral"]
UNSEEN = ["AU04", "AU09", "AU17"]
FAST = dict(states=(2,), restarts=1, family="gaussian")
OWN = """
name = "mine"
[[emotions]]
name = "Contempt"
prototypes = ["R12+R14"]
[[emotions]]
name = "Joy"
prototypes = ["6+12"]
"""


CODEC = functools.cache(
    lambda: EmotionCodec.of(prototype_table("investigators_guide"), AU_NAMES)
)


def clip(n=120, seed=0, face_id=0, name="a.mp4", scale="intensity", rest=0.0):
    """A face that is happy and sad by turns."""
    rng = np.random.default_rng(seed)
    emotions = CODEC().emotions
    pair = [emotions.index("Happy"), emotions.index("Sad")]
    which = np.repeat(np.resize(pair, -(-n // 20)), 20)[:n]
    strength = np.clip(0.6 + 0.1 * rng.standard_normal(n), 0, 1)
    aus = CODEC().decode(np.eye(len(emotions))[which] * strength[:, None])
    table = pd.DataFrame(rest + (1 - rest) * aus, columns=list(AU_NAMES))
    table["input"], table["frame"], table["time"] = (
        name,
        np.arange(n),
        np.arange(n) / 25,
    )
    table["face_id"], table["status"] = float(face_id), "ok"
    table.attrs = {"au_scale": scale, "fps": 25.0}
    return table


def joined(*tables):
    whole = pd.concat(tables, ignore_index=True)
    whole.attrs = tables[0].attrs
    return whole


class TestScores:
    def test_the_scores_are_those_of_the_space(self, tmp_path):
        table = clip()
        table.loc[7, "AU12"] = np.nan
        result = score_emotions(table, tmp_path / "scores.csv")
        space = EmotionSpace.from_table("investigators_guide", AU_NAMES)
        aus = table[list(AU_NAMES)].to_numpy()
        read = read_table(tmp_path / "scores.csv")
        np.testing.assert_allclose(read[list(space.emotions)], space.score(aus))
        np.testing.assert_allclose(read["Intensity"], space.intensity(aus))
        assert read[NAMES].loc[7].isna().all()
        assert (read["frame"] == table["frame"]).all()
        assert result.paths == (tmp_path / "scores.csv",)
        assert "119 of 120 rows scored" in result.lines[-1]

    def test_a_folder_gets_figures_and_the_same_job_is_done_once(self, tmp_path):
        table = joined(clip(40), clip(40, face_id=1), clip(30, name="b.mp4"))
        result = score_emotions(table, tmp_path / "out", face="all")
        expected = "coverage peaks_0_face0 peaks_0_face1 peaks_1 trajectories_0_face0 "
        expected += "trajectories_0_face1 trajectories_1"
        pictures = sorted((tmp_path / "out").glob("*.png"))
        assert [p.stem for p in pictures] == expected.split()
        assert set(result.paths) == {*pictures, tmp_path / "out" / "emotions.csv"}
        assert all(p.stat().st_size > 5000 for p in pictures)
        again = score_emotions(table, tmp_path / "out", face="all")
        assert "up to date" in again.lines[0]
        with pytest.raises(InputError, match="--force"):
            score_emotions(table, tmp_path / "out", variants=True)

    def test_aus_that_are_not_there_are_told_of(self, tmp_path):
        table = clip()
        table[UNSEEN] = np.nan
        result = score_emotions(table.drop(columns="AU20"), tmp_path / "s.parquet")
        told = "\n".join(result.lines)
        assert "Sad: 3 of 3 prototypes, judged without AU04" in told
        assert "Happy: every AU of the prototypes is there" in told
        few = clip()[["AU06", "AU12", "frame", "time"]]
        result = score_emotions(few, tmp_path / "few.csv")
        assert any(line.startswith("emotions: Fear: left out") for line in result.lines)
        assert result.table["Fear"].isna().all()
        assert result.table["Happy"].notna().all()

    def test_each_person_has_a_rest_of_their_own(self, tmp_path):
        calm, tense = clip(), clip(face_id=1, rest=0.4)
        both = joined(calm, tense)
        result = score_emotions(both, tmp_path / "c.csv", calibrate=True)
        one, other = (result.table[result.table["face_id"] == i] for i in (0, 1))
        raw = score_emotions(both, tmp_path / "r.csv").table
        for name in ("Happy", "Sad"):
            apart = np.abs(one[name].to_numpy() - other[name].to_numpy())
            assert apart.max() < 0.15
        still, tense = (raw[raw["face_id"] == i]["Intensity"] for i in (0, 1))
        assert tense.min() > still.min() + 0.15
        both.attrs["au_scale"] = "presence"
        told = score_emotions(both, tmp_path / "p.csv")
        assert any("calibrated for each person" in line for line in told.lines)
        pd.testing.assert_frame_equal(told.table, result.table, check_exact=False)

    def test_one_frame_has_no_rest_to_be_told_from(self, tmp_path):
        one = clip(1, scale="presence")
        told = score_emotions(one, tmp_path / "one.csv")
        assert any("no AU leaves its rest" in line for line in told.lines)
        raw = score_emotions(one, tmp_path / "raw.csv", calibrate=False)
        assert raw.table["Happy"][0] > 0.5
        assert not any("leaves its rest" in line for line in raw.lines)

    @pytest.mark.parametrize("name", ["Intensity", "time"])
    def test_an_emotion_does_not_take_anothers_column(self, tmp_path, name):
        (tmp_path / "own.toml").write_text(OWN.replace("Joy", name))
        with pytest.raises(InputError, match=f"{name} is another column"):
            score_emotions(
                clip(), tmp_path / "s.csv", emotion_table=tmp_path / "own.toml"
            )

    def test_a_table_of_ones_own(self, tmp_path):
        (tmp_path / "own.toml").write_text(OWN)
        table = score_emotions(
            clip(), tmp_path / "s.csv", emotion_table=tmp_path / "own.toml"
        ).table
        assert table["Contempt"].isna().all() and table["Happy"].max() > 0.9

    def test_what_cannot_be_scored_is_named(self, tmp_path):
        out = tmp_path / "x.csv"
        with pytest.raises(InputError, match="no emotion table 'moods'.*emfacs"):
            score_emotions(clip(), out, emotion_table="moods")
        with pytest.raises(InputError, match="no AU column"):
            score_emotions(clip()[["frame", "time"]], out)
        with pytest.raises(InputError, match="AU43: no emotion.*give faces with"):
            score_emotions(clip()[["frame", "AU43"]], out)
        empty = clip().assign(**dict.fromkeys(AU_NAMES, np.nan))
        with pytest.raises(InputError, match="no AU has a value"):
            score_emotions(empty, out)
        with pytest.raises(InputError, match="no face 7"):
            score_emotions(clip(), tmp_path / "x", face=7)
        assert not out.exists() and not (tmp_path / "x").exists()


def test_the_frame_of_an_emotion_is_the_one_where_it_leads():
    strengths = np.array(
        [[0.9, 0.95, 0.5, np.nan], [0.7, 0.1, 0.6, np.nan], [0.0, 0.6, 0.1, np.nan]]
    )
    assert _peaks(strengths) == [(1, True), (2, True), (1, False), (0, False)]
    assert _peaks(strengths[:, :1]) == [(0, True)]


def test_the_figure_says_what_each_frame_is():
    table = pd.DataFrame(
        [[0.9, 0.95, 0.5], [0.7, 0.1, 0.6]], columns=["Happy", "Sad", "Fear"]
    ).assign(Intensity=1.0, time=[0.0, 0.5], frame=[0, 1])
    codec = SimpleNamespace(space=SimpleNamespace(emotions=("Happy", "Sad", "Fear")))
    figures = dict(_of_face(Fex(table), codec, ""))
    titles = [ax.get_title() for ax in figures["peaks"].axes if ax.patches]
    assert titles == [
        "Happy\nleads most at 0.50 s",
        "Sad\nleads most at 0.00 s",
        "Fear\nnever leads; top at 0.50 s",
    ]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A table without three AUs, and a model of its emotions."""
    folder = tmp_path_factory.mktemp("chain")
    table = clip()
    table[UNSEEN] = np.nan
    write_table(table, folder / "faces.csv")
    found = fit_behavior(
        folder / "faces.csv", folder / "model", features="emotions", **FAST
    )
    return folder, found


class TestModels:
    def test_the_second_chain_ends_in_a_moving_face(self, fitted):
        folder, found = fitted
        sampled = sample_behavior(
            found.path,
            folder / "more.csv",
            seconds=1,
            continue_from=folder / "faces.csv",
        )
        table = read_table(folder / "more.csv")
        assert list(table.columns[:20]) == list(AU_NAMES)
        assert table[UNSEEN].isna().all(axis=None)
        seen = table[[n for n in AU_NAMES if n not in UNSEEN]].to_numpy()
        assert np.isfinite(seen).all() and seen.max() > 0.2
        assert "a continuation" in sampled.lines[-1]
        render_clip(folder / "more.csv", folder / "face.mp4", size=(64, 64))
        frames = [np.asarray(f.rgb, float) for f in read_frames(folder / "face.mp4")]
        assert len(frames) == 25
        assert max(np.abs(f - frames[0]).max() for f in frames) > 30  # it moves

    def test_the_model_is_of_emotions(self, fitted):
        _, found = fitted
        model = BehaviorModel.load(found.path)
        assert set(model.features) == set(NAMES)
        assert model.columns == tuple(n for n in AU_NAMES if n not in UNSEEN)
        assert model.facts["unseen_aus"] == UNSEEN
        assert any("6 emotions of investigators_guide" in x for x in found.lines)
        assert any("Sad: " in x and "AU04" in x for x in found.lines)
        happy = model.columns.index("AU12")
        assert np.ptp(model.state_means[:, happy]) > 0.2  # by turns

    def test_emotions_that_never_can_be_seen_are_left_out_by_name(self, tmp_path):
        few = clip()[["AU06", "AU12", "AU01", "AU15", "AU11", "frame", "time"]]
        found = fit_behavior(few, tmp_path / "m", features="emotions", **FAST)
        assert "Happy" in found.model.features and "Fear" not in found.model.features
        assert any("Fear: left out" in line for line in found.lines)
        codec = found.model.codec
        assert codec.encode(found.model.sample(9, 0)).shape == (9, len(codec.emotions))

    @pytest.mark.slow
    def test_presence_is_read_from_each_persons_rest(self, tmp_path):
        tables = [
            clip(seed=i, scale="presence", rest=r) for i, r in ((1, 0.1), (2, 0.4))
        ]
        found = fit_behavior(tables, tmp_path / "m", features="emotions", **FAST)
        assert any("calibrated for each person" in line for line in found.lines)
        high = clip(60, seed=3, scale="presence", rest=0.4)
        table = sample_behavior(
            found.path, tmp_path / "s.csv", seconds=2, continue_from=high
        ).table
        # AUs that were still stay at the rest of the person who is continued.
        np.testing.assert_allclose(table["AU10"], 0.4, atol=1e-6)
        partly = high.assign(AU15=np.nan)
        table = sample_behavior(
            found.path, tmp_path / "p.csv", seconds=2, continue_from=partly
        ).table
        assert table[list(AU_NAMES)].notna().all(axis=None)

    def test_the_notebooks_recipe_on_emotions(self, tmp_path):
        table, rng = clip(80), np.random.default_rng(0)
        table[list(AU_NAMES)] = rng.random((80, 20)) * (rng.random((80, 20)) < 0.5)
        found = fit_behavior(
            table, tmp_path / "m", features="emotions", recipe="seed004", **FAST
        )
        assert found.model.family == "poisson"
        drawn = found.model.sample(50, 0)
        assert drawn.shape == (50, 20) and 0.2 < drawn.max() <= 1

    def test_another_table_is_another_job(self, fitted, tmp_path):
        folder, found = fitted
        same = fit_behavior(
            folder / "faces.csv", found.path, features="emotions", **FAST
        )
        assert "up to date" in same.lines[0]
        with pytest.raises(InputError, match="another job"):
            fit_behavior(
                folder / "faces.csv", found.path, features="emotions",
                emotion_table="emfacs", **FAST,
            )  # fmt: skip
        with pytest.raises(InputError, match="--features emotions"):
            fit_behavior(clip(), tmp_path / "m", emotion_table="emfacs", **FAST)
        with pytest.raises(InputError, match="features are aus or emotions"):
            fit_behavior(clip(), tmp_path / "m", features="moods", **FAST)
        with pytest.raises(InputError, match="no emotion.*can be told"):
            alone = clip()[["AU43", "frame", "time"]].assign(AU43=clip()["AU12"])
            fit_behavior(alone, tmp_path / "m", features="emotions", **FAST)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    return folder, fit_behavior(clip(), folder / "model", **FAST)


class TestSamples:
    def test_they_lean_toward_an_emotion(self, plain, tmp_path):
        _, found = plain
        means = []
        for strength in (0, 1, 4):
            words = dict(seconds=8, toward="happiness", strength=strength)
            out = tmp_path / f"{strength}.csv"
            result = sample_behavior(found.path, out, **words)
            space = EmotionSpace.from_table("investigators_guide", AU_NAMES)
            scores = space.score(result.table[list(AU_NAMES)].to_numpy())
            means.append(scores[:, space.emotions.index("Happy")].mean())
            assert f"toward happiness with strength {strength}" in result.lines[-1]
            assert result.table[list(AU_NAMES)].max(axis=None) <= 1
        assert means[0] < means[1] < means[2]
        aus = sample_behavior(found.path, tmp_path / "p.csv", seconds=8).table
        same = read_table(tmp_path / "0.csv")[list(AU_NAMES)].to_numpy()
        np.testing.assert_array_equal(aus[list(AU_NAMES)].to_numpy(), same)

    def test_they_are_the_steered_models(self, plain, tmp_path):
        _, found = plain
        words = dict(seconds=2, toward="Happy", seed=5)
        table = sample_behavior(found.path, tmp_path / "s.csv", **words).table
        expected = steer(found.model, "Happy", 1).sample(50, 5)
        np.testing.assert_allclose(table[list(found.model.columns)], expected)

    def test_varied_expressions_differ_between_samples(self, fitted, tmp_path):
        _, found = fitted
        table = sample_behavior(
            found.path, tmp_path / "v.csv", seconds=4, n=3, vary=True
        ).table
        typical = sample_behavior(found.path, tmp_path / "t.csv", seconds=4, n=3).table
        names = list(found.model.columns)
        shown = [frozenset(np.flatnonzero(part[names].max() > 0.1))
                 for _, part in table.groupby("face_id")]  # fmt: skip
        assert len(set(shown)) > 1
        assert not np.allclose(table[names], typical[names])

    def test_what_cannot_be_asked_is_named(self, plain, fitted, tmp_path):
        out = tmp_path / "s.csv"
        folder, _ = plain
        for words, message in (
            (dict(toward="Boredom"), "Boredom: .*choose from Happy"),
            (dict(toward="Happy", strength=-1), "strength is a number from 0 up"),
            (dict(toward="Happy", strength=np.nan), "strength is a number from 0 up"),
            (dict(strength=2), "name it with --toward"),
            (dict(vary=True), "fit --features emotions"),
        ):
            with pytest.raises(InputError, match=message):
                sample_behavior(folder / "model", out, seconds=1, **words)
        assert not out.exists()
