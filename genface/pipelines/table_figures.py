"""Figures of face tables, by name, into a picture file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genface import stats
from genface.errors import InputError
from genface.files import atomic
from genface.pipelines import outputs
from genface.pipelines.table_statistics import (
    Sources,
    listed,
    load_sessions,
    read_labels,
)
from genface.pipelines.table_synchrony import read_dyads

FORMATS = (".png", ".pdf", ".svg")


@dataclass(frozen=True)
class PlotResult:
    """Where the figure is."""

    path: Path
    lines: tuple[str, ...] = ()


def plot_tables(
    figure: str,
    tables: Sources,
    out: Path | str,
    *,
    col: str | None = None,
    sessions: str = "input",
    labels: Path | str | None = None,
    codes: Mapping[Any, float] | None = None,
    columns: str = "input",
    features: str = "emotions; aus; poses",
    cv: int = 5,
    window: float = 60.0,
    index: str = "frame",
    rate: float | None = None,
    force: bool = False,
) -> PlotResult:
    """Draw one of :data:`FIGURES` of the tables.

    ``bars``, ``betas`` and ``decoding`` are of the means of sessions by their
    ``labels`` (``betas`` with the numbers of ``codes``, p by Holm; ``decoding`` by each
    of ``features``, with semicolons between); ``isc``, ``windows``, ``series``,
    ``correlation`` and ``lags`` of the column ``col`` (the first two by ``index`` and
    ``rate``, as :func:`genface.stats.time_courses` has them, and windows as long as
    ``window`` of the index); ``synchrony`` and ``lags`` of
    the dyads of :func:`genface.pipelines.synchrony_tables`.
    """
    out = Path(out)
    if figure not in FIGURES:
        raise InputError(f"figure {figure}: use one of {', '.join(FIGURES)}.")
    if out.suffix not in FORMATS:
        raise InputError(f"{out}: the name must end in {', '.join(FORMATS)}.")
    words: dict[str, Any] = {"col": col, "columns": columns, "window": window}
    words |= {"sessions": sessions, "labels": labels, "codes": dict(codes or {})}
    words |= {"features": features, "cv": cv, "index": index, "rate": rate}
    if figure in NEED_COL and col is None:
        raise InputError(f"{figure} needs to know of which column; name it with --col.")
    digests = outputs.source_digests(listed(tables))
    if labels is not None:
        digests |= outputs.source_digests([labels], "labels")
    settings = {name: value for name, value in words.items() if name != "labels"}
    this = outputs.job(f"stats plot {figure}", digests, **settings)
    if outputs.up_to_date(out, this, force):
        return PlotResult(out, (f"plot: {out} is up to date",))
    ax = FIGURES[figure](tables, words)
    outputs.begin(out, this)
    with atomic(out) as temporary:
        ax.figure.savefig(temporary, dpi=150)
    outputs.record(out, this)
    return PlotResult(out)


Drawing = Callable[[Sources, dict[str, Any]], Any]
"""Draws tables by the words of :func:`plot_tables`, and returns the axes."""


def _bars(tables: Sources, words: dict[str, Any]) -> Any:
    means = load_sessions(tables, words["sessions"], words["labels"], means=True)
    if words["labels"] is None:
        means = means.update_sessions(["all"] * len(means))
    return stats.draw_au_bars(means)


def _betas(tables: Sources, words: dict[str, Any]) -> Any:
    labels, codes = words["labels"], words["codes"]
    means = load_sessions(tables, words["sessions"], labels, True, codes)
    return stats.draw_betas(stats.regress(means, "sessions", "aus", correct="holm"))


def _decoding(tables: Sources, words: dict[str, Any]) -> Any:
    means = load_sessions(tables, words["sessions"], words["labels"], means=True)
    sets = [part.strip() for part in words["features"].split(";")]
    cv = {"cv": words["cv"]}
    return stats.draw_decoding(
        {X: stats.decode(means, X, "sessions", cv_kwargs=cv) for X in sets}
    )


def _isc(tables: Sources, words: dict[str, Any]) -> Any:
    matrix = stats.course_correlations(_courses(tables, words))
    labels = words["labels"]
    return stats.draw_isc(matrix, None if labels is None else read_labels(labels))


def _windows(tables: Sources, words: dict[str, Any]) -> Any:
    wide = _courses(tables, words)
    return stats.draw_isc_windows(stats.isc_windows(wide, words["window"]))


def _courses(tables: Sources, words: dict[str, Any]) -> Any:
    taken = {name: words[name] for name in ("index", "columns", "rate")}
    return stats.time_courses(load_sessions(tables, None), words["col"], **taken)


def _lags(tables: Sources, words: dict[str, Any]) -> Any:
    dyads = read_dyads(tables)
    if len(dyads) > 1:
        raise InputError(f"lags are drawn of one dyad, and {len(dyads)} were given.")
    return stats.draw_window_lags(dyads[0], words["col"])


FIGURES: dict[str, Drawing] = {
    "bars": _bars,
    "betas": _betas,
    "decoding": _decoding,
    "isc": _isc,
    "windows": _windows,
    "series": lambda tables, words: stats.draw_au_series(
        load_sessions(tables, None), words["col"]
    ),
    "correlation": lambda tables, words: stats.draw_au_correlation(
        load_sessions(tables, None), words["col"]
    ),
    "locations": lambda tables, words: stats.draw_face_locations(
        load_sessions(tables, None)
    ),
    "synchrony": lambda tables, words: stats.draw_synchrony(
        stats.synchrony(read_dyads(tables))
    ),
    "lags": _lags,
    "gaze": lambda tables, words: stats.draw_gaze(load_sessions(tables, None)),
}
NEED_COL = ("isc", "windows", "series", "correlation", "lags")
