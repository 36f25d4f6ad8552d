"""Seconds to summarise a face table by session: genface, pandas, and py-feat's way.

Command:   python -m experiments.benchmarks.summaries [../shared/data/news_sample]
Expected:  on the news sample (477 rows, 2183 columns, 20 sessions) `extract_summary`
           at least 5 times as fast as py-feat's way, in the same run, on 2 cores.

py-feat's way is py-feat's own `extract_summary` where that is installed (its `Fex`,
filled with the same table). Where it is not, it is written anew from its description:
for each statistic, a loop over the sessions that takes the rows of each, lets pandas
take the statistic of its numeric columns, and builds a table of the results. That
stand-in leaves out what py-feat's class does besides (metadata of every slice).
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from genface.fex import Fex

RUNS = 7
ORDER = ("mean", "sem", "std", "max", "min")


def table_of(folder: Path | None) -> Fex:
    """The news sample, or random numbers of its shape."""
    if folder and folder.is_dir():
        parts = [pd.read_csv(path) for path in sorted(folder.glob("0*.csv"))]
        fex = Fex(pd.concat(parts, ignore_index=True))
    else:
        values = np.random.default_rng(0).random((477, 2180))
        fex = Fex(values, columns=[f"v{i}" for i in range(2180)])
        fex["frame"] = np.arange(477)
        fex["input"] = [f"{i:03d}.mp4" for i in np.arange(477) * 20 // 477]
    return fex.update_sessions(fex["input"])


def by_loop(table: pd.DataFrame, sessions: np.ndarray) -> pd.DataFrame:
    """py-feat's way: statistic by statistic, session by session."""
    parts = []
    for name in ORDER:
        rows = [
            getattr(table[sessions == one], name)(numeric_only=True)
            for one in np.unique(sessions)
        ]
        parts.append(pd.DataFrame(rows, np.unique(sessions)).add_prefix(f"{name}_"))
    return pd.concat(parts, axis=1)


def by_groupby(table: pd.DataFrame, sessions: np.ndarray) -> pd.DataFrame:
    by = table.groupby(sessions)
    parts = [
        getattr(by, name)(numeric_only=True).add_prefix(f"{name}_") for name in ORDER
    ]
    return pd.concat(parts, axis=1)


def pyfeats_own(table: pd.DataFrame) -> Callable[[], pd.DataFrame] | None:
    try:
        import feat
    except ImportError:
        return None
    theirs = feat.Fex(table).update_sessions(table["input"])
    return theirs.extract_summary


def seconds(run: Callable[[], object]) -> float:
    run()
    taken = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    fex = table_of(folder)
    plain, sessions = pd.DataFrame(fex), fex.sessions.to_numpy()
    wanted = by_groupby(plain, sessions)
    np.testing.assert_allclose(fex.extract_summary(), wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(by_loop(plain, sessions), wanted, rtol=1e-9, atol=1e-12)
    own = pyfeats_own(plain)
    label = "py-feat's own" if own else "py-feat's way, written anew"
    print(
        f"extract_summary of {fex.shape[0]} x {fex.shape[1]}, "
        f"{len(np.unique(sessions))} sessions, median of {RUNS} runs"
    )
    ours = seconds(fex.extract_summary)
    for name, run in (
        (label, own or (lambda: by_loop(plain, sessions))),
        ("pandas groupby", lambda: by_groupby(plain, sessions)),
    ):
        taken = seconds(run)
        print(f"{name:<28} {taken:.4f} s  ({taken / ours:.1f} x genface)")
    print(f"{'genface':<28} {ours:.4f} s")
    print(f"{'genface, extract_mean':<28} {seconds(fex.extract_mean):.4f} s")


if __name__ == "__main__":
    main()
