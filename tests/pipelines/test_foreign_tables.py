"""``fit``, ``animate`` and ``compare`` take the tables of other programs as their own.

One face's AUs, written as each program writes them, must come back the same.
"""

import numpy as np
import pandas as pd
import pytest

import genface
from genface.errors import InputError
from genface.pipelines import compare_sets, fit_behavior, render_clip
from genface.pipelines.au_tracks import read_tracks
from genface.table.columns import BLENDSHAPES, FACEBOX

N, FPS = 120, 25.0


@pytest.fixture(scope="module")
def aus() -> pd.DataFrame:
    """AU06 and AU12, from 0 to 1, in steps of .01."""
    rng = np.random.default_rng(0)
    levels = np.repeat(rng.beta(1, 2, (N // 10, 2)), 10, axis=0)
    noisy = np.clip(levels + 0.03 * rng.standard_normal((N, 2)), 0, 1)
    return pd.DataFrame(noisy.round(2), columns=["AU06", "AU12"])


def openface(aus: pd.DataFrame) -> pd.DataFrame:
    made = pd.DataFrame({" AU06_r": 5 * aus["AU06"], " AU12_r": 5 * aus["AU12"]})
    made.insert(0, "frame", np.arange(1, N + 1))
    made.insert(1, " timestamp", np.arange(N) / FPS)
    return made.assign(**{" confidence": 0.9, " success": 1, " AU12_c": 1})


def libreface(aus: pd.DataFrame) -> pd.DataFrame:
    made = pd.DataFrame({f"au_{i}_intensity": 5 * aus[f"AU{i:02}"] for i in (6, 12)})
    return made.assign(frame_idx=np.arange(N), frame_time_in_ms=np.arange(N) / FPS)


def mediapipe(aus: pd.DataFrame) -> pd.DataFrame:
    made = pd.DataFrame(0.0, index=aus.index, columns=list(BLENDSHAPES))
    for side in ("Left", "Right"):
        made[f"cheekSquint{side}"] = aus["AU06"]
        made[f"mouthSmile{side}"] = aus["AU12"]
    return made.assign(timestamp_ms=1000 * np.arange(N) / FPS)


def pyfeat(aus: pd.DataFrame) -> pd.DataFrame:
    pose = dict.fromkeys(["Pitch", "Roll", "Yaw", "X", "Y", "Z"], 0.1)
    box = dict.fromkeys(FACEBOX, 50.0)
    return aus.assign(**box, **pose, valence=0.1, arousal=0.1, frame=np.arange(N))


WRITERS = {
    "openface": (openface, "intensity"),
    "libreface": (libreface, "intensity"),
    "mediapipe": (mediapipe, "presence"),
    "feat-v2": (pyfeat, "presence"),
}


@pytest.fixture(params=WRITERS)
def written(request, aus, tmp_path):
    """A file as a program writes it, its dialect, and the scale of its AUs."""
    make, scale = WRITERS[request.param]
    path = tmp_path / "t.csv"
    make(aus).to_csv(path, index=False)
    return path, request.param, scale


def test_aus_times_and_scales_come_back(written, aus):
    path, dialect, scale = written
    (track,) = read_tracks(path)
    columns = [track.columns.index(name) for name in aus]
    np.testing.assert_allclose(track.values[:, columns], aus, atol=1e-12)
    assert track.au_scale == scale
    timed = dialect != "feat-v2"
    assert track.fps == pytest.approx(FPS if timed else 30.0)
    assert any("assumed" in note for note in track.notes) != timed


def test_a_table_that_was_read_is_the_same_as_its_file(written):
    path, dialect, _ = written
    if dialect == "feat-v2":
        fex = genface.read_table(path, pyfeat_version="2.1.1")
    else:
        fex = genface.read_table(path)
    assert fex.attrs["dialect"] == dialect
    (direct,), (again,) = read_tracks(path), read_tracks(fex)
    np.testing.assert_array_equal(direct.values, again.values)
    assert direct.au_scale == again.au_scale


@pytest.mark.slow
def test_jobs_take_openface(aus, tmp_path):
    real, other = tmp_path / "real.csv", tmp_path / "other.csv"
    openface(aus).to_csv(real, index=False)
    openface(aus[::-1].reset_index(drop=True)).to_csv(other, index=False)
    quick = {"families": ("poisson",), "states": (2,), "restarts": 1}
    model = fit_behavior(real, tmp_path / "model", **quick).model
    assert model.columns == ("AU06", "AU12") and model.au_scale == "intensity"
    card = compare_sets(real, other, tmp_path / "card").card
    assert card is not None and len(card.rows)
    assert render_clip(real, tmp_path / "a.mp4", size=(64, 54)).n_frames == N


def test_a_row_without_a_face_is_not_a_face_of_zeros(aus, tmp_path):
    table = openface(aus)
    table.loc[3:5, " success"] = 0
    table.loc[3:5, [" AU06_r", " AU12_r"]] = 0.0
    table.to_csv(tmp_path / "t.csv", index=False)
    (track,) = read_tracks(tmp_path / "t.csv")
    assert np.flatnonzero(np.isnan(track.values).all(axis=1)).tolist() == [3, 4, 5]


def test_a_table_of_something_else_is_named(tmp_path):
    pd.DataFrame({"frame": [0], "x_0": [1.0]}).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match="no AU column"):
        read_tracks(tmp_path / "t.csv")
