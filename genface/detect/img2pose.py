"""Faces in a picture by img2pose: boxes, poses and scores, and points by the poses.

Albiero et al. 2021, arXiv 2012.07791. The network tells poses; a 3-D face of 68 points
put there gives the box and, here, the points.
"""

from collections.abc import Iterator, Sequence

import jax.numpy as jnp
import numpy as np

from genface import nets
from genface.detect.faces import FIVE_POINTS, Faces
from genface.geometry import Pixels
from genface.geometry.box_pose import projected
from genface.geometry.frames import Size, framed, padded_size, together
from genface.nets.img2pose_faces import faces, prepared, resized_size

AT_ONCE = 1 << 21  # pixels, to bound the memory
# Of the 68 points, those whose middles are eyes, nose and corners of the mouth.
FIVE_OF_68 = (range(36, 42), range(42, 48), (30,), (48,), (54,))


class Img2Pose:
    """The network with its weights and the 3-D face that it was trained with."""

    name = "img2pose"
    keypoints = FIVE_POINTS

    def __init__(
        self, offline: bool | None = None, commercial: bool | None = None
    ) -> None:
        options = {"offline": offline, "commercial": commercial}
        self._network = nets.load_ported(self.name, **options)
        facts = nets.config_of(self.name, **options)
        self._sides = int(facts["min_side"]), int(facts["max_side"])
        self._points = np.asarray(facts["points"], np.float64)
        self._mean, self._std = facts["pose_mean"], facts["pose_std"]
        self._five = np.stack([self._points[list(k)].mean(0) for k in FIVE_OF_68])

    def find(self, pixels: Pixels, threshold: float = 0.5) -> Faces:
        """Faces of a picture whose score is above ``threshold``, with their poses."""
        return self.find_all([pixels], threshold)[0]

    def find_all(
        self, pictures: Sequence[Pixels], threshold: float = 0.5
    ) -> list[Faces]:
        """The same of several pictures; those of one size go in together."""
        found: dict[int, Faces] = {}
        for size, places in together([pixels[1:] for pixels in pictures], AT_ONCE):
            chosen = [pictures[place] for place in places]
            found |= zip(places, self._seen(chosen, size, threshold), strict=True)
        return [found[place] for place in range(len(pictures))]

    def _seen(
        self, pictures: list[Pixels], size: Size, threshold: float
    ) -> Iterator[Faces]:
        own, whole = np.array(size, np.int32), padded_size(size)
        frames = [framed(pixels.colours, own, whole) for pixels in pictures]
        resized = resized_size(*size, *self._sides)
        x = prepared(jnp.stack(frames), size, resized)
        sizes = np.tile(resized, (len(pictures), 1))
        found = self._network.call("detect", x, sizes)
        for k in range(len(pictures)):
            one = {key: values[k] for key, values in found.items()}
            told = faces(
                one, resized, *size, self._points, threshold, self._mean, self._std
            )
            points = projected(told.poses, self._five, *size)
            yield Faces(told.boxes.astype(np.float64), points, told.scores, told.poses)
