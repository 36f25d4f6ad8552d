"""A table of any program in, the same table in another program's terms out."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from genface.errors import InputError
from genface.facs.scales import Scale, convert_scale
from genface.fex import Fex, read_table
from genface.pipelines import outputs
from genface.pipelines.faces import au_scale
from genface.pipelines.table_rate import at_rate
from genface.table import DESCRIPTION, au_strengths, recognise, write_openface

Target = Literal["openface", "feat", "parquet"]


@dataclass(frozen=True)
class ConvertResult:
    """The table that was written, where, and what was recognised and done."""

    fex: Fex = field(repr=False)
    path: Path
    lines: tuple[str, ...]


def convert_table(
    table: Path | str,
    out: Path | str,
    to: Target = "feat",
    *,
    pyfeat_version: str | None = None,
    fps: float | None = None,
    scale: Literal["intensity", "facs"] | None = None,
    force: bool = False,
) -> ConvertResult:
    """Write a table as ``to`` says; ``out`` is a file in .csv or .parquet.

    ``openface`` has OpenFace's names, axes and units (CSV), ``feat`` those of genface
    and py-feat 2.1.1; ``parquet`` keeps names and values and only changes the file.
    ``pyfeat_version`` tells the signs of a table of py-feat. ``fps`` puts the rows at
    another rate, ``scale`` the AUs on another scale: ``facs`` (0-5) and ``intensity``
    (0-1) convert into each other, beliefs into neither.
    """
    out = Path(out)
    wanted = {"openface": (".csv",), "parquet": (".parquet",)}
    endings = wanted.get(to, (".csv", ".parquet"))
    if to not in ("openface", "feat", "parquet"):
        raise InputError(f"to={to!r}: use 'openface', 'feat' or 'parquet'.")
    if to != "feat" and (fps, scale) != (None, None):
        raise InputError(f"another rate or scale is for to='feat', not {to!r}.")
    if out.suffix not in endings:
        raise InputError(f"{out}: the name must end in {' or '.join(endings)}.")
    outputs.keep([table], out)
    digests = outputs.source_digests([table])
    this = outputs.job(
        "convert", digests, to=to, pyfeat_version=pyfeat_version, fps=fps, scale=scale
    )
    done = outputs.up_to_date(out, this, force)
    fex = read_table(table, pyfeat_version)
    dialect = fex.attrs.get("dialect") or recognise(fex.columns)
    if to != "parquet" and dialect != to:
        fex = fex.to_feat()
    line = f"convert: {Path(table).name} is a table of {DESCRIPTION[dialect]}"
    if scale is not None:
        fex, notes = _on_scale(fex, scale)
        line += "; ".join(
            ["", *notes, f"AUs from {fex.attrs['au_scale_from']} to {scale}"]
        )
    if fps is not None:
        fex = at_rate(fex, fps)
        source = fex.attrs["resampled_from"]
        told = "several rates" if source is None else f"{source:.4g}"
        line += f"; from {told} to {fps:.4g} rows a second"
    if done:
        line += f"; {out} is up to date"
    else:
        outputs.begin(out, this)
        _write(fex, out, to)
        outputs.record(out, this)
        line += f"; {len(fex)} rows, {fex.shape[1]} columns"
    return ConvertResult(fex, out, (line,))


def _on_scale(fex: Fex, scale: Scale) -> tuple[Fex, list[str]]:
    source: Any
    source, notes = au_scale(fex)
    if notes and source == "presence":
        raise InputError(
            "no AU scale is told, and the values do not look like 0-5; put au_scale "
            "into the table's .meta.json (attrs in Python)."
        )
    strengths = au_strengths(fex.columns).values()
    names = [n for name in strengths for n in (name, f"{name}_sd") if n in fex.columns]
    values = convert_scale(fex[names].to_numpy(), source, scale)
    made = fex.assign(**dict(zip(names, values.T, strict=True)))
    made.attrs = {**fex.attrs, "au_scale": scale, "au_scale_from": source}
    return made, notes


def _write(fex: Fex, out: Path, to: Target) -> None:
    if to == "openface":
        write_openface(fex, out)
    else:
        fex.write(out, columns="all")
