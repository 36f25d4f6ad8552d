"""ArcFace against torch's numbers."""

import pytest
from seeded_ports import Keys, Outputs, uniform


class TestArcFaceKeys(Keys):
    name = "arcface_iresnet50"


@pytest.mark.slow
class TestArcFaceOutputs(Outputs):
    name = "arcface_iresnet50"
    numbers = {"emb": [29.241, -51.901, -115.71, -71.929, -25.276]}

    @classmethod
    def inputs(cls):
        return 2 * uniform(2, 3, 112, 112) - 1
