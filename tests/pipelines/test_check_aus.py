"""The AU model judged on a rig's clip, where what moves is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from genface.avatar import Rig
from genface.detect.au_details import mesh_of
from genface.errors import InputError, WeightError
from genface.facs import AU_NAMES
from genface.fex import Fex
from genface.files import read_npz, shipped_model, write_npz
from genface.nets.au_distances import DISTANCES, au_distances
from genface.nets.au_model import load_au_model
from genface.pipelines import check_aus, detail_aus
from genface.table.columns import AUS, MESH

MODEL = shipped_model("au", "au_model.npz")


def clip(moving=("AU12", "AU25", "AU43"), frames=90) -> Fex:
    """A table of a rig that does one AU after another, and rests in between."""
    course = np.zeros((frames, len(moving)))
    each = frames // (len(moving) + 1)
    for k in range(len(moving)):
        course[k * each : (k + 1) * each, k] = np.sin(np.linspace(0, np.pi, each)) ** 2
    return filmed(course, moving)


def filmed(course: np.ndarray, moving) -> Fex:
    """What the detector would write of a rig with this course (T, A) of AUs."""
    model, frames = load_au_model(), len(course)
    points = Rig.default().vertices(course, au_names=list(moving))[:, :478]
    mesh = points * [1, -1, -1] * 9.0 + [200, 150, 0]
    width = np.ptp(mesh[:, :468, 0], axis=1)
    mesh_columns = np.concatenate(
        [mesh[..., 0], mesh[..., 1], mesh[..., 2] / width[:, None]], axis=1
    )
    frame = pd.DataFrame(mesh_columns, columns=list(MESH))
    frame[list(AUS)] = model.aus(mesh, model.neutral(mesh))
    frame["FaceRectWidth"], frame["FaceScore"] = width, 1.0
    frame[["Pitch", "Roll", "Yaw"]] = 0.0
    count = np.arange(frames)
    frame["frame"], frame["time"], frame["face_id"] = count, count / 25, 0
    frame["input"], frame["status"] = "clip.mp4", "ok"
    fex = Fex(frame)
    fex.attrs = {"au_model": model.name, "fps": 25.0, "au_scale": "intensity"}
    return fex


@pytest.fixture(scope="module")
def table() -> Fex:
    return clip()


def test_aus_that_move_follow_their_distance(table):
    check = check_aus(table)
    r = check.values["r"]
    assert r[["AU12", "AU25", "AU43"]].min() > 0.9
    assert check.failed == () and check.frames == 90
    assert check.lines[-1].endswith("none too low")
    assert [n for n in check.values.index if not check.values.seen[n]] == list(
        load_au_model().unseen
    )


def test_what_does_not_move_is_not_judged():
    check = check_aus(clip(moving=("AU25",)))
    assert np.isnan(check.values.r["AU12"]) and check.values.r["AU25"] > 0.95
    assert any("mouth width: does not move" in line for line in check.lines)
    assert check.lines[-1].endswith("none too low; not judged: AU12, AU43")
    still = check_aus(clip(moving=("AU15",)))
    assert still.failed == () and still.lines[-1].endswith(
        "nothing moves that could be judged"
    )


def test_an_r_is_judged_by_the_digits_that_are_told(table):
    check = check_aus(table)
    values = check.values.assign(r=check.values["wanted"])
    for short, failed in ((4e-4, ()), (6e-4, ("AU43",))):
        values.loc["AU43", "r"] = values.loc["AU43", "wanted"] - short
        assert replace(check, values=values).failed == failed


def test_lips_that_are_parted_at_rest_are_followed_until_they_are_shut():
    """Parted lips while the face is quiet: the neutral has them, the zero has not."""
    active = np.arange(150) >= 50
    lips = np.where(active, 0.1 + 0.1 * np.cos(np.arange(150) * 0.2), 0.2)
    table = filmed(np.stack([lips, active], 1), ("AU25", "AU15"))
    neutral = load_au_model().neutral(mesh_of(table))
    assert neutral.zero[AU_NAMES.index("AU25")] < -0.02
    assert check_aus(table).values.r["AU25"] > 0.95


def test_a_model_that_reads_something_else_is_told(table):
    drowned = table.copy()
    drowned.attrs = table.attrs
    jumbled = np.random.default_rng(0).permutation(len(table))
    drowned[list(AUS)] = table[list(AUS)].to_numpy()[jumbled]
    drift = check_aus(drowned, against="table").drift
    own = check_aus(table, against="table").drift
    assert own["r"][["AU12", "AU25"]].min() > 0.999
    assert own["apart"].drop(list(load_au_model().unseen)).max() < 1e-6
    assert drift["r"]["AU12"] < 0.5 and drift["apart"]["AU12"] > 0.05


def test_drift_against_another_model(table, tmp_path):
    arrays = read_npz(MODEL)
    k = AU_NAMES.index("AU25")
    arrays["person"][:, k] /= 2
    write_npz(tmp_path / "half.npz", arrays)
    drift = check_aus(table, against=tmp_path / "half.npz").drift
    model, lips = load_au_model(), check_aus(table).values
    others = [name for name in AU_NAMES if name != "AU25"]
    assert drift["apart"][others].max() < 1e-12
    mean = table["AU25"].mean()
    assert mean / 3 < drift["shift"]["AU25"] <= mean / 2 + 1e-6  # cut at 1
    assert drift["r"]["AU25"] > 0.97 and lips.seen["AU25"] and "AU25" in model.seen


def test_drift_goes_by_the_frames_that_both_know(table):
    holed = table.copy()
    holed.attrs = table.attrs
    holed.loc[3, "AU12"] = np.nan
    whole, drift = (check_aus(fex, against="table").drift for fex in (table, holed))
    kept = [name for name in AU_NAMES if name != "AU12"]
    pd.testing.assert_frame_equal(drift.loc[kept], whole.loc[kept])
    assert drift.loc["AU12", "r"] == pytest.approx(1) and drift.apart["AU12"] < 1e-6
    unseen = list(load_au_model().unseen)
    assert drift.loc[unseen].isna().all(axis=None)
    lines = check_aus(holed, against="table").lines
    missing = [line[:4] for line in lines if line.endswith("not in the other")]
    assert missing == unseen and not any("nan" in line for line in lines)
    for empty in (table.drop(columns=list(AUS)), table.assign(**dict.fromkeys(AUS))):
        with pytest.raises(InputError, match="no AU values in it to compare with"):
            check_aus(empty, against="table")


def test_one_face_is_checked_at_a_time(table):
    both = pd.concat([table, table.assign(face_id=1)], ignore_index=True)
    with pytest.raises(InputError, match="holds the faces 0, 1; check one at a time"):
        check_aus(both, face="all")
    pd.testing.assert_frame_equal(
        check_aus(both, face=1).values, check_aus(table, face="all").values
    )
    told = "au-check: of 2 faces the longest, 0, is taken; left out: 1"
    assert check_aus(both).lines[0] == told


@pytest.mark.parametrize("source", [None, ["clip.mp4"], np.zeros((3, 3)), 3])
def test_what_is_neither_path_nor_table_is_named(table, tmp_path, source):
    came = f"a {type(source).__name__} came; expected a path or a table"
    with pytest.raises(InputError, match=came):
        check_aus(source)
    with pytest.raises(InputError, match=came):
        detail_aus(source, tmp_path / "x.csv", sd=True)
    if source is not None:
        with pytest.raises(InputError, match="against: a .* came; expected an au_mod"):
            check_aus(table, against=source)
    with pytest.raises(InputError, match="out: a .* came; expected a path"):
        detail_aus(table, source, sd=True)


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_a_table_without_a_mesh_that_is_known_is_refused(table, hole):
    gone = table.copy()
    gone.loc[:, list(MESH)] = hole
    with pytest.raises(InputError, match="no frame with a face; there is nothing"):
        check_aus(gone)


def test_what_cannot_be_checked_is_refused(table, tmp_path):
    with pytest.raises(InputError, match="no mesh of 478 points"):
        check_aus(table.drop(columns=list(MESH)))
    with pytest.raises(InputError, match="no such file"):
        check_aus(table, against=tmp_path / "none.npz")
    write_npz(tmp_path / "bad.npz", {"person": np.zeros(3)})
    with pytest.raises(WeightError, match="not an AU model"):
        check_aus(table, against=tmp_path / "bad.npz")
    with pytest.warns(UserWarning, match="12 frames with a face"):
        check_aus(clip(frames=12))


def test_distances_are_plain_geometry_one_way_from_rest():
    rng = np.random.default_rng(1)
    rest, shapes = 0.1 * rng.normal(size=(478, 2)), rng.normal(size=(30, 478, 2))
    found = au_distances(shapes, rest)
    assert set(found) == set(DISTANCES)
    for name, gap in {
        "AU25": lambda s: s[..., 13, 1] - s[..., 14, 1],
        "AU12": lambda s: s[..., 291, 0] - s[..., 61, 0],
        "AU26": lambda s: s[..., 2, 1] - s[..., 152, 1],
        "AU05": lambda s: (
            s[..., [159, 386], 1].mean(-1) - s[..., [145, 374], 1].mean(-1)
        ),
    }.items():
        expected = np.maximum(gap(shapes) - gap(rest), 0)
        assert 0 < (expected > 0).sum() < len(shapes)
        np.testing.assert_allclose(found[name], expected)
    uncut = au_distances(shapes, rest, {"AU25"})
    opened = shapes[..., 13, 1] - shapes[..., 14, 1]
    np.testing.assert_allclose(uncut["AU25"], opened - (rest[13] - rest[14])[1])
    np.testing.assert_array_equal(uncut["AU26"], found["AU26"])
    # Lids go one way or the other.
    assert (np.minimum(found["AU05"], found["AU43"]) == 0).all()
    assert (np.maximum(found["AU05"], found["AU43"]) > 0).all()


def test_details_are_written_once(table, tmp_path):
    out = tmp_path / "details.parquet"
    made = detail_aus(table, out, sides=True, blinks=True)
    assert {"AU12_L", "AU12_R", "AU45"} <= set(made.fex.columns)
    assert made.lines[-1] == "au-details: 1 blinks"
    again = detail_aus(table, out, sides=True, blinks=True)
    assert again.lines == (f"au-details: {out} is up to date",)
    assert again.fex.attrs["au_details"]["sides"]
    with pytest.raises(InputError, match="already there, from another job"):
        detail_aus(table, out, sd=True)
    with pytest.raises(InputError, match="nothing asked for"):
        detail_aus(table, tmp_path / "x.csv")
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        detail_aus(table, tmp_path / "x.txt", sd=True)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="a folder is there; name another file"):
        detail_aus(table, tmp_path / "folder.csv", sd=True)
