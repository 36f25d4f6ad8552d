"""Ported networks with weights that follow from their keys, and tests of any port.

The weights, and the inputs drawn by ``uniform``, are those of ../shared/parity, where
torch's outputs for them are.
"""

import zlib
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from genface.errors import WeightError
from genface.nets.conversion import key_table
from genface.nets.ported import PORTS, Ported, from_torch

TOLERANCE = 2e-4  # of an output's range


def seeded(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """One array of a state dict: normal draws, scaled to keep activations in bounds."""
    draws = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)
    if key.endswith("running_var"):
        draws = 1 + 0.2 * np.tanh(draws)
    elif len(shape) > 1:
        draws /= np.sqrt(np.prod(shape[1:]))
    elif "prelu" in key:
        draws = 0.25 + 0.05 * draws
    elif key.endswith("weight"):
        draws = 1 + 0.1 * draws
    else:
        draws *= 0.1
    return draws.astype(np.float32)


def uniform(*shape: int) -> np.ndarray:
    """Numbers in 0-1; pictures are drawn channels first and given channels last."""
    draws = np.random.default_rng(0).random(shape).astype(np.float32)
    return np.moveaxis(draws, 1, -1) if draws.ndim == 4 else draws


def shapes_of(name: str) -> dict[str, tuple[int, ...]]:
    return {key: shape for key, (_, shape) in key_table(PORTS[name].build()).items()}


def seeded_port(name: str) -> Ported:
    return from_torch(
        name, {k: seeded(k, shape) for k, shape in shapes_of(name).items()}
    )


class Keys:
    """A port takes the keys of torch's own module, and tells of wrong ones."""

    name: ClassVar[str]
    listing: ClassVar[str | None] = None  # of torch's keys, if not by that name

    @pytest.mark.parity
    def test_all_keys_of_torch_are_known(self, shared):
        name = f"{self.listing or self.name}.txt"
        from_torch(self.name, zeros(listed(shared / "parity/state_dicts" / name)))

    def test_wrong_keys_are_listed(self):
        shapes = shapes_of(self.name)
        first, *_, last = shapes
        shapes[last] = (*shapes[last], 7)
        del shapes[first]
        with pytest.raises(WeightError) as error:
            from_torch(self.name, zeros(shapes | {"stray.weight": (1,)}))
        message = str(error.value)
        assert f"missing: {first};" in message
        assert "unknown: stray.weight;" in message
        assert f"misshapen: {last} {shapes[last]}" in message


class Outputs:
    """A port gives torch's outputs; a subclass gives inputs and known numbers."""

    name: ClassVar[str]
    file: ClassVar[str | None] = None  # of torch's outputs, if not by that name
    # Evenly spaced values of each output, from a run that passed with torch's.
    numbers: ClassVar[dict[str, list[float]]]

    @classmethod
    def inputs(cls) -> np.ndarray:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def net(cls) -> Ported:
        return seeded_port(cls.name)

    @pytest.fixture(scope="class")
    @classmethod
    def outputs(cls, net: Ported) -> dict[str, np.ndarray]:
        return net(cls.inputs())

    @pytest.mark.parity
    def test_outputs_equal_torch(self, outputs, shared):
        with np.load(shared / f"parity/{self.file or self.name}.npz") as expected:
            for key, values in outputs.items():
                assert values.shape == expected[key].shape
                error = np.abs(values - expected[key]).max() / np.ptp(expected[key])
                assert error <= TOLERANCE, f"{key}: {error:.1e} of its range"

    def test_outputs_equal_those_that_passed_with_torch(self, outputs):
        assert outputs.keys() == self.numbers.keys()
        for key, kept in self.numbers.items():
            values = outputs[key].ravel()
            places = np.linspace(0, values.size - 1, len(kept)).astype(int)
            tolerance = TOLERANCE * np.ptp(values)
            np.testing.assert_allclose(values[places], kept, 1e-4, tolerance, key)

    @pytest.mark.slow
    def test_a_batch_equals_single_calls(self, net, outputs):
        x = self.inputs()[:2]
        x = x if len(x) == 2 else np.concatenate([x, np.flip(x, 1)])
        together, alone = net(x), [net(x[:1]), net(x[1:])]
        for key, values in together.items():
            singles = np.concatenate([found[key] for found in alone])
            tolerance = TOLERANCE / 2 * np.ptp(values)
            np.testing.assert_allclose(values, singles, 0, tolerance, key)
        sizes = {1, 2, len(self.inputs())}  # each is compiled once
        assert net.n_compilations == len(sizes)


class Port(Outputs, Keys):
    """All tests of a port that compiles within seconds; others have the two apart."""


def listed(listing: Path) -> dict[str, tuple[int, ...]]:
    """Keys and shapes of a text file: key, tab, shape, tab, type."""
    lines = [
        line.split("\t")
        for line in listing.read_text().splitlines()
        if line and not line.startswith("#")
    ]
    return {
        key: tuple(int(n) for n in shape.strip("()").split(",") if n)
        for key, shape, _ in lines
    }


def zeros(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    return {key: np.broadcast_to(np.float32(0), shape) for key, shape in shapes.items()}
