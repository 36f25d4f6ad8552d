"""The pose network against torch's numbers."""

from seeded_ports import Port, uniform


class TestPoseMLP(Port):
    name = "pose_mlp_v2"
    numbers = {"out": [-0.064437, 0.64414, -0.057888, -0.035229, 0.15411]}

    @classmethod
    def inputs(cls):
        return uniform(4, 136) - 0.5
