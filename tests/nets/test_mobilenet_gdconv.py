"""MobileNet with a depthwise head against torch's numbers."""

from seeded_ports import Port, uniform


class TestMobileNetGDConv(Port):
    name = "mobilenet_gdconv"
    numbers = {"landmarks": [-0.56747, 0.040629, 0.092015, 0.22595, -0.36537]}

    @classmethod
    def inputs(cls):
        return uniform(1, 3, 224, 224)
