"""Faces in a picture by BlazeFace: boxes, six key points each, and scores.

Source: Bazarevsky et al. 2019, and the graphs ``modules/face_detection`` of MediaPipe
0.10.21 (Apache-2.0) for anchors, letterbox and thresholds.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import jax
import numpy as np

from genface import nets, weights
from genface.detect.faces import Faces, Keypoints
from genface.geometry import Pixels, crop, weighted_nms
from genface.geometry.mesh_points import (
    LEFT_EYE_CORNERS,
    NOSE_TIP,
    RIGHT_EYE_CORNERS,
)
from genface.nets import Network

OVERLAP = 0.3  # candidates that share more than this are one face

# Grids of anchors, (cells per side, anchors per cell), by network.
_GRIDS = {
    "blazeface_short": ((16, 2), (8, 6)),
    "blazeface_full": ((48, 1),),
}


# Eyes, nose tip, mouth, ears: right before left, the subject's.
_KEYPOINTS: Keypoints = (
    RIGHT_EYE_CORNERS,
    LEFT_EYE_CORNERS,
    (NOSE_TIP,),
    (13, 14),
    (234,),
    (454,),
)


@lru_cache
def anchors(network: str) -> np.ndarray:
    """Centres (A, 2) of a network's anchors in units of its input."""
    centres = []
    for cells, per_cell in _GRIDS[network]:
        along = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(along, along, indexing="ij")
        centres.append(np.repeat(np.stack([x, y], -1).reshape(-1, 2), per_cell, axis=0))
    return np.concatenate(centres)


class BlazeFace:
    """BlazeFace with its weights, short or full range."""

    def __init__(
        self, network: str, offline: bool | None = None, grid: bool = False
    ) -> None:
        self.name, self.keypoints = network, _KEYPOINTS
        weights.ensure(network, offline)
        self._network, self._forward = _loaded(network)
        self._size = self._network.input_shape[0]
        self._grid = grid

    def find(self, pixels: Pixels, threshold: float = 0.5) -> Faces:
        """Faces of a picture whose score reaches ``threshold``."""
        longest = max(pixels.height, pixels.width)
        middle = np.array([pixels.width / 2, pixels.height / 2])
        letterbox = np.array([*middle, longest, 0.0])
        square = crop(pixels, letterbox, self._size, zero_border=True, grid=self._grid)
        raw, logits = jax.device_get(self._forward(self._network.params, square))
        boxes, scores = decode(raw, logits, anchors(self.name), self._size, threshold)
        boxes, scores = weighted_nms(boxes, scores, OVERLAP)
        points = boxes.reshape(-1, 8, 2) * longest + (middle - longest / 2)
        return Faces(points[:, :2].reshape(-1, 4), points[:, 2:], scores)

    def find_all(
        self, pictures: Sequence[Pixels], threshold: float = 0.5
    ) -> list[Faces]:
        """The same of several pictures, one after another: no batch is quicker."""
        return [self.find(pixels, threshold) for pixels in pictures]


@lru_cache
def _loaded(name: str) -> tuple[Network, Callable]:
    """A network and its jitted use here, one and the same for every detector."""
    network = nets.load(name)
    return network, jax.jit(_forward(network))


def _forward(network: Network) -> Callable:
    def forward(params, square):
        outputs = network.apply(params, square[None] / 127.5 - 1.0)
        return outputs["boxes"][0], outputs["logits"][0]

    return forward


def decode(
    raw: np.ndarray,
    logits: np.ndarray,
    centres: np.ndarray,
    size: int,
    threshold: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Candidates above ``threshold``: corners and key points (B, 16), scores (B,).

    ``raw`` (A, 16) are the network's offsets from the anchors' ``centres`` in its
    pixels: box centre, box size, six key points; the result is in units of its input.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -100, 100)))
    chosen = scores >= threshold
    points = raw[chosen].astype(np.float64).reshape(-1, 8, 2) / size
    half = points[:, 1] / 2
    points += centres[chosen][:, None]
    centre = points[:, 0].copy()
    points[:, 0], points[:, 1] = centre - half, centre + half
    return points.reshape(-1, 16), scores[chosen]
