"""Figures of AUs by condition, of regressions and of decoders.

Each draws into ``ax``, or into a figure of its own, and returns the axes:
``draw_betas(found).figure.savefig("betas.png")``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genface.errors import InputError
from genface.stats.decoding import Decoding
from genface.stats.regression import Regression
from genface.stats.sessions import session_labels
from genface.table import au_strengths

COLOURS = "#2f5d8a #d9792f #4c9a5b #b5494e #7d66a8 #8a6d52 #3fa3b0 #cf7fb3".split()
FAINT = "#b8bec6"
"""Of what is not significant, or not there."""

PREFIX = {"mean": "mean_", "sem": "sem_"}
Error = Literal["sem", "sd", "ci"]


def draw_au_bars(
    table: pd.DataFrame,
    by: Any = None,
    aus: Sequence[str] | None = None,
    error: Error = "sem",
    ax: Axes | None = None,
) -> Axes:
    """Mean of each AU with error bars, a colour per condition.

    ``by`` (a column, or a value per row; the sessions if left out) tells conditions
    apart. Frames of one clip are alike, so where ``input`` repeats each clip (and face)
    is averaged first and errors are between those: standard errors, standard
    deviations or 95 % intervals (1.96 standard errors). A table of ``extract_mean`` is
    drawn as it is, one of ``extract_summary`` with the errors in it. No bar: no value.
    """
    means, errors, what = _condition_means(table, by, aus, error)
    ax = axes_of(ax, (max(4.0, 1.2 + 0.45 * means.shape[1]), 3.4))
    width = 0.8 / len(means)
    for place, label in enumerate(means.index):
        at = np.arange(means.shape[1]) + (place - (len(means) - 1) / 2) * width
        ax.bar(
            at,
            means.loc[label],
            0.92 * width,
            yerr=errors.loc[label].fillna(0),
            color=COLOURS[place % len(COLOURS)],
            error_kw={"lw": 1, "ecolor": "#333333"},
            label=str(label),
        )
    _name_bars(ax, list(means.columns))
    ax.set_ylabel(what)
    if len(means) > 1:
        ax.legend(
            frameon=False, ncols=len(means), loc="lower right", bbox_to_anchor=(1, 1)
        )
    return ax


def draw_betas(
    found: Regression,
    predictor: str | None = None,
    alpha: float = 0.05,
    ax: Axes | None = None,
) -> Axes:
    """Coefficients of one predictor with 95 % intervals; significant ones in colour.

    Significant is p at most ``alpha`` as in ``found``: regress with ``correct=`` for
    corrected ones. ``predictor`` is the first that is no intercept if left out. The
    intervals are not corrected.
    """
    if predictor is None:
        predictor = next(n for n in [*found.b.index, None] if n != "intercept")
    if predictor not in found.b.index:
        known = ", ".join(map(str, found.b.index))
        raise InputError(f"no predictor {predictor!r}; there are {known}.")
    b, low, high, p = (
        part.loc[predictor].to_numpy(np.float64)
        for part in (found.b, *found.interval(), found.p)
    )
    ax = axes_of(ax, (max(4.0, 1.2 + 0.4 * len(b)), 3.4))
    colour = np.where(p <= alpha, COLOURS[0], FAINT)
    ax.bar(range(len(b)), b, 0.75, color=colour)
    ax.errorbar(
        range(len(b)), b, [b - low, high - b], fmt="none", ecolor="#333333", lw=1
    )
    ax.axhline(0, color="#333333", lw=0.8)
    for place in np.flatnonzero(p <= alpha):
        up = b[place] >= 0
        ax.annotate(
            "*",
            (place, high[place] if up else low[place]),
            (0, 1 if up else -3),
            textcoords="offset points",
            ha="center",
            va="bottom" if up else "top",
        )
    ax.margins(y=0.12)
    _name_bars(ax, list(found.b.columns))
    ax.set_ylabel(f"coefficient of {predictor}\n(95 % interval)")
    ax.set_title(f"* p ≤ {alpha:g}", loc="right", size=9, color=COLOURS[0])
    return ax


def draw_decoding(
    results: Mapping[str, Decoding | Iterable[float]],
    chance: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Accuracy by set of features: mean of the folds, their SD, and each as a dot.

    Values are the scores of :func:`predict`, or what :func:`decode` returned, whose p
    value is written over the bar. ``chance`` is 1 / classes where a decoding tells it.
    """
    if not results:
        raise InputError("no results to draw; give {'AUs': scores}.")
    ax = axes_of(ax, (1.5 + 0.85 * len(results), 3.4))
    for place, found in enumerate(results.values()):
        scores = found.scores if isinstance(found, Decoding) else found
        percent = 100 * np.asarray(list(scores), np.float64)
        ax.bar(place, percent.mean(), 0.7, color=COLOURS[0], alpha=0.85)
        spread = np.linspace(-0.22, 0.22, len(percent)) if len(percent) > 1 else 0
        ax.plot(place + spread, percent, "o", ms=3, color="#333333", alpha=0.5, mew=0)
        reach = np.clip(percent.mean() + percent.std() * np.array([-1, 1]), 0, 100)
        ax.plot([place, place], reach, color="#333333", lw=1.2)
        if isinstance(found, Decoding):
            chance = 1 / len(found.confusion) if chance is None else chance
            if np.isfinite(found.p):
                text = f"p = {found.p:.2g}"
                ax.text(place, 103, text, ha="center", size=8, color="#555555")
    if chance is not None:
        ax.axhline(100 * chance, color="#333333", lw=1, ls="--")
        ax.text(
            len(results) - 0.45,
            100 * chance,
            " chance",
            va="center",
            size=8,
            clip_on=False,
        )
    _name_bars(ax, [str(name).replace(",", ",\n") for name in results])
    ax.set(ylim=(0, 109), yticks=range(0, 101, 25), ylabel="accuracy (%), SD of folds")
    return ax


