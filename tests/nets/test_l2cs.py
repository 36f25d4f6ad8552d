"""L2CS against torch's numbers, and angles from its bins."""

import numpy as np
import pytest
from seeded_ports import Keys, Outputs, uniform

from genface.nets.l2cs import angle


class TestL2CSKeys(Keys):
    name = "l2cs"
    listing = "l2cs_resnet50"


@pytest.mark.slow
class TestL2CSOutputs(Outputs):
    name = "l2cs"
    numbers = {
        "pitch_logits": [-0.2267, -2.9856, -2.1463, -2.9911, -2.1381],
        "yaw_logits": [-2.457, 0.41613, 0.15349, 0.28929, 0.10229],
    }

    @classmethod
    def inputs(cls):
        return 4 * uniform(2, 3, 224, 224) - 2


def test_a_sure_bin_is_its_angle():
    logits = 100 * np.eye(90, dtype=np.float32)
    degrees = np.degrees(angle(logits))
    np.testing.assert_allclose(degrees, np.arange(-180, 180, 4), atol=1e-4)


def test_two_even_bins_are_the_angle_between():
    logits = np.full((1, 90), -100, np.float32)
    logits[0, [45, 50]] = 3
    np.testing.assert_allclose(np.degrees(angle(logits)), [10], atol=1e-4)
