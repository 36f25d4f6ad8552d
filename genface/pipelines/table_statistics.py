"""Statistics of face tables: summaries, regression, decoding and ISC, into a file."""

import io
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from genface import files, stats
from genface.errors import InputError
from genface.fex import Fex, read_table
from genface.pipelines import outputs
from genface.stats.corrections import Correction
from genface.stats.isc_sets import FEWEST
from genface.stats.regression import Mode
from genface.table import json_safe

Sources = Sequence[pd.DataFrame | Path | str] | pd.DataFrame | Path | str
STATISTICS = ("mean", "sem", "std", "max", "min")


@dataclass(frozen=True)
class StatsResult:
    """Numbers as a table, facts about them, and where both were written.

    A CSV holds the table, a JSON file the facts too. ``path`` is None without ``out``.
    """

    table: pd.DataFrame = field(repr=False)
    facts: dict[str, Any]
    path: Path | None
    lines: tuple[str, ...]

    def csv(self) -> str:
        """The table as CSV."""
        text = io.StringIO()
        self.table.to_csv(text, lineterminator="\n")
        return text.getvalue()


def load_sessions(
    tables: Sources,
    sessions: str | None = "input",
    labels: Path | str | Mapping[Any, Any] | None = None,
    means: bool = False,
    codes: Mapping[Any, float] | None = None,
) -> Fex:
    """Tables put together, with the sessions that later words speak of.

    Of several, one without a column ``input`` gets one with the name of its file.
    ``sessions`` is a column; with ``means`` each of its values becomes one row of
    means. ``labels`` says what each value is: a mapping, or a CSV whose first column
    is the value and whose second is its label (a condition, a number to regress on).
    ``codes`` are the numbers that stand for labels in a regression.
    """
    fex: Any = _together(tables)
    if sessions is None:
        return fex
    if sessions not in fex.columns:
        raise InputError(f"no column {sessions} in this table to tell sessions by.")
    fex = fex.update_sessions(fex[sessions])
    fex = fex.extract_mean() if means else fex
    fex = fex if labels is None else fex.update_sessions(read_labels(labels))
    return fex.update_sessions(codes) if codes else fex


def summarise_tables(
    tables: Sources,
    out: Path | str | None = None,
    *,
    statistics: Sequence[str] = ("mean", "sem"),
    sessions: str = "input",
    labels: Path | str | Mapping[Any, Any] | None = None,
    force: bool = False,
) -> StatsResult:
    """Statistics of every column, a row per session."""
    unknown = sorted(set(statistics) - set(STATISTICS))
    if unknown or not statistics:
        raise InputError(
            f"statistics {', '.join(unknown) or '(none)'}: use {', '.join(STATISTICS)}."
        )
    wanted = {name: name in statistics for name in STATISTICS}

    def work() -> tuple[pd.DataFrame, dict[str, Any]]:
        fex = load_sessions(tables, sessions, labels)
        table = stats.extract_summary(fex, **wanted)
        return table, {"n_sessions": len(table), "n_rows": len(fex)}

    settings = {"statistics": sorted(statistics), "sessions": sessions}
    return run_job("summary", tables, labels, settings, work, out, force)


def regress_tables(
    tables: Sources,
    out: Path | str | None = None,
    *,
    X: str = "sessions",
    y: str = "aus",
    fit_intercept: bool = True,
    mode: Mode = "ols",
    correct: Correction | None = None,
    groups: str | None = None,
    sessions: str = "input",
    labels: Path | str | Mapping[Any, Any] | None = None,
    codes: Mapping[Any, float] | None = None,
    rows: bool = False,
    force: bool = False,
) -> StatsResult:
    """Regression of each y on X, a row per predictor and y.

    Of the means of each session, unless ``rows`` says to take rows as they are.
    """

    def work() -> tuple[pd.DataFrame, dict[str, Any]]:
        fex = load_sessions(tables, sessions, labels, not rows, codes)
        found = stats.regress(
            fex,
            X,
            y,
            fit_intercept,
            mode,
            groups=groups,
            correct=correct,
        )
        low, high = found.interval()
        parts = found._asdict() | {"low": low, "high": high, "r2": found.partial_r2()}
        del parts["residuals"]
        table = pd.DataFrame({name: part.stack() for name, part in parts.items()})
        table.index.names = ["predictor", "column"]
        return table, {"mode": mode, "correct": correct, "n_rows": len(fex)}

    settings = {
        "X": X,
        "y": y,
        "fit_intercept": fit_intercept,
        "mode": mode,
        "correct": correct,
        "groups": groups,
        "sessions": sessions,
        "codes": dict(codes or {}),
        "rows": rows,
    }
    return run_job("regress", tables, labels, settings, work, out, force)