def axes_of(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The axes given, or those of a new figure of ``size`` inches; open at the top."""
    if ax is None:
        ax = Figure(figsize=size, layout="constrained").subplots()
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _name_bars(ax: Axes, names: Sequence[object]) -> None:
    words = [str(name) for name in names]
    for prefix in PREFIX.values():
        words = [word.removeprefix(prefix) for word in words]
    longest = max(len(line) for word in words for line in word.split("\n"))
    inches = ax.get_window_extent().width / ax.figure.dpi
    level = 0.085 * (longest + 1) * len(words) < inches  # of letters of this size
    ax.set_xticks(range(len(words)), words, rotation=0 if level else 90)
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.6, len(words) - 0.4)


def _condition_means(
    table: pd.DataFrame, by: Any, aus: Sequence[str] | None, error: Error
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Means and errors (conditions, AUs), and what they are."""
    factor = {"sem": 1.0, "sd": 1.0, "ci": 1.96}.get(error)
    if factor is None:
        raise InputError(f"error={error!r}: use 'sem', 'sd' or 'ci'.")
    values, errors = _au_values(table, aus)
    labels = session_labels(table, by)
    if labels is None and errors is None and "input" not in table.columns:
        labels = pd.Series("all rows", table.index)
    if labels is None:
        same = "all clips" if errors is None else table.index.astype(str)
        labels = pd.Series(same, table.index)
    if errors is not None and not labels.duplicated().any():
        scale = 1.0 if error != "ci" else 1.96
        return (
            values.set_axis(labels, axis=0),
            errors.set_axis(labels, axis=0) * scale,
            "mean ± SE" if error != "ci" else "mean ± 95 % interval",
        )
    units, name = _units(table, values, labels)
    grouped = units.groupby(level=0, sort=True)
    spread = grouped.std() if error == "sd" else grouped.sem() * factor
    word = {"sem": "SE", "sd": "SD", "ci": "95 % interval"}[error]
    return grouped.mean(), spread, f"mean ± {word} of {name}"


def _au_values(
    table: pd.DataFrame, aus: Sequence[str] | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """AU values under the AUs' names, and the standard errors that a summary has."""
    columns = au_strengths(table.columns)
    prefix = PREFIX["mean"]
    means = [
        str(name).removeprefix(prefix) for name in table if str(name)[:5] == prefix
    ]
    summary = not columns and bool(au_strengths(means))
    if summary:
        columns = {au: prefix + name for au, name in au_strengths(means).items()}
    missing = [au for au in aus or () if au not in columns]
    if missing or not columns:
        raise InputError(
            f"no {', '.join(missing) or 'AU columns'} in this table; it has "
            f"{', '.join(columns) or 'none'}."
        )
    chosen = {au: columns[au] for au in (aus or columns)}
    values = pd.DataFrame(table)[list(chosen.values())].set_axis(list(chosen), axis=1)
    wanted = [name.replace(prefix, PREFIX["sem"], 1) for name in chosen.values()]
    if not summary or not set(wanted) <= set(table.columns):
        return values, None
    return values, pd.DataFrame(table)[wanted].set_axis(list(chosen), axis=1)


def _units(
    table: pd.DataFrame, values: pd.DataFrame, labels: pd.Series
) -> tuple[pd.DataFrame, str]:
    """A row per clip and face, or the rows as they are; by condition."""
    keys = [name for name in ("input", "face_id") if name in table.columns]
    if "input" not in keys or not table["input"].duplicated().any():
        return values.set_axis(labels, axis=0), "rows"
    grouping = [labels.to_numpy(), *(table[name].to_numpy() for name in keys)]
    means = values.groupby(grouping).mean()
    return means.droplevel(list(range(1, 1 + len(keys)))), "clips"
