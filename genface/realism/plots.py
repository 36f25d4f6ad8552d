"""Figures of a comparison; each returns a matplotlib Figure."""

import numpy as np
from matplotlib.figure import Figure

from genface.realism.card import Card
from genface.realism.measures import autocorrelations, correlation_matrix

REAL, SYNTHETIC = "#2f5d8a", "#d9792f"


def draw_traces(
    real: np.ndarray,
    synthetic: np.ndarray,
    columns: tuple[str, ...],
    fps: float,
) -> Figure:
    """One lane per AU on a common scale: the real course, then the synthetic one."""
    A, end = len(columns), len(real) / fps
    figure = Figure(figsize=(9, 0.8 + 0.42 * A), layout="constrained")
    axes = figure.subplots(A, 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    high = max(np.nanmax(real), np.nanmax(synthetic))
    for index, ax in enumerate(axes):
        for start, values, colour in ((0.0, real, REAL), (end, synthetic, SYNTHETIC)):
            times = start + np.arange(len(values)) / fps
            ax.fill_between(times, values[:, index], color=colour, alpha=0.25, lw=0)
            ax.plot(times, values[:, index], color=colour, lw=0.8)
        ax.axvline(end, color="#555555", lw=0.8)
        ax.set_ylabel(columns[index], rotation=0, ha="right", va="center", size=8)
        ax.set_yticks([])
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(labelsize=8, length=0)
    axes[0].set_ylim(0.0, 1.05 * high)
    axes[0].set_xlim(0.0, end + len(synthetic) / fps)
    axes[-1].tick_params(length=3)
    axes[-1].set_xlabel("time (s)", size=9)
    handles = [
        axes[0].plot([], [], color=colour, label=name)[0]
        for colour, name in ((REAL, "real"), (SYNTHETIC, "synthetic"))
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    return figure


def draw_card(card: Card) -> Figure:
    """Each distance as a multiple of its floor (1: no further than real from real)."""
    rows = [row for row in card.rows if row.times_floor is not None]
    figure = Figure(figsize=(7, 0.9 + 0.34 * max(1, len(rows))), layout="constrained")
    ax = figure.subplots()
    for place, row in enumerate(reversed(rows)):
        high = (row.floor_high or 0.0) / (row.floor or 1.0)
        ax.plot([0, high], [place, place], color="#c9d4df", lw=9, solid_capstyle="butt")
        ax.plot(row.times_floor or 0.0, place, "o", color=SYNTHETIC, ms=6)
    ax.axvline(1, color="#666666", lw=0.8, ls="--")
    ax.set_yticks(range(len(rows)), [row.label for row in reversed(rows)], size=9)
    ax.set_xlim(left=0)
    ax.set_xlabel("distance real - synthetic, in multiples of real - real")
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def draw_distributions(
    real: np.ndarray, synthetic: np.ndarray, columns: tuple[str, ...]
) -> Figure:
    """Cumulative distributions of each AU on both sides."""
    A = len(columns)
    across = 4
    rows = -(-A // across)
    figure = Figure(figsize=(9, 0.5 + 1.25 * rows), layout="constrained")
    axes = figure.subplots(rows, across, sharey=True, squeeze=False)
    for index, ax in enumerate(axes.flat):
        if index >= A:
            ax.axis("off")
            continue
        for values, colour in ((real, REAL), (synthetic, SYNTHETIC)):
            x = np.sort(values[:, index][np.isfinite(values[:, index])])
            ax.step(x, np.arange(1, len(x) + 1) / len(x), color=colour, lw=1.2)
        ax.set_title(columns[index], size=8)
        ax.tick_params(labelsize=7)
    return figure


def draw_structure(
    real: list[np.ndarray],
    synthetic: list[np.ndarray],
    columns: tuple[str, ...],
    lags: int,
) -> Figure:
    """Cross-AU correlations of both sides, and the mean autocorrelation curve."""
    figure = Figure(figsize=(9.4, 3.3), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
    image = None
    for ax, side, name in zip(
        axes, (real, synthetic), ("real", "synthetic"), strict=False
    ):
        matrix = correlation_matrix(side)
        image = ax.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        ax.set_xticks(range(len(columns)), columns, rotation=90, size=6)
        ax.set_yticks(range(len(columns)), columns, size=6)
        ax.set_title(name, size=9)
    if image is not None:
        figure.colorbar(image, ax=list(axes[:2]), shrink=0.7, label="correlation")
    for side, colour, name in (
        (real, REAL, "real"),
        (synthetic, SYNTHETIC, "synthetic"),
    ):
        curve = np.append(1.0, autocorrelations(side, lags).mean(0))
        axes[2].plot(range(len(curve)), curve, color=colour, label=name)
    axes[2].axhline(0, color="#999999", lw=0.6)
    axes[2].set_xlabel("lag (frames)", size=8)
    axes[2].set_title("mean autocorrelation", size=9)
    axes[2].legend(frameon=False, fontsize=8)
    return figure
