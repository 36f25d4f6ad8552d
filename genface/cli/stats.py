"""``genface stats``: numbers and figures of face tables."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from genface.cli.options import Force, Out, Seed
from genface.errors import InputError

if TYPE_CHECKING:
    from genface.pipelines import StatsResult

app = typer.Typer(no_args_is_help=True, help="Statistics and figures of face tables.")

Number = TypeVar("Number", int, float)
Tables = Annotated[list[Path], typer.Argument(help="Tables of faces, of any program.")]
MaybeOut = Annotated[
    Path | None,
    typer.Option("-o", "--out", help="A .csv or .json file; printed if left out."),
]
Sessions = Annotated[
    str, typer.Option(help="Column that tells sessions (clips, people) apart.")
]
Labels = Annotated[
    Path | None, typer.Option(help="CSV of sessions and their labels (conditions).")
]
Codes = Annotated[
    list[str] | None,
    typer.Option("--code", help="Number for a label, as good=1; may be repeated."),
]
Rows = Annotated[
    bool, typer.Option("--rows", help="Take rows as they are, not means of sessions.")
]
Groups = Annotated[
    str | None, typer.Option(help="Column of what belongs together (a person).")
]


@app.command(epilog="Example: genface stats summary faces.csv -o means.csv")
def summary(
    tables: Tables,
    out: MaybeOut = None,
    statistics: Annotated[
        str, typer.Option(help="Of mean, sem, std, max, min; commas between them.")
    ] = "mean,sem",
    sessions: Sessions = "input",
    labels: Labels = None,
    force: Force = False,
) -> None:
    """Means and other statistics of every column, a row per session."""
    from genface.pipelines import summarise_tables

    wanted = [word.strip() for word in statistics.split(",") if word.strip()]
    result = summarise_tables(
        tables, out, statistics=wanted, sessions=sessions, labels=labels, force=force
    )
    _show(result)


@app.command(
    epilog="Example: genface stats regress *.csv --labels clips.csv --code good=1 "
    "--code bad=-1 --correct holm"
)
def regress(
    tables: Tables,
    out: MaybeOut = None,
    x: Annotated[str, typer.Option("--X", help="Predictors.")] = "sessions",
    y: Annotated[str, typer.Option("--y", help="What they explain.")] = "aus",
    mode: Annotated[
        Literal["ols", "robust", "mixed"], typer.Option(help="How errors are treated.")
    ] = "ols",
    correct: Annotated[
        Literal["bonferroni", "holm", "fdr"] | None,
        typer.Option(help="Correct p for the number of columns."),
    ] = None,
    groups: Groups = None,
    fit_intercept: Annotated[
        bool, typer.Option("--fit-intercept/--no-fit-intercept")
    ] = True,
    sessions: Sessions = "input",
    labels: Labels = None,
    code: Codes = None,
    rows: Rows = False,
    force: Force = False,
) -> None:
    """Regress columns on predictors, such as AUs on the condition."""
    from genface.pipelines import regress_tables

    result = regress_tables(
        tables,
        out,
        X=x,
        y=y,
        fit_intercept=fit_intercept,
        mode=mode,
        correct=correct,
        groups=groups,
        sessions=sessions,
        labels=labels,
        codes=read_codes(code),
        rows=rows,
        force=force,
    )
    _show(result)


@app.command(epilog="Example: genface stats decode *.csv --labels clips.csv --X aus")
def decode(
    tables: Tables,
    out: MaybeOut = None,
    x: Annotated[str, typer.Option("--X", help="Features.")] = "aus",
    y: Annotated[str, typer.Option("--y", help="What is predicted.")] = "sessions",
    cv: Annotated[int, typer.Option(min=2, help="Folds of cross-validation.")] = 5,
    groups: Groups = None,
    permutations: Annotated[int, typer.Option(min=0, help="Draws for p.")] = 200,
    sessions: Sessions = "input",
    labels: Labels = None,
    rows: Rows = False,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Predict a condition from features, judged on what was left out."""
    from genface.pipelines import decode_tables

    result = decode_tables(
        tables,
        out,
        X=x,
        y=y,
        cv=cv,
        groups=groups,
        permutations=permutations,
        sessions=sessions,
        labels=labels,
        rows=rows,
        seed=seed,
        force=force,
    )
    _show(result)


