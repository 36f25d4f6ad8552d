"""What each choice of the AU model brings on the news sample.

    python experiments/02_au_model/ablations.py

Four minutes on two cores. Each line trains anew on 8,000 faces with one choice changed.
Expected: noise and ridge matter, contact of the lips does not.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import fitting  # noqa: E402
import numpy as np  # noqa: E402
import sampler  # noqa: E402
import yardstick  # noqa: E402
from run import train  # noqa: E402

from experiments.ict import load_ict, register  # noqa: E402
from genface.facs import AU_NAMES  # noqa: E402
from genface.nets.au_model import AUModel  # noqa: E402

LIPS_SHUT = ("AU17", "AU23", "AU24", "AU28")
VARIANTS: dict[str, dict[str, object]] = {
    "as built": {},
    "noise of a mesh only (1.3 %)": {"NOISE": fitting.MESH_NOISE},
    "noise 2 %": {"NOISE": 0.02},
    "noise 4 %": {"NOISE": 0.04},
    "ridge 10 times weaker": {"RIDGE": fitting.RIDGE / 10},
    "ridge 3 times stronger": {"RIDGE": fitting.RIDGE * 3},
    "aligned by the whole face": {"STILL_FROM": -np.inf},
    "one region": {"UPPER_FROM": -99.0, "LOWER_TO": 99.0},
    "lips and lids may cross": {"touching": np.asarray},
}


def main() -> None:
    ict = load_ict(yardstick.SHARED / "ict_facekit.npz")
    mesh = register(ict)
    news = yardstick.read_news()
    fitting.SAMPLES = 8000
    names = " ".join(LIPS_SHUT)
    print(f"{'':30s} pooled within   within: {names}")
    for what, changes in VARIANTS.items():
        kept = [(m, k, getattr(m, k)) for m, k in map(_place, changes)]
        for name, value in changes.items():
            setattr(*_place(name), value)
        arrays, _ = train(sampler.Kit.of(ict, mesh), seed=0)
        result = yardstick.news_agreement(AUModel(**arrays), news)
        pooled, within = result.means()
        shut = [f"{result.within[AU_NAMES.index(name)]:4.2f}" for name in LIPS_SHUT]
        print(f"{what:30s} {pooled:6.3f} {within:6.3f}           {'  '.join(shut)}")
        for module, name, value in kept:
            setattr(module, name, value)


def _place(name: str):
    """Module and name of a choice."""
    return (fitting, name) if hasattr(fitting, name) else (sampler, name)


if __name__ == "__main__":
    main()
