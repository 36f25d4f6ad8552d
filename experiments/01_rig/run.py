"""Fit the avatar's rig to ICT-FaceKit and write models/rig/.

    python experiments/01_rig/run.py [--ict ../shared/data/ict_facekit.npz]

Seconds on one core; the same input gives the same bytes. Input: ICT-FaceKit Light
(MIT, USC ICT) as an npz and MediaPipe's canonical face (Apache-2.0), neither part of
this project.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from experiments.ict import load_ict, register  # noqa: E402
from experiments.ict.registration import CANONICAL  # noqa: E402
from experiments.ict.rigging import build_rig  # noqa: E402
from genface.avatar.contact import (  # noqa: E402
    LOWER_LIDS,
    LOWER_LIP,
    UPPER_LIDS,
    UPPER_LIP,
)
from genface.avatar.rig import Rig  # noqa: E402
from genface.files import sha256, write_npz  # noqa: E402
from genface.geometry import mesh_points  # noqa: E402

SHARED = ROOT.parent / "shared" / "data"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ict", type=Path, default=SHARED / "ict_facekit.npz")
    parser.add_argument("--canonical", type=Path, default=CANONICAL)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "models" / "rig")
    options = parser.parse_args()
    ict = load_ict(options.ict)
    mesh = register(ict, options.canonical)
    print("Distances in % of the outer-eye distance")
    print(f"  outer-eye distance {mesh.outer_eye_distance:.3f} cm")
    for what, value in mesh.residuals.items():
        print(f"  {what:28s} {value:7.3f}")
    path = options.output / "rig.npz"
    write_npz(path, build_rig(ict, mesh))
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, sha256 {sha256(path)}")
    report(Rig.read(path))


def report(rig: Rig) -> None:
    """Print what each AU does at full activation, in cm."""
    rest = rig.neutral
    single = np.eye(len(rig.au_names), dtype=np.float32)
    moved = rig.vertices(single)
    delta = moved - rest
    peak = np.linalg.norm(delta, axis=2)
    oval = peak[:, list(mesh_points.FACE_OVAL)].max(1) / peak.max(1)
    brows, corner = (107, 70), 61  # inner and outer brow, mouth corner, subject's right
    print("\nAU    peak at   inner brow y  outer brow y  corner (out, up, fwd)", end="")
    print("     lip gap  lid gap  outline")
    for k, name in enumerate(rig.au_names):
        inner, outer = delta[k, brows, 1]
        x, y, z = delta[k, corner] * [-1, 1, 1]
        print(
            f"{name} {peak[k].max():5.2f} {peak[k].argmax():4d} {inner:12.2f} "
            f"{outer:13.2f}   {x:6.2f} {y:6.2f} {z:6.2f} "
            f"{lip_gap(moved[k]):16.2f} {lid_gap(moved[k]):8.2f} {100 * oval[k]:7.1f}%"
        )
    print(f"neutral: lip gap {lip_gap(rest):.2f}, lid gap {lid_gap(rest):.2f}")
    report_parts(rig)
    report_contact(rig)


def report_parts(rig: Rig) -> None:
    """Print how many vertices there are and how far faces differ."""
    print(
        f"{len(rest := rig.neutral)} vertices, {len(rest) - mesh_points.N_MESH} inside"
    )
    spread = np.sqrt((rig.identity[:, : mesh_points.N_FACE] ** 2).sum(2).mean(1))
    print("identities, rms cm per sd:", " ".join(f"{size:.3f}" for size in spread))


def report_contact(rig: Rig) -> None:
    """Print how often edges of lips and lids would cross, and do."""
    generator = np.random.default_rng(0)
    mixtures = generator.random((1000, len(rig.au_names)))
    mixtures *= generator.random(mixtures.shape).argsort(1) < 6
    weights = rig.morph_weights(mixtures)
    raw = rig.neutral + np.einsum("ts,svc->tvc", weights, rig.morphs.deltas)
    clamped = rig.vertices(mixtures)
    print("1000 random mixtures of 6 AUs: frames in which the upper edge dips below")
    print("the lower one by more than 1e-4 cm, and the deepest dip in cm")
    edges = {
        "lips": [(UPPER_LIP[3], LOWER_LIP[3])],
        "lids": list(zip(UPPER_LIDS, LOWER_LIDS, strict=True)),
    }
    for what, pairs in edges.items():
        for name, faces in (("raw shapes", raw), ("with contact", clamped)):
            dips = np.max([[dip(face, *pair) for face in faces] for pair in pairs], 0)
            often, deep = (dips > 1e-4).sum(), max(dips.max(), 0)
            print(f"  {what} {name:13s} {often:4d}  {deep:.2f}")


def dip(face: np.ndarray, upper, lower) -> float:
    """Deepest point of one edge below another, as polylines in the front view."""
    (x_up, y_up), (x_low, y_low) = (face[list(row), :2].T for row in (upper, lower))
    x = np.concatenate([x_up, x_low])
    return float((np.interp(x, x_low, y_low) - np.interp(x, x_up, y_up)).max())


def lip_gap(points: np.ndarray) -> float:
    return float(points[13, 1] - points[14, 1])


def lid_gap(points: np.ndarray) -> float:
    return float(points[159, 1] - points[145, 1])


if __name__ == "__main__":
    main()
