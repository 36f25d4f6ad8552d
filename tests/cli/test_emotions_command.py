"""Emotions on the command line: scores, models of emotions, samples toward one."""

import numpy as np
import pandas as pd
import pytest
from commands import done, refused

from genface.facs import AU_NAMES
from genface.table import read_table, write_table

QUICK = ("--states", "2", "--family", "gaussian", "--restarts", "1")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    aus = rng.random((60, 20)) * (rng.random((60, 20)) < 0.4)
    frame = pd.DataFrame(aus, columns=list(AU_NAMES))
    frame["frame"], frame["time"] = np.arange(60), np.arange(60) / 25
    frame["face_id"] = 0
    frame.attrs = {"fps": 25.0, "au_scale": "intensity"}
    return write_table(frame, tmp_path_factory.mktemp("faces") / "faces.csv")


def test_scores_as_a_table_and_as_a_folder(table, tmp_path):
    told = done(
        "emotions", table, "-o", tmp_path / "s.csv", "--emotion-table", "emfacs"
    )
    assert "Contempt: left out" in told and told.splitlines()[-1].endswith("s.csv")
    assert read_table(tmp_path / "s.csv")["Happy"].notna().all()
    told = done("emotions", table, "-o", tmp_path / "s", "--variants", "--calibrate")
    assert "calibrated for each person" in told
    assert (tmp_path / "s" / "trajectories.png").exists()


@pytest.mark.slow
def test_a_model_of_emotions_gives_aus_back(table, tmp_path):
    words = "--features", "emotions", *QUICK
    told = done("fit", table, "-o", tmp_path / "m", *words)
    assert "6 emotions of investigators_guide" in told
    assert "states of 6 emotions: Happy" in done("model", "show", tmp_path / "m")
    more = "--toward", "Happy", "--strength", "2", "--vary", "--continue", table
    told = done("sample", tmp_path / "m", "-o", tmp_path / "a.csv", *more)
    assert "a continuation, toward Happy with strength 2" in told
    assert read_table(tmp_path / "a.csv")[list(AU_NAMES)].notna().all(axis=None)


def test_what_cannot_be_done_is_one_line(table, tmp_path):
    out = "-o", tmp_path / "x"
    done("fit", table, "-o", tmp_path / "m", *QUICK)
    sample = "sample", tmp_path / "m", "-o", tmp_path / "x.csv"
    for words, message in (
        (("emotions", table, *out, "--emotion-table", "moods"), "no emotion table"),
        (("emotions", table, *out, "--emotion-table", "own.toml"), "own.toml: no such"),
        (("fit", table, *out, "--emotion-table", "emfacs"), "--features emotions"),
        ((*sample, "--toward", "Boredom"), "choose from Happy"),
        ((*sample, "--toward", "Sad", "--strength", "-1"), "a number from 0 up"),
        ((*sample, "--toward", "Sad", "--strength", "nan"), "a number from 0 up"),
        ((*sample, "--strength", "1"), "--toward"),
        ((*sample, "--vary"), "--features emotions"),
    ):
        assert message in refused(*words), words
