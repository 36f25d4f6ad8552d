"""Figure of a sweep: every run, and how the number of states was chosen."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

RUN, BEST, INK = "#9db7d3", "#2f5d8a", "#333333"


def draw_sweep(runs: pd.DataFrame, scores: pd.DataFrame, chosen: int) -> Figure:
    """Log-likelihoods of all runs beside the scores that decided.

    ``runs`` and ``scores`` are ``Sweep.table`` and ``Sweep.summary``; the scores are
    held-out nats per row with their standard errors, or BIC where nothing was held out.
    """
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(runs["n_components"], runs["log_likelihood"], "o", ms=3, color=RUN)
    tops = runs.groupby("n_components")["log_likelihood"].max()
    left.plot(tops.index, tops, "-", lw=1, color=BEST, label="best run")
    left.set(xlabel="number of states", ylabel="log-likelihood of all rows (nats)")
    left.legend(frameon=False)

    judged = bool(np.isfinite(scores["held_out"]).any())
    key = "held_out" if judged else "bic"
    shown = scores[np.isfinite(scores[key])].set_index("n_components")
    errors = shown["error"] if judged else None
    right.errorbar(
        shown.index, shown[key], errors, fmt="o-", ms=4, capsize=3, color=BEST
    )
    if judged:
        best = shown.loc[shown["held_out"].idxmax()]
        right.axhline(
            best["held_out"] - best["error"],
            ls=":",
            color=INK,
            label="best less its standard error",
        )
    right.plot(
        chosen, shown.loc[chosen, key], "o", ms=11, mfc="none", mec=INK, label="chosen"
    )
    right.set(
        xlabel="number of states",
        ylabel="held-out nats per row" if judged else "BIC (lower is better)",
    )
    right.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
        ax.xaxis.get_major_locator().set_params(integer=True)
    return figure
