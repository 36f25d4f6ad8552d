"""The skin of one person: colour and gloss of every texel."""

import math

import numba
import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from experiments.synthetic_faces.canvas import FINE, MAPS, Canvas
from experiments.synthetic_faces.kernels import FAST
from experiments.synthetic_faces.people import Person

HAIRS = 300  # strokes per brow
MARGIN = 24  # texels around the brows
(CHEEKS, NOSE, OILY, LIPS, UPPER_LIP, LIP_LINE, LASH_LINE, SOCKETS, BEARD, FRECKLES,
 ABOVE, BEHIND, EARS, ACROSS, CLOTHES) = range(len(MAPS))  # fmt: skip
# Amounts that the painter takes, in this order.
AMOUNTS = (
    "mottle", "flush", "freckles", "spots", "lipstick", "wet", "lash", "shadow",
    "beard", "hairline", "gloss", "bald", "tilt", "arch", "neckline",
)  # fmt: skip


def paint(person: Person, canvas: Canvas, rng: np.random.Generator) -> np.ndarray:
    """Linear colour and gloss (H, W, 4) float32."""
    dark = 1 - 0.6 * person.tone
    amounts = {
        "mottle": rng.uniform(0.5, 1.4),
        "flush": rng.uniform(0.05, 0.6) * dark,
        "freckles": rng.uniform(0.2, 0.7) * dark * (rng.random() < 0.25),
        "spots": 0.5 * max(person.age - 0.5, 0),
        "lipstick": rng.uniform(0.65, 0.95),
        "wet": rng.uniform(0.2, 0.9),
        "lash": person.lashes,
        "shadow": rng.uniform(0.2, 1.0),
        "beard": person.beard,
        "hairline": person.hairline,
        "gloss": person.gloss,
        "bald": 30.0 * person.bald,
        "tilt": person.tilt,
        "arch": person.arch,
        "neckline": rng.uniform(-0.5, 2.0),
    }
    tones = np.stack([person.skin, person.lips, person.hair, person.cloth,
                      np.minimum(person.hair, 0.5 * person.skin)])  # fmt: skip
    shifts = rng.integers(0, canvas.maps.shape[:2], (canvas.noise.shape[2], 2))
    skin = _painted(
        canvas.maps, canvas.noise, shifts, tones.astype(np.float32),
        np.array([amounts[name] for name in AMOUNTS], np.float32),
    )  # fmt: skip
    _brows(skin, person, canvas, rng)
    return skin


