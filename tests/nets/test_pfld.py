"""PFLD against torch's numbers."""

from seeded_ports import Port, uniform


class TestPFLD(Port):
    name = "pfld"
    numbers = {"landmarks": [-0.14936, 0.18344, -0.31962, 0.18662, -0.32193]}

    @classmethod
    def inputs(cls):
        return uniform(2, 3, 112, 112)
