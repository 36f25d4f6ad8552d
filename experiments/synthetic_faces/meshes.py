"""What the real face mesh network reports of a folder of synthetic faces.

    python -m experiments.synthetic_faces.meshes OUT

Writes ``OUT/meshes_000.npz`` beside each ``OUT/part_000.npz``: ``mesh`` (n, 478, 3)
float32 as `Detector("facemesh")` reports it (pixels, y down, z like x and smaller =
nearer) and ``presence`` (n,) float32, the network's belief that there is a face. Each
face is looked for as in a clip that follows it: in the region of its true mesh, and
once more in that of the mesh found there. Some 55 pictures a second on two free cores;
parts that are done are left alone.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from experiments.synthetic_faces.dataset import beside, shards
from genface.detect import FACEMESH, FaceMesh, Mesh
from genface.detect.facemesh import region_of_mesh
from genface.files import read_npz, write_npz
from genface.geometry import as_pixels

PASSES = 2


def report_meshes(
    images: np.ndarray, true: np.ndarray, chain: FaceMesh
) -> dict[str, np.ndarray]:
    """Mesh and presence for pictures (n, H, W, 3) uint8 and true meshes (n, 478, 3)."""
    found = []
    for image, points in zip(images, true, strict=True):
        pixels, mesh = as_pixels(image), Mesh(points, 1.0)
        for _ in range(PASSES):
            (mesh,) = chain.follow(pixels, [region_of_mesh(mesh)])
        found.append(mesh)
    return {
        "mesh": np.stack([mesh.points for mesh in found]).astype(np.float32),
        "presence": np.array([mesh.presence for mesh in found], np.float32),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="OUT")
    parts = shards(parser.parse_args().folder)
    started, count, present = time.perf_counter(), 0, 0
    chain = FaceMesh(FACEMESH)
    for part in parts:
        path = beside(part, "meshes")
        if path.exists():
            continue
        arrays = read_npz(part)
        made = report_meshes(arrays["images"], arrays["mesh_true"], chain)
        write_npz(path, made)
        count += len(made["presence"])
        present += int((made["presence"] > FACEMESH.presence).sum())
        print(f"{path.name}: {present} of {count} faces present", flush=True)
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
