"""Where the AU model fails most on rendered people, as a sheet to look at.

    python experiments/02_au_model/gallery.py AUS

AUS is the set that `run.py` tests on. Writes docs/images/au_failures.jpg: for each AU
the frame in which most of it was missed, and that in which most was read with less than
.05 put in, each beside the same person at rest. Ten seconds.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import testing  # noqa: E402
from PIL import Image, ImageDraw, ImageFont  # noqa: E402
from seen import Renders  # noqa: E402

from experiments.synthetic_faces.dataset import shards  # noqa: E402
from experiments.synthetic_faces.sheet import save  # noqa: E402
from genface.facs import AU_NAMES  # noqa: E402
from genface.files import read_npz  # noqa: E402
from genface.nets.au_model import load_au_model  # noqa: E402

OUT = ROOT / "docs" / "images" / "au_failures.jpg"
ABREAST, SIDE, TITLE = 4, 128, 18  # tiles in a row; pixels of a face and of its title
MARGIN = 0.15  # of the face, kept around it
ABSENT = 0.05  # of an AU put in: it is not there


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("aus", type=Path)
    parser.add_argument("-o", "--out", type=Path, default=OUT)
    options = parser.parse_args()
    renders = Renders.read(options.aus)
    model = load_au_model()
    reach = testing.reach(model, renders)
    rows, shown = np.flatnonzero(renders.moving), pictures(options.aus)
    tiles = []
    for name, found, true in zip(AU_NAMES, reach.found.T, reach.both.T, strict=True):
        for row in worst(found, true):
            person, frame = renders.person[rows[row]], renders.frame[rows[row]]
            title = f"{name}: {true[row]:.2f} put in, {found[row]:.2f} read"
            if name in model.unseen:
                title += " (unseen)"
            faces = [face(*shown[person, which]) for which in (0, frame)]
            tiles.append(tile(faces, title))
    lines = [
        np.concatenate(tiles[k : k + ABREAST], axis=1)
        for k in range(0, len(tiles), ABREAST)
    ]
    save(Image.fromarray(np.concatenate(lines)), options.out)


def worst(found: np.ndarray, true: np.ndarray) -> tuple[int, int]:
    """Rows of what is most missed, and of most that is read with hardly any put in."""
    absent = np.flatnonzero(true <= max(ABSENT, true.min()))
    return int(np.argmax(true - found)), int(absent[np.argmax(found[absent])])


def pictures(folder: Path) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
    """Picture and true mesh of every person and frame of a set."""
    found = {}
    for path in shards(folder):
        part = read_npz(path)
        keys = zip(part["person"].tolist(), part["frame"].tolist(), strict=True)
        values = zip(part["images"], part["mesh_true"], strict=True)
        found |= dict(zip(keys, values, strict=True))
    return found


def face(picture: np.ndarray, mesh: np.ndarray) -> Image.Image:
    """A picture cut to its face."""
    low, high = mesh[:, :2].min(0), mesh[:, :2].max(0)
    half = (0.5 + MARGIN) * (high - low).max()
    middle = (low + high) / 2
    cut = Image.fromarray(picture).crop((*(middle - half), *(middle + half)))
    return cut.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def tile(faces: list[Image.Image], title: str) -> np.ndarray:
    """Faces side by side under a title."""
    sheet = Image.new("RGB", (len(faces) * SIDE, SIDE + TITLE), "white")
    font = ImageFont.load_default(size=11)
    ImageDraw.Draw(sheet).text((3, 2), title, fill="black", font=font)
    for k, picture in enumerate(faces):
        sheet.paste(picture, (k * SIDE, TITLE))
    return np.asarray(sheet)


if __name__ == "__main__":
    main()
