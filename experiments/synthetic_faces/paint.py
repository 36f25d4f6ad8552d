"""The skin of one person: colour and gloss of every texel."""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from experiments.synthetic_faces import canvas
from experiments.synthetic_faces.canvas import FINE, Canvas
from experiments.synthetic_faces.head import TEXTURE
from experiments.synthetic_faces.people import Person

HAIRS = 260  # strokes per brow


def paint(
    person: Person, places: Canvas, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear colour (H, W, 3), gloss (H, W) and hair cover (H, W), float32."""
    fine, small, middle, large = (_shifted(noise, rng) for noise in places.noise)
    colour = _skin(person, places, (fine, small, middle, large), rng)
    colour = _lips(colour, person, places, fine + small, rng)
    gloss = person.gloss * (1 + 0.25 * small) * _shiny(places)
    gloss = gloss + 0.8 * places.lips * rng.uniform(0.2, 1)
    strands = np.roll(places.strands, rng.integers(0, TEXTURE[1]), 1)
    if person.beard > 0:
        colour = _beard(colour, person, places, fine, rng)
    colour = _around_eyes(colour, person, places, rng)
    colour = _brows(colour, person, places, rng)
    cover = canvas.hair_cover(
        places.points, places.ears, person.hairline, 0.25 * small + 0.2 * strands
    )
    shade = person.hair * np.exp(0.28 * strands)[..., None]
    colour += cover[..., None] * (shade - colour)
    gloss = gloss * (1 - cover) + 0.35 * cover
    return (
        np.clip(colour, 0.002, 1).astype(np.float32),
        gloss.astype(np.float32),
        cover.astype(np.float32),
    )


def _skin(person, places, noise, rng):
    fine, small, middle, large = noise
    x, y, _ = np.moveaxis(places.points, -1, 0)
    blotch = 0.025 * large + 0.025 * middle + 0.02 * small + 0.02 * fine
    colour = person.skin * np.exp(blotch * rng.uniform(0.6, 1.6))[..., None]
    # Blood under the skin of cheeks and nose; it shows less on dark skin.
    red = np.exp(-((np.abs(x) - 4.6) ** 2 + (y + 0.3) ** 2) / 4.5)
    red += 0.7 * np.exp(-(x**2 + (y - 0.2) ** 2) / 1.2)
    red *= rng.uniform(0.1, 1.0) * (1 - 0.6 * person.tone) * (1 + 0.2 * middle)
    colour *= 1 - np.clip(red, 0, 1)[..., None] * (0.04, 0.3, 0.26)
    if rng.random() < 0.25:  # freckles
        dots = np.clip(small - 1.5, 0, 1) * np.exp(-((y - 1) ** 2) / 8)
        colour *= 1 - rng.uniform(0.2, 0.6) * dots[..., None] * (0.4, 0.6, 0.7)
    if person.age > 0.5:  # spots
        dots = np.clip(middle - 2.0, 0, 1) * (person.age - 0.5)
        colour *= 1 - 0.5 * dots[..., None]
    return colour


def _shiny(places):
    """Forehead, nose, cheekbones and chin are oilier than the rest (H, W)."""
    x, y, z = np.moveaxis(places.points, -1, 0)
    spots = np.exp(-(x**2 / 8 + (y - 7) ** 2 / 3)) + np.exp(
        -(x**2 + (y - 1.5) ** 2 / 4)
    )
    spots += 0.7 * np.exp(-((np.abs(x) - 4.2) ** 2 + (y - 1.2) ** 2) / 2)
    return 0.45 + 0.7 * np.clip(spots, 0, 1)


def _lips(colour, person, places, noise, rng):
    lined = person.lips * np.exp(0.06 * noise)[..., None]
    lined = lined * (1 - 0.2 * places.upper_lip[..., None])
    cover = rng.uniform(0.65, 0.95) * places.lips[..., None]
    colour = colour + cover * (lined - colour)
    return colour * (1 - 0.5 * np.clip(places.lip_line, 0, 1)[..., None])


def _around_eyes(colour, person, places, rng):
    """Darker lids and lash lines."""
    dark = np.zeros(TEXTURE, np.float32)
    for k, curve in enumerate(places.lids):
        upper = k < 2
        wide = 2.5 if upper else 1.2
        mask = gaussian_filter(canvas.line(curve, wide), 1.0)
        dark += mask * person.lashes * (1.6 if upper else 0.8)
        wide = gaussian_filter(canvas.line(curve, 8), 7)
        dark += wide * (0.35 if upper else 0.3) * rng.uniform(0.2, 1)
    return colour * (1 - np.clip(dark, 0, 0.85)[..., None] * (0.85, 1, 1))


def _brows(colour, person, places, rng):
    """Strokes of hair between an upper and a lower curve, thinner outward."""
    image = Image.new("L", (FINE * TEXTURE[1], FINE * TEXTURE[0]))
    draw = ImageDraw.Draw(image)
    height, raised = rng.uniform(0.7, 1.3), rng.normal(0, 2)
    dense = rng.uniform(0.5, 1.0)
    starts, ends = rng.uniform(0, 0.12), rng.uniform(0.85, 1)
    for above, below in places.brows:
        count = int(HAIRS * rng.uniform(0.9, 1.1) * dense)
        along = starts + (ends - starts) * rng.beta(1.1, 1.2, count)
        across = rng.uniform(-0.05, 1.05, count)
        index = (along * (len(above) - 1)).astype(int)
        ahead = np.gradient((above + below) / 2, axis=0)[index]
        ahead /= np.hypot(*ahead.T)[:, None] + 1e-6
        middle = (above[index] + below[index]) / 2 + (0, raised)
        tall = height * (1 - 0.45 * along**2)
        root = (
            middle + (0.5 - across)[:, None] * (above - below)[index] * -tall[:, None]
        )
        rise = np.stack([0 * along, -(0.8 - 1.1 * along) * (1.2 - across)], 1)
        tip = root + rng.uniform(4, 9, (count, 1)) * (ahead + rise)
        for a, b, ink in zip(root, tip, rng.integers(110, 255, count), strict=True):
            draw.line([*(FINE * a), *(FINE * b)], fill=int(ink), width=FINE)
    hairs = np.asarray(image.reduce(FINE), np.float32) / 255
    body = np.clip(0.75 * gaussian_filter(hairs, 3.5) + hairs, 0, 1)
    cover = rng.uniform(0.75, 1.0) * body[..., None]
    return colour + cover * (person.brows - colour)


def _beard(colour, person, places, fine, rng):
    x, y, z = np.moveaxis(places.points, -1, 0)
    jaw = np.clip((-1.2 - 0.12 * np.abs(x) - y) / 1.2, 0, 1)
    jaw = np.maximum(jaw, np.clip((np.abs(x) - 6.2) / 1.0, 0, 1) * (y < 2))
    jaw *= np.clip((y + 10.5) / 2, 0, 1) * np.clip((z - 1.5) / 2, 0, 1)
    bare = np.exp(-(((np.abs(x) - 1.4) / 0.7) ** 2 + ((y + 5.4) / 0.6) ** 2))
    jaw *= (1 - np.clip(1.3 * places.lips, 0, 1)) * (1 - 0.6 * bare) * (1 - places.ears)
    hairs = np.clip(person.beard * 1.2 + 0.5 * fine - 0.1, 0, 1)
    cover = (0.25 + 0.65 * person.beard) * jaw * hairs
    dark = np.minimum(person.hair, 0.5 * person.skin)
    return colour + cover[..., None] * (dark - colour)


def _shifted(noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same noise from elsewhere, at times mirrored."""
    rows, columns = rng.integers(0, TEXTURE[0]), rng.integers(0, TEXTURE[1])
    return np.roll(noise, (rows, columns), (0, 1))[:, :: rng.choice((-1, 1))]
