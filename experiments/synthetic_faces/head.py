"""ICT-FaceKit's head made ready for pictures: surface, materials, texture places."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.ict import Registration, load_ict, register
from genface.avatar import contact, ict_rig
from genface.avatar.shapes import smooth

ICT_FILE = Path(__file__).parents[3] / "shared" / "data" / "ict_facekit.npz"
MATERIALS = ("skin", "mouth", "sockets", "gums", "teeth", "eyes", "lashes")
SKIN, MOUTH, SOCKETS, GUMS, TEETH, EYES, LASHES = range(len(MATERIALS))
# Texture of the skin: columns go around the head, rows down it.
TEXELS_PER_CM = 20
AXIS_Z, RADIUS = 1.0, 9.0  # cm: the vertical axis around which it is wound
LEFT, TOP, WIDTH_CM, HEIGHT_CM = -17.0, 15.0, 34.0, 35.0
TEXTURE = (round(HEIGHT_CM * TEXELS_PER_CM), round(WIDTH_CM * TEXELS_PER_CM))


@dataclass(frozen=True)
class Head:
    """Geometry in cm: x right in the picture, y up, z toward the viewer."""

    neutral: np.ndarray  # (V, 3) float32
    identity: np.ndarray  # (100, V, 3) float32, per standard deviation
    names: tuple[str, ...]  # of the shapes
    shapes: np.ndarray  # (S, V, 3) float32
    triangles: np.ndarray  # (M, 3) int32
    material: np.ndarray  # (M,) int8
    eyes: tuple[np.ndarray, np.ndarray]  # vertices of the balls, right, left
    edges: tuple[contact.Edges, ...]  # of lips and lids
    mesh: Registration

    @property
    def skin(self) -> slice:
        return slice(*ict_rig.RANGES["skin"])


def load(path: Path | str = ICT_FILE) -> Head:
    """Read the set and lay the 478 mesh points over it; about five seconds."""
    ict = load_ict(path)
    mesh = register(ict)
    fields = ict_rig.read(path)
    material = np.zeros(len(fields["triangles"]), np.int8)
    for name, rows in fields["parts"].items():
        whole = {"eye_R": "eyes", "eye_L": "eyes"}.get(name, name.split("_")[0])
        material[rows] = MATERIALS.index(whole)
    names = tuple(ict.expressions)
    shapes = np.stack([ict.expressions[name] for name in names]).astype(np.float32)
    frown(shapes, names, ict.neutral)
    return Head(
        neutral=ict.neutral.astype(np.float32),
        identity=np.ascontiguousarray(ict.identity, np.float32),
        names=names,
        shapes=shapes,
        triangles=fields["triangles"],
        material=material,
        eyes=(fields["eyes"][0], fields["eyes"][1]),
        edges=fields["edges"],
        mesh=mesh,
    )


def frown(shapes: np.ndarray, names: tuple[str, ...], neutral: np.ndarray) -> None:
    """Let browDown draw the inner end of its brow .35 cm to the middle as well.

    ICT's shape only lowers it; the corrugator does both.
    """
    for side, sign in (("R", -1), ("L", 1)):
        inner = np.array([1.3 * sign, 5.0, 11.3])
        near = np.exp(-((neutral - inner) ** 2).sum(1) / (2 * 0.9**2))
        near *= smooth(sign * neutral[:, 0] / 0.8)
        shapes[names.index(f"browDown_{side}"), :, 0] -= 0.35 * sign * near


def texture_place(points: np.ndarray) -> np.ndarray:
    """Column and row (V, 2) in the skin's texture of points of the neutral head."""
    around = RADIUS * np.arctan2(points[:, 0], points[:, 2] - AXIS_Z)
    place = np.stack([around - LEFT, TOP - points[:, 1]], 1) * TEXELS_PER_CM
    return place.astype(np.float32)
