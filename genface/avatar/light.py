"""Light on a surface: a key light, a fill, red at the shadow's border, highlights."""

import numpy as np

KEY = (-0.42, 0.5, 0.76)  # toward the lights, in the frame of the viewer
FILL = (0.75, 0.1, 0.55)
WRAP = 0.28  # how far the key light reaches around
SHINE = 24.0  # exponent of the highlights
GLINT = 250.0  # of those in eyes
HOLLOW = 1.1  # how much folds darken


def light(normals: np.ndarray, hollow: np.ndarray | float = 0.0) -> np.ndarray:
    """Light (S, 3) on a matt surface with unit normals (S, 3).

    Columns: the share of red that is sent back, that of green and blue, and the
    highlight that is added (all 0-1). ``hollow`` is the depth of folds relative to
    their width, below 0 on ridges.
    """
    key_to, fill_to = _unit(KEY), _unit(FILL)
    halfway = _unit(key_to + np.array([0, 0, 1.0], np.float32))
    toward = normals @ np.stack([key_to, fill_to, halfway], axis=1)
    key = np.clip((toward[:, 0] + WRAP) / (1 + WRAP), 0, 1)
    fill, glance = np.clip(toward[:, 1:], 0, 1).T
    below = np.clip(-normals[:, 1], 0, 1)
    folds = np.clip(1 - HOLLOW * np.clip(hollow, -0.12, 0.6), 0.55, 1.1)
    white = (0.36 + 0.66 * key + 0.15 * fill - 0.08 * below) * folds
    # Light that has passed through skin is red: at the border of the shadow.
    red = white + 0.16 * key * (1 - key)
    return np.stack([red, white, 0.11 * glance**SHINE], axis=1)


def glint(normals: np.ndarray) -> np.ndarray:
    """Highlight (S,), 0-1, of the key light on something wet."""
    halfway = _unit(_unit(KEY) + np.array([0, 0, 1.0], np.float32))
    return 0.9 * np.clip(normals @ halfway, 0, 1) ** GLINT


def _unit(direction) -> np.ndarray:
    direction = np.asarray(direction, np.float32)
    return direction / np.linalg.norm(direction)
