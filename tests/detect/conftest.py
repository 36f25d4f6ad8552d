"""The chain of networks, loaded once for all tests of this folder."""

from functools import lru_cache

import av
import numpy as np
import pytest

from genface.detect import FaceMesh, Settings


@pytest.fixture(scope="session")
def chain(weights_cached):
    """Make the chain of some settings: ``chain(FACEMESH)``."""

    @lru_cache
    def make(settings: Settings) -> FaceMesh:
        return FaceMesh(settings, offline=True)

    return make


@pytest.fixture(scope="session")
def media(shared):
    return shared / "data/media"


@pytest.fixture(scope="session")
def clip_frames(media):
    """Frames of the sample clip by index: 0, 60, 120, 180, and 200 to 230."""
    wanted = {0, 60, 120, 180, *range(200, 231)}
    frames: dict[int, np.ndarray] = {}
    with av.open(str(media / "WolfgangLanger_Pexels.mp4")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index in wanted:
                frames[index] = frame.to_ndarray(format="rgb24")
            if index == max(wanted):
                break
    return frames
