"""ResMaskNet against torch's numbers."""

import pytest
from seeded_ports import Port, uniform


@pytest.mark.slow
class TestResMaskNet(Port):
    name = "resmasknet"
    numbers = {"logits": [1.1918, 2.4306, 1.4915, -2.478, 0.42658]}

    @classmethod
    def inputs(cls):
        return uniform(1, 3, 224, 224)
