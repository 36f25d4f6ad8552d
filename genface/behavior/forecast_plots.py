"""Real AUs against what a model expects; each returns a matplotlib Figure."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from genface.behavior.plots import state_colours
from genface.behavior.visits import Visits
from genface.errors import InputError, ShapeError

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # quantiles: 90 % band, 50 % band, median
REAL, MODEL = "#1d3a5a", "#d9792f"
ACROSS = 4
BARS = 16  # at most, in a histogram of visits


def predictive_bands(paths: np.ndarray) -> np.ndarray:
    """Quantiles (5, horizon, A) at .05 .25 .5 .75 .95 of sample paths (n, horizon, A).

    At each moment on its own: a whole path leaves a 90 % band now and then. NaN in a
    path is left out; a moment without any value is NaN.
    """
    paths = np.asarray(paths, np.float64)
    if paths.ndim != 3 or not paths.size:
        raise ShapeError(f"paths: expected (n, horizon, A), got {paths.shape}.")
    bands = np.full((len(LEVELS), *paths.shape[1:]), np.nan)
    known = np.isfinite(paths).any(0)
    bands[:, known] = np.nanquantile(paths[:, known], LEVELS, axis=0)
    return bands


def band_coverage(real: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """Part (A,) of the real values (horizon, A) inside the 90 % band; NaN: none."""
    known = np.isfinite(real) & np.isfinite(bands[0])
    inside = known & (real >= bands[0]) & (real <= bands[-1])
    count = known.sum(0)
    return np.where(count > 0, inside.sum(0) / np.maximum(count, 1), np.nan)


def draw_forecast(
    paths: np.ndarray,
    columns: Sequence[str],
    fps: float,
    real: np.ndarray | None = None,
    history: np.ndarray | None = None,
    example: int | None = 0,
) -> Figure:
    """One panel per AU: median, 50 % and 90 % band of sample paths over seconds.

    ``paths`` (n, horizon, A) start at 0 s; ``real`` (T, A) are the AUs that came,
    ``history`` (T, A) those before 0 s, which the paths continue. ``example`` is the
    path drawn as a thin line: a band is smoother than any path (None: none).
    """
    bands = predictive_bands(paths)
    A = len(columns)
    _check_width("paths", bands[0], A)
    if real is not None:
        real = _check_width("real", real, A)[: bands.shape[1]]
    if history is not None:
        history = _check_width("history", history, A)
    rows = -(-A // ACROSS)
    figure = Figure(figsize=(9.5, 0.9 + 1.35 * rows), layout="constrained")
    axes = figure.subplots(rows, min(A, ACROSS), sharex=True, squeeze=False)
    inside = None if real is None else band_coverage(real, bands[:, : len(real)])
    one = None if example is None else np.asarray(paths, np.float64)[example]
    drawn = [part for part in (*bands, one, real, history) if part is not None]
    peaks = np.nanmax(np.concatenate(drawn), axis=0, initial=0.0)
    for k, ax in enumerate(axes.flat):
        if k >= A:
            ax.axis("off")
            continue
        _draw_bands(ax, bands[..., k], None if one is None else one[:, k], fps)
        _draw_real(ax, k, real, history, fps)
        told = "" if inside is None or np.isnan(inside[k]) else f"  {inside[k]:.0%}"
        ax.set_title(f"{columns[k]}{told}", size=8, pad=2)
        # A panel of its own scale, but none so fine that noise looks like movement.
        ax.set_ylim(0.0, 1.05 * max(peaks[k], 0.2 * peaks.max(), 1e-3))
        ax.tick_params(labelsize=7)
        ax.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("time (s)", size=8)
    _forecast_key(figure, real is not None or history is not None, example, inside)
    return figure


def draw_dwell(
    visits: Visits,
    fps: float,
    laws: Mapping[int, np.ndarray] | Sequence[np.ndarray],
    names: Sequence[str] | None = None,
) -> Figure:
    """Histogram of the lengths of visits per state, with what the model expects.

    ``laws[k]`` is P(1, 2, ... frames) of state k (:func:`geometric_law`, or that of
    another duration); what it lacks to 1 lies beyond its end. The line is its mass in
    each bar times the number of whole visits. Visits cut off by the start or end of a
    sequence are triangles: they lasted at least so long.
    """
    K = len(laws)
    if len(visits.states) and visits.states.max() >= K:
        raise InputError(
            f"{K} laws, but a visit to state {visits.states.max()}; give one per state."
        )
    if not fps > 0:
        raise InputError(f"fps must be positive, got {fps}.")
    rows = -(-K // ACROSS)
    figure = Figure(figsize=(9.5, 0.9 + 1.6 * rows), layout="constrained")
    axes = figure.subplots(rows, min(K, ACROSS), squeeze=False)
    colours = state_colours(K)
    for k, ax in enumerate(axes.flat):
        if k >= K:
            ax.axis("off")
            continue
        whole, cut = visits.of(k)
        _draw_lengths(ax, whole, cut, np.asarray(laws[k], np.float64), fps, colours[k])
        name = f"{k}" if names is None else f"{k} {names[k]}"
        ax.set_title(f"{name}  ({len(whole)} + {len(cut)} cut)", size=8, pad=2)
        ax.tick_params(labelsize=7)
        ax.spines[["top", "right"]].set_visible(False)
        ax.yaxis.get_major_locator().set_params(integer=True)
    figure.supxlabel("length of a visit (s)", size=8)
    figure.supylabel("visits", size=8)
    triangle = Line2D([], [], ls="", marker=">", color="black", mfc="white")
    _key(
        figure,
        [Patch(color="#8c8c8c"), Line2D([], [], color="black", lw=1.2), triangle],
        ["observed", "expected from the model", "cut off: at least so long"],
    )
    return figure


def _draw_lengths(
    ax: Axes,
    whole: np.ndarray,
    cut: np.ndarray,
    law: np.ndarray,
    fps: float,
    colour: str,
) -> None:
    edges = dwell_edges(np.concatenate([whole, cut]), law)
    expected = len(whole) * law_in_bars(law, edges)
    counts, _ = np.histogram(whole, edges)
    seconds = (edges - 0.5) / fps
    ax.bar(
        seconds[:-1],
        counts,
        np.diff(seconds),
        align="edge",
        color=colour,
        alpha=0.75,
        lw=0.4,
        ec="white",
    )
    ax.stairs(expected, seconds, color="black", lw=1.2, baseline=None)
    top = max(1.0, counts.max(initial=0), expected.max(initial=0.0))
    height = np.full(len(cut), 0.05 * top)
    marks = ax.plot(cut / fps, height, ">", color="black", mfc="white", ms=5)
    # At the very edge of a panel too, and of no weight for the layout.
    marks[0].set(clip_on=False, in_layout=False)
    ax.set(ylim=(0, 1.12 * top), xlim=(0, seconds[-1]))


def dwell_edges(frames: np.ndarray, law: np.ndarray) -> np.ndarray:
    """Edges of bars in frames: first frame counts of bars, all of one whole width.

    They reach the longest visit and nearly all (98 %) of the law's mass.
    """
    beyond = np.flatnonzero(np.cumsum(law) >= 0.98)
    reach = int(beyond[0]) + 1 if len(beyond) else len(law)
    if len(frames):
        # The law's far tail must not press what was seen into the first bar.
        reach = min(max(int(frames.max()), reach), 3 * int(frames.max()))
    width = max(1, -(-reach // BARS))
    return 1 + width * np.arange(-(-reach // width) + 1)


def law_in_bars(law: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Mass of a law over 1, 2, ... frames in bars [edge, next edge)."""
    below = np.concatenate([[0.0], np.cumsum(law)])
    return np.diff(below[np.minimum(edges - 1, len(law))])


