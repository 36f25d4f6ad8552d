"""The default rig: AU shapes of the left half of a face, inner parts, identities."""

import numpy as np

from experiments.ict import inner_parts
from experiments.ict.facekit import ICT
from experiments.ict.registration import Registration
from genface.avatar import contact
from genface.avatar.activation import LOOKS
from genface.avatar.shapes import EXTRA_SHAPES, MIXTURES, RIG_AUS, side_deltas
from genface.facs.arkit import ARKIT_FROM_AU
from genface.geometry.mesh_points import CHIN, IRISES, N_FACE

HEAD_PIVOT = (0.0, -3.0, -1.0)  # top of the neck, between and below the ears; by eye
IDENTITIES = 10
LEAST = 1e-5  # cm, movement at activation 1 that is none


def build_rig(ict: ICT, mesh: Registration) -> dict[str, np.ndarray]:
    """Arrays of `models/rig/rig.npz`; see its card.

    Only left shapes are kept: the right ones are their mirror, so the rig is exactly
    symmetric.
    """
    points = mesh.points(ict.neutral)
    neutral = (points + _flip(points, mesh)) / 2
    neutral[mesh.mirror == np.arange(len(neutral)), 0] = 0
    neutral = np.asarray(contact.part(neutral[None].astype(np.float32)))[0]
    inner = inner_parts.parts(neutral, mesh)
    pieces = list(inner.values())
    inside = np.concatenate([piece.points for piece in pieces])
    sided = side_deltas(symmetric_shapes(ict, mesh), neutral, neutral, sides="L")
    names = [f"AU{number:02d}" for number in RIG_AUS]
    names += [*LOOKS, *("+".join(pair) for pair in MIXTURES)]
    left = np.array([sided[f"{name}_L"] for name in names])
    pairs = zip(names, left, strict=True)
    follow = np.array([_inside(name, shape, pieces, ict) for name, shape in pairs])
    deltas = np.concatenate([left, follow], axis=1)
    deltas[np.abs(deltas).max(axis=2) < LEAST] = 0
    first = len(neutral) + np.cumsum([0, *(len(piece.points) for piece in pieces)])
    starts = zip(pieces, first, strict=False)
    faces = [_shifted(piece, start) for piece, start in starts]
    return {
        "au_numbers": np.array(RIG_AUS, np.int16),
        "mixtures": np.array(
            [[int(name[2:]) for name in pair] for pair in MIXTURES], np.int16
        ),
        "neutral": np.concatenate([neutral, inside]).astype(np.float32),
        "left": deltas.astype(np.float16),
        "mirror": _mirror(mesh, inside),
        "inner_triangles": np.concatenate(faces).astype(np.int16),
        "inner_names": np.array(list(inner)),
        "inner_sizes": np.array([len(rows) for rows in faces], np.int16),
        "eye_rows": np.arange(first[0], first[2]).reshape(2, -1).astype(np.int16),
        "eye_centres": mesh.eye_centres.astype(np.float32),
        "head_pivot": np.array(HEAD_PIVOT, np.float32),
        "identity": identity_modes(ict, mesh, pieces).astype(np.float16),
    }


def symmetric_shapes(ict: ICT, mesh: Registration) -> dict[str, np.ndarray]:
    """Deltas (478, 3) of the set's shapes, averaged with their mirror images."""
    shapes = {}
    for name in ict.expressions:
        other = name[:-1] + "LR"[name[-1] == "L"] if name[-2:] in ("_L", "_R") else name
        flipped = _flip(mesh.deltas(ict.expressions[other]), mesh)
        shapes[name] = (mesh.deltas(ict.expressions[name]) + flipped) / 2
    return shapes


def identity_modes(ict: ICT, mesh: Registration, pieces) -> np.ndarray:
    """Principal components (K, V, 3) of the set's identities, per standard deviation.

    Of the symmetric half of each, without shifts of the whole face. Eyeballs shift
    with the irises, teeth and mouth with the lips.
    """
    modes = mesh.deltas(ict.identity.astype(np.float64))
    modes = (modes + _flip(modes, mesh)) / 2
    modes -= modes[:, :N_FACE].mean(1, keepdims=True)
    _, size, rows = np.linalg.svd(modes.reshape(len(modes), -1), full_matrices=False)
    kept = (size[:IDENTITIES, None] * rows[:IDENTITIES]).reshape(IDENTITIES, -1, 3)
    kept *= np.sign(kept[:, CHIN, 1])[:, None, None]  # the sign of an SVD is free
    lips = kept[:, [13, 14, 78, 308]].mean(1, keepdims=True)
    inside = []
    for k, piece in enumerate(pieces):
        irises = kept[:, list(IRISES[k])] if k < 2 else None
        shift = lips if irises is None else irises.mean(1, keepdims=True)
        inside.append(np.repeat(shift, len(piece.points), axis=1))
    return np.concatenate([kept, *inside], axis=1)


def _flip(points: np.ndarray, mesh: Registration) -> np.ndarray:
    return points[..., mesh.mirror, :] * [-1, 1, 1]


def _inside(name: str, left: np.ndarray, pieces, ict: ICT) -> np.ndarray:
    """Delta of the inner parts' vertices for one left-sided driver."""
    jaw = _jaw_weight(name)
    rows = []
    for piece in pieces:
        moved = 0.5 * jaw * inner_parts.jaw_motion(ict, "jawOpen", piece.points)
        moved *= piece.jaw[:, None]
        lips = piece.lips >= 0
        if not jaw:
            moved[lips] += piece.share * left[piece.lips[lips]]
        rows.append(moved)
    return np.concatenate(rows)


def _jaw_weight(name: str) -> float:
    number = int(name[2:]) if name[:2] == "AU" and name[2:].isdigit() else None
    weights = ARKIT_FROM_AU.get(number, {}) | EXTRA_SHAPES.get(number, {})
    return weights.get("jawOpen", 0.0)


def _shifted(piece: inner_parts.Part, start: int) -> np.ndarray:
    """Triangles with the part's own vertices counted from ``start``."""
    if piece.share:  # uses vertices of the lips too
        own = piece.triangles >= 478
        return np.where(own, piece.triangles - 478 + start, piece.triangles)
    return piece.triangles + start


def _mirror(mesh: Registration, inside: np.ndarray) -> np.ndarray:
    distance = np.linalg.norm(inside[:, None] * [-1, 1, 1] - inside, axis=-1)
    assert distance.min(1).max() < 1e-6, "an inner part is not symmetric"
    return np.concatenate([mesh.mirror, len(mesh.mirror) + distance.argmin(1)]).astype(
        np.int16
    )
