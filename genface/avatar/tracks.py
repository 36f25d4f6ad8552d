"""A motion as weights of morph targets and turns of nodes: what other viewers play."""

from dataclasses import dataclass, replace

import numpy as np

from genface.avatar.animation import Motion
from genface.avatar.rig import Rig
from genface.errors import InputError
from genface.geometry.pose import rotation_from_euler

CONTACT_LEAST = 1e-7  # cm, movement left out of a direction of contact
BLOCK = 64  # frames looked at together
BAKED_LEAST = 1e-4  # cm, movement left out of a direction that is none of the rig's
CONTACT_ERROR = 4e-6  # cm, what leaving out the rest of lip and lid contact costs


@dataclass(frozen=True)
class Tracks:
    """Morph targets in use and how they run.

    ``deltas`` (S, V, 3) in cm are those of ``names``; ``weights`` (T, S). ``head`` and
    ``eyes`` (T, 4) are quaternions x, y, z, w without jumps of sign, None where nothing
    turns. ``notes`` say what was left out.
    """

    names: tuple[str, ...]
    deltas: np.ndarray
    weights: np.ndarray
    head: np.ndarray | None
    eyes: np.ndarray | None
    notes: tuple[str, ...] = ()


def tracks_of(rig: Rig, motion: Motion, max_targets: int | None = None) -> Tracks:
    """Targets that a motion uses, contact of lips and lids among them.

    Left and right shapes that run alike throughout are one target, ``AU12``. The
    correction that contact makes is no linear function of the AUs, but over a clip it
    stays in few directions, which become targets ``contact_1`` ..., as many as keep
    every vertex within 1e-5 cm of the rig. With ``max_targets`` all movement is put
    into that many directions (``shape_1`` ...), the best there are (Eckart and Young
    1936); the error is noted.
    """
    if max_targets is not None and max_targets < 1:
        raise InputError(f"max_targets is {max_targets}; expected at least 1.")
    names, aus = motion.au_names, motion.aus
    weights = rig.morph_weights(aus, motion.gaze, names).astype(np.float32)
    used = np.abs(weights).max(axis=0) > 0
    used &= np.abs(rig.morphs.deltas).max(axis=(1, 2)) > 0
    tracks = Tracks(
        names=tuple(n for n, u in zip(rig.morphs.names, used, strict=True) if u),
        deltas=rig.morphs.deltas[used],
        weights=weights[:, used],
        head=_quaternions(motion.pose),
        eyes=None if motion.gaze is None else _quaternions(_as_pose(motion.gaze)),
    )
    tracks = _with_contact(rig, motion, _both_sides(tracks))
    if max_targets is not None and len(tracks.names) > max_targets:
        tracks = _baked(tracks, max_targets)
    return tracks


def _both_sides(tracks: Tracks) -> Tracks:
    """Left and right shapes that run alike made one: ``AU12``."""
    runs_of = zip(tracks.names, tracks.deltas, tracks.weights.T, strict=True)
    kept = {name: (delta, runs) for name, delta, runs in runs_of}
    for name in tracks.names:
        base, side = name[:-2], name[-2:]
        if side == "_L" and base not in kept and f"{base}_R" in kept:
            (left, runs), (right, other) = kept[name], kept[f"{base}_R"]
            if np.array_equal(runs, other):
                kept = {
                    base if key == name else key: value
                    for key, value in kept.items()
                    if key != f"{base}_R"
                }
                kept[base] = left + right, runs
    deltas = [delta for delta, _ in kept.values()]
    weights = [weight for _, weight in kept.values()]
    return replace(
        tracks,
        names=tuple(kept),
        deltas=np.stack(deltas) if deltas else tracks.deltas,
        weights=np.stack(weights, axis=1) if weights else tracks.weights,
    )


def _as_pose(gaze: np.ndarray) -> np.ndarray:
    return np.stack([gaze[:, 0], np.zeros(len(gaze)), gaze[:, 1]], axis=1)


