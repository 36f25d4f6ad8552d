"""What pictures show beside the mesh: textures in its frame, the network's features.

    python experiments/02_au_model/looks.py OUT [--cameras]
    python experiments/02_au_model/looks.py CLIP -o FILE

For a folder of synthetic faces, writes ``OUT/looks_000.npz`` beside each part, as
`experiments.synthetic_faces.meshes` does for meshes; for a clip, one file. Each holds
``mesh`` (n, 478, 3) in pixels as the Detector reports it, ``presence`` (n,),
``texture`` (n, 112, 96) uint8 grey, and ``features`` (n, F) float16: the grids of the
mesh network at PLACES. 40 ms of one core a picture; a clip follows its largest
face from frame to frame. With ``--cameras``, ``OUT/cameras_000.npz`` hold ``features``
once more, through a poor camera for each person and with a region that is a little off:
what photographs have and renders lack. 25 ms more.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from scipy.ndimage import gaussian_filter  # noqa: E402
from textures import texture_of, warped  # noqa: E402

from experiments.synthetic_faces.dataset import beside, shards  # noqa: E402
from genface import nets  # noqa: E402
from genface.detect import FACEMESH, FaceMesh, Mesh  # noqa: E402
from genface.detect.facemesh import _forward, region_of_mesh  # noqa: E402
from genface.files import read_npz, write_npz  # noqa: E402
from genface.geometry import as_pixels, crop, to_picture  # noqa: E402
from genface.nets.au_appearance import bilinear  # noqa: E402
from genface.nets.au_model import load_au_model  # noqa: E402
from genface.video import read_frames  # noqa: E402

PASSES, AT_ONCE = 2, 16
GREY = (0.299, 0.587, 0.114)
# Vertices, spread over the face: each as far as can be from those before it.
PLACES = (
    9, 175, 177, 401, 19, 71, 301, 169, 394, 230, 450, 69, 299, 85, 197, 206, 426,
    116, 345, 321, 28, 258, 138, 367, 209, 429, 50, 280, 140, 369, 57, 130, 359,
    267, 112, 341, 201, 421, 432, 52, 282, 107, 336, 168, 98, 327, 39, 204, 137,
    366, 118, 347, 151, 215, 435, 5, 104, 333, 36, 266, 207, 427, 143, 372, 424,
    314, 91, 171, 396, 139, 368, 29, 259, 63, 293, 135, 364, 47, 277, 108, 337, 410,
    205, 425, 167, 65, 295, 92, 45, 275, 18, 170, 395, 12, 221, 441, 144, 373, 402,
    216, 214, 391, 153, 380, 188, 412, 187, 411, 182, 406, 101, 330, 270, 192, 416,
    228, 448, 8, 422, 236, 456, 124, 353, 159, 386, 189, 413, 202, 46, 276, 203,
    423, 326, 157, 384, 436, 164, 117, 346, 102, 331, 185, 55, 285, 79, 309, 37,
    231, 451, 434, 100, 329, 178, 83, 200, 194, 418, 210, 430, 291,
)  # fmt: skip
COUNTS = {"grid_48": 160, "grid_24": 100, "grid_12": 40}  # places of each grid


def looker() -> Callable:
    """Crops (N, 192, 192, 3) to points, presence, texture, features; jitted."""
    network = nets.load("face_mesh_attention", grids=True)
    texture = texture_of(load_au_model().average)
    spots = np.array(PLACES)
    size = network.input_shape[0]

    @jax.jit
    def look(params, crops):
        pictures = jnp.stack(crops)
        outputs = network.apply(params, pictures / 255.0)
        points, presence, *_ = _forward(network)(params, crops)
        grey = pictures @ jnp.array(GREY)
        skin = warped(texture.corners, texture.shares, grey, points[..., :2] * size)
        features = []
        for name, count in COUNTS.items():
            grid = outputs[name]
            at = points[:, spots[:count], :2] * grid.shape[1] - 0.5
            features.append(jax.vmap(bilinear)(grid, at).reshape(len(pictures), -1))
        features = jnp.concatenate(features, 1).astype(jnp.float16)
        return points, presence, jnp.round(skin).astype(jnp.uint8), features

    return partial(look, network.params)


def looks(
    images, meshes, look: Callable, at_once: int = AT_ONCE
) -> dict[str, np.ndarray]:
    """Of up to ``at_once`` pictures (H, W, 3) with the mesh of the last pass of each.

    Fewer are filled up: each other number would be compiled anew.
    """
    pixels = [as_pixels(image) for image in images]
    count = len(pixels)
    for _ in range(PASSES):
        regions = [region_of_mesh(mesh) for mesh in meshes]
        crops = [crop(p, r, 192) for p, r in zip(pixels, regions, strict=True)]
        crops += crops[:1] * (at_once - count)
        made = jax.device_get(look(tuple(crops)))
        meshes = [
            Mesh(to_picture(made[0][i], regions[i]).astype(np.float32), made[1][i])
            for i in range(count)
        ]
    return {
        "mesh": np.stack([mesh.points for mesh in meshes]),
        "presence": made[1][:count],
        "texture": made[2][:count],
        "features": made[3][:count],
    }


def of_folder(folder: Path) -> None:
    parts, look = shards(folder), looker()
    for part in parts:
        path = beside(part, "looks")
        if path.exists():
            continue
        arrays = read_npz(part)
        images, true = arrays["images"], arrays["mesh_true"]
        made = []
        for first in range(0, len(images), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            start = [Mesh(points, 1.0) for points in true[some]]
            made.append(looks(images[some], start, look))
        write_npz(path, _joined(made))
        print(f"{path.name}: {len(images)}, {time.process_time():.0f} s", flush=True)


def through_cameras(folder: Path) -> None:
    parts, look = shards(folder), looker()
    for part in parts:
        output = beside(part, "cameras")
        if output.exists():
            continue
        arrays, meshes = read_npz(part), read_npz(beside(part, "looks"))["mesh"]
        images, person = arrays["images"], arrays["person"]
        made = []
        for first in range(0, len(images), AT_ONCE):
            crops = []
            for row in range(first, min(first + AT_ONCE, len(images))):
                rng = np.random.default_rng((row, int(person[row])))
                region = region_of_mesh(Mesh(meshes[row], 1.0))
                region[:2] += rng.normal(0, 0.015, 2) * region[2]
                region[2:] += rng.normal(0, (0.03 * region[2], 0.03))
                picture = np.asarray(crop(as_pixels(images[row]), region, 192))
                crops.append(photographed(picture, int(person[row]), rng))
            count = len(crops)
            crops += crops[:1] * (AT_ONCE - count)
            made.append(np.asarray(look(tuple(crops))[3])[:count])
        write_npz(output, {"features": np.concatenate(made)})
        print(f"{output.name}: {time.process_time():.0f} s", flush=True)


def photographed(picture: np.ndarray, person: int, rng) -> np.ndarray:
    """A picture (S, S, 3) in 0-255 as this person's camera takes it."""
    own = np.random.default_rng((7, person))
    gamma, gain = np.exp(own.normal(0, 0.25)), np.exp(own.normal(0, 0.2))
    balance = np.exp(own.normal(0, 0.08, 3))
    grey, soft = own.random() < 0.15, own.choice([0, 0, 0.6, 1.0, 1.5])
    noise, quality = own.uniform(0, 6), int(own.integers(35, 96))
    x = 255 * (np.clip(picture, 0, 255) / 255) ** gamma * gain * balance
    if grey:
        x = np.repeat((x @ GREY)[..., None], 3, -1)
    if soft:
        x = gaussian_filter(x, (soft, soft, 0))
    x = np.clip(x + rng.normal(0, noise, x.shape), 0, 255).astype(np.uint8)
    packed = BytesIO()
    Image.fromarray(x).save(packed, "JPEG", quality=quality)
    return np.asarray(Image.open(packed), np.float32)


def of_clip(clip: Path, output: Path) -> None:
    look = looker()
    chain = FaceMesh(FACEMESH)
    made, last = [], None
    for frame in read_frames(clip):
        if last is None:
            found = chain(as_pixels(frame.rgb))
            if not found:
                continue
            last = max(found, key=lambda mesh: np.ptp(mesh.box.reshape(2, 2)[:, 0]))
        found = looks([frame.rgb], [last], look, at_once=1)  # each follows the last
        points, presence = found["mesh"][0], found["presence"][0]
        last = Mesh(points, presence) if presence > FACEMESH.presence else None
        if last:
            made.append(found | {"frame": np.array([frame.index])})
    write_npz(output, _joined(made))
    print(f"{output}: {len(made)} frames, {time.process_time():.0f} s")


def _joined(made):
    return {name: np.concatenate([one[name] for one in made]) for name in made[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--cameras", action="store_true")
    given = parser.parse_args()
    if given.cameras:
        through_cameras(given.input)
    elif given.input.is_dir():
        of_folder(given.input)
    else:
        of_clip(given.input, given.output)


if __name__ == "__main__":
    main()
