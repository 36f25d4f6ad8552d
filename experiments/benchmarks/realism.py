"""Time of a whole realism card: 20 against 20 clips of 300 frames, 20 AUs.

Command:   python -m experiments.benchmarks.realism
Minutes:   under 1
Expected:  on 2 cores under 20 s with 200 resamples and all baselines; one clip of 300
frames against another under 10 s, most of it the baseline that fits an HMM.
"""

import time

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from genface.facs import AU_NAMES
from genface.realism import compare

CLIPS, FRAMES, RESAMPLES = 20, 300, 200


def bursts(n: int) -> list[pd.DataFrame]:
    """Tables of sparse, smooth AU-like bursts."""
    noise = np.random.default_rng(0).standard_normal((n, FRAMES + 100, 21))
    for _ in range(2):
        noise = lfilter([1], [1, -0.9], noise, axis=1)
    drive = 0.7 / 34.4 * (noise[..., :1] + noise[..., 1:])
    tables = []
    for clip in np.clip(0.5 * drive - 0.1, 0, 1)[:, 100:]:
        table = pd.DataFrame(clip, columns=list(AU_NAMES))
        table.attrs = {"fps": 25.0, "au_scale": "intensity"}
        tables.append(table)
    return tables


def report(name: str, real: list, synthetic: list, **settings) -> None:
    clock, cpu = time.perf_counter(), time.process_time()
    card = compare(real, synthetic, **settings)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    rows = f"{len(card.rows)} measures"
    print(f"{name:52s} {rows} {clock:6.2f} s (CPU {cpu:6.2f})", flush=True)


def main() -> None:
    tables = bursts(2 * CLIPS)
    real, fake = tables[:CLIPS], tables[CLIPS:]
    few = {"resamples": RESAMPLES}
    report("20 x 300 x 20, 200 resamples, first call", real, fake, **few)
    report("20 x 300 x 20, 200 resamples, again", real, fake, **few)
    report("the same without baselines", real, fake, baselines=False, **few)
    report("one clip, 200 resamples", real[:1], fake[:1], **few)
    report("one clip without baselines", real[:1], fake[:1], baselines=False, **few)


if __name__ == "__main__":
    main()
