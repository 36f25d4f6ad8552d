"""The 26 719-vertex head of ICT-FaceKit as a rig: parts, AUs, eyes, contact.

The default rig's mesh lies on the same surface and in the same coordinates; regions,
colours and the edges of lips and lids are carried over from it.
"""

from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from genface.avatar import contact, default_rig, ict_colours, ict_files
from genface.avatar.activation import Drivers
from genface.avatar.ict_files import FaceKit
from genface.avatar.morphs import Morphs
from genface.avatar.shapes import MIXTURES, RIG_AUS, side_deltas, smooth
from genface.errors import InputError
from genface.files import shipped_model

# Ranges of vertices. Left out are tear ducts, and the shells in front of the eyeballs.
RANGES = {
    "skin": (0, 11248),
    "mouth": (11248, 13294),
    "sockets": (13294, 14062),
    "gums": (14062, 17039),
    "teeth": (17039, 21451),
    "eyes": (21451, 24591),
    "lashes": (25351, 26719),
}
FACE = slice(0, 9409)
LASHES = slice(25351, 26719)
STEPS = 81  # along an edge of lips or lids
REACH_LIPS, REACH_LIDS = 1.0, 0.35  # cm over which the skin follows its edge


def read(path: Path | str) -> dict:
    """Fields of a :class:`genface.avatar.Rig` from a folder or npz of ICT-FaceKit.

    Raises :class:`InputError` for other files, and for another neutral face.
    """
    kit = ict_files.read(path)
    default = default_rig.read(shipped_model("rig", "rig.npz"))
    mesh = default["neutral"][:478]
    apart = cKDTree(kit.neutral[FACE]).query(mesh[:468])[0].max()
    if not apart < 0.5:
        raise InputError(
            f"{path}: the neutral face is not ICT-FaceKit's generic one "
            f"(the face mesh is up to {apart:.2f} cm off its surface)."
        )
    drivers = Drivers(tuple(f"AU{number:02d}" for number in RIG_AUS), MIXTURES)
    try:
        deltas = side_deltas(kit.shapes, kit.neutral, mesh)
    except KeyError as missing:
        raise InputError(f"{path}: without the shape {missing.args[0]}.") from None
    triangles, parts = _parts(kit)
    edges = _edges(kit, mesh)
    neutral = np.asarray(contact.part(kit.neutral[None], edges))[0]
    eyes = np.arange(*RANGES["eyes"])
    sides = [eyes[kit.neutral[eyes, 0] < 0], eyes[kit.neutral[eyes, 0] > 0]]
    return {
        "drivers": drivers,
        "neutral": neutral,
        "triangles": triangles,
        "parts": parts,
        "colours": ict_colours.paint(kit.neutral, mesh, RANGES, sides),
        "morphs": Morphs(
            drivers.names,
            np.stack([deltas[name] for name in drivers.names]).astype(np.float32),
        ),
        "eyes": sides,
        "eye_centres": default["eye_centres"],
        "head_pivot": default["head_pivot"],
        "edges": edges,
    }


def _parts(kit: FaceKit) -> tuple[np.ndarray, dict[str, slice]]:
    """Triangles by part; eyes and teeth are told apart by side and by the jaw."""
    whole = kit.quads[:, 3] >= 0
    faces = np.concatenate([kit.quads[:, [0, 1, 2]], kit.quads[whole][:, [0, 2, 3]]])
    last = faces.max(1)
    lower = np.linalg.norm(kit.shapes["jawOpen"], axis=1) > 1
    right = kit.neutral[faces[:, 0], 0] < 0
    found = {}
    for name, (start, stop) in RANGES.items():
        here = (last >= start) & (last < stop)
        if name == "teeth":
            found["teeth_upper"] = here & ~lower[last]
            found["teeth_lower"] = here & lower[last]
        elif name == "eyes":
            found["eye_R"], found["eye_L"] = here & right, here & ~right
        else:
            found[name] = here
    ends = np.cumsum([0, *(rows.sum() for rows in found.values())]).tolist()
    pieces = np.concatenate([faces[rows] for rows in found.values()])
    parts = {
        name: slice(start, stop)
        for name, start, stop in zip(found, ends, ends[1:], strict=False)
    }
    return pieces.astype(np.int32), parts


