"""How far the AU model agrees with references it was not trained on.

    python experiments/02_au_model/yardstick.py                 # news sample
    python experiments/02_au_model/yardstick.py --mesh TABLE    # somebody's clip

The news sample holds 20 clips of one speaker (477 frames) with the AUs of py-feat's
Detectorv2, which are a network's beliefs, not a coder's scores. AU09 has no variance
in it. Two figures: with the speaker's neutral from all clips together, and with one per
clip, as the Detector takes it; a clip of 14 to 39 frames hardly shows a face at rest.
For any other clip (a table with mesh columns, from `genface detect`), AUs are
compared with distances in the same mesh.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from genface.facs import AU_NAMES  # noqa: E402
from genface.geometry.mesh_points import N_MESH  # noqa: E402
from genface.nets.au_model import AUModel, load_au_model  # noqa: E402

SHARED = ROOT.parent / "shared" / "data"
JUDGED = np.array([name != "AU09" for name in AU_NAMES])
SEEN_FROM = 0.3


@dataclass(frozen=True)
class News:
    """The news sample."""

    mesh: np.ndarray  # (T, 478, 3) as AUModel takes it
    aus: np.ndarray  # (T, A) Detectorv2's beliefs
    clip: np.ndarray  # (T,)


@dataclass(frozen=True)
class Agreement:
    """Correlations per AU; NaN for AU09."""

    pooled: np.ndarray  # (A,)
    within: np.ndarray  # (A,) after the mean of each clip was taken off

    @property
    def is_seen(self) -> np.ndarray:
        """AUs that the model follows in both senses; never those not tested."""
        return np.nan_to_num(np.minimum(self.pooled, self.within)) >= SEEN_FROM

    def means(self) -> tuple[float, float]:
        return float(self.pooled[JUDGED].mean()), float(self.within[JUDGED].mean())


def read_news(folder: Path = SHARED / "news_sample") -> News:
    tables = [pd.read_csv(path) for path in sorted(folder.glob("0*.csv"))]
    clip = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    mesh = np.concatenate([mesh_of(table) for table in tables])
    aus = np.concatenate([table[list(AU_NAMES)].to_numpy(float) for table in tables])
    return News(mesh, aus, clip)


def mesh_of(table: pd.DataFrame) -> np.ndarray:
    """Mesh (T, 478, 3) of a table's columns, depth in pixels too."""

    def axis(letter: str) -> np.ndarray:
        columns = [f"mesh_{letter}_{i}" for i in range(N_MESH)]
        return table[columns].to_numpy(float)

    depth = axis("z") * table["FaceRectWidth"].to_numpy(float)[:, None]
    return np.stack([axis("x"), axis("y"), depth], -1)


def agreement(aus: np.ndarray, news: News) -> Agreement:
    pooled = correlation(aus, news.aus)
    within = correlation(_centred(aus, news.clip), _centred(news.aus, news.clip))
    return Agreement(np.where(JUDGED, pooled, np.nan), np.where(JUDGED, within, np.nan))


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson r of each column; 0 where one does not vary."""
    a, b = a - a.mean(0), b - b.mean(0)
    size = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return (a * b).sum(0) / np.where(size > 0, size, np.inf)


def news_agreement(model: AUModel, news: News) -> Agreement:
    """With the speaker's neutral from all clips together: what can be seen at all."""
    neutral = model.neutral(news.mesh)
    return agreement(model.aus(news.mesh, neutral, all_aus=True), news)


def clip_agreement(model: AUModel, news: News) -> Agreement:
    """With a neutral from each clip alone: what a table of such a clip holds."""
    aus = np.empty_like(news.aus)
    for clip in np.unique(news.clip):
        mesh = news.mesh[news.clip == clip]
        aus[news.clip == clip] = model.aus(mesh, model.neutral(mesh), all_aus=True)
    return agreement(aus, news)


def proxies(model: AUModel, mesh: np.ndarray) -> dict[str, tuple[str, float]]:
    """For one clip: AU -> (what it is compared with, correlation)."""
    mesh = mesh[np.isfinite(mesh).all(axis=(1, 2))]
    aus = model.aus(mesh, model.neutral(mesh), all_aus=True)
    x, y = np.moveaxis(model.shapes(mesh), -1, 0)
    eyes = y[:, [33, 133, 362, 263]].mean(1)
    lids = y[:, [159, 386]].mean(1) - y[:, [145, 374]].mean(1)
    measures = {
        "AU01": ("inner brow height", y[:, [107, 55, 336, 285]].mean(1) - eyes),
        "AU02": ("outer brow height", y[:, [70, 46, 300, 276]].mean(1) - eyes),
        "AU05": ("lid opening", lids),
        "AU12": ("mouth width", x[:, 291] - x[:, 61]),
        "AU25": ("lip gap", y[:, 13] - y[:, 14]),
        "AU26": ("nose to chin", y[:, 2] - y[:, 152]),
        "AU43": ("lid closing", -lids),
    }
    return {
        name: (what, float(correlation(aus[:, AU_NAMES.index(name)], measure)))
        for name, (what, measure) in measures.items()
    }


def read_table(path: Path) -> pd.DataFrame:
    """The rows of the face that is there longest."""
    read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
    table = read(path)
    if "face_id" in table and table["face_id"].notna().any():
        table = table[table["face_id"] == table["face_id"].mode().iloc[0]]
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mesh", type=Path, help="table with mesh columns")
    options = parser.parse_args()
    model = load_au_model()
    if options.mesh is None:
        news = read_news()
        print_news(news_agreement(model, news), clip_agreement(model, news))
        return
    mesh = mesh_of(read_table(options.mesh))
    print(f"{options.mesh.name}: {np.isfinite(mesh[:, 0, 0]).sum()} frames with a face")
    print_clip(model, mesh)


def print_news(person: Agreement, clip: Agreement) -> None:
    results = (person, clip)
    print("       neutral of all clips    neutral of each clip")
    print("       r      within clips     r      within clips")
    for k, name in enumerate(AU_NAMES):
        cells = [f"{a.pooled[k]:5.2f}  {a.within[k]:5.2f}" for a in results]
        print(f"{name}  {cells[0]}            {cells[1]}")
    for what, result in zip(("all clips", "each clip"), results, strict=True):
        pooled, within = result.means()
        print(
            f"mean of {JUDGED.sum()}, neutral of {what}: r {pooled:.3f}, "
            f"within clips {within:.3f}"
        )


def print_clip(model: AUModel, mesh: np.ndarray) -> None:
    for name, (what, r) in proxies(model, mesh).items():
        print(f"{name} with {what:18s} r {r:5.2f}")
    seen = model.aus(mesh, model.neutral(mesh), all_aus=True)
    print("AU    10 %   50 %   90 %  highest (frame)")
    for k, name in enumerate(AU_NAMES):
        low, middle, high = np.nanpercentile(seen[:, k], [10, 50, 90])
        top = int(np.nanargmax(seen[:, k]))
        print(
            f"{name} {low:5.2f}  {middle:5.2f}  {high:5.2f}  {seen[top, k]:.2f} ({top})"
        )


def _centred(values: np.ndarray, clip: np.ndarray) -> np.ndarray:
    means = np.stack([values[clip == c].mean(0) for c in np.unique(clip)])
    return values - means[np.unique(clip, return_inverse=True)[1]]


if __name__ == "__main__":
    main()