def _draw_bands(
    ax: Axes, bands: np.ndarray, one: np.ndarray | None, fps: float
) -> None:
    times = (np.arange(bands.shape[1]) + 0.5) / fps
    low, lower, median, upper, high = bands
    ax.fill_between(times, low, high, color=MODEL, alpha=0.22, lw=0)
    ax.fill_between(times, lower, upper, color=MODEL, alpha=0.38, lw=0)
    ax.plot(times, median, color=MODEL, lw=1.4)
    if one is not None:
        ax.plot(times, one, color="#7d4312", lw=0.6)


def _draw_real(
    ax: Axes, k: int, real: np.ndarray | None, history: np.ndarray | None, fps: float
) -> None:
    if real is not None:
        times = (np.arange(len(real)) + 0.5) / fps
        ax.plot(times, real[:, k], color=REAL, lw=1.1)
    if history is not None:
        times = (np.arange(-len(history), 0) + 0.5) / fps
        ax.plot(times, history[:, k], color=REAL, lw=1.1)
        ax.axvline(0, color="#888888", lw=0.7)


def _forecast_key(
    figure: Figure, measured: bool, example: int | None, inside: np.ndarray | None
) -> None:
    handles = [
        Line2D([], [], color=MODEL, lw=1.4),
        Patch(color=MODEL, alpha=0.6, lw=0),
        Patch(color=MODEL, alpha=0.22, lw=0),
    ]
    labels = ["median", "50 % of samples", "90 %"]
    if example is not None:
        handles.append(Line2D([], [], color="#7d4312", lw=0.6))
        labels.append("one sample")
    if measured:
        handles.append(Line2D([], [], color=REAL, lw=1.1))
        labels.append("real")
    if inside is not None:
        labels[2] += " (title: part of the real values in it)"
    _key(figure, handles, labels)


def _key(figure: Figure, handles: list, labels: list[str]) -> None:
    figure.legend(
        handles,
        labels,
        loc="outside upper center",
        ncols=len(labels),
        frameon=False,
        fontsize=8,
    )


def _check_width(name: str, values: np.ndarray, A: int) -> np.ndarray:
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or values.shape[1] != A:
        raise ShapeError(f"{name}: expected {A} columns, got shape {values.shape}.")
    return values
