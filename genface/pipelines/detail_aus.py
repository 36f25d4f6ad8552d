"""A table of faces with the sides, blinks and errors of its Action Units added."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from genface.detect import add_au_details, blink_table
from genface.errors import InputError
from genface.fex import Fex, read_fex
from genface.pipelines import outputs
from genface.pipelines.faces import fex_of


@dataclass(frozen=True)
class DetailsResult:
    """The table with its new columns, where it was written, and what was found."""

    fex: Fex = field(repr=False)
    path: Path
    lines: tuple[str, ...]


def detail_aus(
    table: pd.DataFrame | Path | str,
    out: Path | str,
    *,
    sides: bool = False,
    blinks: bool = False,
    sd: bool = False,
    smooth: float = 0.0,
    force: bool = False,
) -> DetailsResult:
    """Write ``table`` with what is asked for, as ``detect.add_au_details`` has it.

    ``out`` is a file in .csv or .parquet.
    """
    if not (sides or blinks or sd or smooth):
        raise InputError("nothing asked for; add --sides, --blinks, --sd or --smooth.")
    out = outputs.path_of(out, "out")
    if out.suffix not in (".csv", ".parquet"):
        raise InputError(f"{out}: the name must end in .csv or .parquet.")
    if out.is_dir():
        raise InputError(f"{out}: a folder is there; name another file.")
    outputs.keep([table], out)
    asked = {"sides": sides, "blinks": blinks, "sd": sd, "smooth": smooth}
    this = outputs.job("au-details", outputs.source_digests([table]), **asked)
    if outputs.up_to_date(out, this, force):
        return DetailsResult(read_fex(out), out, (f"au-details: {out} is up to date",))
    name, fex = fex_of(table)
    detailed = add_au_details(fex, sides=sides, blinks=blinks, sd=sd, smooth=smooth)
    outputs.begin(out, this)
    detailed.write(out, columns="all")
    outputs.record(out, this)
    added = [column for column in detailed.columns if column not in fex.columns]
    lines = [f"au-details: {Path(name).name}: {len(added)} columns added"]
    if blinks:
        lines.append(f"au-details: {len(blink_table(fex))} blinks")
    return DetailsResult(detailed, out, tuple(lines))
