"""Emotions by FACS prototypes beside those of a learned classifier, on real faces.

Run: python experiments/04_emotions/run.py [--figures FOLDER]
(under a minute on 2 cores). Data: ../shared/data/news_sample (477 frames of one speaker
in 20 clips of good and bad news, by py-feat's Detectorv2: 20 AUs as presence scores, 7
emotions, 51 blendshapes); not part of this project.
Expected: no agreement in the highest column (kappa about 0), but the Happy columns rank
frames alike (rank correlation about 0.9).

Kappa is Cohen's, over frames; its interval is a bootstrap of clips, since frames of one
clip are alike.
"""

import argparse
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.metrics import cohen_kappa_score, confusion_matrix  # noqa: E402

from genface.facs import (  # noqa: E402
    ARKIT_SHAPES,
    AU_NAMES,
    EMOTIONS,
    EmotionSpace,
    PersonCalibration,
    aus_from_blendshapes,
    emotion_columns,
    fit_map,
)

CLIPS = ROOT.parent / "shared" / "data" / "news_sample"
SHAPES = [name for name in ARKIT_SHAPES if name != "tongueOut"]


def read_clips() -> pd.DataFrame:
    columns = [*AU_NAMES, *EMOTIONS, *SHAPES, "frame"]
    kinds = pd.read_csv(CLIPS / "clip_attrs.csv").set_index("clipN")["class"]
    tables = []
    for number in range(1, 21):
        table = pd.read_csv(CLIPS / f"{number:03d}.csv", usecols=columns)
        tables.append(table.assign(clip=number, kind=kinds[number]))
    return pd.concat(tables, ignore_index=True)


def kappa_interval(ours: np.ndarray, theirs: np.ndarray, clips: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(clips == clip) for clip in np.unique(clips)]
    draws = []
    for _ in range(1000):
        some = np.concatenate(
            [rows[i] for i in rng.integers(len(rows), size=len(rows))]
        )
        draws.append(cohen_kappa_score(ours[some], theirs[some]))
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return f"{cohen_kappa_score(ours, theirs):.2f} ({low:.2f} to {high:.2f})"


def compare(name: str, shares: np.ndarray, table: pd.DataFrame) -> None:
    """Agreement of the highest column, ours and the classifier's."""
    clips = table["clip"].to_numpy()
    ours = shares.argmax(axis=1)
    theirs = table[list(EMOTIONS)].to_numpy().argmax(axis=1)
    agree = (ours == theirs).mean()
    print(f"\n{name}: same in {agree:.0%} of frames, kappa", end=" ")
    print(kappa_interval(ours, theirs, clips))
    confusion = confusion_matrix(theirs, ours, labels=range(7))
    print(pd.DataFrame(confusion, index=EMOTIONS, columns=EMOTIONS).to_string())
    happy = EMOTIONS.index("Happy")
    ranks = pd.Series(shares[:, happy]).corr(table["Happy"], method="spearman")
    print(f"Happy column: rank correlation {ranks:.2f};", end=" ")
    for kind, rows in table.groupby("kind").indices.items():
        print(
            f"highest in {(ours[rows] == happy).mean():.0%} of '{kind}' frames "
            f"(classifier {(theirs[rows] == happy).mean():.0%})",
            end="; ",
        )
    print()


def reconstruct(aus: np.ndarray) -> None:
    print("\nCalibrated AUs to emotions and back (a score each and the intensity):")
    for name in ("investigators_guide", "emfacs", "du2014", "seed004"):
        space = EmotionSpace.from_table(name, AU_NAMES)
        error = space.reconstruction(aus).error
        low, middle, high = np.nanpercentile(error, [25, 50, 75])
        print(
            f"  {name:20s} relative error {middle:.2f} (quartiles {low:.2f} {high:.2f})"
        )


def map_shapes(table: pd.DataFrame) -> None:
    shapes, aus = table[SHAPES].to_numpy(), table[list(AU_NAMES)].to_numpy()
    by_table = aus_from_blendshapes(shapes, SHAPES, AU_NAMES)
    fitted = fit_map(shapes, aus, SHAPES, AU_NAMES, table["clip"].to_numpy())
    print("\nBlendshapes to AUs: r of the default table, R2 of the fitted map left out")
    for name, ours, truth, r2 in zip(
        AU_NAMES, by_table.T, aus.T, fitted.r2, strict=True
    ):
        r = np.corrcoef(ours, truth)[0, 1]
        print(f"  {name}  r {r:5.2f}   R2 {r2:5.2f}")


def draw(folder: Path, table: pd.DataFrame, aus: np.ndarray) -> None:
    from genface.facs.plots import draw_coverage, draw_emotions, draw_frames

    folder.mkdir(parents=True, exist_ok=True)
    space = EmotionSpace.from_table("investigators_guide", AU_NAMES)
    rows = np.flatnonzero(table["clip"] == 2)
    times, scores = table["frame"].to_numpy()[rows] / 30.0, space.score(aus[rows])
    draw_emotions(times, scores, space.emotions).savefig(folder / "emotions.png")
    some = np.linspace(0, len(rows) - 1, 4).astype(int)
    titles = [f"{times[i]:.1f} s" for i in some]
    draw_frames(scores[some], space.emotions, titles).savefig(folder / "frames.png")
    draw_coverage(space).savefig(folder / "coverage.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figures", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", pd.errors.PerformanceWarning)
    table = read_clips()
    presence = table[list(AU_NAMES)].to_numpy()
    aus = PersonCalibration.fitted(presence).intensity(presence)
    medians = dict(zip(AU_NAMES, np.median(presence, axis=0), strict=True))
    high = ", ".join(
        f"{name} {value:.2f}" for name, value in medians.items() if value > 0.5
    )
    print(f"{len(table)} frames; AUs with a median above .5: {high}")
    print("classifier in rows, prototypes in columns")
    compare("presence as it is", emotion_columns(presence, AU_NAMES), table)
    compare("calibrated for the person", emotion_columns(aus, AU_NAMES), table)
    reconstruct(aus)
    map_shapes(table)
    if arguments.figures:
        draw(arguments.figures, table, aus)


if __name__ == "__main__":
    main()
