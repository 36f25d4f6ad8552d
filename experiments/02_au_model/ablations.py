"""What each choice of the AU model brings, on rendered people and on the news sample.

    python experiments/02_au_model/ablations.py SHAPES AUS

SHAPES and AUS are the sets of `run.py`. Ten seconds a line on two free cores. Each
trains anew on 12,000 faces with one choice changed. Expected: no choice moves the news
sample by more than another set of pictures does (.01), but for blend and regions.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import fitting  # noqa: E402
import numpy as np  # noqa: E402
import run  # noqa: E402
import testing  # noqa: E402
import training  # noqa: E402
import yardstick  # noqa: E402
from seen import Renders  # noqa: E402

from experiments.ict import load_ict, register  # noqa: E402
from genface.nets.au_model import AUModel  # noqa: E402


@dataclass(frozen=True)
class Variant:
    """A model with some choices changed: (module, constant, other value)."""

    changes: tuple[tuple[object, str, object], ...] = ()
    people: int | None = None  # trained on so many, or on all


VARIANTS = {
    "as built": Variant(),
    "280 people": Variant(people=280),
    "noise x1.25": Variant(((training, "NOISE", 1.25),)),
    "basis of a fourth of the ridge": Variant(
        ((run, "TRAINING_RIDGE", run.TRAINING_RIDGE / 4),)
    ),
    "ridge alone": Variant(((fitting, "BLEND", 1e-6),)),
    "twice the share of patterns": Variant(((fitting, "BLEND", 2 * fitting.BLEND),)),
    "aligned by the whole face": Variant(((training, "STILL_FROM", -np.inf),)),
    "one region": Variant(
        ((fitting, "UPPER_FROM", -99.0), (fitting, "LOWER_TO", 99.0))
    ),
    "lips and jaw without a stop": Variant(((fitting, "HAVE_STOP", ()),)),
    "rest has open lips, too": Variant(((fitting, "SHUT_LIPS", ()),)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", type=Path)
    parser.add_argument("aus", type=Path)
    options = parser.parse_args()
    ict = load_ict(run.SHARED / "ict_facekit.npz")
    rig = training.Rig.of(ict, register(ict))
    news = yardstick.read_news()
    shapes, aus = Renders.read(options.shapes), Renders.read(options.aus)
    print("| variant | reach | pooled | within | of each clip |")
    print("|---|---|---|---|---|")
    for what, variant in VARIANTS.items():
        kept = [(m, name, getattr(m, name)) for m, name, _ in variant.changes]
        for module, name, value in variant.changes:
            setattr(module, name, value)
        used = shapes.people(variant.people) if variant.people else shapes
        arrays, _ = run.train(rig, used, seed=0, n=12_000)
        model = AUModel(**(arrays | {"version": what}))
        for module, name, value in kept:
            setattr(module, name, value)
        reach = testing.reach(model, aus).r().mean()
        pooled, within = yardstick.news_agreement(model, news).means()
        _, each = yardstick.clip_agreement(model, news).means()
        print(
            f"| {what} | {reach:.3f} | {pooled:.3f} | {within:.3f} | {each:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
