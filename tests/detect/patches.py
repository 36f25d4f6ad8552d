"""A world in which faces are bright squares: its films, its finder and its stage."""

import numpy as np
from scipy import ndimage

from genface.detect.faces import Faces
from genface.detect.sources import Source, shot_of
from genface.video import Frame

HEIGHT, WIDTH, SIDE = 96, 128, 20


def frame(number, corners):
    """A frame that knows its number, with squares at the given corners (x, y)."""
    picture = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
    ramp = np.arange(SIDE) * 5
    for x, y in corners:
        patch = picture[y : y + SIDE, x : x + SIDE]
        height, width = patch.shape[:2]
        patch[..., 0], patch[..., 1] = ramp[:width], ramp[:height, None]
        patch[..., 2] = 200
    picture[0, 0] = number
    return picture


def shots(frames):
    source = Source("film", "video", np.stack(frames))
    return [shot_of(source, Frame(k, k / 25, rgb)) for k, rgb in enumerate(frames)]


def picture_of(pixels):
    colours = np.asarray(pixels.colours)[: pixels.height * pixels.width]
    return colours.reshape(pixels.height, pixels.width, 3)


class Finder:
    """Finds the squares, from the left; remembers where it looked."""

    name, keypoints = "squares", ()

    def __init__(self):
        self.calls = []

    @property
    def looked(self):
        """Numbers of the frames."""
        return [number for call in self.calls for number in call]

    def find(self, pixels, threshold=0.5):
        found = ndimage.find_objects(ndimage.label(picture_of(pixels)[..., 2] > 128)[0])
        boxes = [(x.start, y.start, x.stop, y.stop) for y, x in found]
        boxes = np.array(sorted(boxes), float).reshape(-1, 4)
        return Faces(boxes, np.zeros((len(boxes), 0, 2)), np.full(len(boxes), 0.75))

    def find_all(self, pictures, threshold=0.5):
        self.calls.append([int(picture_of(pixels)[0, 0, 0]) for pixels in pictures])
        return [self.find(pixels) for pixels in pictures]


class Corners:
    """Left, upper, right and lower edge of the bright pixels in and about a box."""

    columns = ("x_0", "y_0", "x_1", "y_1")
    needs = ()
    gives = ("landmarks", "crops")

    def __init__(self):
        self.sizes = []

    def __call__(self, faces):
        self.sizes.append(len(faces))
        both = [
            self._one(*face) for face in zip(faces.pixels, faces.boxes, strict=True)
        ]
        edges = np.stack([edge for edge, _ in both])
        faces.found["landmarks"] = edges[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
        faces.found["crops"] = np.stack([crop for _, crop in both])
        return edges

    def _one(self, pixels, box):
        picture = picture_of(pixels)
        grow = 0.1 * (box[2:] - box[:2]).max()
        low = np.maximum(np.floor(box[:2] - grow), 0).astype(int)
        high = np.ceil(box[2:] + grow).astype(int)
        piece = picture[low[1] : high[1], low[0] : high[0]]
        rows, columns = np.nonzero(piece[..., 2] > 128)
        if not len(rows):
            edges = np.concatenate([box[:2], box[2:]])
        else:
            inside = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            edges = np.tile(low, 2) + inside
        zoom = (32 / max(len(piece), 1), 32 / max(piece.shape[1], 1), 1)
        return edges, ndimage.zoom(piece / 255, zoom, order=1)[:32, :32]


class Blind:
    """A stage that leaves nothing to follow."""

    columns = ("size",)
    needs = ()
    gives = ()

    def __call__(self, faces):
        return (faces.boxes[:, 2:3] - faces.boxes[:, :1]) + 0.0
