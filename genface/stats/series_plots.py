"""Figures of time courses and of how alike they are.

Each draws into ``ax``, or into a figure of its own, and returns the axes.
"""

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from genface.errors import InputError, ShapeError
from genface.stats.isc_matrix import isc
from genface.stats.plots import COLOURS, FAINT, axes_of

LOST = 1.6
"""Steps longer than this many usual ones are gaps."""

NUMBERED = 12
"""Matrices up to this size have their numbers written in."""


def draw_au_series(
    table: pd.DataFrame, col: str, by: str | None = None, ax: Axes | None = None
) -> Axes:
    """One column over seconds, a line per face (or clip); where it is lost, a gap.

    ``by`` is ``face_id`` where a table has one, else ``input``. Seconds come from
    ``time`` or ``timestamp``, or from ``frame`` and the recorded ``fps``; without them
    the axis counts frames.
    """
    who = by or next((n for n in ("face_id", "input") if n in table.columns), None)
    missing = [n for n in (col, who) if n is not None and n not in table.columns]
    if missing:
        raise InputError(f"no column {', '.join(missing)} in this table.")
    times, unit = _times(table)
    ax = axes_of(ax, (8, 2.6))
    groups = table.groupby(who).indices if who else {col: np.arange(len(table))}
    for place, (name, rows) in enumerate(groups.items()):
        t, x = _with_gaps(times[rows], table[col].to_numpy(np.float64)[rows], name)
        label = f"face {name:g}" if who == "face_id" else str(name)
        ax.plot(t, x, lw=1.2, color=COLOURS[place % len(COLOURS)], label=label)
    if len(groups) > 1:
        ax.legend(
            frameon=False, ncols=6, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1)
        )
    ax.set(xlabel=unit, ylabel=col)
    ax.margins(x=0.01)
    return ax


def draw_isc(
    matrix: pd.DataFrame,
    conditions: Mapping[Hashable, Hashable] | None = None,
    cluster: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Heat map of a correlation matrix; like series stand side by side.

    Series are ordered by average-linkage clustering of 1 - r, unless ``cluster`` is
    False. ``conditions`` colours their names by what each series is. Grey: NaN.
    """
    if matrix.shape[0] != matrix.shape[1]:
        raise ShapeError(f"expected a square matrix, got {matrix.shape}.")
    if cluster and len(matrix) > 2:
        order = cluster_order(matrix)
        matrix = matrix.iloc[order, order]
    N = len(matrix)
    side = 1.6 + max(1.6, 0.24 * N)
    ax = axes_of(ax, (side + 1.0, side))
    colours = colormaps["RdBu_r"].with_extremes(bad=FAINT)
    image = ax.imshow(np.ma.masked_invalid(matrix), cmap=colours, vmin=-1, vmax=1)
    names = [_label(name) for name in matrix.columns]
    ax.set_xticks(range(N), names, rotation=90 if N > 4 else 0)
    ax.set_yticks(range(N), names)
    ax.tick_params(length=0, labelsize=9 if N <= NUMBERED else 7)
    ax.spines[:].set_visible(False)
    if N <= NUMBERED:
        for (i, j), r in np.ndenumerate(matrix.to_numpy()):
            ink = "white" if abs(r) > 0.6 else "#333333"
            ax.text(j, i, f"{r:.2f}", ha="center", va="center", size=8, color=ink)
    ax.figure.colorbar(image, ax=ax, shrink=0.7, label="correlation")
    if conditions is not None:
        _colour_names(ax, list(matrix.columns), conditions)
    return ax


def draw_au_correlation(
    table: pd.DataFrame,
    col: str,
    by: str = "face_id",
    index: str = "frame",
    ax: Axes | None = None,
) -> Axes:
    """How alike one AU runs in the faces of a clip: heat map of :func:`isc`."""
    matrix = isc(table, col, index=index, columns=by)
    if by == "face_id":
        names = [f"face {name:g}" for name in matrix]
        matrix = matrix.set_axis(names, axis=0).set_axis(names, axis=1)
    ax = draw_isc(matrix, cluster=False, ax=ax)
    ax.set_title(col)
    return ax


def draw_isc_windows(windows: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """ISC over time (:func:`isc_windows`) and what chance stays below; gaps: no ISC."""
    ax = axes_of(ax, (8, 2.6))
    times, band = windows.index.to_numpy(), windows["band"].iloc[0]
    ax.axhspan(min(0.0, windows["isc"].min()), band, color=FAINT, alpha=0.35, lw=0)
    ax.axhline(0, color="#333333", lw=0.8)
    ax.plot(times, windows["isc"], color=COLOURS[0], lw=1.2)
    found = windows["isc"].where(windows["p"] <= 0.05)
    ax.plot(times, found, ".", color=COLOURS[1], ms=6, label="p ≤ .05, corrected")
    ax.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1))
    name = windows.index.name or "index"
    ax.set(xlabel="time (s)" if name == "time" else name, ylabel="mean ISC in window")
    ax.margins(x=0.01)
    return ax


def cluster_order(matrix: pd.DataFrame) -> np.ndarray:
    """Order (N,) of the leaves of average-linkage clustering of 1 - r; NaN as r = 0."""
    values = matrix.to_numpy(np.float64)
    distance = 1 - np.nan_to_num((values + values.T) / 2)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    return leaves_list(tree)


def _times(table: pd.DataFrame) -> tuple[np.ndarray, str]:
    """Moments of the rows, and what they are counted in."""
    for name in ("time", "timestamp"):
        if name in table.columns and table[name].notna().any():
            return table[name].to_numpy(np.float64), "time (s)"
    if "frame" not in table.columns:
        return np.arange(len(table), dtype=np.float64), "row"
    frames, rate = table["frame"].to_numpy(np.float64), table.attrs.get("fps")
    return (frames / float(rate), "time (s)") if rate else (frames, "frame")


def _with_gaps(
    times: np.ndarray, values: np.ndarray, name: object
) -> tuple[np.ndarray, np.ndarray]:
    """A series in order of time, with a NaN wherever samples are missing."""
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    steps = np.diff(times)
    if (steps == 0).any():
        raise InputError(
            f"{int((steps == 0).sum())} moments of {name} come twice; tell faces and "
            "clips apart with by=..., or choose one."
        )
    usual = np.median(steps) if len(steps) else 0.0
    lost = np.flatnonzero(steps > LOST * usual) + 1
    return np.insert(times, lost, times[lost]), np.insert(values, lost, np.nan)


def _label(name: object) -> str:
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _colour_names(
    ax: Axes, names: list[Hashable], conditions: Mapping[Hashable, Hashable]
) -> None:
    kinds = sorted({str(conditions[n]) for n in names if n in conditions})
    colour = {kind: COLOURS[i % len(COLOURS)] for i, kind in enumerate(kinds)}
    for axis in (ax.get_xticklabels(), ax.get_yticklabels()):
        for tick, name in zip(axis, names, strict=True):
            tick.set_color(colour.get(str(conditions.get(name)), "#333333"))
    for place, (kind, shade) in enumerate(colour.items()):
        ax.annotate(
            f"■ {kind}",
            (place / len(colour), 1.02),
            xycoords="axes fraction",
            color=shade,
            size=9,
        )
