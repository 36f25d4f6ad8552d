"""Light on the visible surface: one compiled loop over samples."""

import math

import numba
import numpy as np

from experiments.synthetic_faces.head import EYES, GUMS, LASHES, MOUTH, SKIN, TEETH
from experiments.synthetic_faces.kernels import FAST

CLOTH, HAIR = 7, 8  # materials beside those of the head
IRIS, PUPIL, LIMBUS = 0.585, 0.2, 0.06  # cm


@numba.njit(inline="always")
def _clip(value):
    return min(max(value, np.float32(0)), np.float32(1))


@numba.njit(**FAST)
def shade(  # noqa: C901 - one loop, as calls would cost more than the work
    which, shares, triangles, material, place, normal, along, open_, lit, skin, relief,
    plain, eye, lights, colours, ambient, down, samples,
):  # fmt: skip
    """Linear picture (S, S, 3) and how far each pixel is covered (S, S).

    ``which``, ``shares``: of ``samples`` (even) along either side of a pixel. Per
    vertex: ``place`` (V, 2) in the texture (of eyes, cm from the line of sight),
    ``normal`` (V, 3), ``along`` (V, 3) how the texture's columns run, ``open_`` (V,) to
    the light around, ``lit`` (V,) by the first of ``lights``. ``skin`` (H, W, 4):
    colour, gloss. ``relief`` (H, W, 3): slope of the skin along columns and rows,
    darkness of hollows; rows run along ``down`` (3,). ``plain`` (9, 3) colours of
    materials. ``eye`` (8,): iris, sclera, phase of streaks, pupil. ``lights`` (L, 3)
    directions, ``colours`` (L, 3); ``ambient`` (2, 3) from above and below. All
    float32.
    """
    f = np.float32
    size = which.shape[0] // samples
    image = np.zeros((size, size, 3), np.float32)
    cover = np.zeros((size, size), np.float32)
    colour, n = np.empty(3, np.float32), np.empty(3, np.float32)
    texel = np.empty(7, np.float32)
    half = np.empty_like(lights)
    for m in range(len(lights)):
        x, y, z = lights[m, 0], lights[m, 1], lights[m, 2] + f(1)
        length = np.sqrt(x * x + y * y + z * z)
        half[m, 0], half[m, 1], half[m, 2] = x / length, y / length, z / length
    height, width = skin.shape[:2]
    for row in range(which.shape[0]):
        for column in range(which.shape[1]):
            t = which[row, column]
            if t < 0:
                continue
            i, j, kind = row // samples, column // samples, material[t]
            # Half of the samples will do where all are of one smooth surface.
            weight = f(1) / f(samples * samples)
            if kind == SKIN or kind >= CLOTH:
                same = True
                for r in range(i * samples, (i + 1) * samples):
                    for s in range(j * samples, (j + 1) * samples):
                        same &= which[r, s] >= 0 and material[which[r, s]] == kind
                if same and (row + column) % 2:
                    continue
                if same:
                    weight *= f(2)
            b, c = shares[row, column, 0], shares[row, column, 1]
            a = f(1) - b - c
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            u = a * place[i, 0] + b * place[j, 0] + c * place[k, 0]
            v = a * place[i, 1] + b * place[j, 1] + c * place[k, 1]
            light = a * open_[i] + b * open_[j] + c * open_[k]
            for d in range(3):
                n[d] = a * normal[i, d] + b * normal[j, d] + c * normal[k, d]
            reached = a * lit[i] + b * lit[j] + c * lit[k]
            gloss, sharp, soft = f(0), 4, f(0)
            if kind == SKIN:
                x = min(max(u - f(0.5), f(0)), f(width - 1.01))
                y = min(max(v - f(0.5), f(0)), f(height - 1.01))
                p, q = int(y), int(x)
                x, y = x - f(q), y - f(p)
                w00, w01 = (f(1) - x) * (f(1) - y), x * (f(1) - y)
                w10, w11 = (f(1) - x) * y, x * y
                for d in range(4):
                    texel[d] = (
                        w00 * skin[p, q, d] + w01 * skin[p, q + 1, d]
                        + w10 * skin[p + 1, q, d] + w11 * skin[p + 1, q + 1, d]
                    )  # fmt: skip
                for d in range(3):
                    texel[4 + d] = (
                        w00 * relief[p, q, d] + w01 * relief[p, q + 1, d]
                        + w10 * relief[p + 1, q, d] + w11 * relief[p + 1, q + 1, d]
                    )  # fmt: skip
                gloss, soft = f(0.1) * texel[3], f(1)
                light *= f(1) - min(texel[6], f(0.6))
                for d in range(3):
                    colour[d] = texel[d]
                    run = a * along[i, d] + b * along[j, d] + c * along[k, d]
                    n[d] -= texel[4] * run + texel[5] * down[d]
            elif kind == EYES:
                far = np.sqrt(u * u + v * v)
                angle = math.atan2(v, u)
                streak = math.sin(angle * 17 + eye[6]) * math.sin(
                    angle * 7 + 2 * eye[6]
                )
                white = f(1) - f(0.25) * _clip((far - f(0.75)) / f(0.7))
                inside = _clip(f(0.5) + (f(IRIS) - far) / f(LIMBUS))
                pupil = f(1) - _clip(f(0.5) + (eye[7] - far) / f(0.03))
                rim = f(0.45) + f(0.55) * _clip((f(IRIS) - far) / f(0.14))
                bright = rim * (f(1) + f(0.22) * f(streak))
                bright *= f(0.75) + f(0.5 / IRIS) * far
                for d in range(3):
                    sclera = eye[3 + d] * (white if d else np.sqrt(white))
                    sclera += inside * (eye[d] * bright - sclera)
                    colour[d] = sclera * pupil
                gloss, sharp = f(1.3), 7
            else:
                for d in range(3):
                    colour[d] = plain[kind, d]
                if kind == HAIR:
                    wave = math.sin(u * 1.9 + 3 * math.sin(u * 0.7)) * math.sin(u * 5.3)
                    wave += 0.6 * math.sin(u * 13.1 + 0.4 * math.sin(v * 0.5))
                    strand = f(math.exp(0.32 * wave))
                    for d in range(3):
                        colour[d] *= strand
                    gloss = f(0.03)
                elif kind == TEETH:
                    gloss, sharp = f(0.35), 5
                elif kind == MOUTH or kind == GUMS:
                    gloss, sharp = f(0.12), 5
            length = np.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]) + f(1e-9)
            if kind >= CLOTH and n[2] < 0:
                length = -length
            for d in range(3):
                n[d] /= length
            if kind == EYES or kind == TEETH or kind == MOUTH or kind == GUMS:
                # Lips and lids keep light from what lies close below their edge.
                for step in (2, 4, 7):
                    above = row - step * samples // 2
                    if above >= 0 and which[above, column] >= 0:
                        other = material[which[above, column]]
                        if other == SKIN or other == LASHES:
                            light *= f(0.8)
            up = f(0.5) + f(0.5) * n[1]
            reach = f(0.35) + f(0.65) * light
            y, x = row // samples, column // samples
            lit0 = light * (ambient[1, 0] + up * (ambient[0, 0] - ambient[1, 0]))
            lit1 = light * (ambient[1, 1] + up * (ambient[0, 1] - ambient[1, 1]))
            lit2 = light * (ambient[1, 2] + up * (ambient[0, 2] - ambient[1, 2]))
            shine0, shine1, shine2 = f(0), f(0), f(0)
            for m in range(len(lights)):
                if m > 0:
                    reached = f(1)
                facing = n[0] * lights[m, 0] + n[1] * lights[m, 1] + n[2] * lights[m, 2]
                # Red light travels further under the skin.
                wrap = f(0.16) * soft
                lit0 += (
                    reach
                    * reached
                    * colours[m, 0]
                    * max(facing + wrap, f(0))
                    / (f(1) + wrap)
                )
                wrap = f(0.08) * soft
                lit1 += (
                    reach
                    * reached
                    * colours[m, 1]
                    * max(facing + wrap, f(0))
                    / (f(1) + wrap)
                )
                wrap = f(0.04) * soft
                lit2 += (
                    reach
                    * reached
                    * colours[m, 2]
                    * max(facing + wrap, f(0))
                    / (f(1) + wrap)
                )
                if gloss > 0 and facing > 0:
                    shine = n[0] * half[m, 0] + n[1] * half[m, 1] + n[2] * half[m, 2]
                    if shine > f(0.5):
                        for _ in range(sharp):
                            shine *= shine
                        shine *= gloss * light * reached
                        shine0 += shine * colours[m, 0]
                        shine1 += shine * colours[m, 1]
                        shine2 += shine * colours[m, 2]
            image[y, x, 0] += weight * (colour[0] * lit0 + shine0)
            image[y, x, 1] += weight * (colour[1] * lit1 + shine1)
            image[y, x, 2] += weight * (colour[2] * lit2 + shine2)
            cover[y, x] += weight
    return image, cover
