"""FaceNet against torch's numbers."""

import pytest
from seeded_ports import Keys, Outputs, uniform


class TestFaceNetKeys(Keys):
    name = "facenet"
    listing = "facenet_inception_resnet_v1"


@pytest.mark.slow
class TestFaceNetOutputs(Outputs):
    name = "facenet"
    numbers = {"emb": [-0.095983, -0.11461, 0.098614, -0.11494, 0.099596]}

    @classmethod
    def inputs(cls):
        return uniform(2, 3, 112, 112)
