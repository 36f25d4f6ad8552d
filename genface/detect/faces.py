"""Faces in a picture as boxes, key points and scores, and the networks that find them.

Whatever the network, its key points are told as groups of mesh vertices whose middle
they mean, so that any finder can start the face mesh and be checked by it.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, Protocol

import numpy as np

from genface.errors import InputError
from genface.geometry import Pixels
from genface.geometry.mesh_points import (
    LEFT_EYE_CORNERS,
    MOUTH_CORNERS,
    NOSE_TIP,
    RIGHT_EYE_CORNERS,
)

Keypoints = tuple[tuple[int, ...], ...]

# The five points of most finders: both eyes, nose, both corners of the mouth.
FIVE_POINTS: Keypoints = (
    RIGHT_EYE_CORNERS,
    LEFT_EYE_CORNERS,
    (NOSE_TIP,),
    *((corner,) for corner in MOUTH_CORNERS),
)

# Module and class of each finder in this room; loaded on first use.
FINDERS = {
    "blazeface_full": "blazeface:BlazeFace",
    "blazeface_short": "blazeface:BlazeFace",
    "mtcnn": "mtcnn:MTCNN",
    "retinaface": "retinaface:RetinaFace",
    "img2pose": "img2pose:Img2Pose",
}

MIN_FACE = 20.0  # pixels


class Faces(NamedTuple):
    """What was found, best first, in pixels of the picture.

    ``boxes`` (B, 4) are x1, y1, x2, y2 and may reach over the edge; ``keypoints``
    (B, P, 2) are what :attr:`Finder.keypoints` says, the subject's right and left eye
    first; ``scores`` (B,) in 0-1. ``poses`` (B, 6), of finders that tell them: rotation
    vector and translation in camera axes (x right, y down, z away) of the 3-D face that
    the finder was trained with, under a focal length of width plus height.
    """

    boxes: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray
    poses: np.ndarray | None = None

    def only(self, chosen: np.ndarray) -> "Faces":
        """The faces at the given places, or where the mask (B,) is true."""
        poses = None if self.poses is None else self.poses[chosen]
        return Faces(
            self.boxes[chosen], self.keypoints[chosen], self.scores[chosen], poses
        )


class Finder(Protocol):
    """A network, or several, that find the faces of pictures.

    ``keypoints``: the mesh vertices whose middle each key point is.
    """

    name: str
    keypoints: Keypoints

    def find(self, pixels: Pixels, threshold: float = 0.5) -> Faces:
        """Faces of a picture whose score reaches ``threshold``."""

    def find_all(
        self, pictures: Sequence[Pixels], threshold: float = 0.5
    ) -> list[Faces]:
        """The same of several pictures, of any sizes."""


def finder_of(
    name: str,
    offline: bool | None = None,
    *,
    commercial: bool | None = None,
    grid: bool = False,
    min_face: float = MIN_FACE,
) -> Finder:
    """The finder of that name, its weights pulled if need be.

    ``offline`` forbids pulling them, ``commercial`` refuses those that may not be used
    so (None: the environment decides). ``grid`` is for BlazeFace: the picture sampled
    as OpenCV does; ``min_face`` for MTCNN: side in pixels of the smallest faces it
    looks for, twice as large being up to four times quicker. An unknown name is an
    :class:`InputError`.
    """
    if name not in FINDERS:
        raise InputError(
            f"no finder is called {name!r}; there are {', '.join(FINDERS)}."
        )
    module, made = FINDERS[name].split(":")
    finder = getattr(import_module(f"genface.detect.{module}"), made)
    if module == "blazeface":
        return finder(name, offline, grid)
    options = {"min_face": min_face} if name == "mtcnn" else {}
    return finder(offline, commercial, **options)
