"""Figures of a comparison; each returns a matplotlib Figure."""

import numpy as np
from matplotlib.figure import Figure

from genface.realism import autocorrelations, cross_correlations
from genface.realism.card import Card, Row
from genface.realism.catalogue import FAMILIES
from genface.realism.measure import Clips, context_of

REAL, SYNTHETIC = "#2f5d8a", "#d9792f"
NEAR = "#dbe6ef"
MARKS = {
    "mean face": ("s", "#8a8f96"),
    "frame bootstrap": ("D", "#b59a3c"),
    "block bootstrap": ("^", "#4c9a5b"),
    "VAR(1)": ("v", "#7d66a8"),
    "Poisson HMM mean path": ("x", "#b5494e"),
}
"""Marker and colour of each baseline."""
FARTHEST = 100.0
"""Multiples of the floor beyond which all are drawn at one place."""
PARTS = (
    "wasserstein mean sd activation coactivation c2st correlation autocorrelation "
    "spectrum speed roughness jerk event_rate event_onset event_onset_speed"
).split()
"""Measures whose parts are shown by AU."""


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
    """Each measure in multiples of its floor, the baselines beside it, by family."""
    rows = [row for row in card.rows if row.times_floor is not None]
    blocks = [[row for row in rows if row.family == name] for name in FAMILIES]
    blocks = [block for block in blocks if block]
    height = 1.5 + 0.27 * max(1, len(rows)) + 0.3 * len(blocks)
    figure = Figure(figsize=(9, height), layout="constrained")
    if not rows:
        figure.text(0.5, 0.5, "There is no floor to measure distances by.", ha="center")
        return figure
    axes = figure.subplots(
        len(blocks),
        1,
        sharex=True,
        squeeze=False,
        height_ratios=[len(block) + 1 for block in blocks],
    )[:, 0]
    for ax, block in zip(axes, blocks, strict=True):
        for place, row in enumerate(reversed(block)):
            _lane(ax, place, row)
        ax.axvspan(0, 1, color=NEAR, lw=0, zorder=0)
        ax.set_yticks(range(len(block)), [r.label for r in reversed(block)], size=8.5)
        ax.set(xscale="symlog", ylim=(-0.7, len(block) - 0.3))
        ax.set_xscale("symlog", linthresh=2.0, linscale=1.0)
        ax.set_xticks([0, 1, 2, 5, 10, 100], "0 1 2 5 10 100+".split())
        ax.set_xlim(-0.06, 1.3 * FARTHEST)
        ax.set_title(FAMILIES[block[0].family], size=9.5, loc="left", weight="bold")
        ax.grid(axis="y", color="#eceff2", lw=0.7)
        ax.set_axisbelow(True)
        ax.tick_params(length=0)
        ax.spines[["top", "right", "left"]].set_visible(False)
    axes[-1].set_xlabel(
        "distance from equal, in multiples of what 95 % of real halves stay below"
    )
    tested = any(row.p is not None for row in rows)
    label = "synthetic (filled: p at most .05)" if tested else "synthetic"
    axes[0].plot([], [], "o", color=SYNTHETIC, label=label)
    told = {name for row in rows for name in row.baselines_times_floor}
    for name, (mark, colour) in MARKS.items():
        if name in told:
            axes[0].plot([], [], mark, color=colour, ms=4.5, ls="", label=name)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=8.5)
    return figure


def _lane(ax, place: int, row: Row) -> None:
    for name, times in row.baselines_times_floor.items():
        if times is not None and name in MARKS:
            mark, colour = MARKS[name]
            ax.plot(_shown(times), place, mark, color=colour, ms=4.5, alpha=0.85)
    filled = row.p is None or row.p <= 0.05
    ax.plot(
        _shown(row.times_floor or 0.0),
        place,
        "o",
        ms=7.5,
        color=SYNTHETIC,
        mfc=SYNTHETIC if filled else "white",
        mew=1.6,
        zorder=5,
    )


def _shown(times: float) -> float:
    return float(np.clip(times, 0.0, FARTHEST))


def draw_parts(card: Card) -> Figure:
    """How much of each measure is due to which AU."""
    rows = [r for r in card.rows if r.key in PARTS and any(r.per_au.values())]
    values = np.array([[r.per_au[c] or 0.0 for c in card.columns] for r in rows])
    values = values.reshape(len(rows), len(card.columns))
    share = values / np.maximum(values.sum(1, keepdims=True), 1e-12)
    wide = 2.6 + 0.32 * len(card.columns)
    figure = Figure(figsize=(min(9.0, wide), 1.0 + 0.26 * max(1, len(rows))))
    figure.set_layout_engine("constrained")
    ax = figure.subplots()
    image = ax.imshow(100 * share, cmap="Oranges", vmin=0, aspect="auto")
    ax.set_xticks(range(len(card.columns)), card.columns, rotation=90, size=8)
    ax.set_yticks(range(len(rows)), [row.label for row in rows], size=8)
    ax.tick_params(length=0)
    figure.colorbar(image, ax=ax, label="% of the row", shrink=0.9)
    return figure


def draw_distributions(
    real: np.ndarray, synthetic: np.ndarray, columns: tuple[str, ...]
) -> Figure:
    """Cumulative distributions of each AU on both sides, of all their frames (T, A)."""
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
    real: Clips, synthetic: Clips, columns: tuple[str, ...], fps: float | None
) -> Figure:
    """Cross-AU correlations of both sides, and the mean autocorrelation curve."""
    context = context_of(real, columns, fps)
    clips = [*real, *synthetic]
    sides = np.arange(len(real)), np.arange(len(real), len(clips))
    products = cross_correlations.prepare(clips, context)
    figure = Figure(figsize=(9.4, 3.3), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
    image = None
    for ax, side, name in zip(axes, sides, ("real", "synthetic"), strict=False):
        matrix = cross_correlations.correlations(products, side)[0]
        image = ax.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        ax.set_xticks(range(len(columns)), columns, rotation=90, size=6)
        ax.set_yticks(range(len(columns)), columns, size=6)
        ax.set_title(name, size=9)
    if image is not None:
        figure.colorbar(image, ax=list(axes[:2]), shrink=0.7, label="correlation")
    lagged = autocorrelations.prepare(clips, context)
    axes[2].axhline(0, color="#999999", lw=0.6)
    axes[2].set_xlabel("lag (s)" if fps else "lag (frames)", size=8)
    axes[2].set_title("mean autocorrelation", size=9)
    if lagged is None:
        return figure
    for side, colour, name in zip(
        sides, (REAL, SYNTHETIC), ("real", "synthetic"), strict=True
    ):
        found = autocorrelations.autocorrelations(lagged, side)[: lagged.reach]
        curve = np.append(1.0, found.mean(1))
        times = np.arange(len(curve)) / (fps or 1.0)
        axes[2].plot(times, curve, color=colour, label=name)
    axes[2].legend(frameon=False, fontsize=8)
    return figure