@app.command(epilog="Example: genface stats isc *.csv --col AU12 --null circular")
def isc(
    tables: Tables,
    col: Annotated[str, typer.Option(help="Column to correlate.")],
    out: MaybeOut = None,
    index: Annotated[str, typer.Option(help="Column of moments.")] = "frame",
    columns: Annotated[
        str, typer.Option(help="Column of series, or several with commas.")
    ] = "input",
    method: Annotated[
        Literal["pearson", "spearman", "kendall"], typer.Option(help="Correlation.")
    ] = "pearson",
    kind: Annotated[
        Literal["pairwise", "leave-one-out"], typer.Option(help="With whom.")
    ] = "pairwise",
    lag: Annotated[int, typer.Option(help="Rows that the columns are later.")] = 0,
    rate: Annotated[
        float | None, typer.Option(help="Moments per unit of the index to resample to.")
    ] = None,
    max_gap: Annotated[
        float | None, typer.Option(help="Longest gap to bridge, in units of the index.")
    ] = None,
    null: Annotated[
        Literal["bootstrap", "circular", "phase", "iaaft", "shuffle"] | None,
        typer.Option(help="Test the mean against this null."),
    ] = None,
    n: Annotated[int, typer.Option("--n", min=19, help="Draws from the null.")] = 1000,
    window: Annotated[
        float | None, typer.Option(help="ISC in windows this long (index units).")
    ] = None,
    synthetic: Annotated[
        list[Path] | None,
        typer.Option(help="Compare with the ISC within these tables; repeatable."),
    ] = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Correlate a column between clips or people over time."""
    from genface.pipelines import isc_tables

    result = isc_tables(
        tables,
        out,
        col=col,
        index=index,
        columns=columns,
        method=method,
        kind=kind,
        lag=lag,
        rate=rate,
        max_gap=max_gap,
        null=null,
        n=n,
        window=window,
        seed=seed,
        synthetic=synthetic or None,
        force=force,
    )
    _show(result)


@app.command(epilog="Example: genface stats synchrony anna.csv ben.csv --aus AU06,AU12")
def synchrony(
    tables: Tables,
    out: MaybeOut = None,
    aus: Annotated[
        str | None, typer.Option(help="AUs with commas between; all if left out.")
    ] = None,
    faces: Annotated[
        str | None, typer.Option(help="Two face_ids of each table, as 0,1.")
    ] = None,
    measures: Annotated[
        str, typer.Option(help="Of these, with commas between.")
    ] = "pearson,lagged,windowed,dtw,phase",
    null: Annotated[
        Literal["segment", "circular", "iaaft", "partner", "shuffle"],
        typer.Option(help="What chance is; partner needs four dyads."),
    ] = "segment",
    n: Annotated[int, typer.Option("--n", min=19, help="Draws from the null.")] = 200,
    rate: Annotated[
        float | None, typer.Option(help="Moments a second; the slower table's.")
    ] = None,
    max_gap: Annotated[
        float, typer.Option(help="Longest gap to bridge, in seconds.")
    ] = 0.5,
    max_lag: Annotated[float, typer.Option(help="Latest answer, in seconds.")] = 2.0,
    window: Annotated[float, typer.Option(help="Window, in seconds.")] = 5.0,
    warp: Annotated[float, typer.Option(help="Band of the DTW, in seconds.")] = 1.0,
    band: Annotated[str, typer.Option(help="Band of the phases, in Hz.")] = "0.1-1",
    segment: Annotated[
        float, typer.Option(help="Pieces that the segment null moves, in seconds.")
    ] = 5.0,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Tell whether two faces move together: A B, or one table of both."""
    from genface.pipelines import synchrony_tables
    from genface.stats import Settings

    result = synchrony_tables(
        tables,
        out,
        aus=_words(aus) if aus else None,
        faces=_numbers("--faces", faces, ",", int) if faces else None,
        measures=_words(measures),
        null=null,
        n=n,
        rate=rate,
        max_gap=max_gap,
        settings=Settings(
            max_lag=max_lag,
            window=window,
            warp=warp,
            band=_numbers("--band", band, "-", float),
            segment=segment,
        ),
        seed=seed,
        force=force,
    )
    _show(result)


@app.command(epilog="Example: genface stats plot bars *.csv --labels c.csv -o bars.png")
def plot(
    figure: Annotated[
        Literal[
            "bars",
            "betas",
            "decoding",
            "isc",
            "windows",
            "series",
            "correlation",
            "locations",
            "gaze",
            "synchrony",
            "lags",
        ],
        typer.Argument(help="What to draw."),
    ],
    tables: Tables,
    out: Out,
    col: Annotated[str | None, typer.Option(help="Column, where one is drawn.")] = None,
    sessions: Sessions = "input",
    labels: Labels = None,
    code: Codes = None,
    columns: Annotated[str, typer.Option(help="Column of series.")] = "input",
    features: Annotated[
        str, typer.Option(help="Sets of features to decode by; semicolons between.")
    ] = "emotions; aus; poses",
    cv: Annotated[int, typer.Option(min=2, help="Folds of cross-validation.")] = 5,
    window: Annotated[
        float, typer.Option(help="Length of windows, in units of the index.")
    ] = 60.0,
    index: Annotated[str, typer.Option(help="Column of moments, for ISC.")] = "frame",
    rate: Annotated[
        float | None, typer.Option(help="Moments per unit of the index to resample to.")
    ] = None,
    force: Force = False,
) -> None:
    """Draw a figure of tables (.png, .pdf or .svg)."""
    from genface.pipelines import plot_tables

    result = plot_tables(
        figure,
        tables,
        out,
        col=col,
        sessions=sessions,
        labels=labels,
        codes=read_codes(code),
        columns=columns,
        features=features,
        cv=cv,
        window=window,
        index=index,
        rate=rate,
        force=force,
    )
    for line in (*result.lines, result.path):
        typer.echo(line)


def read_codes(words: list[str] | None) -> dict[str, float] | None:
    """``["good=1", "bad=-1"]`` as numbers by label."""
    codes = {}
    for word in words or ():
        label, sign, number = word.rpartition("=")
        try:
            codes[label] = float(number)
        except ValueError:
            sign = ""
        if not sign or not label:
            raise InputError(
                f"--code {word}: expected a label and a number, as good=1."
            )
    return codes or None


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(
    option: str, text: str, mark: str, kind: type[Number]
) -> tuple[Number, Number]:
    """Two numbers with a mark between them."""
    try:
        first, second = map(kind, text.split(mark))
    except ValueError:
        raise InputError(
            f"{option} {text}: expected two numbers with {mark!r} between them."
        ) from None
    return first, second


def _show(result: "StatsResult") -> None:
    """Lines and the path; without one the table itself, lines to standard error."""
    for line in result.lines:
        typer.echo(line, err=result.path is None)
    typer.echo(result.csv() if result.path is None else result.path, nl=False)
    if result.path is not None:
        typer.echo()
