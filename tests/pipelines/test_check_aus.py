"""The AU model judged on a rig's clip, where what moves is known."""

import numpy as np
import pandas as pd
import pytest

from genface.avatar import Rig
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
    model = load_au_model()
    course = np.zeros((frames, len(moving)))
    each = frames // (len(moving) + 1)
    for k in range(len(moving)):
        course[k * each : (k + 1) * each, k] = np.sin(np.linspace(0, np.pi, each)) ** 2
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
    with pytest.raises(InputError):
        detail_aus(table, out, sd=True)
    with pytest.raises(InputError, match="nothing asked for"):
        detail_aus(table, tmp_path / "x.csv")
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        detail_aus(table, tmp_path / "x.txt", sd=True)
