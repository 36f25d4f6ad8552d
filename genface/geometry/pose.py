"""Head pose by a closed-form similarity fit of a neutral mesh.

Axes of the head: x to the right in the picture, y up, z toward the camera, in
centimetres. Angles in radians: +Pitch up, +Yaw to the subject's right (image left),
+Roll tilt to the subject's right; ``R = R_yaw R_pitch R_roll`` acts on the neutral.
"""

from typing import NamedTuple

import numpy as np

from genface.errors import ShapeError


class Similarity(NamedTuple):
    """``target = scale * rotation @ source + translation``; NaN where it has no fit.

    ``scale`` (...), ``rotation`` (..., 3, 3), ``translation`` (..., 3).
    """

    scale: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray

    def undo(self, points: np.ndarray) -> np.ndarray:
        """Points (..., V, 3) of the target's space in the source's."""
        centred = points - self.translation[..., None, :]
        return centred @ self.rotation / self.scale[..., None, None]


def similarity(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None
) -> Similarity:
    """Least-squares scale, rotation and shift of (V, 3) onto each (..., V, 3).

    ``weights`` (V,) says how much each point counts. A target with a NaN in it gives
    NaN. Source: Umeyama 1991, equations 40-42; the weights as in Horn 1987.
    """
    source = np.asarray(source, np.float64)
    target = np.asarray(target, np.float64)
    if source.ndim != 2 or target.shape[-2:] != source.shape or source.shape[-1] != 3:
        raise ShapeError(
            f"points of shapes {source.shape} and {target.shape} came; expected "
            "(V, 3) and (..., V, 3)."
        )
    share = np.ones(len(source)) if weights is None else np.asarray(weights, np.float64)
    share = share / share.sum()
    whole = np.isfinite(target).all(axis=(-2, -1))
    known = np.where(whole[..., None, None], target, source)
    source_mean, target_mean = share @ source, np.einsum("v,...vi->...i", share, known)
    a, b = source - source_mean, known - target_mean[..., None, :]
    covariance = np.einsum("v,...vi,vj->...ij", share, b, a)
    u, spread, vt = np.linalg.svd(covariance)
    mirror = np.ones(spread.shape)
    mirror[..., 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * mirror[..., None, :]) @ vt
    scale = (spread * mirror).sum(-1) / (share @ (a**2).sum(-1))
    shift = target_mean - scale[..., None] * np.einsum(
        "...ij,j->...i", rotation, source_mean
    )
    return Similarity(
        np.where(whole, scale, np.nan),
        np.where(whole[..., None, None], rotation, np.nan),
        np.where(whole[..., None], shift, np.nan),
    )


def rotation_from_euler(angles: np.ndarray) -> np.ndarray:
    """Rotations (..., 3, 3) of angles (..., 3) Pitch, Roll, Yaw (the table's order)."""
    pitch, roll, yaw = np.moveaxis(np.asarray(angles, np.float64), -1, 0)
    one, nil = np.ones_like(pitch), np.zeros_like(pitch)

    def matrix(*rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    about_y = matrix(
        (np.cos(yaw), nil, -np.sin(yaw)),
        (nil, one, nil),
        (np.sin(yaw), nil, np.cos(yaw)),
    )
    about_x = matrix(
        (one, nil, nil),
        (nil, np.cos(pitch), np.sin(pitch)),
        (nil, -np.sin(pitch), np.cos(pitch)),
    )
    about_z = matrix(
        (np.cos(roll), -np.sin(roll), nil),
        (np.sin(roll), np.cos(roll), nil),
        (nil, nil, one),
    )
    return about_y @ about_x @ about_z


def euler_from_rotation(rotation: np.ndarray) -> np.ndarray:
    """Angles (..., 3) Pitch, Roll, Yaw of rotations (..., 3, 3); |Pitch| <= pi/2."""
    pitch = np.arcsin(np.clip(rotation[..., 1, 2], -1.0, 1.0))
    roll = np.arctan2(rotation[..., 1, 0], rotation[..., 1, 1])
    yaw = np.arctan2(-rotation[..., 0, 2], rotation[..., 2, 2])
    return np.stack([pitch, roll, yaw], axis=-1)


def mesh_to_head_axes(mesh: np.ndarray) -> np.ndarray:
    """Turn a mesh (..., V, 3) in pixels, y down and z away, to y up and z toward."""
    return np.asarray(mesh, np.float64) * np.array([1.0, -1.0, -1.0])


def pinhole_position(
    fit: Similarity, height: np.ndarray | float, width: np.ndarray | float
) -> np.ndarray:
    """Where the neutral mesh's origin is (..., 3): X right, Y down, Z away, in cm.

    ``fit`` maps the neutral mesh to pixels in head axes. The camera is a pinhole with
    focal length ``max(width, height)`` pixels and its axis through the frame's centre;
    a head of another size than the neutral mesh's seems nearer or farther by as much.
    """
    x = fit.translation[..., 0] - np.asarray(width) / 2
    y = -fit.translation[..., 1] - np.asarray(height) / 2
    focal = np.maximum(height, width) * np.ones_like(x)
    return np.stack([x, y, focal], axis=-1) / fit.scale[..., None]
