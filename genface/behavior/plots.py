"""Figures of a behaviour model; each returns a matplotlib Figure."""

import numpy as np
from matplotlib.figure import Figure

from genface.behavior.model import BehaviorModel

STATE_COLOURS = (
    "#3b6ea8 #d9792f #4c9a5b #b5494e #7d66a8 #8a6d52 #cf7fb3 #7a7a7a #b3a13a #3fa3b0"
).split()


def state_colours(n_states: int) -> list[str]:
    """One colour per state, repeated after ten."""
    return [STATE_COLOURS[k % len(STATE_COLOURS)] for k in range(n_states)]


def draw_states(
    paths: dict[str, tuple[np.ndarray, np.ndarray]], n_states: int
) -> Figure:
    """State against time (s), one panel per named (times, states); -1 is a gap.

    All panels have the same length of time, so that visits can be compared.
    """
    figure = Figure(figsize=(8, 0.7 + 1.5 * len(paths)), layout="constrained")
    axes = figure.subplots(len(paths), 1, squeeze=False)[:, 0]
    colours = state_colours(n_states)
    longest = max(times[-1] - times[0] for times, _ in paths.values())
    for ax, (name, (times, states)) in zip(axes, paths.items(), strict=True):
        step = np.median(np.diff(times)) if len(times) > 1 else 1.0
        for k in range(n_states):
            here = times[states == k]
            ax.broken_barh(
                [(t, step) for t in here], (k - 0.4, 0.8), color=colours[k], lw=0
            )
        ax.set(ylim=(n_states - 0.4, -0.6), ylabel="state", title=name)
        ax.set_yticks(range(n_states))
        ax.set_xlim(times[0], times[0] + longest + step)
        ax.title.set_fontsize(10)
    axes[-1].set_xlabel("time (s)")
    return figure


def draw_transitions(model: BehaviorModel) -> Figure:
    """Heat map of the transition matrix, with how long a visit lasts."""
    K = model.n_states
    figure = Figure(figsize=(1.8 + 0.55 * K, 1.3 + 0.5 * K), layout="constrained")
    ax = figure.subplots()
    image = ax.imshow(model.trans, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(model.trans):
        for j, p in enumerate(row):
            if p >= 0.005:
                shade = "white" if p > 0.5 else "#333333"
                ax.text(j, i, f"{p:.2f}", ha="center", va="center", color=shade, size=8)
    seconds = model.dwell_seconds
    ax.set_xticks(range(K))
    ax.set_yticks(range(K), [f"{k}  ({s:.2g} s)" for k, s in enumerate(seconds)])
    ax.set(xlabel="to state", ylabel="from state (mean visit)")
    figure.colorbar(image, ax=ax, label="probability", shrink=0.8)
    return figure


def draw_state_means(model: BehaviorModel) -> Figure:
    """Mean AUs of each state as a heat map, states against AUs."""
    K, A = model.n_states, len(model.columns)
    figure = Figure(figsize=(2 + 0.34 * A, 1.4 + 0.34 * K), layout="constrained")
    ax = figure.subplots()
    means = model.state_means
    image = ax.imshow(means, cmap="magma_r", vmin=0, vmax=max(means.max(), 1e-3))
    ax.set_xticks(range(A), model.columns, rotation=90, size=8)
    share = model.occupancy
    ax.set_yticks(range(K), [f"{k}  ({s:.0%})" for k, s in enumerate(share)], size=8)
    ax.set_ylabel("state (share of time)")
    figure.colorbar(image, ax=ax, label=f"mean AU ({model.au_scale})", shrink=0.9)
    return figure


def draw_selection(selection: list[dict]) -> Figure:
    """Held-out score (or BIC, where nothing was held out) against states.

    The axis shows what is near the best; a family far below has its best score in the
    legend.
    """
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    ax = figure.subplots()
    judged = any(row["held_out"] is not None for row in selection)
    key = "held_out" if judged else "bic"
    known = [row for row in selection if row[key] is not None]
    lowest, highest = _near_the_best(known) if judged else (-np.inf, np.inf)
    for name, colour in zip(
        dict.fromkeys(row["family"] for row in known), STATE_COLOURS, strict=False
    ):
        rows = [row for row in known if row["family"] == name]
        scores = [row[key] for row in rows]
        errors = [row["standard_error"] for row in rows] if judged else None
        ax.errorbar(
            [row["n_states"] for row in rows],
            scores,
            errors,
            color=colour,
            marker="o",
            ms=4,
            capsize=3,
            label=name
            if max(scores) > lowest
            else f"{name}: {max(scores):.0f} at best",
        )
    for row in (row for row in known if row["chosen"]):
        ax.plot(
            row["n_states"], row[key], "o", ms=12, mfc="none", mec="k", label="chosen"
        )
    if any(row[key] < lowest for row in known):
        ax.set_ylim(lowest, highest)
    ax.set_xlabel("number of states")
    ax.set_ylabel("held-out nats per frame" if judged else "BIC (smaller is better)")
    ax.legend(frameon=False)
    return figure


def _near_the_best(rows: list[dict]) -> tuple[float, float]:
    """Scores worth an axis: from eight standard errors below the best on."""
    best = max(rows, key=lambda row: row["held_out"])
    error = max(best["standard_error"] or 0.0, 1.0)
    return best["held_out"] - 8 * error, best["held_out"] + 4 * error
