"""Pose and gaze of a real speaker against Detectorv2, and against her own head.

The sample was made by py-feat 2.0, whose Pitch has the opposite sign.
"""

import numpy as np
import pandas as pd
import pytest

from genface.avatar import Rig
from genface.geometry import (
    euler_from_rotation,
    eye_angles,
    eye_opening,
    mesh_to_head_axes,
    similarity,
)
from genface.geometry.mesh_points import STILL

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def news(shared):
    paths = sorted((shared / "data/news_sample").glob("0*.csv"))
    return pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)


@pytest.fixture(scope="module")
def heads(news):
    columns = [[f"mesh_{axis}_{i}" for i in range(478)] for axis in "xyz"]
    mesh = np.stack([news[names].to_numpy() for names in columns], axis=-1)
    mesh[..., 2] *= news["FaceRectWidth"].to_numpy()[:, None]
    return mesh_to_head_axes(mesh)


@pytest.fixture(scope="module")
def fit(heads):
    still = list(STILL)
    return similarity(Rig.default().neutral[still], heads[:, still])


def within(values, news):
    """Values without the mean of their clip."""
    values = pd.Series(np.asarray(values))
    return (values - values.groupby(news["input"]).transform("mean")).to_numpy()


@pytest.mark.parametrize(
    "column, place, sign", [("Pitch", 0, -1), ("Roll", 1, 1), ("Yaw", 2, 1)]
)
def test_head_pose_moves_with_detectorv2s(news, fit, column, place, sign):
    ours = within(euler_from_rotation(fit.rotation)[:, place], news)
    theirs = within(sign * news[column], news)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.85
    assert 0.7 < np.polyfit(theirs, ours, 1)[0] < 1.3
    assert np.degrees(np.std(ours - theirs)) < 2


@pytest.mark.parametrize("eye, head", [(0, 0), (1, 2)])
def test_eyes_that_stay_on_the_camera_counter_the_head(news, heads, fit, eye, head):
    # She reads from the camera: what her head turns, her eyes turn back.
    opened = eye_opening(heads).min(1) > 0.15
    turn = within(euler_from_rotation(fit.rotation)[:, head], news)[opened]
    gaze = within(eye_angles(heads, fit, Rig.default().neutral[:478])[:, eye], news)[
        opened
    ]
    assert np.corrcoef(turn, gaze)[0, 1] < -0.7
    assert -1.3 < np.polyfit(turn, gaze, 1)[0] < -0.7
