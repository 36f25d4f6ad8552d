"""All that is drawn of a rig elsewhere: linear parts, materials, pictures on them.

Viewers of GLB files and web pages know morph targets and nodes that turn, nothing of
our renderer. A figure is a rig in those terms. A rig whose skin our renderer paints
gets hair, ears, shoulders and the painted skin from there.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from genface.avatar import head, openings, skin
from genface.avatar.rig import Rig
from genface.geometry import mesh_points

SIDES = ("eye_R", "eye_L")  # in the order of Rig.eyes
# Colour (linear) and roughness of what has neither picture nor colours of its own.
COLOURS = {
    "teeth": ((0.85, 0.79, 0.69), 0.25),
    "gum": ((0.45, 0.13, 0.12), 0.4),
    "mouth": ((0.16, 0.025, 0.025), 0.6),
    "tongue": ((0.42, 0.1, 0.09), 0.5),
    "lash": ((0.02, 0.012, 0.01), 0.8),
    "": ((0.6, 0.42, 0.34), 0.55),
}
PICTURED = {"skin": 0.55, "hair": 0.5, "ears": 0.6, "body": 0.75, "eye": 0.12}
EYE_PIXELS = 128
EAR_GRID, BODY_GRID = (12, 7), 24  # coarser than in our own pictures
EYE_REACH = 1.0  # half width of the eye's picture over the radius of the ball


@dataclass(frozen=True)
class Material:
    """Linear colour and roughness; ``picture`` names one of the figure's pictures."""

    colour: tuple[float, float, float]
    roughness: float
    picture: str | None = None


@dataclass(frozen=True)
class Eye:
    """Vertices ``rows`` of the rig that turn about ``centre``; ``uv`` (P, 2) in 0-1."""

    name: str
    rows: np.ndarray
    centre: np.ndarray
    triangles: np.ndarray
    uv: np.ndarray


@dataclass(frozen=True)
class Body:
    """Neck and shoulders, of which each point follows the head by a share."""

    points: np.ndarray
    triangles: np.ndarray
    uv: np.ndarray
    follow: np.ndarray


@dataclass(frozen=True)
class Figure:
    """The head in rest, in the rig's centimetres, and what moves it.

    Each of the ``points`` (P, 3) goes where vertex ``source`` (P,) of the rig goes, by
    the share ``follow`` (P,): 1 for the rig's own, less for hair, 0 for ears.
    ``groups`` are triangles by name. ``uv`` (P, 2) is in 0-1 from the top left.
    ``pictures`` are JPEG files.
    """

    points: np.ndarray
    source: np.ndarray
    follow: np.ndarray
    groups: Mapping[str, np.ndarray]
    materials: Mapping[str, Material]
    uv: np.ndarray | None
    colours: np.ndarray | None
    eyes: tuple[Eye, ...]
    body: Body | None
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def moved(self, deltas: np.ndarray) -> np.ndarray:
        """Displacements (..., P, 3) of the points for those (..., V, 3) of the rig."""
        return deltas[..., self.source, :] * self.follow[:, None]


def figure_of(
    rig: Rig, picture_size: tuple[int, int] = (256, 512), body: bool = True
) -> Figure:
    """The figure of a rig; ``picture_size`` is the painted skin's (W, H) in pixels."""
    turning = np.zeros(len(rig.neutral), bool)
    for rows in rig.eyes:
        turning[list(rows)] = True
    painted = rig.colours is None and len(rig.neutral) >= mesh_points.N_MESH
    painted = painted and rig.parts.get("skin") == slice(
        0, len(mesh_points.triangles())
    )
    eyes = _eyes(rig)
    own = np.flatnonzero(~turning)
    place = np.full(len(rig.neutral), -1)
    place[own] = np.arange(len(own))
    drawn = ~turning[rig.triangles].any(axis=1)
    drawn[rig.covers] = False
    groups = {
        name: place[rig.triangles[part][drawn[part]]]
        for name, part in rig.parts.items()
        if drawn[part].any()
    }
    figure = Figure(
        points=rig.neutral[own],
        source=own,
        follow=np.ones(len(own), np.float32),
        groups=groups,
        materials={name: _material(name, False) for name in groups},
        uv=None,
        colours=None if rig.colours is None else rig.colours[own],
        eyes=eyes,
        body=None,
    )
    return _painted(rig, figure, picture_size, body) if painted else figure


def _eyes(rig: Rig) -> tuple[Eye, ...]:
    """Eyeballs with a picture seen from the front, of rigs that have any."""
    eyes = []
    for name, rows, centre in zip(SIDES, rig.eyes, rig.eye_centres, strict=True):
        turning = np.zeros(len(rig.neutral), bool)
        turning[list(rows)] = True
        faces = rig.triangles[turning[rig.triangles].all(axis=1)]
        if len(faces):
            used, triangles = np.unique(faces, return_inverse=True)
            around = rig.neutral[used] - centre
            reach = EYE_REACH * np.linalg.norm(around, axis=1).max()
            uv = 0.5 + 0.5 * around[:, :2] * [1, -1] / reach
            triangles = triangles.reshape(-1, 3)
            eyes.append(Eye(name, used, centre, triangles, np.clip(uv, 0, 1)))
    return tuple(eyes)


