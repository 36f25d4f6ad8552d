"""MobileFaceNet against torch's numbers."""

from seeded_ports import Port, uniform


class TestMobileFaceNet(Port):
    name = "mobilefacenet"
    numbers = {"landmarks": [-1.1274, 0.48878, -0.60283, 0.5496, -0.48031]}

    @classmethod
    def inputs(cls):
        return uniform(2, 3, 112, 112)