@numba.njit(**FAST)
def _painted(maps, noise, shifts, tones, amounts):
    """``tones`` (5, 3): skin, lips, hair, cloth, beard; ``shifts`` (5, 2) of noise."""
    height, width, _ = maps.shape
    out = np.empty((height, width, 4), np.float32)
    n = np.empty(5, np.float32)
    (mottle, flush, freckles, spots, lipstick, wet, lash, shadow, beard,
     hairline, gloss, bald, tilt, arch, neckline) = amounts  # fmt: skip
    for row in range(height):
        for column in range(width):
            at = maps[row, column]
            for k in range(5):
                i, j = row + shifts[k, 0], column + shifts[k, 1]
                i = i - height if i >= height else i
                j = j - width if j >= width else j
                n[k] = noise[i, j, k]
            ragged = 0.12 * n[1] + 0.12 * n[4] + 0.2 * n[3]
            line = hairline + tilt * at[ACROSS] + arch * at[ACROSS] ** 2
            line = max(at[ABOVE] - line + ragged, at[BEHIND] - bald + ragged)
            line = min(max(line / 1.1, 0.0), 1.0)
            hair = line * line * (3 - 2 * line) * (1 - at[EARS])
            dressed = min(max((at[CLOTHES] - neckline) / 0.08, 0.0), 1.0)
            strand = math.exp(0.28 * n[4]) if hair > 0 else 1.0
            if hair == 1 or dressed == 1:  # nothing else is seen
                for d in range(3):
                    cover = tones[3, d] if dressed == 1 else tones[2, d] * strand
                    out[row, column, d] = min(max(cover, 0.002), 1.0)
                out[row, column, 3] = 0.35 * (1 - dressed)
                continue
            tone = 0.010 * n[0] + 0.016 * n[1] + 0.022 * n[2] + 0.025 * n[3]
            tone = 1 + mottle * tone
            # Blood under the skin of cheeks and nose, and of what is thin: ears.
            red = flush * (at[CHEEKS] + 0.7 * at[NOSE] + 0.5 * at[EARS])
            red = min(max(red * (1 + 0.25 * n[2]), 0.0), 1.0)
            brown = freckles * min(max(n[1] - 1.5, 0.0), 1.0) * at[FRECKLES]
            brown += spots * min(max(n[2] - 2.0, 0.0), 1.0)
            lips = lipstick * at[LIPS]
            lined = (1 + 0.05 * (n[0] + n[1])) * (1 - 0.2 * at[UPPER_LIP])
            hairs = min(max(1.2 * beard + 0.5 * n[0] - 0.1, 0.0), 1.0)
            hairs *= (0.25 + 0.65 * beard) * at[BEARD] * (beard > 0)
            hairs *= 1 - min(1.3 * at[LIPS], 1.0)
            dark = lash * at[LASH_LINE] + shadow * at[SOCKETS]
            for d in range(3):
                bloody = 0.04 if d == 0 else (0.3 if d == 1 else 0.26)
                brownish = 0.4 if d == 0 else (0.6 if d == 1 else 0.7)
                value = tones[0, d] * tone * (1 - red * bloody) * (1 - brown * brownish)
                value += lips * (tones[1, d] * lined - value)
                value *= 1 - 0.5 * at[LIP_LINE]
                value += hairs * (tones[4, d] - value)
                value *= 1 - min(dark, 0.85) * (0.85 if d == 0 else 1.0)
                value += hair * (tones[2, d] * strand - value)
                value += dressed * (tones[3, d] - value)
                out[row, column, d] = min(max(value, 0.002), 1.0)
            shine = gloss * (1 + 0.12 * n[1]) * at[OILY] * (1 - 0.7 * hairs)
            shine += wet * at[LIPS]
            shine += hair * (0.35 - shine)
            out[row, column, 3] = shine * (1 - dressed)
    return out


def _brows(skin, person: Person, canvas: Canvas, rng: np.random.Generator) -> None:
    """Strokes of hair between an upper and a lower curve, thinner outward."""
    height, raised = rng.uniform(0.7, 1.3), rng.normal(0, 2)
    dense, darkness = rng.uniform(0.5, 1.0), rng.uniform(0.75, 1.0)
    starts, ends = rng.uniform(0, 0.12), rng.uniform(0.85, 1)
    for above, below in canvas.brows:
        corner = np.floor(np.minimum(above, below).min(0)).astype(int) - MARGIN
        extent = np.ceil(np.maximum(above, below).max(0)).astype(int) + MARGIN - corner
        image = Image.new("L", tuple(int(FINE * side) for side in extent))
        pen = ImageDraw.Draw(image)
        count = int(HAIRS * rng.uniform(0.9, 1.1) * dense)
        along = starts + (ends - starts) * rng.beta(1.1, 1.2, count)
        across = rng.uniform(-0.55, 0.55, count)
        index = (along * (len(above) - 1)).astype(int)
        middle = (above + below) / 2
        ahead = np.gradient(middle, axis=0)[index]
        ahead /= np.hypot(*ahead.T)[:, None] + 1e-6
        tall = height * (1 - 0.45 * along**2)
        root = middle[index] + (0, raised) - corner
        root = root + (across * tall)[:, None] * (above - below)[index]
        rise = np.stack([0 * along, -(0.8 - 1.1 * along) * (0.7 - across)], 1)
        tip = root + rng.uniform(4, 9, (count, 1)) * (ahead + rise)
        inks = rng.integers(110, 255, count)
        for a, b, ink in zip(root, tip, inks, strict=True):
            pen.line([*(FINE * a), *(FINE * b)], fill=int(ink), width=FINE)
        hairs = np.asarray(image.reduce(FINE), np.float32) / 255
        cover = np.clip(0.75 * gaussian_filter(hairs, 3.5) + hairs, 0, 1)
        cover = darkness * cover[..., None]
        (left, top), (wide, high) = corner, extent
        area = skin[top : top + high, left : left + wide, :3]
        area += cover * (person.brows.astype(np.float32) - area)
