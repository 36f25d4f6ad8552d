"""Faces in a picture by RetinaFace: boxes, five points each, and scores.

Deng et al. 2020, arXiv 1905.00641, with the thresholds of py-feat 2.1.5. Pictures go in
at their own size, in frames of a few sizes that change nothing.
"""

from collections.abc import Iterator, Sequence

import jax.numpy as jnp
import numpy as np

from genface import nets
from genface.detect.faces import FIVE_POINTS, Faces
from genface.geometry import Pixels
from genface.geometry.frames import Size, framed, padded_size, together
from genface.nets.retinaface import N_POINTS

MEAN = (123.0, 117.0, 104.0)  # colour of the pictures trained on
AT_ONCE = 1 << 22  # pixels, to bound the memory


class RetinaFace:
    """The network on a ResNet-34, with its weights."""

    name = "retinaface"
    keypoints = FIVE_POINTS

    def __init__(
        self, offline: bool | None = None, commercial: bool | None = None
    ) -> None:
        self._network = nets.load_ported(
            "retinaface_r34", offline=offline, commercial=commercial
        )

    def find(self, pixels: Pixels, threshold: float = 0.5) -> Faces:
        """Faces of a picture whose score reaches ``threshold``, at most 750."""
        return self.find_all([pixels], threshold)[0]

    def find_all(
        self, pictures: Sequence[Pixels], threshold: float = 0.5
    ) -> list[Faces]:
        """The same of several pictures; those of like sizes go in together."""
        found: dict[int, Faces] = {}
        shapes = [padded_size(pixels[1:]) for pixels in pictures]
        for whole, places in together(shapes, AT_ONCE):
            chosen = [pictures[place] for place in places]
            found |= zip(places, self._seen(chosen, whole, threshold), strict=True)
        return [found[place] for place in range(len(pictures))]

    def _seen(
        self, pictures: list[Pixels], whole: Size, threshold: float
    ) -> Iterator[Faces]:
        sizes = np.array([pixels[1:] for pixels in pictures], np.int32)
        frames = [
            framed(pixels.colours, size, whole, MEAN)
            for pixels, size in zip(pictures, sizes, strict=True)
        ]
        least = np.full((len(pictures), 1), threshold)
        found = self._network.call("detect", jnp.stack(frames), sizes, least)
        for boxes, points, scores in zip(
            found["boxes"], found["points"], found["score"], strict=True
        ):
            number = np.count_nonzero(scores)
            pairs = points[:number].reshape(number, N_POINTS, 2)
            yield Faces(boxes[:number].astype(np.float64), pairs, scores[:number])
