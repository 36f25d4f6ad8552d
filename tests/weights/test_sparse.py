import itertools

import numpy as np
import pytest

from genface.errors import WeightError
from genface.weights.sparse import Level, densify


def compress(dense, order, sparse_levels, block=()):
    """Store an array level by level, by walking every index; block = {dim: size}."""
    rank = dense.ndim
    block = dict(block)
    sizes = [
        dense.shape[d] // block.get(d, 1)
        if d < rank
        else list(block.values())[d - rank]
        for d in order
    ]

    def element(path):
        index = [0] * rank
        for dimension, along in zip(order, path, strict=True):
            if dimension < rank:
                index[dimension] += along * block.get(dimension, 1)
            else:
                index[list(block)[dimension - rank]] += along
        return dense[tuple(index)]

    def any_below(path):
        rest = [range(size) for size in sizes[len(path) :]]
        return any(element((*path, *tail)) != 0 for tail in itertools.product(*rest))

    paths, levels = [()], []
    for number, size in enumerate(sizes):
        if number in sparse_levels:
            kept = [[i for i in range(size) if any_below((*p, i))] for p in paths]
            segments = np.cumsum([0, *map(len, kept)]).astype(np.uint16)
            indices = np.array([i for row in kept for i in row], np.uint8)
            levels.append(Level(segments=segments, indices=indices))
        else:
            kept = [range(size) for _ in paths]
            levels.append(Level(size=size))
        paths = [(*p, i) for p, row in zip(paths, kept, strict=True) for i in row]
    values = np.array([element(path) for path in paths], dense.dtype)
    return values, levels


@pytest.mark.parametrize(
    ("shape", "order", "sparse_levels", "block"),
    [
        ((5, 7), (0, 1), {1}, {}),
        ((5, 7), (1, 0), {1}, {}),
        ((4, 1, 3, 6), (0, 1, 2, 3), {3}, {}),
        ((4, 6), (0, 1), {0, 1}, {}),
        ((4, 8), (0, 1, 2), {1}, {1: 4}),
        ((6, 8), (0, 1, 2, 3), {1}, {0: 2, 1: 4}),
    ],
)
def test_densify_undoes_storing(shape, order, sparse_levels, block):
    random = np.random.default_rng(0)
    dense = np.where(random.random(shape) < 0.1, random.random(shape), 0)
    dense = dense.astype(np.float16)
    values, levels = compress(dense, order, sparse_levels, block)
    assert len(values) < dense.size
    np.testing.assert_array_equal(
        densify(values, shape, order, tuple(block), levels), dense
    )


def rows(segments, indices):
    return Level(segments=np.array(segments), indices=np.array(indices))


@pytest.mark.parametrize(
    ("values", "shape", "order", "levels"),
    [
        ([1.0], (2, 2), (0, 1), [Level(2), rows([0, 1], [0])]),  # a row is missing
        ([1.0], (2, 2), (0, 1), [Level(2), rows([0, 1, 1], [5])]),  # outside
        ([1.0, 2.0], (2, 2), (0, 1), [Level(2), rows([0, 1, 1], [0])]),  # left over
        ([1.0], (2, 2), (0, 1), [Level(2), rows([0, 2, 1], [0])]),  # falling
        ([1.0], (2, 2), (0, 0), [Level(2), Level(2)]),  # a dimension twice
        ([1.0], (1 << 20, 1 << 20), (0, 1), [Level(1 << 20), Level(1 << 20)]),
        ([1.0], (2, 2), (0, 1), [Level(1 << 40), Level(2)]),
        ([1.0], (2, 2), (0, 1), [Level(-1), Level(2)]),
    ],
)
def test_levels_that_do_not_fit_are_refused(values, shape, order, levels):
    with pytest.raises(WeightError):
        densify(np.array(values), shape, order, (), levels)
