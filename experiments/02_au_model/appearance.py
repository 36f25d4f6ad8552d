"""Model v2: what the skin shows of AUs that a mesh hardly moves by.

    python -m experiments.synthetic_faces TRAIN --people 328 --frames 12 --seed 41
    python -m experiments.synthetic_faces TEST --people 120 --frames 10 --seed 42
    python experiments/02_au_model/looks.py TRAIN
    python experiments/02_au_model/looks.py TRAIN --cameras
    python experiments/02_au_model/looks.py TEST
    python experiments/02_au_model/looks.py CLIP -o CLIP.npz
    python experiments/02_au_model/appearance.py TRAIN TEST [--clip CLIP.npz ...]
        [--skin skin.npz]

Minutes of one core: 3 and 1 for the pictures, 3, 2 and 1 for what is seen of them, 1
for this command; with `skin.py` trained before (7), its network is judged as well.
Choices were made on the last people of TRAIN; TEST decides nothing but what is kept.
Writes ``models/au/au_appearance.npz`` and ``appearance.md`` beside it.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import probe  # noqa: E402
import skin  # noqa: E402
from correlation import pooled_and_within  # noqa: E402
from faces import Faces, camera_features  # noqa: E402
from looks import PLACES  # noqa: E402

from genface.facs import AU_NAMES  # noqa: E402
from genface.files import read_npz, sha256, write_npz, write_text  # noqa: E402
from genface.nets.au_appearance import (  # noqa: E402
    Appearance,
    beyond_rest,
    read_appearance,
)
from genface.nets.au_model import load_au_model  # noqa: E402

VERSION = "0.1"
KEPT = ("AU04", "AU09")
JUDGED = ("AU04", "AU09", "AU17", "AU05", "AU15", "AU24", "AU14", "AU43")
PARTS = 12  # of a clip
HEAD = """# What the skin shows: {kept} (experimental)

Written by `python experiments/02_au_model/appearance.py`; the head of that file has the
commands before it, and how long each takes; `RESULTS.md` there, what else was tried.

**What it is.** Folds and bulges hardly move a mesh, but the mesh network's features
have them. At {places} vertices, its grid of 48 x 48 x 32 features is read from the same
pass that gives the mesh; each AU is one weighted sum of them, less the median of the
frames in which that half of the face is at rest, cut to 0-1. AU04 reads nothing below
the lids, AU09 only the nose and what is beside and above it. {kilobytes:.0f} kB.

**Trained on** {frames:,} frames of {people} rendered people, as drawn and again through
poor cameras (blur, noise, colour, JPEG) with the face's region a little off;
ridge regression in closed form. No photograph, no label of another program.

**Licence.** MIT, as the rest of the project; free for any use.

**When it is used.** {kept} stay **unseen**, NaN in tables: no real labels have
confirmed them. With `all_aus` (`--all-aus`) clips get them from here instead of from
the mesh; single pictures, which have no neutral, from the mesh as before.

**On {others} rendered people** never met or chosen on, {other_frames:,} frames
against frame 0 as the neutral: r with the AUs put in, pooled / within people. `mesh` is
the model of `card.md`, `features` this reading, of all AUs. Kept is what wins here,
does not contradict {clips}, and is unseen from the mesh.

"""
# Those in view when choices were made, and what is to be seen of them.
CLIPS = ["WolfgangLanger_Pexels", "single_face"]
LOOKED_AT = """\
- No label of a real face: the clips above are judged by looking, and were in view while
  ridge, regions and cameras were chosen. In the first a woman
  cries (frames 0 to about 135; from about 60 with a hand on the face), looks up, and
  laughs from about 235 on; in the second a man is at rest, then smiles from frame 15.
  AU04 follows the furrow between her brows and is near 0 in both smiles. AU09 has no
  wrinkled nose to find here: all that is shown is that it takes a smile for one less
  than the mesh does.
- AU17, 14, 10 and 28 gain as much on rendered people. They are not kept: on the clips
  nothing confirms them (her neutral has a hand on the mouth), and closed eyes, plain to
  see, are missed by the features though on rendered people they win (AU43).
"""
NOT_SHOWN = """\
- No label of a real face: what is kept, ridge, regions and cameras were chosen with
  two clips in view, WolfgangLanger_Pexels and single_face.
"""
LIMITS = """
**Not tested, and limits.**

{clips}\
- A hand, hair or glasses on the brows can look like a furrow. What a table says of the
  error (`sd`) and of the sides of these AUs is the mesh's.
