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
INSIDE = ("mouth", "teeth_upper", "teeth_lower", "tongue")
NECK_IN_HEAD = 0.6  # how far points of the neck follow the head that lie in it
TEETH = ("teeth_upper", "teeth_lower")
TEETH_SIZE = (256, 64)  # of their picture in pixels, upper teeth above lower ones
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
    if painted and name in TEETH:
        return Material((1.0, 1.0, 1.0), COLOURS["teeth"][1], "teeth")
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
    uv = (uv + 0.5) / size
    for lower, name in enumerate(TEETH):
        if name in figure.groups:
            rows = np.unique(figure.groups[name])
            uv[rows] = _teeth_uv(frame.to_head(figure.points[rows]), lower)
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
        uv=uv.clip(0, 1),
        colours=None,
        eyes=figure.eyes,
        body=_body(frame, size, _mouth_back(rig)) if with_body else None,
        pictures={
            "skin": _jpeg(picture.resize(picture_size)),
            "eye": _jpeg(_eye()),
            "teeth": _jpeg(_teeth()),
        },
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


def _mouth_back(rig: Rig) -> float:
    """Where the inside of the mouth ends behind (z), infinite where there is none."""
    parts = [rig.triangles[rig.parts[name]] for name in INSIDE if name in rig.parts]
    return min((float(rig.neutral[part, 2].min()) for part in parts), default=np.inf)


def _body(frame: _HeadFrame, size: np.ndarray, mouth_back: float) -> Body:
    body = head.body(BODY_GRID)
    points = frame.to_rig(body.points)
    # The neck begins inside of the head, where an open mouth would show it.
    inside = body.follow > NECK_IN_HEAD
    points[inside, 2] = np.minimum(points[inside, 2], mouth_back - 0.2)
    return Body(
        points=points.astype(np.float32),
        triangles=body.triangles,
        uv=(skin.body_uv(body.along) + 0.5) / size,
        follow=body.follow.astype(np.float32),
    )


def _teeth_uv(points: np.ndarray, lower: int) -> np.ndarray:
    """Places in the picture of teeth of points (P, 3): along the arch, and down."""
    half = np.abs(points[:, 0]).max()
    down = (points[:, 1].max() - points[:, 1]) / np.ptp(points[:, 1])
    along = 0.5 + 0.5 * points[:, 0] / half
    return np.stack([along, 0.5 * lower + 0.04 + 0.42 * down], axis=1)


def _teeth() -> Image.Image:
    """Two rows of teeth with seams, darker to the sides and at the gums."""
    width, height = TEETH_SIZE
    across = np.linspace(-1, 1, width)[None]
    down = np.linspace(0, 1, height // 2)[:, None]
    rows = []
    for count, gum in ((4, down), (5, 1 - down)):  # teeth on each side of the middle
        # Towards the sides the arch turns away and teeth look narrower.
        place = np.abs(np.arcsin(np.clip(across, -1, 1)) / (np.pi / 2)) * count
        seam = np.exp(-((np.minimum(place % 1, 1 - place % 1) / 0.07) ** 2))
        shade = (1 - 0.3 * seam) * (1 - 0.35 * across**2) * (0.86 + 0.14 * gum)
        rows.append(openings.TEETH * shade[..., None])
    return Image.fromarray((255 * np.concatenate(rows)).astype(np.uint8))


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
    picture.convert("RGB").save(
        stream, "JPEG", quality=80, subsampling=0, optimize=True
    )
    return stream.getvalue()
