"""What the realism card says of real behaviour, model families and baselines.

Run: python experiments/06_realism/run.py [--resamples 200]
(about 5 minutes on 2 cores). Data: ../shared/data/news_sample (477 frames of one
speaker at 15 a second, 20 AUs; 10 clips of good news, 10 of bad); not part of this
project.
Expected: good and bad news are told apart, odd and even clips are not; of the models
the memoryless ones are told apart, ar is not.

Models and baselines are made from the odd clips and compared with the even ones, 5 of
good and 5 of bad news each. Samples are as long as the even clips, baselines as the odd
ones. States are decoded by a Gaussian HMM of 4 states of the odd clips. The second
table is of means over both directions (odd to even, even to odd) and 3 seeds.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from genface.behavior import ESTIMATORS, HSMM, BehaviorModel  # noqa: E402
from genface.behavior.emissions.gaussian import Gaussian  # noqa: E402
from genface.pipelines.au_tracks import Track, read_tracks  # noqa: E402
from genface.realism import Card, compare  # noqa: E402
from genface.realism.baselines import BASELINES  # noqa: E402

CLIPS = ROOT.parent / "shared" / "data" / "news_sample"
TEMPORAL = (
    "autocorrelation spectrum lagged_correlation dwell event_onset_speed blink_rate "
    "jerk"
).split()
"""One measure for each bullet of what makes up movement; fixed before the run."""
SHOWN = "ks frechet correlation autocorrelation spectrum speed jerk dwell".split()
FAMILIES: dict[str, tuple[str, int, dict]] = {
    "Poisson HMM": ("poisson", 5, {}),
    "Gaussian HMM": ("gaussian", 5, {}),
    "inflated beta HMM": ("inflated_beta", 5, {}),
    "ar HMM": ("ar", 5, {}),
    "ar, one state, full": ("ar", 1, {"covariance_type": "full"}),
    "logistic HMM": ("logistic", 5, {}),
}


def read_news() -> tuple[list[Track], np.ndarray]:
    """The 20 clips, and whether each is of good news."""
    facts = pd.read_csv(CLIPS / "clip_attrs.csv")[:20]
    paths = [CLIPS / f"{number:03d}.csv" for number in facts["clipN"]]
    return read_tracks(paths), (facts["class"] == "gn").to_numpy()


def tables(clips: list[np.ndarray], like: Track) -> list[pd.DataFrame]:
    frames = []
    for clip in clips:
        frame = pd.DataFrame(clip, columns=list(like.columns))
        frame.attrs = {"fps": like.fps, "au_scale": like.au_scale}
        frames.append(frame)
    return frames


def samples(
    train: list[Track], held: list[Track], seed: int = 0
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Ten clips from each family and each baseline."""
    clips = [track.values for track in train]
    facts = {
        "columns": train[0].columns,
        "fps": train[0].fps,
        "au_scale": train[0].au_scale,
    }
    for name, (family, states, settings) in FAMILIES.items():
        estimator = ESTIMATORS[family](
            states, restarts=3 if states > 1 else 1, random_state=seed, **settings
        )
        model = BehaviorModel.fit(estimator, clips, **facts)
        yield (
            name,
            [model.sample(len(t.values), 100 * seed + i) for i, t in enumerate(held)],
        )
    model = BehaviorModel.fit(
        HSMM(5, family=Gaussian(), random_state=seed), clips, **facts
    )
    yield (
        "Gaussian HSMM",
        [model.sample(len(t.values), 100 * seed + i) for i, t in enumerate(held)],
    )
    for name, make in BASELINES.items():
        yield name, make(clips, len(held), seed)


def show(left: str, right: str, card: Card) -> None:
    """One row of the table."""
    auc = card.row("c2st")
    low, high = auc.interval or (np.nan, np.nan)
    told = [row for row in card.rows if row.p is not None]
    differ = sum((row.p or 0) <= 0.05 for row in told) if told else "-"
    judged = [row for row in card.rows if row.times_floor is not None]
    near = sum(bool(row.within_floor) for row in judged)
    cells = [
        left,
        right,
        f"{auc.value:.2f} ({low:.2f}-{high:.2f})",
        str(differ),
        f"{near} of {len(judged)}",
    ]
    for key in SHOWN:
        times = card.row(key).times_floor
        cells.append("-" if times is None else f"{times:.1f}")
    novel = card.row("authenticity").value
    cells += ["-" if novel is None else f"{novel:.2f}", card.verdict.kind]
    print("| " + " | ".join(cells) + " |", flush=True)


def decoder_of(train: list[Track]) -> BehaviorModel:
    """The common decoder of states."""
    return BehaviorModel.fit(
        ESTIMATORS["gaussian"](4, restarts=3, random_state=0),
        [t.values for t in train],
        columns=train[0].columns,
        fps=train[0].fps,
        au_scale=train[0].au_scale,
    )


def card_of(
    real: list[Track], fakes: list[np.ndarray], decoder: BehaviorModel, resamples: int
) -> Card:
    sides = tables([t.values for t in real], real[0]), tables(fakes, real[0])
    return compare(*sides, model=decoder, resamples=resamples, baselines=False)


def fidelity(odd: list[Track], even: list[Track], seeds: range) -> None:
    """Mean distances of the temporal measures, and how many beat the mean path's."""
    found: dict[str, list[list[float]]] = {}
    for train, held in ((odd, even), (even, odd)):
        decoder = decoder_of(train)
        for seed in seeds:
            for name, fakes in samples(train, held, seed):
                card = card_of(held, fakes, decoder, 20)
                values = [card.row(key).value for key in TEMPORAL]
                row = [np.nan if v is None else v for v in values]
                found.setdefault(name, []).append(row)
    means = {name: np.nanmean(rows, axis=0) for name, rows in found.items()}
    least = means["Poisson HMM mean path"]
    print("| samples | " + " | ".join(TEMPORAL) + " | nearer than mean path |")
    print("|" + "---|" * (len(TEMPORAL) + 2))
    for name, row in means.items():
        nearer = int((row < least).sum())
        told = "-" if name == "Poisson HMM mean path" else f"{nearer} of {len(row)}"
        cells = ["-" if np.isnan(v) else f"{v:.3f}" for v in row]
        print(f"| {name} | " + " | ".join(cells) + f" | {told} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--resamples", type=int, default=200)
    resamples = parser.parse_args().resamples
    tracks, good = read_news()
    is_odd = np.arange(len(tracks)) % 2 == 0  # clips 1, 3, ...

    def of(which: np.ndarray) -> list[Track]:
        return [t for t, here in zip(tracks, which, strict=True) if here]

    odd, even = of(is_odd), of(~is_odd)
    decoder = decoder_of(odd)
    header = ["real", "against", "C2ST AUC (95 %)", "p <= .05", "within floor"]
    header += [*SHOWN, "authenticity", "verdict"]
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for left, right, a, b in (
        ("good, even", "good, odd", good & ~is_odd, good & is_odd),
        ("bad, even", "bad, odd", ~good & ~is_odd, ~good & is_odd),
        ("good", "bad", good, ~good),
        ("even", "odd", ~is_odd, is_odd),
    ):
        fakes = [t.values for t in of(b)]
        show(left, right, card_of(of(a), fakes, decoder, resamples))
    for name, fakes in samples(odd, even):
        show("even", name, card_of(even, fakes, decoder, resamples))
    print()
    fidelity(odd, even, range(3))


if __name__ == "__main__":
    main()