def decode_tables(
    tables: Sources,
    out: Path | str | None = None,
    *,
    X: str = "aus",
    y: str = "sessions",
    cv: int = 5,
    groups: str | None = None,
    permutations: int = 200,
    sessions: str = "input",
    labels: Path | str | Mapping[Any, Any] | None = None,
    rows: bool = False,
    seed: int = 0,
    force: bool = False,
) -> StatsResult:
    """Predict y from X in cross-validation: a row per prediction.

    Of the means of each session, unless ``rows`` says to take rows as they are (then
    name ``groups``). Scaled features and linear discriminant analysis.
    """

    def work() -> tuple[pd.DataFrame, dict[str, Any]]:
        fex = load_sessions(tables, sessions, labels, means=not rows)
        found = stats.decode(
            fex,
            X,
            y,
            cv_kwargs={"cv": cv},
            groups=groups,
            permutations=permutations,
            seed=seed,
        )
        table = found.predictions
        if fex.index.is_unique:
            table = table.assign(session=fex.index[table["row"]])
        facts = {
            "accuracy": found.accuracy,
            "balanced_accuracy": found.balanced_accuracy,
            "p": found.p,
            "scores": found.scores,
            "classes": list(found.confusion),
            "confusion": found.confusion.to_numpy(),
        }
        return table.set_index("row"), facts

    settings = {
        "X": X,
        "y": y,
        "cv": cv,
        "groups": groups,
        "permutations": permutations,
        "sessions": sessions,
        "rows": rows,
        "seed": seed,
    }
    return run_job("decode", tables, labels, settings, work, out, force)


def isc_tables(
    tables: Sources,
    out: Path | str | None = None,
    *,
    col: str,
    index: str = "frame",
    columns: str = "input",
    method: str = "pearson",
    kind: str = "pairwise",
    lag: int = 0,
    rate: float | None = None,
    max_gap: float | None = None,
    null: str | None = None,
    n: int = 1000,
    window: float | None = None,
    seed: int = 0,
    synthetic: Sources | None = None,
    force: bool = False,
) -> StatsResult:
    """Intersubject correlation: the matrix, or each series with the others.

    ``null`` adds a test of the mean to the facts; with a ``window`` (units of
    ``index``) the table is that of :func:`genface.stats.isc_windows`. ``columns`` may
    be several names with commas between them. With tables of ``synthetic`` behaviour
    the ISC within either set is compared (:func:`genface.stats.compare_isc`).
    """
    names = [name.strip() for name in columns.split(",")]
    who: Any = names[0] if len(names) == 1 else names

    def work() -> tuple[pd.DataFrame, dict[str, Any]]:
        fex = load_sessions(tables, None)
        if synthetic is not None:
            words = (index, who, rate, max_gap)
            real = stats.time_courses(fex, col, *words)
            return _within_sets(real, _together(synthetic), col, words, n, seed)
        wide = stats.time_courses(fex, col, index, who, rate, max_gap)
        facts: dict[str, Any] = {"col": col, "method": method, "n_series": len(wide.T)}
        if null is not None:
            tested: Any = (null, kind, method)
            facts["test"] = stats.isc_test(wide, *tested, n=n, seed=seed).facts()
        if window is not None:
            return stats.isc_windows(wide, window, seed=seed), facts
        if kind == "leave-one-out":
            return stats.isc_leave_one_out(wide, method).to_frame(), facts
        if kind != "pairwise":
            raise InputError(f"kind={kind!r}: use pairwise or leave-one-out.")
        return stats.course_correlations(wide, method, lag), facts

    settings = {
        "col": col,
        "index": index,
        "columns": names,
        "method": method,
        "kind": kind,
        "lag": lag,
        "rate": rate,
        "max_gap": max_gap,
        "null": null,
        "n": n,
        "window": window,
        "seed": seed,
    }
    return run_job("isc", tables, None, settings, work, out, force, synthetic)


