"""AUs on the command line: the model judged on a table, and more columns for one."""

import numpy as np
import pandas as pd
import pytest
from commands import done, refused

from genface.avatar import Rig
from genface.nets.au_model import load_au_model
from genface.table import read_table, write_table
from genface.table.columns import AUS, MESH


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A rig that smiles, blinks and opens its lips, as the detector would write it."""
    model, t = load_au_model(), np.arange(80)
    course = [
        np.clip(np.sin(t / 8), 0, 1) * (t < 26),
        np.isin(t, (40, 41)),
        np.clip(np.sin((t - 50) / 8), 0, 1) * (t > 50),
    ]
    aus = np.stack(course, axis=1).astype(float)
    points = Rig.default().vertices(aus, au_names=["AU12", "AU43", "AU25"])[:, :478]
    mesh = points * [1, -1, -1] * 9 + [200, 150, 0]
    width = np.ptp(mesh[:, :468, 0], axis=1)
    mesh_columns = np.hstack(
        [*mesh[..., :2].transpose(2, 0, 1), mesh[..., 2] / width[:, None]]
    )
    frame = pd.DataFrame(mesh_columns, columns=list(MESH))
    frame[list(AUS)] = model.aus(mesh, model.neutral(mesh))
    frame["FaceRectWidth"], frame["FaceScore"] = width, 1.0
    frame[["Pitch", "Roll", "Yaw"]] = 0.0
    frame["frame"], frame["time"], frame["face_id"] = t, t / 25, 0
    frame["input"], frame["status"] = "clip.mp4", "ok"
    frame.attrs = {"au_model": model.name, "fps": 25.0, "neutral": "person"}
    return write_table(frame, tmp_path_factory.mktemp("faces") / "faces.parquet")


def test_a_table_is_judged(table):
    lines = done("au-check", table, "--against", "table").splitlines()
    assert lines[0].startswith("au-check: faces.parquet, 80 frames with a face")
    assert lines[-1] == "au-check: r with the distances: none too low"
    (drift,) = [line.split() for line in lines if line.startswith("AU12")][1:]
    assert drift[1:] == ["1.00", "+0.00", "0.00"]


def test_what_cannot_be_judged_is_one_line(table, tmp_path):
    assert "no face 3 in it; it has [0]" in refused("au-check", table, "--face", 3)
    assert "none.csv: no such file" in refused("au-check", tmp_path / "none.csv")
    assert "no such file" in refused("au-check", table, "--against", "none.npz")


def test_details_are_added(table, tmp_path):
    out = tmp_path / "more.csv"
    told = done("au-details", table, "-o", out, "--sides", "--blinks", "--sd")
    assert "1 blinks" in told and told.splitlines()[-1] == str(out)
    found = read_table(out)
    assert np.flatnonzero(found["AU45"]).tolist() == [40, 41]
    both = found[["AU12_L", "AU12_R"]].mean(axis=1)
    np.testing.assert_allclose(both, found["AU12"], atol=1e-6)
    assert (found["AU12_sd"] > 0).all()
    assert "up to date" in done(
        "au-details", table, "-o", out, "--sides", "--blinks", "--sd"
    )


def test_details_that_cannot_be_added_are_one_line(table, tmp_path):
    out = "-o", tmp_path / "x.csv"
    assert "nothing asked for" in refused("au-details", table, *out)
    assert "seconds, 0 or more" in refused("au-details", table, *out, "--smooth", "-1")
    text = tmp_path / "x.txt"
    assert ".csv or .parquet" in refused("au-details", table, "-o", text, "--sd")
    assert list(tmp_path.iterdir()) == []
