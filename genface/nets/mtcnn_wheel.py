"""MTCNN's weights as its wheel has them: lists of arrays, as Keras orders them."""

from collections.abc import Mapping, Sequence

import numpy as np

from genface.errors import WeightError

# Torch's layers in the file's order; a PReLU has one array, the others two.
LAYERS = {
    "pnet": (
        *("conv1", "prelu1", "conv2", "prelu2", "conv3", "prelu3"),
        *("conv4_2", "conv4_1"),
    ),
    "rnet": (
        *("conv1", "prelu1", "conv2", "prelu2", "conv3", "prelu3"),
        *("dense4", "prelu4", "dense5_2", "dense5_1"),
    ),
    "onet": (
        *("conv1", "prelu1", "conv2", "prelu2", "conv3", "prelu3", "conv4", "prelu4"),
        *("dense5", "prelu5", "dense6_2", "dense6_3", "dense6_1"),
    ),
}
# Axes of Keras's arrays in torch's order, by their number: a convolution's (h, w, in,
# out), a matrix (in, out). Both flatten pictures column by column.
AXES = {4: (3, 2, 0, 1), 2: (1, 0)}


def state_of(parts: Mapping[str, Sequence[np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays under torch's keys, of the lists of ``pnet``, ``rnet`` and ``onet``."""
    return {
        f"{part}.{key}": array
        for part, layers in LAYERS.items()
        for key, array in _keyed(part, layers, parts[part])
    }


def _keyed(
    part: str, layers: Sequence[str], arrays: Sequence[np.ndarray]
) -> list[tuple[str, np.ndarray]]:
    keys = [
        f"{layer}.{name}"
        for layer in layers
        for name in (("weight",) if "prelu" in layer else ("weight", "bias"))
    ]
    right = isinstance(arrays, list) and len(arrays) == len(keys)
    if not right or not all(isinstance(array, np.ndarray) for array in arrays):
        raise WeightError(f"{part}: expected a list of {len(keys)} arrays.")
    return list(zip(keys, map(_turned, keys, arrays), strict=True))


def _turned(key: str, array: np.ndarray) -> np.ndarray:
    if "prelu" in key:
        return array.ravel()
    return array.transpose(AXES.get(array.ndim, range(array.ndim)))
