"""Figures of how two faces move together.

Each draws into ``ax``, or into a figure of its own, and returns the axes.
"""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from genface.errors import InputError
from genface.stats.dyads import Dyad
from genface.stats.lags import pick_peaks, window_correlations, window_starts
from genface.stats.plots import FAINT, axes_of
from genface.stats.synchrony_measures import Settings
from genface.stats.synchrony_tests import Synchrony

MOST = 6.0
"""Excess at which colours end."""


def draw_synchrony(found: Synchrony, ax: Axes | None = None) -> Axes:
    """Heat map of the excess over chance, a row per measure and a cell per column.

    Numbers are the values; framed: corrected p ≤ .05. Grey: not measured.
    """
    excess = found.table["excess"].unstack("column", sort=False)
    value = found.table["value"].to_numpy().reshape(excess.shape)
    p = found.table["p_corrected"].to_numpy().reshape(excess.shape)
    strong = excess.to_numpy()
    M, A = strong.shape
    ax = axes_of(ax, (2.4 + 0.5 * A, 1.4 + 0.42 * M))
    colours = colormaps["RdBu_r"].with_extremes(bad=FAINT)
    image = ax.imshow(
        np.ma.masked_invalid(strong), cmap=colours, vmin=-MOST, vmax=MOST, aspect="auto"
    )
    for (i, j), number in np.ndenumerate(value):
        if np.isfinite(number):
            ink = "white" if abs(strong[i, j]) > 0.6 * MOST else "#333333"
            ax.text(j, i, f"{number:.2f}", ha="center", va="center", size=8, color=ink)
        if p[i, j] <= 0.05:
            corner = (j - 0.46, i - 0.44)
            ax.add_patch(Rectangle(corner, 0.92, 0.88, ec="black", fill=False, lw=1.4))
    ax.set_xticks(range(A), list(excess.columns), rotation=90 if A > 6 else 0)
    ax.set_yticks(range(M), list(excess.index))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(image, ax=ax, label="sd above chance", extend="both")
    return ax


def draw_window_lags(
    dyad: Dyad, column: str, settings: Settings | None = None, ax: Axes | None = None
) -> Axes:
    """Correlation of windows by time and lag, with the peak nearest to lag 0 marked.

    Above the middle line the second face follows the first. Grey: one of them still.
    """
    settings = settings or Settings()
    if column not in dyad.columns:
        raise InputError(
            f"no column {column} in {dyad.name}; it has {', '.join(dyad.columns)}."
        )
    place = dyad.columns.index(column)
    width, reach, hop = (
        settings.samples(name, dyad.rate) for name in ("window", "max_lag", "hop")
    )
    starts = window_starts(len(dyad.a), width, reach, hop)
    if not len(starts):
        raise InputError(
            f"{dyad.name}: {dyad.seconds:.3g} s hold no window of {settings.window:g} "
            f"s with lags up to {settings.max_lag:g} s on both sides."
        )
    a, b = dyad.a[:, place], dyad.b[:, place]
    curves = window_correlations(a, b, width, reach, hop)
    peaks = pick_peaks(curves, max(1, reach // 4))
    times = dyad.start + (starts + width / 2) / dyad.rate
    half, far = hop / dyad.rate / 2, (reach + 0.5) / dyad.rate
    ax = axes_of(ax, (8, 3))
    colours = colormaps["RdBu_r"].with_extremes(bad=FAINT)
    image = ax.imshow(
        np.ma.masked_invalid(curves.T),
        cmap=colours,
        vmin=-1,
        vmax=1,
        origin="lower",
        aspect="auto",
        extent=(times[0] - half, times[-1] + half, -far, far),
    )
    there = peaks >= 0
    ax.axhline(0, color="#333333", lw=0.8)
    ax.plot(times[there], (peaks[there] - reach) / dyad.rate, "k.", ms=5)
    ax.set(xlabel="time (s)", ylabel="lag (s)", title=f"{dyad.name}: {column}")
    ax.figure.colorbar(image, ax=ax, label="correlation")
    return ax
