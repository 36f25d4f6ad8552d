"""The blendshape mixer against torch's numbers."""

from seeded_ports import Port, uniform


class TestBlendshapes(Port):
    name = "mp_blendshapes"
    listing = "mp_blendshapes_mlpmixer"
    numbers = {"out": [0.84026, 0.04009, 0.74939, 0.18993, 0.32061]}

    @classmethod
    def inputs(cls):
        return 256 * uniform(2, 146, 2)
