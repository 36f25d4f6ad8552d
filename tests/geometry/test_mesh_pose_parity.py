"""Head pose and iris offsets of a mesh against py-feat's numbers for it."""

import numpy as np
import pytest

from genface.geometry.gaze import iris_offsets_gaze
from genface.geometry.pose import similarity

pytestmark = pytest.mark.parity


@pytest.fixture
def kept(shared):
    with np.load(shared / "parity/preprocess.npz") as file:
        yield file


def test_the_similarity_is_umeyamas(kept, shared):
    with np.load(shared / "data/canonical_face.npz") as file:
        fit = similarity(file["vertices"], kept["pose_obs"])
    r = fit.rotation
    angles = [
        np.arctan2(r[:, 2, 1], r[:, 2, 2]),
        np.arctan2(-r[:, 2, 0], np.hypot(r[:, 0, 0], r[:, 1, 0])),
        np.arctan2(r[:, 1, 0], r[:, 0, 0]),
    ]
    np.testing.assert_allclose(np.transpose(angles), kept["pose_euler"], atol=1e-5)
    np.testing.assert_allclose(fit.translation, kept["pose_t"], atol=2e-5)


def test_the_irises_offsets(kept):
    found = iris_offsets_gaze(kept["gaze_mesh"], np.eye(3))
    np.testing.assert_allclose(found, kept["gaze_combined"], atol=1e-5)