"""


def main() -> None:
    options = _options()
    train, test = Faces.read(options.train), Faces.read(options.test)
    weights = trained(train, options.train)
    path = options.output / "au_appearance.npz"
    appearance = kept(weights, path)
    network = skin.read(options.skin) if options.skin else None
    clips = [read_npz(clip) for clip in options.clip]
    shown = [path.stem for path in options.clip] == CLIPS
    text = HEAD.format(
        people=len(np.unique(train.person)),
        frames=len(train.moving),
        others=len(np.unique(test.person)),
        other_frames=len(test.moving),
        kept=" and ".join(KEPT),
        clips="the clips below" if shown else "two clips of real faces",
        places=len(appearance.vertices),
        kilobytes=path.stat().st_size / 1000,
    )
    text += table(judged(test, weights, network))
    for path_, clip in zip(options.clip, clips, strict=True):
        text += course(path_.stem, clip, weights, network)
    text += LIMITS.format(clips=LOOKED_AT if shown else NOT_SHOWN)
    write_text(options.output / "appearance.md", text)
    print(text)
    print(f"{path.name}: sha256 {sha256(path)}; {time.process_time():.0f} s")


def judged(test: Faces, weights: np.ndarray, network) -> dict[str, np.ndarray]:
    """What each reading, in 0-1, agrees with the AUs put in."""
    found = {
        "mesh": test.geometry(),
        "features": probe.differences(test, test.features) @ weights,
    }
    found["mesh + features"] = (found["mesh"] + found["features"]) / 2
    if network:
        both = skin.scores(network, test.texture).mean(1)
        found["skin"] = both[test.moving] - both[test.rest]
        found["features + skin"] = (found["features"] + found["skin"]) / 2
    return {
        what: pooled_and_within(np.clip(values, 0, 1), test.labels, test.owner)
        for what, values in found.items()
    }


def table(results: dict[str, np.ndarray]) -> str:
    lines = [f"| AU | {' | '.join(results)} |\n|---|{'---|' * len(results)}\n"]
    for k, name in enumerate(AU_NAMES):
        cells = [f"{r[0, k]:.2f} / {r[1, k]:.2f}" for r in results.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |\n")
    means = [f"{a:.2f} / {b:.2f}" for a, b in (r.mean(1) for r in results.values())]
    return "".join([*lines, f"| mean | {' | '.join(means)} |\n"])


def course(name: str, clip, weights, network) -> str:
    """Means over the parts of a clip, of the mesh, the features and the skin."""
    model = load_au_model()
    quiet = model.quiet_rows(clip["mesh"])
    read = {"features": clip["features"][:, : len(weights)].astype(np.float32)}
    read["features"] = read["features"] @ weights
    if network:
        read["skin"] = skin.scores(network, clip["texture"]).mean(1)
    found = {"mesh": model.aus(clip["mesh"], model.neutral(clip["mesh"]), all_aus=True)}
    for what, values in read.items():
        found[what] = beyond_rest(values, quiet, model.upper_aus)
    parts = np.array_split(np.arange(len(clip["mesh"])), PARTS)
    ends = " | ".join(f"{clip['frame'][part[0]]}-" for part in parts)
    lines = [f"\n{name}, means of the readings from frame to frame:\n\n| | {ends} |\n"]
    lines.append(f"|---|{'---|' * PARTS}\n")
    for au in JUDGED:
        for what, values in found.items():
            means = [values[part, AU_NAMES.index(au)].mean() for part in parts]
            cells = " | ".join(f"{mean:.2f}" for mean in means)
            lines.append(f"| {au} {what} | {cells} |\n")
    return "".join(lines)


def trained(faces: Faces, folder: Path) -> np.ndarray:
    """Weights (P * 32, A) from all of TRAIN, as rendered and through cameras."""
    both = faces.features, camera_features(folder)
    deltas = np.concatenate([probe.differences(faces, seen) for seen in both])
    return probe.fit(deltas, np.tile(faces.labels, (2, 1)))


def kept(weights: np.ndarray, path: Path) -> Appearance:
    """Write what is kept, as everybody will read it."""
    columns = np.array([AU_NAMES.index(name) for name in KEPT])
    cube = weights.reshape(-1, 32, len(AU_NAMES))[..., columns]
    used = np.abs(cube).sum((1, 2)) > 0
    arrays = {
        "vertices": np.array(PLACES)[: len(cube)][used],
        "weights": cube[used].astype(np.float16),
        "columns": columns,
        "upper": load_au_model().upper_aus[columns],
        "version": np.array(VERSION),
    }
    write_npz(path, arrays)
    return read_appearance(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path, metavar="TRAIN")
    parser.add_argument("test", type=Path, metavar="TEST")
    parser.add_argument("--clip", type=Path, nargs="*", default=[])
    parser.add_argument("--skin", type=Path, help="network of skin.py")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "models" / "au")
    return parser.parse_args()


if __name__ == "__main__":
    main()
