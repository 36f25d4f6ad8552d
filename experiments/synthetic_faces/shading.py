"""Light on the visible surface: one compiled loop over samples."""

import numba
import numpy as np

from experiments.synthetic_faces.head import EYES, GUMS, LASHES, MOUTH, SKIN, TEETH
from experiments.synthetic_faces.kernels import FAST

CLOTH, HAIR = 7, 8  # materials beside those of the head
IRIS, PUPIL, LIMBUS = 0.585, 0.2, 0.06  # cm
INNER = (MOUTH, GUMS, TEETH, EYES)  # what lies behind lips and lids


@numba.njit(inline="always")
def _texel(texture, column, row, channel):
    """Bilinear value of (H, W, C) at a place given in texels."""
    height, width = texture.shape[:2]
    column = min(max(column - 0.5, 0.0), width - 1.001)
    row = min(max(row - 0.5, 0.0), height - 1.001)
    i, j = int(row), int(column)
    u, v = np.float32(column - j), np.float32(row - i)
    top = texture[i, j, channel] * (1 - u) + texture[i, j + 1, channel] * u
    low = texture[i + 1, j, channel] * (1 - u) + texture[i + 1, j + 1, channel] * u
    return top * (1 - v) + low * v


@numba.njit(inline="always")
def _mix(a, b, share):
    return a + (b - a) * share


@numba.njit(**FAST)
def shade(
    which, shares, triangles, material, place, normal, open_, skin, bump, plain, eye,
    lights, colours, ambient, rotation, radius, samples,
):  # fmt: skip
    """Linear picture (S, S, 3) and how far each pixel is covered (S, S).

    ``which``, ``shares``: of ``samples`` x ``samples`` per pixel. Per vertex: ``place``
    (V, 2) in the texture (of eyes, cm from the line of sight), ``normal`` (V, 3),
    ``open_`` (V,) to the light around. ``skin`` (H, W, 5): colour, gloss, hollows.
    ``bump`` (H, W, 2): slope of the skin's relief along columns and rows. ``plain``
    (9, 3) colours of materials. ``eye`` (8,): iris, sclera, phase of the streaks,
    lashes. ``lights`` (L, 3) directions, ``colours`` (L, 3); ``ambient`` (2, 3) from
    above and below. ``radius`` in texels per radian around the head.
    """
    size = which.shape[0] // samples
    image = np.zeros((size, size, 3), np.float32)
    cover = np.zeros((size, size), np.float32)
    colour = np.empty(3, np.float32)
    n = np.empty(3, np.float32)
    half = np.empty_like(lights)
    for k in range(len(lights)):
        h = lights[k].copy()
        h[2] += 1
        half[k] = h / np.sqrt((h**2).sum())
    per_sample = np.float32(1 / samples**2)
    middle = skin.shape[1] / 2
    for row in range(which.shape[0]):
        for column in range(which.shape[1]):
            t = which[row, column]
            if t < 0:
                continue
            b, c = shares[row, column]
            a = 1 - b - c
            i, j, k = triangles[t]
            kind = material[t]
            u = a * place[i, 0] + b * place[j, 0] + c * place[k, 0]
            v = a * place[i, 1] + b * place[j, 1] + c * place[k, 1]
            light = a * open_[i] + b * open_[j] + c * open_[k]
            for d in range(3):
                n[d] = a * normal[i, d] + b * normal[j, d] + c * normal[k, d]
            gloss, power, soft = np.float32(0), 18, np.float32(0)
            if kind == SKIN:
                for d in range(3):
                    colour[d] = _texel(skin, u, v, d)
                gloss = 0.10 * _texel(skin, u, v, 3)
                light *= 1 - _texel(skin, u, v, 4)
                soft = np.float32(1)
                # Columns of the texture run around the head, rows down it.
                turn = (u - middle) / radius
                x, z = np.cos(turn), -np.sin(turn)
                du, dv = _texel(bump, u, v, 0), _texel(bump, u, v, 1)
                for d in range(3):
                    along = x * rotation[d, 0] + z * rotation[d, 2]
                    n[d] -= du * along - dv * rotation[d, 1]
            elif kind == EYES:
                far = np.sqrt(u * u + v * v)
                angle = np.arctan2(v, u)
                streak = np.sin(angle * 17 + eye[6]) * np.sin(angle * 7 + 2 * eye[6])
                white = 1 - 0.25 * min(max((far - 0.75) / 0.7, 0.0), 1.0)
                inside = min(max((IRIS - far) / LIMBUS + 0.5, 0.0), 1.0)
                pupil = min(max((eye[7] - far) / 0.03 + 0.5, 0.0), 1.0)
                rim = 0.45 + 0.55 * min(max((IRIS - far) / 0.14, 0.0), 1.0)
                bright = rim * (1 + 0.22 * streak) * (0.75 + 0.5 * far / IRIS)
                for d in range(3):
                    sclera = eye[3 + d] * (white if d else np.sqrt(white))
                    colour[d] = _mix(sclera, eye[d] * bright, inside) * (1 - pupil)
                gloss, power = np.float32(1.3), 160
            else:
                for d in range(3):
                    colour[d] = plain[kind, d]
                if kind == HAIR:
                    strand = np.sin(u * 1.9 + 3 * np.sin(u * 0.7)) * np.sin(u * 5.3)
                    strand += 0.6 * np.sin(u * 13.1 + 0.4 * np.sin(v * 0.5))
                    for d in range(3):
                        colour[d] *= np.exp(0.32 * strand)
                    gloss = np.float32(0.03)
                elif kind == TEETH:
                    gloss, power = np.float32(0.35), 40
                elif kind == MOUTH or kind == GUMS:
                    gloss, power = np.float32(0.12), 30
            size_n = np.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2) + 1e-9
            if kind >= CLOTH and n[2] < 0:
                size_n = -size_n
            for d in range(3):
                n[d] /= size_n
            if kind in INNER:
                # Lips and lids keep light from what lies close below their edge.
                for step in (2, 4, 7):
                    above = row - step * samples // 2
                    if above >= 0 and which[above, column] >= 0:
                        other = material[which[above, column]]
                        if other == SKIN or other == LASHES:
                            light *= 0.8
            up = 0.5 + 0.5 * n[1]
            for d in range(3):
                total = light * (up * ambient[0, d] + (1 - up) * ambient[1, d])
                # Red light travels further under the skin.
                wrap = soft * (0.22 if d == 0 else (0.08 if d == 1 else 0.04))
                shine = np.float32(0)
                for m in range(len(lights)):
                    facing = (
                        n[0] * lights[m, 0] + n[1] * lights[m, 1] + n[2] * lights[m, 2]
                    )
                    lit = max((facing + wrap) / (1 + wrap), 0.0)
                    total += (0.35 + 0.65 * light) * lit * colours[m, d]
                    if gloss > 0 and facing > 0:
                        h = n[0] * half[m, 0] + n[1] * half[m, 1] + n[2] * half[m, 2]
                        if h > 0.5:
                            shine += gloss * h**power * colours[m, d] * light
                value = colour[d] * total + shine
                image[row // samples, column // samples, d] += per_sample * value
            cover[row // samples, column // samples] += per_sample
    return image, cover