def _edges(kit: FaceKit, mesh: np.ndarray) -> tuple[contact.Edges, ...]:
    """Edges of lips and lids among the set's own vertices, along those of the mesh."""
    opening = np.linalg.norm(kit.shapes["jawOpen"], axis=1)
    low = opening > 0.5 * opening[cKDTree(kit.neutral[FACE]).query(mesh[14])[1]]
    face = np.zeros(len(kit.neutral), bool)
    face[FACE] = True
    lips = face.copy()
    lips[RANGES["mouth"][0] : RANGES["mouth"][1]] = True
    half, whole = np.array([0.5, 1.0], np.float32)
    found = []
    for row in (3, 0):
        chains = contact.UPPER_LIP[row], contact.LOWER_LIP[row]
        reach = REACH_LIPS if row == 3 else 0.25
        found.append(_pair(kit, mesh, chains, (lips & ~low, lips & low), reach, half))
    blink = kit.shapes["eyeBlink_L"] + kit.shapes["eyeBlink_R"]
    goes_down = blink[:, 1] < -0.15
    lashes = np.zeros(len(kit.neutral), bool)
    lashes[LASHES] = True
    for lids in zip(contact.UPPER_LIDS, contact.LOWER_LIDS, strict=True):
        sides = (face | lashes) & goes_down, (face | lashes) & ~goes_down
        found.append(_pair(kit, mesh, lids, sides, REACH_LIDS, whole))
    return tuple(found)


def _pair(kit, mesh, chains, sides, reach: float, yields) -> contact.Edges:
    ends = [_nearest(kit.neutral[FACE], mesh[chains[0][k]]) for k in (0, -1)]
    edges = [
        _chain(kit.neutral, mesh[list(chain)], side, ends)
        for chain, side in zip(chains, sides, strict=True)
    ]
    follow = [
        _follow(kit.neutral, edge, side, reach)
        for edge, side in zip(edges, sides, strict=True)
    ]
    return contact.Edges(edges[0], edges[1], follow[0], follow[1], yields)


def _chain(points, curve, allowed, ends) -> np.ndarray:
    """Vertices nearest to a polyline, from image left to right, x ascending."""
    rows = np.flatnonzero(allowed & (np.arange(len(points)) < FACE.stop))
    at = np.linspace(0, len(curve) - 1, STEPS)[1:-1]
    places = np.stack([np.interp(at, np.arange(len(curve)), c) for c in curve.T], 1)
    inner = rows[cKDTree(points[rows]).query(places)[1]]
    chain = [int(ends[0])]
    for vertex in inner:
        if chain[-1] != vertex and points[vertex, 0] > points[chain[-1], 0] + 0.01:
            chain.append(int(vertex))
    stop = points[ends[1], 0] - 0.01
    return np.array([v for v in chain if points[v, 0] < stop] + [int(ends[1])])


def _follow(points, edge, allowed, reach: float) -> np.ndarray:
    """How far each vertex (K, V) goes with each of the edge: beside and above it."""
    x = points[edge, 0]
    rows = np.flatnonzero(allowed)
    rows = rows[(points[rows, 0] > x[0]) & (points[rows, 0] < x[-1])]
    far = cKDTree(points[edge]).query(points[rows])[0]
    on_lash = rows >= LASHES.start
    share = np.where(on_lash, far < 1.2, smooth(1 - far / reach))
    weights = np.zeros((len(edge), len(points)), np.float32)
    hats = np.stack(
        [np.interp(points[rows, 0], x, one) for one in np.eye(len(edge))], axis=0
    )
    weights[:, rows] = hats * share
    weights[:, edge] = np.eye(len(edge))
    return weights


def _nearest(points, place) -> int:
    return int(np.linalg.norm(points - place, axis=1).argmin())
