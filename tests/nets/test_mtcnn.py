"""The three networks of MTCNN against torch's numbers, alone and together."""

import numpy as np
from seeded_ports import Port, seeded, shapes_of, uniform

from genface.nets.ported import from_torch


def pictures(*shape):
    return (255 * uniform(*shape) - 127.5) / 128


class TestPNet(Port):
    name = listing = "mtcnn_pnet"
    file = "mtcnn"
    numbers = {
        "p_prob": [0.8517, 0.78806, 0.86386, 0.21194, 0.13614],
        "p_reg": [-0.77051, -0.76392, -0.87048, -0.87352, -0.95382],
    }

    @classmethod
    def inputs(cls):
        return pictures(1, 3, 40, 50)


class TestRNet(Port):
    name = listing = "mtcnn_rnet"
    file = "mtcnn"
    numbers = {
        "r_prob": [0.38573, 0.38573, 0.61427, 0.38997, 0.61003],
        "r_reg": [-0.94926, -0.12117, -0.085359, -0.14789, -0.36801],
    }

    @classmethod
    def inputs(cls):
        return pictures(2, 3, 24, 24)


class TestONet(Port):
    name = listing = "mtcnn_onet"
    file = "mtcnn"
    numbers = {
        "o_prob": [0.6336, 0.6336, 0.3664, 0.5831, 0.4169],
        "o_pts": [0.79119, 0.00096489, 0.23128, 0.045997, 0.11747],
        "o_reg": [-0.56445, 0.064147, -0.76282, 0.15954, -0.54675],
    }

    @classmethod
    def inputs(cls):
        return pictures(2, 3, 48, 48)


def together():
    weights = {
        f"{part}.{key}": seeded(key, shape)
        for part in ("pnet", "rnet", "onet")
        for key, shape in shapes_of(f"mtcnn_{part}").items()
    }
    return from_torch("mtcnn", weights)


def test_pictures_on_one_canvas_are_seen_as_each_alone():
    net = together()
    canvas = pictures(1, 3, 48, 64)
    seen = np.zeros((1, 46, 62), bool)
    places = [(0, 0, 25, 30), (26, 0, 21, 23), (0, 32, 40, 31)]
    for top, left, height, width in places:
        seen[0, top : top + height - 2, left : left + width - 2] = True
    found = net.run("proposed", canvas, seen)
    for top, left, height, width in places:
        alone = net(canvas[:, top : top + height, left : left + width])
        rows, columns = alone["p_prob"].shape[2:]
        part = np.s_[0, top // 2 : top // 2 + rows, left // 2 : left // 2 + columns]
        np.testing.assert_allclose(found["face"][part], alone["p_prob"][0, 1], 1e-4)
        expected = alone["p_reg"][0].transpose(1, 2, 0)
        np.testing.assert_allclose(found["reg"][part], expected, atol=1e-5)
    assert net.n_compilations == 4


def test_the_three_together_see_what_their_size_allows():
    net = together()
    assert net(np.zeros((1, 12, 14, 3))).keys() == {"p_reg", "p_prob"}
    found = net(pictures(2, 3, 24, 24))
    assert found.keys() == {"p_reg", "p_prob", "r_reg", "r_prob"}
    for key, kept in TestRNet.numbers.items():
        values = found[key].ravel()
        places = np.linspace(0, values.size - 1, len(kept)).astype(int)
        np.testing.assert_allclose(values[places], kept, rtol=1e-3)
