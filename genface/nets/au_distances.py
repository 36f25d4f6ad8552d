"""Distances in a face that certain Action Units change: what they are checked against.

Each is plain geometry of the same mesh, in outer-eye distances, and knows nothing of
the model, but for the rest that it is measured from, which is the model's own: a wrong
neutral cuts AU and distance alike, and their agreement does not show it. An AU moves
the face one way from rest, and so it is measured: lids that shut are AU43's business,
lids that open further AU05's. Lips and jaw cannot go the other way from shut. Agreement
says that an AU follows its motion, not that a coder would agree.
"""

from collections.abc import Collection

import numpy as np

_EYE_CORNERS = (33, 133, 362, 263)
_INNER_BROWS = (107, 55, 336, 285)
_OUTER_BROWS = (70, 46, 300, 276)
_UPPER_LIDS, _LOWER_LIDS = (159, 386), (145, 374)

#: Distance that each AU goes with.
DISTANCES = {
    "AU01": "inner brow height",
    "AU02": "outer brow height",
    "AU05": "lid opening",
    "AU12": "mouth width",
    "AU25": "lip gap",
    "AU26": "nose to chin",
    "AU43": "lid closing",
}


def au_distances(
    shapes: np.ndarray, rest: np.ndarray, stopped: Collection[str] = ()
) -> dict[str, np.ndarray]:
    """By how much the distances of :data:`DISTANCES` exceed those at rest, (T,) by AU.

    ``shapes`` (T, 478, 2) as :meth:`genface.nets.au_model.AUModel.shapes` gives them:
    seen from the front, y up; ``rest`` (478, 2) is the person's neutral. 0 where the
    face moves the other way; NaN where a shape has one. AUs in ``stopped`` have their
    own zero where the face can go no further, and keep what is below that of ``rest``,
    as a neutral with parted lips is no such place.
    """
    at_rest = _distances(np.asarray(rest)[None])
    beyond = {k: v - at_rest[k] for k, v in _distances(np.asarray(shapes)).items()}
    return {k: v if k in stopped else np.maximum(v, 0) for k, v in beyond.items()}


def _distances(shapes: np.ndarray) -> dict[str, np.ndarray]:
    x, y = np.moveaxis(shapes, -1, 0)

    def height(*vertices: int) -> np.ndarray:
        return y[:, vertices].mean(1)

    lids = height(*_UPPER_LIDS) - height(*_LOWER_LIDS)
    return {
        "AU01": height(*_INNER_BROWS) - height(*_EYE_CORNERS),
        "AU02": height(*_OUTER_BROWS) - height(*_EYE_CORNERS),
        "AU05": lids,
        "AU12": x[:, 291] - x[:, 61],
        "AU25": y[:, 13] - y[:, 14],
        "AU26": y[:, 2] - y[:, 152],
        "AU43": -lids,
    }
