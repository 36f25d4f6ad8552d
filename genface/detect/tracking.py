"""Faces followed through a clip, each with a number of its own.

A face is looked for where its last mesh was; the finder runs on the first frame, while
nobody is followed, when somebody was lost, and now and then for newcomers: after 1, 2,
4 ... frames without one, up to about a second apart. Where a new region overlaps one
that is followed, the followed one wins. Identity is position only: someone who
reappears near where a face was lost, at a similar size, gets that face's number back,
and a cut to another person at the same place does not make a new one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from genface.detect.facemesh import (
    SAME,
    FaceMesh,
    Mesh,
    region_of_mesh,
    regions_of_faces,
    unlike,
)
from genface.detect.numbering import nearest
from genface.geometry import Pixels, iou


class Face(NamedTuple):
    """A face in one frame; ``face_id`` counts from 0 in the order of appearance."""

    face_id: int
    mesh: Mesh


@dataclass
class Tracker:
    """State of the faces of one clip; call it with one frame after another.

    ``longest_wait``: most frames between two runs of the finder.
    """

    chain: FaceMesh
    longest_wait: int = 24

    def __post_init__(self) -> None:
        self._followed: list[Face] = []
        self._lost: dict[int, np.ndarray] = {}  # last box of each face that is gone
        self._count = 0
        self._wait = 1
        self._left = 0

    def __call__(self, pixels: Pixels) -> list[Face]:
        """Faces of the next frame, in the order of their numbers."""
        alone = not self._followed
        lost = self._follow(pixels)
        if self.chain.settings.newcomers:
            self._left -= 1
            if lost or not self._followed or self._left <= 0:
                found = self._find(pixels)
                self._schedule(found or lost)
        elif alone:
            self._find(pixels)
        return list(self._followed)

    def _follow(self, pixels: Pixels) -> bool:
        """Mesh every followed face anew; whether one was lost."""
        regions = [region_of_mesh(face.mesh) for face in self._followed]
        meshes = self.chain.follow(pixels, regions)
        before, self._followed = self._followed, []
        lost = False
        for face, mesh in zip(before, meshes, strict=True):
            if not self.chain.present(mesh):
                self._lost[face.face_id] = face.mesh.box
                lost = True
            elif self._unlike([mesh]):  # two that slid onto one face are one
                self._followed.append(Face(face.face_id, mesh))
        return lost

    def _find(self, pixels: Pixels) -> bool:
        """Add faces that nobody follows yet; whether there were any."""
        taken = [_square(region_of_mesh(face.mesh)) for face in self._followed]
        faces = self.chain.faces(pixels)
        new = [
            place
            for place, region in enumerate(regions_of_faces(faces))
            if not any(iou(_square(region), other) > SAME for other in taken)
        ]
        meshes = self._unlike(self.chain.meshes(pixels, faces.only(np.array(new, int))))
        self._followed += self._named(meshes)
        self._followed.sort()
        return bool(meshes)

    def _unlike(self, meshes: list[Mesh]) -> list[Mesh]:
        return unlike(meshes, [face.mesh for face in self._followed])

    def _named(self, meshes: list[Mesh]) -> list[Face]:
        """Numbers for new meshes: of the nearest lost faces, else fresh ones."""
        back = nearest([mesh.box for mesh in meshes], self._lost)
        faces = []
        for place, mesh in enumerate(meshes):
            if place in back:
                del self._lost[back[place]]
            else:
                back[place] = self._count
                self._count += 1
            faces.append(Face(back[place], mesh))
        return faces

    def _schedule(self, changed: bool) -> None:
        self._wait = 1 if changed else min(2 * self._wait, self.longest_wait)
        self._left = self._wait


def _square(region: np.ndarray) -> np.ndarray:
    """A region's square as if it were not turned, x1, y1, x2, y2."""
    half = region[2] / 2
    return np.concatenate([region[:2] - half, region[:2] + half])
