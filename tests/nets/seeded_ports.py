"""Ported networks with weights that follow from their keys, and checks of any port.

The weights, and the inputs drawn by ``uniform``, are those of ../shared/parity, where
torch's outputs for them are.
"""

import zlib
from pathlib import Path

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
    """Numbers in 0-1 drawn channels first, with the channels moved to the end."""
    return np.moveaxis(np.random.default_rng(0).random(shape), 1, -1).astype(np.float32)


def shapes_of(name: str) -> dict[str, tuple[int, ...]]:
    return {key: shape for key, (_, shape) in key_table(PORTS[name].build()).items()}


def seeded_port(name: str) -> Ported:
    return from_torch(name, {k: seeded(k, shape) for k, shape in shapes_of(name).items()})


def check_parity(found: dict[str, np.ndarray], reference: Path) -> None:
    """Outputs have the names, shapes and values that torch's have in a file."""
    with np.load(reference) as expected:
        for key, values in found.items():
            assert values.shape == expected[key].shape, key
            error = np.abs(values - expected[key]).max() / np.ptp(expected[key])
            assert error <= TOLERANCE, f"{key}: {error:.1e} of its range"


def check_numbers(
    found: dict[str, np.ndarray], expected: dict[str, list[float]]
) -> None:
    """Evenly spaced values of each output are those that passed with torch's."""
    assert found.keys() == expected.keys()
    for key, kept in expected.items():
        values = found[key].ravel()
        places = np.linspace(0, values.size - 1, len(kept)).astype(int)
        tolerance = TOLERANCE * np.ptp(values)
        np.testing.assert_allclose(values[places], kept, atol=tolerance, err_msg=key)


def check_batch(net: Ported, x: np.ndarray) -> None:
    """A batch gives what its items give alone, and each size is compiled once."""
    together = net(x)
    alone = [net(x[k : k + 1]) for k in range(len(x))]
    for key, values in together.items():
        singles = np.concatenate([found[key] for found in alone])
        tolerance = 2e-5 * np.ptp(values)
        np.testing.assert_allclose(values, singles, atol=tolerance, err_msg=key)


def check_keys(name: str, listing: Path) -> None:
    """The keys of torch's own module are taken, and none besides is known."""
    from_torch(name, _zeros(listed(listing)))


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


def check_wrong_keys(name: str) -> None:
    """Every fault of a state dict is in the one error."""
    shapes = shapes_of(name)
    first, *_, last = shapes
    shapes[last] = (*shapes[last], 7)
    del shapes[first]
    with pytest.raises(WeightError) as error:
        from_torch(name, _zeros(shapes | {"stray.weight": (1,)}))
    message = str(error.value)
    assert f"missing: {first};" in message
    assert "unknown: stray.weight;" in message
    assert f"misshapen: {last} {shapes[last]}" in message


def _zeros(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    return {key: np.broadcast_to(np.float32(0), shape) for key, shape in shapes.items()}