def _material(name: str, painted: bool) -> Material:
    if painted and name in PICTURED:
        return Material((1.0, 1.0, 1.0), PICTURED[name], "skin")
    key = next(key for key in COLOURS if key in name)
    return Material(*COLOURS[key])


def _painted(
    rig: Rig, figure: Figure, picture_size: tuple[int, int], with_body: bool
) -> Figure:
    """A figure whose skin is MediaPipe's mesh, with the rest of a person around it."""
    face = np.asarray(rig.neutral[: mesh_points.N_MESH], np.float64)
    frame = _HeadFrame(face)
    local = frame.to_head(face)
    back = head.head_back(local)
    ear_points, _, ear_triangles = head.ears(*EAR_GRID)
    picture = skin.paint(
        local, head.hair_cover(round(skin.WIDTH_CM * skin.PIXELS_PER_CM))
    )
    size = np.array(picture.size)
    # Hair meets the face at the outline but has its own place in the picture there.
    oval = back.triangles[back.triangles < mesh_points.N_MESH]
    rim = np.unique(oval)
    renumber = np.zeros(mesh_points.N_MESH + len(back.points), int)
    first = len(figure.points)
    renumber[rim] = first + np.arange(len(rim))
    renumber[mesh_points.N_MESH :] = first + len(rim) + np.arange(len(back.points))
    ear_first = first + len(rim) + len(back.points)
    hair = skin.hair_uv(back.around, back.back)
    uv = np.concatenate(
        [
            skin.face_uv(frame.to_head(figure.points.astype(np.float64))),
            hair[rim],
            hair[mesh_points.N_MESH :],
            np.repeat(skin.face_uv(head.PLAIN_SKIN), len(ear_points), axis=0),
        ]
    )
    groups = dict(figure.groups)
    groups["hair"] = renumber[back.triangles]
    groups["ears"] = ear_triangles + ear_first
    around = np.concatenate(
        [face[rim], frame.to_rig(back.points), frame.to_rig(ear_points)]
    )
    nothing = np.zeros(len(ear_points), int)
    return Figure(
        points=np.concatenate([figure.points, around.astype(np.float32)]),
        source=np.concatenate([figure.source, rim, back.outline, nothing]),
        follow=np.concatenate(
            [figure.follow, np.ones(len(rim)), back.follow, nothing]
        ).astype(np.float32),
        groups=groups,
        materials={name: _material(name, True) for name in groups},
        uv=((uv + 0.5) / size).clip(0, 1),
        colours=None,
        eyes=figure.eyes,
        body=_body(frame, size) if with_body else None,
        pictures={"skin": _jpeg(picture.resize(picture_size)), "eye": _jpeg(_eye())},
    )


class _HeadFrame:
    """Between a rig's centimetres and those of ``head``, with its eyes in one place."""

    def __init__(self, face: np.ndarray) -> None:
        outer = face[list(mesh_points.OUTER_EYE_CORNERS)]
        self._unit = np.linalg.norm(outer[1] - outer[0]) / head.EYE_SPAN
        self._origin = outer.mean(axis=0)

    def to_head(self, points: np.ndarray) -> np.ndarray:
        return (points - self._origin) / self._unit + head.EYES

    def to_rig(self, points: np.ndarray) -> np.ndarray:
        return (points - head.EYES) * self._unit + self._origin


def _body(frame: _HeadFrame, size: np.ndarray) -> Body:
    body = head.body(BODY_GRID)
    return Body(
        points=frame.to_rig(body.points).astype(np.float32),
        triangles=body.triangles,
        uv=(skin.body_uv(body.along) + 0.5) / size,
        follow=body.follow.astype(np.float32),
    )


def _eye() -> Image.Image:
    """An eyeball of radius 1 as seen from the front."""
    y, x = np.mgrid[1 : -1 : EYE_PIXELS * 1j, -1 : 1 : EYE_PIXELS * 1j] * EYE_REACH
    iris = 0.5
    ring = iris * np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]])
    corners = np.array([[-1.25, 0.0], [1.25, 0.0]])
    light = np.ones(x.size, np.float32)
    planes = openings.eye_colours(x.ravel(), y.ravel(), light, ring, corners, 0.02)
    picture = planes.T.reshape(*x.shape, 3).clip(0, 1) * 255
    return Image.fromarray(picture.astype(np.uint8))


def _jpeg(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=82, optimize=True)
    return stream.getvalue()
