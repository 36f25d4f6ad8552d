"""The painted surface of our face: skin, lips, brows, lash lines, nostrils, hair.

One texture is painted at start, in the plane of the neutral face seen from the front.
Because it is fixed to the surface, everything on it moves with the expression.
Coordinates are centimetres of a head whose outer eye corners are 8.9 cm apart.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from genface.geometry import mesh_points

PIXELS_PER_CM = 32
LEFT, TOP, WIDTH_CM, HEIGHT_CM = -9.5, 11.0, 19.0, 22.0
HAIR_HEIGHT = 256  # rows of the hair strip below the face

SKIN = (226, 178, 152)
LIPS = (190, 98, 92)
BROW = (74, 50, 38)
HAIR = (84, 56, 40)
LASH = (52, 34, 30)
NOSTRIL = (92, 48, 42)
BLUSH = (222, 128, 116)
SHIRT = (86, 104, 124)
SEAM = 8  # rows at the ends of strips that are not used, as colours run there
BODY_HEIGHT = 128  # rows of the strip of neck and shirt below the hair
COLLAR = 0.45  # where along it the shirt begins


@dataclass(frozen=True)
class Texture:
    """Planar colours (3, H * W) uint8 of a picture of ``shape`` (H, W).

    ``scale`` is its size relative to what :func:`paint` made.
    """

    planes: np.ndarray
    shape: tuple[int, int]
    scale: float


def face_uv(points: np.ndarray) -> np.ndarray:
    """Texture column and row (V, 2) of points (V, 2+) of the neutral head in cm."""
    return np.stack(
        [
            (points[:, 0] - LEFT) * PIXELS_PER_CM,
            (TOP - points[:, 1]) * PIXELS_PER_CM,
        ],
        axis=1,
    )


def hair_uv(around: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Texture column and row (V, 2) behind the face.

    ``around`` and ``back`` are in 0-1: once around the outline of the face, and from
    the outline to the back of the head.
    """
    column = around * (WIDTH_CM * PIXELS_PER_CM - 1)
    row = HEIGHT_CM * PIXELS_PER_CM + SEAM + back * (HAIR_HEIGHT - 2 * SEAM)
    return np.stack([column, row], axis=1)


def body_uv(along: np.ndarray) -> np.ndarray:
    """Texture column and row (V, 2) of neck and shoulders, ``along`` them in 0-1."""
    first = HEIGHT_CM * PIXELS_PER_CM + HAIR_HEIGHT + SEAM
    row = first + along * (BODY_HEIGHT - 2 * SEAM)
    column = np.full(len(along), 0.5 * WIDTH_CM * PIXELS_PER_CM)
    return np.stack([column, row], axis=1)


def paint(neutral: np.ndarray, hairy: np.ndarray) -> Image.Image:
    """Texture of a neutral face (478, 3) in cm.

    ``hairy`` (W,) says for each place around the outline how far hair covers it (0-1).
    """
    uv = face_uv(neutral)
    rng = np.random.default_rng(20)
    picture = _base(rng)
    picture = _warm(picture, uv)
    picture = _lips(picture, uv, rng)
    picture = _eyes(picture, uv)
    picture = _nostrils(picture, uv)
    picture = _brows(picture, uv, rng)
    picture = _hairline(picture, uv, rng)
    strips = [np.asarray(picture), _hair_strip(hairy, rng), _body_strip()]
    return Image.fromarray(np.concatenate(strips).astype(np.uint8))


def texture_for(picture: Image.Image, scale: float) -> Texture:
    """Planes of a painted picture for drawing at ``scale`` pixels per cm.

    It is blurred to the size of a pixel and kept at two texels or more for each, so
    that the nearest one may be taken.
    """
    footprint = PIXELS_PER_CM / scale
    picture = picture.filter(ImageFilter.GaussianBlur(0.42 * footprint))
    factor = 2.0 ** np.clip(np.ceil(np.log2(2 / footprint)), -2, 1)
    width, height = (round(factor * side) for side in picture.size)
    picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    planes = np.ascontiguousarray(np.asarray(picture).reshape(-1, 3).T)
    return Texture(planes, (height, width), float(factor))


def _size() -> tuple[int, int]:
    return round(WIDTH_CM * PIXELS_PER_CM), round(HEIGHT_CM * PIXELS_PER_CM)


