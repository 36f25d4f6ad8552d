"""How far the AU model agrees with references it was not trained on.

    python experiments/02_au_model/yardstick.py [--model FILE]

The news sample holds 20 clips of one speaker (477 frames) with the AUs of py-feat's
Detectorv2, which are a network's beliefs, not a coder's scores. AU09 has no variance
in it. Two figures: with the speaker's neutral from all clips together, and with one per
clip, as the Detector takes it; a clip of 14 to 39 frames hardly shows a face at rest.
A third says what a mesh can give at all: a ridge trained on the labels themselves,
judged on clips that it was not trained on. For any other clip, `genface au-check`
compares AUs with distances in the same mesh.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from correlation import pooled_and_within  # noqa: E402
from scipy.ndimage import gaussian_filter1d  # noqa: E402

from genface.detect.au_details import mesh_of  # noqa: E402
from genface.facs import AU_NAMES  # noqa: E402
from genface.nets.au_model import AUModel, load_au_model, read_au_model  # noqa: E402

SHARED = ROOT.parent / "shared" / "data"
JUDGED = np.array([name != "AU09" for name in AU_NAMES])
# .3, and what another draw of pictures and faces may move an r by: an AU at the edge,
# which would be seen by one draw and not by the next, is not told.
SEEN_FROM = 0.36
LEFT_OUT, RIDGE = 2, 1e-3  # clips at a time


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


def agreement(aus: np.ndarray, news: News) -> Agreement:
    r = pooled_and_within(aus, news.aus, news.clip)
    return Agreement(*np.where(JUDGED, r, np.nan))


def news_agreement(model: AUModel, news: News, smooth: float = 0) -> Agreement:
    """With the speaker's neutral from all clips together: what can be seen at all.

    ``smooth``: standard deviation in frames of a Gaussian over time.
    """
    aus = model.aus(news.mesh, model.neutral(news.mesh), all_aus=True)
    for clip in np.unique(news.clip) if smooth else ():
        rows = news.clip == clip
        aus[rows] = gaussian_filter1d(aus[rows], smooth, axis=0)
    return agreement(aus, news)


def clip_agreement(model: AUModel, news: News) -> Agreement:
    """With a neutral from each clip alone: what a table of such a clip holds."""
    aus = np.empty_like(news.aus)
    for clip in np.unique(news.clip):
        mesh = news.mesh[news.clip == clip]
        aus[news.clip == clip] = model.aus(mesh, model.neutral(mesh), all_aus=True)
    return agreement(aus, news)


def leave_out_agreement(model: AUModel, news: News) -> Agreement:
    """Of a ridge trained on the labels of all clips but two, judged on these."""
    shapes = model.shapes(news.mesh).reshape(len(news.mesh), -1)
    shapes -= np.median(shapes, axis=0)
    found = np.empty_like(news.aus)
    for first in range(0, news.clip.max() + 1, LEFT_OUT):
        out = (news.clip >= first) & (news.clip < first + LEFT_OUT)
        x, y = shapes[~out], news.aus[~out]
        middle, level = x.mean(0), y.mean(0)
        x, y = x - middle, y - level
        kernel = x @ x.T / len(x) + RIDGE * np.eye(len(x))
        weights = x.T @ np.linalg.solve(kernel, y) / len(x)
        found[out] = (shapes[out] - middle) @ weights + level
    return agreement(found, news)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="another au_model.npz")
    path = parser.parse_args().model
    model, news = read_au_model(path) if path else load_au_model(), read_news()
    print_news(
        {
            "all clips": news_agreement(model, news),
            "smoothed by a frame": news_agreement(model, news, smooth=1),
            "each clip": clip_agreement(model, news),
            "left out": leave_out_agreement(model, news),
        }
    )


def print_news(results: dict[str, Agreement]) -> None:
    print("r, r within clips: " + "; ".join(results))
    for k, name in enumerate(AU_NAMES):
        cells = [f"{a.pooled[k]:5.2f} {a.within[k]:5.2f}" for a in results.values()]
        print(f"{name}  " + "    ".join(cells))
    for what, result in results.items():
        pooled, within = result.means()
        print(
            f"mean of {JUDGED.sum()}, {what}: r {pooled:.3f}, within clips {within:.3f}"
        )


if __name__ == "__main__":
    main()
