"""Train the mesh -> AU model on synthetic faces and write models/au/.

    python experiments/02_au_model/run.py [--second TABLE]

About a minute on two cores; the same input gives the same bytes. Input: ICT-FaceKit
Light (MIT, USC ICT) as an npz, MediaPipe's canonical face (Apache-2.0, for the
registration of the mesh), and the news sample that decides which AUs count as seen.
None of them is part of this project. `--second` adds a table of another person
(`genface detect CLIP -o TABLE`) to the card; the card in the repository has that of the
sample clip. Expected: mean r about .52 pooled and .47 within clips with the speaker's
neutral from all clips, .38 and .46 with one per clip.
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
import yardstick  # noqa: E402
from sampler import Faces, Kit, sample_faces  # noqa: E402

from experiments.ict import load_ict, register  # noqa: E402
from genface.facs import AU_NAMES  # noqa: E402
from genface.files import sha256, write_npz, write_text  # noqa: E402
from genface.nets.au_model import AUModel  # noqa: E402

SHARED = ROOT.parent / "shared" / "data"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ict", type=Path, default=SHARED / "ict_facekit.npz")
    parser.add_argument("--news", type=Path, default=SHARED / "news_sample")
    parser.add_argument("--second", type=Path, help="table of another person")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "models" / "au")
    options = parser.parse_args()
    started = time.perf_counter()

    ict = load_ict(options.ict)
    kit = Kit.of(ict, register(ict))
    arrays, stretch = train(kit, options.seed)
    news = yardstick.read_news(options.news)
    person = yardstick.news_agreement(AUModel(**arrays), news)
    arrays["is_seen"] = person.is_seen
    model = AUModel(**arrays)
    path = options.output / "au_model.npz"
    stored = {"au_names": np.array(AU_NAMES)} | arrays
    for name, array in arrays.items():
        if array.dtype == np.float64:
            stored[name] = array.astype(np.float32)
    write_npz(path, stored)

    held_out = sample_faces(kit, 4000, np.random.default_rng(options.seed + 1))
    second = options.second
    facts = card.Facts(
        arguments=f" --second {second.name}" if second else "",
        model=model,
        news=news,
        person=person,
        clip=yardstick.clip_agreement(model, news),
        held_out=recovery(kit, model, held_out, options.seed + 2),
        scales=stretch,
        samples=fitting.SAMPLES,
        second=second_person(model, second),
    )
    text = card.write(facts)
    write_text(options.output / "card.md", text)
    print(text)
    size = path.stat().st_size / 1000
    print(f"{path.name}: {size:.0f} kB, sha256 {sha256(path)}")
    print(f"{time.perf_counter() - started:.0f} s")


def train(kit: Kit, seed: int) -> tuple[dict[str, np.ndarray], fitting.Scales]:
    """Arrays of an AUModel that counts every AU as seen, and its stretches."""
    rng = np.random.default_rng(seed)
    frame = fitting.Frame.of(kit)
    own, absolute, aus = fitting.training_set(kit, frame, rng)
    person = fitting.fit(kit, frame, own, aus)
    anyone = fitting.fit(kit, frame, absolute, aus)
    stretch = fitting.scales(kit, frame, person, rng)
    rough = fitting.scales(kit, frame, anyone, rng, single=True)
    arrays = {
        "average": frame.average,
        "still": frame.still,
        "person": person.weights * stretch.used,
        "absolute": anyone.weights,
        "absolute_offset": anyone.offset,
        "absolute_scale": rough.used,
        "absolute_slack": rough.slack,
        "upper_points": fitting.upper_points(kit),
        "upper_aus": fitting.upper_aus(),
        "is_seen": np.ones(len(AU_NAMES), bool),
        "is_graded": stretch.used <= fitting.GRADED_UP_TO,
    }
    return arrays, stretch


def recovery(kit: Kit, model: AUModel, faces: Faces, seed: int) -> np.ndarray:
    """Correlation (A,) with the AUs put into new synthetic people, mesh noise added."""
    rng = np.random.default_rng(seed)
    frame = fitting.Frame.of(kit)
    noise = kit.smooth_noise(fitting.MESH_NOISE, 2.5, len(faces.aus), rng)
    deltas = frame.shapes(faces.points + noise) - frame.shapes(faces.rest)
    return yardstick.correlation(np.clip(deltas @ model.person, 0, 1), faces.aus)


def second_person(model: AUModel, table: Path | None) -> card.Second | None:
    if table is None:
        return None
    mesh = yardstick.mesh_of(yardstick.read_table(table))
    frames = int(np.isfinite(mesh[:, 0, 0]).sum())
    return card.Second(table.stem, frames, yardstick.proxies(model, mesh))


if __name__ == "__main__":
    main()