def _noise(rng, size, cell, amount):
    """Smooth noise around 1 with features of ``cell`` pixels."""
    width, height = size
    small = rng.normal(size=(height // cell + 2, width // cell + 2))
    image = Image.fromarray((small * 40 + 128).clip(0, 255).astype(np.uint8))
    image = image.resize(size, Image.Resampling.BICUBIC)
    return 1 + amount * (np.asarray(image, np.float32) - 128) / 40


def _base(rng) -> Image.Image:
    width, height = size = _size()
    colour = np.broadcast_to(np.array(SKIN, np.float32), (height, width, 3)).copy()
    colour *= _noise(rng, size, 70, 0.012)[..., None]
    colour *= _noise(rng, size, 7, 0.008)[..., None]
    return Image.fromarray(colour.clip(0, 255).astype(np.uint8))


def _curve(uv, indices, closed=False) -> list[tuple[float, float]]:
    """Catmull-Rom curve through vertices, as (column, row) pairs."""
    points = uv[list(indices)]
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    pieces = []
    for p, q, r, s in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(
            0.5
            * (
                2 * q
                + (r - p) * t
                + (2 * p - 5 * q + 4 * r - s) * t**2
                + (3 * q - p - 3 * r + s) * t**3
            )
        )
    if not closed:
        pieces.append(points[-1:])
    return [tuple(point) for point in np.concatenate(pieces)]


def _mask(blur: float, *polygons) -> Image.Image:
    """Soft mask of polygons, antialiased by drawing at twice the size."""
    width, height = _size()
    mask = Image.new("L", (2 * width, 2 * height))
    draw = ImageDraw.Draw(mask)
    for polygon in polygons:
        draw.polygon([(2 * x, 2 * y) for x, y in polygon], fill=255)
    mask = mask.resize((width, height), Image.Resampling.BOX)
    return mask.filter(ImageFilter.GaussianBlur(blur)) if blur else mask


def _stroke(path, widths, blur: float) -> Image.Image:
    """Soft mask of a line whose width changes along it."""
    width, height = _size()
    mask = Image.new("L", (2 * width, 2 * height))
    draw = ImageDraw.Draw(mask)
    for (x, y), thick in zip(
        path, np.interp(np.linspace(0, 1, len(path)), *widths), strict=True
    ):
        radius = thick
        draw.ellipse(
            [2 * x - radius, 2 * y - radius, 2 * x + radius, 2 * y + radius], fill=255
        )
    mask = mask.resize((width, height), Image.Resampling.BOX)
    return mask.filter(ImageFilter.GaussianBlur(blur))


def _tint(picture, colour, mask, amount=1.0) -> Image.Image:
    return Image.composite(
        Image.new("RGB", picture.size, colour),
        picture,
        mask.point(lambda value: round(value * amount)),
    )


def _disc(centre, radius_x, radius_y, blur) -> Image.Image:
    angle = np.linspace(0, 2 * np.pi, 40)
    ring = np.stack(
        [centre[0] + radius_x * np.cos(angle), centre[1] + radius_y * np.sin(angle)], 1
    )
    return _mask(blur, [tuple(point) for point in ring])


def _warm(picture, uv) -> Image.Image:
    """Blood in cheeks and nose; a cooler shade under the eyes and on the chin."""
    cm = PIXELS_PER_CM
    for cheek in (205, 425):
        picture = _tint(
            picture, BLUSH, _disc(uv[cheek], 1.3 * cm, 1.0 * cm, 0.9 * cm), 0.42
        )
    picture = _tint(picture, BLUSH, _disc(uv[1], 0.6 * cm, 0.45 * cm, 0.5 * cm), 0.3)
    for under in (230, 450):
        disc = _disc(uv[under], 1.1 * cm, 0.25 * cm, 0.3 * cm)
        picture = _tint(picture, (172, 122, 118), disc, 0.3)
    return picture


def _lips(picture, uv, rng) -> Image.Image:
    outer_upper = _curve(uv, mesh_points.LIPS_OUTER_UPPER)
    outer_lower = _curve(uv, mesh_points.LIPS_OUTER_LOWER)
    inner_upper = _curve(uv, mesh_points.LIPS_INNER_UPPER)
    inner_lower = _curve(uv, mesh_points.LIPS_INNER_LOWER)
    upper = outer_upper + inner_upper[::-1]
    lower = outer_lower + inner_lower[::-1]
    lined = Image.fromarray(
        (
            np.array(LIPS, np.float32)
            * np.broadcast_to(
                1 + 0.05 * rng.normal(size=picture.size[0]), picture.size[::-1]
            )[..., None]
        )
        .clip(0, 255)
        .astype(np.uint8)
    ).filter(ImageFilter.GaussianBlur(1.2))
    body = _mask(2.2, upper, lower).point(lambda value: round(value * 0.85))
    picture = Image.composite(lined, picture, body)
    picture = _tint(picture, (150, 70, 68), _mask(3.0, upper), 0.35)
    for edge in (inner_upper, inner_lower):
        line = _stroke(edge, ([0, 0.5, 1], [2, 4, 2]), 1.5)
        picture = _tint(picture, (96, 40, 40), line, 0.75)
    return picture


def _eyes(picture, uv) -> Image.Image:
    """Shaded sockets, lash lines thicker to the outside, and the fold of the lid."""
    for upper, lower, outside_first in (
        (mesh_points.RIGHT_LID_UPPER, mesh_points.RIGHT_LID_LOWER, True),
        (mesh_points.LEFT_LID_UPPER, mesh_points.LEFT_LID_LOWER, False),
    ):
        above, below = _curve(uv, upper), _curve(uv, lower)
        widths = [7.0, 6.5, 2.5] if outside_first else [2.5, 6.5, 7.0]
        socket = _mask(9.0, above + below[::-1])
        picture = _tint(picture, (160, 108, 94), socket, 0.55)
        fold = [(x, y - 11 - 5 * np.sin(np.pi * k / len(above)))
                for k, (x, y) in enumerate(above)]  # fmt: skip
        crease = _stroke(fold, ([0, 0.5, 1], [1, 3, 1]), 2.2)
        picture = _tint(picture, (128, 78, 66), crease, 0.55)
        raised = [(x, y - 1.5) for x, y in above]
        lash = _stroke(raised, ([0, 0.5, 1], widths), 0.9)
        picture = _tint(picture, LASH, lash, 0.9)
        rim = _stroke(below, ([0, 0.5, 1], [2.0, 2.5, 2.0]), 1.0)
        picture = _tint(picture, (150, 86, 78), rim, 0.7)
    return picture


def _nostrils(picture, uv) -> Image.Image:
    cm = PIXELS_PER_CM
    for wing, base in ((98, 97), (327, 326)):
        centre = 0.5 * (uv[wing] + uv[base])
        centre = centre + 0.12 * (uv[1] - centre)
        disc = _disc(centre, 0.42 * cm, 0.16 * cm, 2.5)
        picture = _tint(picture, NOSTRIL, disc, 0.9)
    return picture


def _brows(picture, uv, rng) -> Image.Image:
    """Brows as strokes of hair between their upper and lower contour."""
    width, height = _size()
    for upper, lower in (
        (mesh_points.RIGHT_BROW_UPPER, mesh_points.RIGHT_BROW_LOWER),
        (mesh_points.LEFT_BROW_UPPER, mesh_points.LEFT_BROW_LOWER),
    ):
        above = np.array(_curve(uv, upper[::-1]))  # inner to outer
        below = np.array(_curve(uv, lower[::-1]))
        middle = 0.5 * (above + below)
        # The contours hold more than the hair: draw it in their middle half.
        above, below = (
            middle + 0.62 * (above - middle),
            middle + 0.62 * (below - middle),
        )
        body = _mask(3.5, [*map(tuple, above), *map(tuple, below[::-1])])
        picture = _tint(picture, BROW, body, 0.62)
        hairs = Image.new("L", (2 * width, 2 * height))
        draw = ImageDraw.Draw(hairs)
        for _ in range(420):
            along, across = rng.beta(1.0, 1.15), rng.uniform(-0.05, 1.05)
            place = along * (len(above) - 1)
            root = below[int(place)] + across * (above[int(place)] - below[int(place)])
            ahead = (
                middle[min(int(place) + 3, len(middle) - 1)]
                - middle[max(int(place) - 3, 0)]
            )
            ahead = ahead / (np.hypot(*ahead) + 1e-6)
            rise = np.array([0.0, -1.0]) * (0.75 - 1.1 * along) * (1.3 - across)
            tip = root + rng.uniform(7, 12) * (ahead + rise) / np.hypot(*(ahead + rise))
            draw.line(
                [*(2 * root), *(2 * tip)], fill=int(rng.uniform(90, 210)), width=2
            )
        hairs = hairs.resize((width, height), Image.Resampling.BOX)
        picture = _tint(picture, BROW, hairs, 0.9)
    return picture


def _hairline(picture, uv, rng) -> Image.Image:
    """A fringe combed to both sides of a parting, which hides the rim of the face."""
    width, height = _size()
    top = [162, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251, 389]
    rim = np.array(_curve(uv, top))
    parting = uv[10, 0] + 1.9 * PIXELS_PER_CM
    depth = _fringe_depth(rim[:, 0] - parting)
    edge = rim + np.stack([np.zeros(len(rim)), depth], axis=1)
    over = Image.new("RGBA", (2 * width, 2 * height), (*HAIR, 0))
    draw = ImageDraw.Draw(over)
    draw.polygon(
        [tuple(2 * p) for p in edge] + [(2 * width, 0), (0, 0)], fill=(*HAIR, 255)
    )
    for _ in range(1500):
        root = np.array([rng.uniform(rim[0, 0], rim[-1, 0]), 0.0])
        side = -1.0 if root[0] < parting else 1.0
        line = np.interp(root[0], rim[:, 0], rim[:, 1])
        deep = _fringe_depth(root[0] - parting)
        root[1] = line + deep * rng.uniform(-0.5, 0.75)
        t = np.linspace(0, 1, 7)[:, None]
        reach = rng.uniform(0.5, 1.2) * PIXELS_PER_CM
        path = root + t * [side * reach, 0] + t**2 * [0, 0.28 * reach]
        tone = rng.normal(1.0, 0.22)
        colour = tuple(int(np.clip(tone * c, 0, 255)) for c in HAIR)
        draw.line([tuple(2 * p) for p in path], fill=(*colour, 255), width=2)
    over = over.resize((width, height), Image.Resampling.BOX)
    over = over.filter(ImageFilter.GaussianBlur(0.7))
    shadow = over.getchannel("A").filter(ImageFilter.GaussianBlur(7))
    picture = _tint(picture, (150, 100, 82), shadow, 0.55)
    return Image.composite(over.convert("RGB"), picture, over.getchannel("A"))


def _fringe_depth(beside):
    """How far the fringe reaches below the rim, ``beside`` the parting (pixels)."""
    far = np.abs(beside) / PIXELS_PER_CM
    return 4 + 13 * np.clip(far / 3.0, 0, 1) * np.clip((9.5 - far) / 4, 0.25, 1)


def _hair_strip(hairy, rng) -> np.ndarray:
    """Colours behind the outline: strands where ``hairy``, skin elsewhere."""
    width = _size()[0]
    strands = 1 + 0.13 * rng.normal(size=width)
    strands = np.convolve(np.tile(strands, 3), [0.25, 0.5, 0.25], "same")
    back = np.linspace(0, 1, HAIR_HEIGHT)[:, None]
    sheen = 1 + 0.35 * np.exp(-(((back - 0.3) / 0.1) ** 2))
    hair = sheen * strands[None, width : 2 * width]
    hair = np.array(HAIR, np.float32) * hair[..., None]
    skin = np.array(SKIN, np.float32) * 0.97
    cover = np.clip(hairy, 0, 1)[None, :, None]
    return (cover * hair + (1 - cover) * skin).clip(0, 255)


def _body_strip() -> np.ndarray:
    """Colours of neck and shirt from top to bottom, with a hem between."""
    along = np.linspace(0, 1, BODY_HEIGHT)[:, None, None]
    shirt = np.clip((along - COLLAR) / 0.02, 0, 1)
    hem = 1 - 0.25 * np.exp(-(((along - COLLAR - 0.07) / 0.012) ** 2))
    skin = np.array(SKIN, np.float32) * 0.93
    colour = skin + shirt * (np.array(SHIRT, np.float32) - skin)
    return np.broadcast_to(colour * hem, (BODY_HEIGHT, _size()[0], 3))