def _with_contact(rig: Rig, motion: Motion, tracks: Tracks) -> Tracks:
    """Add what the rig's vertices are beyond the sum of the shapes."""
    shape = rig.neutral.shape
    turning = [np.asarray(rows, int) for rows in rig.eyes]
    flat = tracks.deltas.reshape(len(tracks.names), rig.neutral.size)
    corrections = []
    for start in range(0, len(motion), BLOCK):
        rows = slice(start, start + BLOCK)
        gaze = None if motion.gaze is None else motion.gaze[rows]
        whole = rig.vertices(motion.aus[rows], None, gaze, motion.au_names)
        beyond = whole - rig.neutral - (tracks.weights[rows] @ flat).reshape(-1, *shape)
        for eye in turning:  # that they turn is no correction
            beyond[:, eye] = 0
        corrections.append(beyond.reshape(len(beyond), -1))
    most = np.max([np.abs(beyond).max(axis=0) for beyond in corrections], axis=0)
    columns = np.flatnonzero(most > CONTACT_ERROR)
    if not len(columns):
        return tracks
    every = np.concatenate([c[:, columns] for c in corrections]).astype(np.float64)
    weights, directions = _scaled(*_interpolated(every))
    count = len(directions)
    deltas = np.zeros((count, shape[0] * 3), np.float32)
    deltas[:, columns] = directions
    return replace(
        tracks,
        names=(*tracks.names, *(f"contact_{k + 1}" for k in range(count))),
        deltas=np.concatenate([tracks.deltas, deltas.reshape(count, *shape)]),
        weights=np.concatenate([tracks.weights, weights], axis=1),
    )


def _interpolated(every: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fewest columns of (T, C), and how they add up to all within CONTACT_ERROR.

    Weights (T, K) and directions (K, C): interpolative decomposition by a pivoted QR
    (Cheng et al. 2005). Unlike singular vectors, each direction moves few vertices.
    """
    from scipy.linalg import qr, solve_triangular  # slow to import

    corner, order = qr(every, mode="r", pivoting=True)
    size = np.abs(np.diag(corner))
    count = max(1, int((size > CONTACT_ERROR).sum()))
    while True:
        chosen, rest = order[:count], order[count:]
        mixed = solve_triangular(corner[:count, :count], corner[:count, count:])
        peaks = np.abs(every[:, chosen]).max(axis=0)
        mixed[np.abs(mixed) * peaks[:, None] < CONTACT_LEAST] = 0
        missed = np.abs(every[:, rest] - every[:, chosen] @ mixed).max(initial=0)
        if missed <= CONTACT_ERROR or count >= len(size):
            break
        count += 1
    directions = np.zeros((count, every.shape[1]))
    directions[np.arange(count), chosen] = 1
    directions[:, rest] = mixed
    return every[:, chosen], directions


def _scaled(weights: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, ...]:
    """Each direction with its largest movement upward or outward, weights up to 1."""
    peak = np.take_along_axis(
        directions, np.abs(directions).argmax(axis=1)[:, None], axis=1
    )
    most = np.abs(weights).max(axis=0)
    scale = np.sign(peak[:, 0]) * np.where(most > 0, most, 1)
    weights, directions = weights / scale, directions * scale[:, None]
    return weights.astype(np.float32), directions.astype(np.float32)


def _baked(tracks: Tracks, count: int) -> Tracks:
    flat = tracks.deltas.reshape(len(tracks.names), -1).astype(np.float64)
    # The same singular vectors from small matrices: movement = weights @ flat.
    mix, shared = np.linalg.qr(flat.T)
    left, spread, right = np.linalg.svd(
        tracks.weights.astype(np.float64) @ shared.T, full_matrices=False
    )
    weights, directions = _scaled(
        left[:, :count] * spread[:count], right[:count] @ mix.T
    )
    directions[np.abs(directions) < BAKED_LEAST] = 0
    rest = (left[:, count:] * spread[count:]) @ right[count:]
    worst = mean = 0.0
    for row in rest:
        missed = np.linalg.norm((mix @ row).reshape(-1, 3), axis=1)
        worst, mean = max(worst, missed.max()), mean + missed.mean() / len(rest)
    made = len(directions)
    note = (
        f"{len(tracks.names)} targets put into {made}: vertices are off by "
        f"{10 * worst:.2g} mm at most, {10 * mean:.2g} mm in the mean"
    )
    return replace(
        tracks,
        names=tuple(f"shape_{k + 1}" for k in range(made)),
        deltas=directions.reshape(made, *tracks.deltas.shape[1:]),
        weights=weights,
        notes=(*tracks.notes, note),
    )


def _quaternions(angles: np.ndarray | None) -> np.ndarray | None:
    """Quaternions (T, 4) of Pitch, Roll, Yaw (T, 3); None where nothing turns."""
    if angles is None or not np.any(angles):
        return None
    from scipy.spatial.transform import Rotation  # slow to import

    turns = Rotation.from_matrix(rotation_from_euler(angles)).as_quat()
    flips = np.sign(np.einsum("tk,tk->t", turns[1:], turns[:-1]))
    flips = np.cumprod(np.append(np.sign(turns[0, 3]) or 1, np.where(flips < 0, -1, 1)))
    return turns * flips[:, None]
