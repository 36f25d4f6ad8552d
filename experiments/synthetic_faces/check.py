"""Are they faces? What genface's own detector makes of a set.

    python -m experiments.synthetic_faces.check OUT [--pictures 100]

Prints how many are found, and how far the detected mesh is from the true one in % of
the outer-eye distance, all over and by region. About 20 s.
"""

import argparse
from pathlib import Path

import numpy as np

from experiments.synthetic_faces.dataset import shards
from genface.detect import Detector
from genface.geometry import mesh_points
from genface.geometry.mesh_points import N_MESH

NOSE = (1, 2, 4, 5, 6, 45, 48, 64, 94, 97, 98, 115, 168, 195, 197, 220, 275, 278, 294,
        326, 327, 344, 440)  # fmt: skip
CHEEKS = (36, 50, 101, 117, 118, 123, 187, 205, 207, 266, 280, 330, 346, 347, 352, 411,
          425, 427)  # fmt: skip
REGIONS = {
    "lids": (*mesh_points.OPENINGS[0], *mesh_points.OPENINGS[1]),
    "outer lip": (*mesh_points.LIPS_OUTER_UPPER, *mesh_points.LIPS_OUTER_LOWER),
    "inner lip": mesh_points.OPENINGS[2],
    "irises": (*mesh_points.RIGHT_IRIS, *mesh_points.LEFT_IRIS),
    "brows": tuple(i for row in mesh_points.BROWS for i in row),
    "nose": NOSE,
    "cheeks": CHEEKS,
    "outline": mesh_points.FACE_OVAL,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pictures", type=int, default=100)
    given = parser.parse_args()
    part = np.load(shards(given.out)[0])
    rows = np.linspace(0, len(part["person"]) - 1, given.pictures).astype(int)
    rows = np.unique(rows)
    meshes, presence = detected(part["images"][rows])
    report(meshes, presence, {k: part[k][rows] for k in ("mesh_true", "pose", "frame")})


def detected(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Meshes (n, 478, 3) in pixels, NaN where no face was found, and presence (n,)."""
    found = Detector("facemesh").detect(images, progress=False)
    found = found.sort_values("FaceRectWidth").groupby("frame", sort=True).last()
    found = found.reindex(range(len(images)))
    axes = [
        found[[f"{axis}_{i}" for i in range(N_MESH)]].to_numpy(float)
        for axis in ("mesh_x", "mesh_y", "mesh_z")
    ]
    axes[2] = axes[2] * found[["FaceRectWidth"]].to_numpy(float)
    return np.stack(axes, -1), found["FaceScore"].fillna(0).to_numpy(float)


def report(meshes, presence, true: dict[str, np.ndarray]) -> None:
    points = true["mesh_true"].astype(float)
    right, left = mesh_points.OUTER_EYE_CORNERS
    unit = np.linalg.norm(points[:, right] - points[:, left], axis=1)[:, None]
    error = np.linalg.norm((meshes - points)[..., :2], axis=2) / unit * 100
    found = presence > 0.5
    print(f"{len(found)} pictures, {found.sum()} found; least presence "
          f"{presence[found].min():.3f}")  # fmt: skip
    error, frame = error[found], true["frame"][found]
    means = error.mean(1)
    print(f"landmark error, % of the outer-eye distance: mean {error.mean():.2f}, "
          f"median {np.median(error):.2f}, 95 % of pictures below "
          f"{np.quantile(means, 0.95):.2f}")  # fmt: skip
    yaw = np.abs(true["pose"][found, 2])
    for low, high in ((0, 0.1), (0.1, 0.25), (0.25, 0.4), (0.4, 9)):
        some = (yaw >= low) & (yaw < high)
        if some.any():
            print(f"  |yaw| from {low} rad: {means[some].mean():.2f} ({some.sum()})")
    print("  region      at rest  moving")
    for name, region in REGIONS.items():
        part = error[:, list(region)].mean(1)
        still, moving = part[frame == 0], part[frame > 0]
        print(f"  {name:10s} {still.mean() if len(still) else np.nan:8.2f} "
              f"{moving.mean():7.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
