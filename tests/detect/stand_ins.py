"""Pictures, faces and networks that tests of the modular preset's stages share."""

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

from genface.avatar import Rig
from genface.detect.stages import FaceBatch
from genface.geometry import as_pixels
from genface.geometry.mesh_points import LANDMARKS_68

# Within the picture, over its upper left edge, over its lower right one, and larger
# than a picture.
BOXES = ((40.0, 30.3, 96.7, 99.2), (-22, -15, 45, 70), (150, 90, 215, 160))
LARGE = (-8.0, -30, 190, 180)


def picture(height, width, seed):
    """A picture (H, W, 3) uint8 with smooth blotches of all colours."""
    draws = np.random.default_rng(seed).random((height, width, 3))
    smooth = gaussian_filter(draws, (2, 2, 0), mode="wrap")
    return ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)


PICTURES = (picture(150, 200, seed=1), picture(120, 160, seed=2))


def batch(poses=None):
    """Three faces of one picture and one of another; see :data:`BOXES`."""
    first, second = map(as_pixels, PICTURES)
    return FaceBatch(
        [first, first, first, second],
        np.array([*BOXES, LARGE]),
        np.array([0.9, 0.8, 0.7, 0.6]),
        poses,
    )


def pieces(size, expand=1.2):
    """Crops (4, size, size, 3) of :func:`batch` by scipy, in 0-1."""
    images = [PICTURES[0]] * 3 + [PICTURES[1]]
    found = []
    for image, box in zip(images, batch().boxes, strict=True):
        places = []
        for axis, length in ((1, image.shape[0]), (0, image.shape[1])):
            middle = (box[axis] + box[axis + 2]) / 2
            side = (box[axis + 2] - box[axis]) * expand
            edge = middle + side * ((np.arange(size) + 0.5) / size - 0.5)
            grid = 2 * edge / (length - 1) - 1
            places.append(((grid + 1) * length - 1) / 2)
        rows, columns = np.meshgrid(*places, indexing="ij")
        colours = [
            map_coordinates(colour, [rows, columns], order=1, mode="grid-constant")
            for colour in np.moveaxis(image / 255, -1, 0)
        ]
        found.append(np.stack(colours, -1))
    return np.stack(found)


def normalised(pictures):
    return (pictures - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]


def canonical_points():
    """68 points of the neutral face in centimetres, y up, z toward the camera."""
    return Rig.default().neutral[list(LANDMARKS_68)].astype(np.float64)


def face_shares():
    """Landmarks (4, 68, 2) of turned faces that fill most of a crop, in shares."""
    angles = [[0, 0, 0], [8, 14, 10], [-10, 20, -18], [4, -25, 5]]
    turned = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    flat = (canonical_points() @ turned.swapaxes(1, 2))[..., :2] * [1, -1]
    low, high = flat.min(1, keepdims=True), flat.max(1, keepdims=True)
    return (0.15 + 0.7 * (flat - low) / (high - low)).astype(np.float32)


class Told:
    """A network that keeps what it is shown, and says what it was told to."""

    def __init__(self, **outputs):
        self._outputs = {k: np.asarray(v, np.float32) for k, v in outputs.items()}

    def __call__(self, inputs):
        self.seen = np.asarray(inputs)
        return {key: value[: len(self.seen)] for key, value in self._outputs.items()}
