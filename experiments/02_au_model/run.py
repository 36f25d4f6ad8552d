"""Train the mesh -> AU model on what the mesh network shows of synthetic faces.

    python -m experiments.synthetic_faces SHAPES --people 560 --seed 1 --sampler shapes
    python -m experiments.synthetic_faces.meshes SHAPES
    python -m experiments.synthetic_faces AUS --people 200 --seed 2 --sampler aus
    python -m experiments.synthetic_faces.meshes AUS
    python experiments/02_au_model/run.py SHAPES AUS [--second TABLE]

Minutes on two free cores: 2.5, 1.5, 1, .6 and .4; the same input gives the same bytes.
SHAPES is what the model is trained on, AUS other people to test it. Also needed:
ICT-FaceKit Light (MIT, USC ICT) as an npz, MediaPipe's canonical face (Apache-2.0, for
the registration of the mesh), and the news sample that decides which AUs count as seen;
none of them is part of this project. `--second` adds a table of another person
(`genface detect CLIP -o TABLE`) to the card. Expected: mean r about .58 pooled and .52
within clips with the speaker's neutral from all clips, .44 and .50 with one per clip.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import card  # noqa: E402
import fitting  # noqa: E402
import numpy as np  # noqa: E402
import testing  # noqa: E402
import yardstick  # noqa: E402
from seen import (  # noqa: E402
    SCALING_RIDGE,
    TRAINING_RIDGE,
    Renders,
    average_face,
    mirrored,
    seen_basis,
)
from training import SAMPLES, Rig, sample, symmetric  # noqa: E402

from experiments.ict import load_ict, register  # noqa: E402
from genface.facs import AU_NAMES  # noqa: E402
from genface.files import sha256, write_npz, write_text  # noqa: E402
from genface.nets.au_model import (  # noqa: E402
    ERROR_AT,
    AUModel,
    frontal,
    read_au_model,
)
from genface.pipelines import check_aus  # noqa: E402

VERSION = "1.1"
SHARED = ROOT.parent / "shared" / "data"


def main() -> None:
    options = _options()
    started = time.perf_counter()
    ict = load_ict(options.ict)
    rig = Rig.of(ict, register(ict))
    arrays, stretch = train(rig, Renders.read(options.shapes), options.seed)
    path = options.output / "au_model.npz"
    model = _kept(arrays, path)
    reach = testing.reach(model, Renders.read(options.aus))
    arrays["error"], arrays["error_pose"] = testing.error_terms(reach)
    arrays["is_sided"] = fitting.SIDED & (reach.r_sides() >= yardstick.SEEN_FROM)
    news = yardstick.read_news(options.news)
    person = yardstick.news_agreement(model, news)
    clip = yardstick.clip_agreement(model, news)
    arrays["is_seen"] = person.is_seen & (clip.within >= yardstick.SEEN_FROM)
    arrays["is_graded"] &= arrays["is_seen"]
    model = _kept(arrays, path)
    second = options.second
    text = card.write(
        card.Facts(
            arguments=f" --second {second.name}" if second else "",
            model=model,
            news=news,
            person=person,
            clip=clip,
            taught=yardstick.leave_out_agreement(model, news),
            reach=reach,
            covered=testing.coverage(model, reach),
            stretch=stretch,
            samples=SAMPLES,
            second=check_aus(second, model=model) if second else None,
        )
    )
    write_text(options.output / "card.md", text)
    print(text)
    size = path.stat().st_size / 1000
    print(f"{path.name}: {size:.0f} kB, sha256 {sha256(path)}")
    print(f"{time.perf_counter() - started:.0f} s")


def train(rig: Rig, renders: Renders, seed: int, n: int = SAMPLES):
    """Arrays of an AUModel that counts every AU as seen, and the stretches."""
    rng = np.random.default_rng(seed)
    average = average_face(renders, rig.average, rig.still)
    average = (average + average[rig.mirror] * [-1, 1, 1]) / 2
    shapes = frontal(renders.mesh, average, rig.still).reshape(len(renders.mesh), -1)
    moving = renders.moving
    deltas = (shapes - shapes[renders.rest_rows])[moving]
    basis, full = (
        symmetric(seen_basis(renders.shapes[moving], deltas, ridge), rig)
        for ridge in (TRAINING_RIDGE, SCALING_RIDGE)
    )
    builds = shapes[~moving] - average[:, :2].ravel()
    builds = np.concatenate([builds, mirrored(builds, rig.mirror)])
    samples = sample(rig, basis, builds, n, rng)
    arrays, stretch = fitting.fit(rig, basis, full, samples, builds)
    everything = np.ones(len(AU_NAMES), bool)
    fixed = {
        "average": average,
        "still": rig.still,
        "error": np.zeros((2, len(AU_NAMES), len(ERROR_AT))),
        "error_pose": np.zeros(2),
        "is_seen": everything,
        "is_sided": fitting.SIDED,
        "version": np.array(VERSION),
    }
    return arrays | fixed, stretch


def _kept(arrays: dict[str, np.ndarray], path: Path) -> AUModel:
    """Write the arrays in single precision and read them as everybody will."""
    stored = {"au_names": np.array(AU_NAMES)} | arrays
    for name, array in stored.items():
        if array.dtype == np.float64:
            stored[name] = array.astype(np.float32)
    write_npz(path, stored)
    return read_au_model(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", type=Path, help="renders of shapes, with meshes")
    parser.add_argument("aus", type=Path, help="renders of AUs, with meshes")
    parser.add_argument("--ict", type=Path, default=SHARED / "ict_facekit.npz")
    parser.add_argument("--news", type=Path, default=SHARED / "news_sample")
    parser.add_argument("--second", type=Path, help="table of another person")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "models" / "au")
    return parser.parse_args()


if __name__ == "__main__":
    main()
