"""Colours of what is seen through the openings of the face: eyes and mouth.

Both are worked out pixel by pixel from where the line of sight meets the head, so
that iris and teeth keep their shape while lids and lips move over them. Coordinates
are head centimetres (see ``head``); colours are planar (3, P) in [0, 1].
"""

import numpy as np

SCLERA = np.array([0.93, 0.905, 0.885], np.float32)
CORNER = np.array([0.80, 0.60, 0.56], np.float32)
IRIS = np.array([0.36, 0.50, 0.56], np.float32)
IRIS_INNER = np.array([0.52, 0.50, 0.36], np.float32)
LIMBUS = np.array([0.13, 0.19, 0.24], np.float32)
PUPIL = np.array([0.03, 0.03, 0.04], np.float32)
CAVITY = np.array([0.17, 0.05, 0.05], np.float32)
TONGUE = np.array([0.62, 0.27, 0.26], np.float32)
TEETH = np.array([0.93, 0.90, 0.84], np.float32)
TOOTH = 0.84  # cm, width of an upper front tooth


def eye_colours(
    x: np.ndarray,
    y: np.ndarray,
    light: np.ndarray,
    iris: np.ndarray,
    corners: np.ndarray,
    soft: float,
    ahead: np.ndarray | None = None,
) -> np.ndarray:
    """Colours (3, P) of points x, y of one eye opening.

    ``iris`` (5, 2) is the centre and rim of the iris, ``ahead`` (2,) its centre when
    the eye looks ahead, as here if not told, ``corners`` (2, 2) those of the eye,
    ``light`` (P,) what the lids leave of the light, ``soft`` the width of an
    antialiased edge in cm.
    """
    radius = 0.5 * np.linalg.norm(iris[1] - iris[3])
    tall = 0.5 * np.linalg.norm(iris[2] - iris[4])
    across, up = (x - iris[0, 0]) / radius, (y - iris[0, 1]) / max(tall, 1e-3)
    out = np.sqrt(across**2 + up**2)
    edge = soft / radius
    span = np.linalg.norm(corners[1] - corners[0])
    middle = corners.mean(axis=0)
    far = np.hypot(x - middle[0], 1.3 * (y - middle[1])) / (0.5 * span)
    colour = _mix(SCLERA, CORNER, np.clip((far - 0.55) / 0.6, 0, 1) ** 1.5)
    colour *= 1.02 - 0.22 * np.clip(far, 0, 1.3) ** 2  # a ball turns away at its sides
    ring = _mix(IRIS_INNER, IRIS, np.clip((out - 0.35) / 0.35, 0, 1))
    ring *= 0.86 + 0.12 * np.cos(23 * np.arctan2(up, across)) * np.clip(out, 0, 1)
    ring *= 1.12 - 0.35 * up.clip(-1, 1)  # light falls in from above, glows below
    ring = _over(ring, LIMBUS, _step(out, 0.82, 0.12))
    ring = _over(ring, PUPIL, 1 - _step(out, 0.40, edge))
    inside = 1 - _step(out, 0.97, edge)
    colour += inside * (ring - colour)
    colour *= light
    # The cornea mirrors the light half as far from the middle as the iris goes.
    back = 0.0 * iris[0] if ahead is None else 0.5 * (ahead - iris[0]) / radius
    glint = np.hypot(across - back[0] + 0.30, up - back[1] - 0.36)
    return _over(
        colour, np.array([1, 1, 1], np.float32), 0.95 * (1 - _step(glint, 0.2, edge))
    )


def mouth_colours(
    x: np.ndarray,
    y: np.ndarray,
    light: np.ndarray,
    line: float,
    jaw: float,
    soft: float,
) -> np.ndarray:
    """Colours (3, P) inside the mouth.

    Upper teeth hang from the head, lower teeth and tongue go down with the ``jaw``
    (cm); ``line`` is the height of the closed mouth.
    """
    y = y - line
    arch = 0.055 * x**2  # teeth to the sides lie further back and look shorter
    low = y + jaw
    colour = np.repeat(CAVITY[:, None], len(x), axis=1)
    hump = -0.62 - 0.05 * x**2
    tongue = (1 - _step(low, hump, 0.35)) * (1 - _step(np.abs(x), 1.7, 0.8))
    colour = _over(colour, TONGUE * 0.8, tongue)
    shade = 1 - 0.085 * x**2
    lower = (1 - _step(low, -0.62 + arch, soft)) * _step(low, -1.5 + arch, soft)
    colour = _teeth(colour, x, 0.62 * TOOTH, lower * (np.abs(x) < 2.2), 0.82 * shade)
    upper = _step(y, -0.42 + arch, soft)
    colour = _teeth(colour, x, TOOTH, upper * (np.abs(x) < 2.6), shade)
    return colour * light


def _teeth(colour, x, width, cover, shade):
    gap = np.abs((x / width) % 1 - 0.0)
    gap = np.minimum(gap, 1 - gap) * width
    seam = 1 - 0.28 * np.exp(-((gap / 0.05) ** 2))
    return colour + cover * (TEETH[:, None] * np.clip(shade, 0.25, 1) * seam - colour)


def _step(value, edge, width):
    """0 below ``edge``, 1 above, smooth over ``width``."""
    t = np.clip((value - edge) / max(width, 1e-4) + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def _mix(first, second, share):
    return first[:, None] + share * (second - first)[:, None]


def _over(colour, paint, cover):
    return colour + cover * (paint[:, None] - colour)
