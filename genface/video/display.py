"""Stored pictures of a clip as they are meant to be shown: upright, square pixels."""

from fractions import Fraction

import numpy as np


def shown(picture, pixel_aspect: Fraction | None) -> np.ndarray:
    """A decoded picture as RGB (H, W, 3) uint8, stretched, turned and mirrored.

    ``pixel_aspect`` is a stored pixel's width over its height. The picture grows,
    never shrinks. A display matrix that turns by less than a right angle is rounded.
    """
    width, height = picture.width, picture.height
    if pixel_aspect:
        width = max(width, round(width * pixel_aspect))
        height = max(height, round(height / pixel_aspect))
    rgb = picture.to_ndarray(format="rgb24", width=width, height=height)
    return np.ascontiguousarray(_turned(rgb, _matrix(picture)))


def _matrix(picture) -> np.ndarray:
    """Turn (2, 2) that takes stored x, y (right, down) to shown ones.

    ISO 14496-12 writes a point as a row before a 3 x 3 matrix of fixed-point numbers.
    """
    data = picture.side_data.get("DISPLAYMATRIX")
    if data is None:
        return np.eye(2)
    return np.frombuffer(data, np.int32).reshape(3, 3)[:2, :2].T / (1 << 16)


def _turned(rgb: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """One of the eight ways to lay a picture down, the one nearest to ``matrix``."""
    x_along, y_along = np.abs(matrix).argmax(axis=1)
    if x_along == y_along:  # no turn at all: some writers leave the matrix empty
        return rgb
    if x_along == 1:
        rgb = rgb.swapaxes(0, 1)
    if matrix[0, x_along] < 0:
        rgb = rgb[:, ::-1]
    if matrix[1, y_along] < 0:
        rgb = rgb[::-1]
    return rgb
