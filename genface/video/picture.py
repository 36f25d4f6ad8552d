"""Still pictures as upright RGB arrays."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from genface.errors import MediaError, ShapeError

_SUFFIXES = set(".jpg .jpeg .jfif .png .bmp .tif .tiff .webp .ppm .pgm".split())


def is_picture(path: Path | str) -> bool:
    """Whether the name is that of a still picture."""
    return Path(path).suffix.lower() in _SUFFIXES


def check_file(path: Path) -> None:
    """Refuse (MediaError) a path at which there is nothing, or a folder."""
    if path.is_dir():
        raise MediaError(f"{path}: is a folder; name a video or image file in it.")
    if not path.exists():
        raise MediaError(f"{path}: no such file; check the path.")


def read_image(path: Path | str) -> np.ndarray:
    """Read a picture as RGB (H, W, 3) uint8.

    EXIF rotation is applied; grey is repeated, 16-bit scaled, alpha dropped. What has
    no scale of its own (floats, more than 16 bits) is a :class:`MediaError`.
    """
    path = Path(path)
    check_file(path)
    try:
        with Image.open(path) as stored:
            upright = ImageOps.exif_transpose(stored)
            if upright.mode[0] in "IF":  # wide grey levels, whole numbers or floats
                return as_rgb(_sixteen_bits(np.asarray(upright), path))
            return np.array(upright.convert("RGB"))
    except UnidentifiedImageError:
        raise MediaError(f"{path}: not an image, whatever its name says.") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaError(f"{path}: cannot be read as an image ({error}).") from None


def _sixteen_bits(levels: np.ndarray, path: Path) -> np.ndarray:
    if levels.dtype.kind == "f" or levels.min() < 0 or levels.max() > 65535:
        raise MediaError(
            f"{path}: grey levels from {levels.min():g} to {levels.max():g} in "
            f"{levels.dtype}; expected whole numbers of 8 or 16 bits."
        )
    return levels.astype(np.uint16)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """Bring an array (H, W), (H, W, 1|3|4), uint8 or uint16, to RGB uint8."""
    image = np.asarray(image)
    if image.dtype.kind == "u" and image.dtype.itemsize == 2:
        image = (image / 257).round().astype(np.uint8)
    if image.dtype != np.uint8:
        raise ShapeError(
            f"an image of dtype {image.dtype} came; expected uint8 or uint16 "
            "(scale floats to 0-255 first)."
        )
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[-1] not in (1, 3, 4):
        raise ShapeError(
            f"an image of shape {image.shape} came; expected (H, W), (H, W, 3) "
            "or (H, W, 4)."
        )
    if image.shape[-1] == 1:
        return np.repeat(image, 3, axis=-1)
    return np.ascontiguousarray(image[..., :3])
