"""Which features to read the skin from: people of TRAIN set apart, mean of all AUs.

    python experiments/02_au_model/skin_choices.py TRAIN

After `looks.py TRAIN` with and without ``--cameras``; about a minute of one core.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import probe  # noqa: E402
from correlation import pooled_and_within  # noqa: E402
from faces import Faces, camera_features  # noqa: E402
from looks import COUNTS  # noqa: E402

from genface.facs import AU_NAMES  # noqa: E402
from genface.geometry.hog import hog  # noqa: E402

TRAINED_ON = 280  # people; the others are judged
CHANNELS = {"grid_48": 32, "grid_24": 64, "grid_12": 128}
SHOWN = ("AU04", "AU09", "AU17", "AU05", "AU15", "AU24")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="TRAIN")
    folder = parser.parse_args().folder
    faces = Faces.read(folder)
    old = faces.owner < TRAINED_ON
    true, owner = faces.labels[~old], faces.owner[~old]

    def show(what, found):
        pooled, within = pooled_and_within(np.clip(found, 0, 1), true, owner)
        cells = [f"{within[AU_NAMES.index(name)]:.2f}" for name in SHOWN]
        print(f"| {what} | {pooled.mean():.3f} | {within.mean():.3f} | "
              f"{' | '.join(cells)} |", flush=True)  # fmt: skip

    print(f"| read from | pooled | within | {' | '.join(SHOWN)} |")
    print("|---" * (3 + len(SHOWN)) + "|")
    show("mesh, shipped model", faces.geometry()[~old])
    for what, deltas in whole_faces(faces).items():
        show(what, ridge(deltas[old], faces.labels[old], 0.3, deltas[~old]))
    plain = probe.differences(faces, faces.features)
    cameras = probe.differences(faces, camera_features(folder))
    both = np.concatenate([plain[old], cameras[old]])
    twice = np.tile(faces.labels[old], (2, 1))
    for strength in (1.0, 3.0, 10.0):
        weights = probe.fit(plain[old], faces.labels[old], strength)
        show(f"grid_48 by regions, ridge {strength:g}", plain[~old] @ weights)
        show("... judged through cameras", cameras[~old] @ weights)
        weights = probe.fit(both, twice, strength)
        show("... trained through cameras as well", plain[~old] @ weights)
        show("... judged through cameras", cameras[~old] @ weights)


def whole_faces(faces: Faces) -> dict[str, np.ndarray]:
    """Differences (m, F) of each grid, and of gradients of the textures."""
    found, start = {}, 0
    for name, count in COUNTS.items():
        stop = start + count * CHANNELS[name]
        some = faces.features[:, start:stop].astype(np.float32)
        found[f"{name}, whole face"] = some[faces.moving] - some[faces.rest]
        start = stop
    parts = np.array_split(faces.texture, max(1, len(faces.texture) // 200))
    slopes = [hog(jnp.asarray(part[..., None], jnp.float32)) for part in parts]
    slopes = np.concatenate([np.asarray(part) for part in slopes])
    found["gradients of textures"] = slopes[faces.moving] - slopes[faces.rest]
    return found


def ridge(deltas, labels, strength, new) -> np.ndarray:
    scale = deltas.std(0) + 1e-6
    deltas, new, count = deltas / scale, new / scale, deltas.shape[1]
    kernel = deltas @ deltas.T / count + strength * np.eye(len(deltas))
    return new @ (deltas.T @ np.linalg.solve(kernel, labels)) / count


if __name__ == "__main__":
    main()