def _within_sets(
    real: pd.DataFrame,
    samples: Fex,
    col: str,
    words: tuple[Any, ...],
    n: int,
    seed: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """ISC within real courses, and within samples that files and faces tell apart."""
    index, _, rate, max_gap = words
    who = [n for n in ("input", "face_id") if n in samples.columns] or ["input"]
    drawn = stats.time_courses(samples, col, index, who, rate, max_gap)
    facts = stats.compare_isc(real, drawn, n=n, seed=seed).facts()
    return pd.DataFrame([facts], index=pd.Index([col], name="column")), facts


def _together(tables: Sources) -> Fex:
    """Tables as one; of several, those without a column ``input`` get their files'."""
    every = listed(tables)
    if not every:
        raise InputError("no table given.")
    if len(every) == 1:
        return _read(every[0])
    names = [_called(table, place) for place, table in enumerate(every, start=1)]
    if len(set(names)) < len(names):  # files of one name in several folders
        names = [_called(table, place, True) for place, table in enumerate(every, 1)]
    parts: list[Any] = []
    for name, table in zip(names, every, strict=True):
        fex = _read(table)
        parts.append(fex if "input" in fex.columns else Fex(fex.assign(input=name)))
    return pd.concat(parts)


def _called(table: pd.DataFrame | Path | str, place: int, whole: bool = False) -> str:
    if isinstance(table, pd.DataFrame):
        return f"table {place}"
    return str(table) if whole else Path(table).name


def run_job(
    name: str,
    tables: Sources,
    labels: Path | str | Mapping[Any, Any] | None,
    settings: Mapping[str, Any],
    work: Callable[[], tuple[pd.DataFrame, dict[str, Any]]],
    out: Path | str | None,
    force: bool,
    synthetic: Sources | None = None,
) -> StatsResult:
    """Do the work, write it if ``out`` is given and not there yet, say what was found.

    A job that is up to date is done again, as it takes a moment, but not written.
    """
    if out is None:
        table, facts = work()
        return StatsResult(table, facts, None, _lines(name, facts))
    out = Path(out)
    if out.suffix not in (".csv", ".json"):
        raise InputError(f"{out}: the name must end in .csv or .json.")
    drawn = [] if synthetic is None else listed(synthetic)
    outputs.keep([*listed(tables), *drawn, labels], out)
    digests = outputs.source_digests(listed(tables))
    digests |= outputs.source_digests(drawn, "synthetic")
    if isinstance(labels, Mapping):
        settings = {**settings, "labels": {str(k): v for k, v in labels.items()}}
    elif labels is not None:
        digests |= outputs.source_digests([labels], "labels")
    this = outputs.job(f"stats {name}", digests, **settings)
    done = outputs.up_to_date(out, this, force)
    table, facts = work()
    result = StatsResult(table, facts, out, _lines(name, facts))
    if not done:
        outputs.begin(out, this)
        files.write_text(out, result.csv() if out.suffix == ".csv" else _json(result))
        outputs.record(out, this)
    return result


def _lines(name: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    if name == "decode":
        text = f"accuracy {facts['accuracy']:.3f}, balanced "
        text += f"{facts['balanced_accuracy']:.3f}, {_p(facts, 'no permutations')}"
        return (f"decode: {text}",)
    if name == "synchrony":
        dyads = "a dyad" if facts["n_dyads"] == 1 else f"{facts['n_dyads']} dyads"
        text = f"{facts['seconds']:.4g} s at {facts['rate']:.4g} moments a second"
        told = f"{facts['null']} null, {facts['n_draws']} draws"
        notes = [f"synchrony: {note}" for note in facts["notes"]]
        return (*notes, f"synchrony: {dyads} of {text}; {told}")
    if name == "isc" and "test" in facts:
        test = facts["test"]
        text = f"mean {test['value']:.4f} {_interval(test)}"
        text += f", p {test['p']:.3g} ({test['null']}, {test['n_draws']} draws)"
        return (f"isc: {facts['col']}, {test['n_series']} series: {text}",)
    if name == "isc" and "synthetic" in facts:
        text = f"real {facts['real']:.4f}, synthetic {facts['synthetic']:.4f}"
        few = f"fewer than {FEWEST} series a set"
        return (f"isc: {facts['n_series']} series a set: {text}, {_p(facts, few)}",)
    return ()


def _p(facts: Mapping[str, Any], why_not: str) -> str:
    return (
        f"p not computed ({why_not})" if pd.isna(facts["p"]) else f"p {facts['p']:.3g}"
    )


def _interval(test: Mapping[str, Any]) -> str:
    if not pd.isna(test["low"]):
        return f"[{test['low']:.4f}, {test['high']:.4f}]"
    few = test["n_series"] < 3
    return f"(no interval of {'two series' if few else 'leave-one-out values'})"


def _json(result: StatsResult) -> str:
    table = result.table.reset_index()
    table.columns = [
        "/".join(map(str, c)) if isinstance(c, tuple) else str(c) for c in table.columns
    ]
    facts = {**result.facts, "table": table.to_dict("records")}
    return json.dumps(json_safe(facts), indent=1, allow_nan=False) + "\n"


def _read(table: pd.DataFrame | Path | str) -> Fex:
    if isinstance(table, pd.DataFrame):
        return Fex(table)
    with warnings.catch_warnings():
        # Signs of poses that nobody told do not change what is computed here.
        warnings.filterwarnings("ignore", message=".*pyfeat_version.*")
        return read_table(table)


def read_labels(labels: Path | str | Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Label of each session, from a mapping or a CSV of two columns."""
    if isinstance(labels, Mapping):
        return labels
    path = Path(labels)
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    table = pd.read_csv(path, dtype={pd.read_csv(path, nrows=0).columns[0]: str})
    if table.shape[1] < 2 or table.iloc[:, 0].duplicated().any():
        raise InputError(
            f"{path}: expected a CSV of sessions (first column, each once) and their "
            "labels (second column)."
        )
    return dict(zip(table.iloc[:, 0], table.iloc[:, 1], strict=True))


def listed(tables: Sources) -> list[Any]:
    """One table or several, as a list."""
    if isinstance(tables, pd.DataFrame | Path | str):
        return [tables]
    return list(tables)
