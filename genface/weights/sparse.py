"""Dense arrays from the block-sparse storage of tflite files.

Storage: TACO-style levels, as in the TensorFlow Lite schema (SparsityParameters). Each
level of the traversal is dense, or a compressed row: segments and indices.
"""

from dataclasses import dataclass

import numpy as np

from genface.errors import WeightError

_MOST_ELEMENTS = 1 << 24


@dataclass(frozen=True)
class Level:
    """One level: ``size`` if dense, else ``segments`` and ``indices`` of a row."""

    size: int = 0
    segments: np.ndarray | None = None
    indices: np.ndarray | None = None


def densify(
    values: np.ndarray,
    shape: tuple[int, ...],
    order: tuple[int, ...],
    block_map: tuple[int, ...],
    levels: list[Level],
) -> np.ndarray:
    """Array of ``shape`` with the stored ``values`` (n,) in place and 0 elsewhere.

    ``order`` names the dimension of each level: below ``len(shape)`` a dimension (of
    blocks, where ``block_map`` lists it), above it the inside of a block.
    """
    rank = len(shape)
    if np.prod(shape, dtype=np.float64) > _MOST_ELEMENTS:
        raise WeightError(f"a sparse tensor of shape {shape} is too large.")
    if sorted(order) != list(range(rank + len(block_map))) or len(levels) != len(order):
        raise WeightError("a sparse tensor's levels do not fit its shape.")
    if any(not 0 <= dimension < rank for dimension in block_map):
        raise WeightError("a sparse tensor's blocks do not fit its shape.")
    coordinates = _coordinates(levels)
    block = np.ones(rank, int)
    for inside, dimension in enumerate(block_map):
        block[dimension] = levels[order.index(rank + inside)].size
    index = np.zeros((rank, coordinates.shape[1]), int)
    for dimension, along in zip(order, coordinates, strict=True):
        if dimension < rank:
            index[dimension] += along * block[dimension]
        else:
            index[block_map[dimension - rank]] += along
    if index.shape[1] != len(values) or (index >= np.array(shape)[:, None]).any():
        raise WeightError("a sparse tensor's values do not fit its indices.")
    dense = np.zeros(shape, values.dtype)
    dense[tuple(index)] = values
    return dense


def _coordinates(levels: list[Level]) -> np.ndarray:
    """(levels, n): where each stored value is along each level, in stored order."""
    paths = np.zeros((0, 1), int)
    for level in levels:
        nodes = paths.shape[1]
        if level.segments is None or level.indices is None:
            if not 0 <= nodes * level.size <= _MOST_ELEMENTS:
                raise WeightError(f"a sparse tensor's level of size {level.size}.")
            counts = np.full(nodes, level.size)
            along = np.tile(np.arange(level.size), nodes)
        else:
            counts = np.diff(level.segments.astype(int))
            along = level.indices.astype(int)
            if len(counts) != nodes or (counts < 0).any() or counts.sum() != len(along):
                raise WeightError("a sparse tensor's rows do not fit its indices.")
        paths = np.vstack([np.repeat(paths, counts, axis=1), along])
    return paths
