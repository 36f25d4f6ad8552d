"""Face tables as files: CSV with a JSON sidecar, or Parquet that holds both.

CSV keeps every number exactly: each is written with the fewest digits that read back
to the same float32 or float64, and the sidecar says which of the two it was.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as parquet

from genface.errors import InputError
from genface.files import atomic
from genface.table.columns import group_of
from genface.table.schema import kinds_of, storable, type_of
from genface.table.sidecar import describe
from genface.table.sidecar import parse as parse_sidecar

NAN = ("", "nan", "NaN")
FOREIGN_NAN = ("NA", "N/A", "#N/A", "NULL")
"""What other programs (R, spreadsheets) write where nothing was measured."""

KEY = b"genface"
"""Entry of a Parquet schema's metadata that holds the sidecar's JSON."""


def sidecar_path(path: Path | str) -> Path:
    """Where a CSV table's facts are: ``faces.csv`` has ``faces.meta.json``."""
    return Path(path).with_suffix(".meta.json")


def write_table(
    frame: pd.DataFrame, path: Path | str, meta: Mapping[str, Any] | None = None
) -> Path:
    """Write a table and its facts (``frame.attrs``, with ``meta`` on top).

    ``.csv`` or ``.parquet``. The files appear whole: the sidecar just before its CSV,
    so that a table is never without its facts. The index is not written. NaN is an
    empty cell. Columns that are not numbers or words are an :class:`InputError`.
    """
    path = Path(path)
    _check_suffix(path)
    attrs = {str(key): value for key, value in frame.attrs.items()}
    table = _arrow(frame, path)
    facts = describe(kinds_of(table), {**attrs, **(meta or {})})
    if path.suffix == ".parquet":
        _write_parquet(table, facts, path)
    else:
        _write_csv(table, facts, path)
    return path


def read_table(path: Path | str) -> pd.DataFrame:
    """Read a table; its facts are in ``.attrs``, which is empty without a sidecar.

    Raises :class:`InputError` when the file is missing, is not a table, has no column
    of a face table, or has a sidecar that is damaged or another program's.
    """
    path = Path(path)
    _check_suffix(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    read = _read_parquet if path.suffix == ".parquet" else _read_csv
    try:
        table, facts = read(path)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not a table: no UTF-8 text at byte {error.start}."
        ) from None
    except (pa.ArrowException, csv.Error) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{path}: not a readable {path.suffix[1:]} table ({reason})."
        ) from None
    if not any(group_of(name.strip()) for name in table.column_names):
        raise InputError(
            f"{path}: no column of a face table in it (such as frame, AU01, Pitch)."
        )
    frame = table.to_pandas(ignore_metadata=True)
    frame.attrs = facts
    return frame


def _check_suffix(path: Path) -> None:
    if path.suffix not in (".csv", ".parquet"):
        raise InputError(f"{path}: a table's name ends in .csv or .parquet.")


def _arrow(frame: pd.DataFrame, path: Path) -> pa.Table:
    names = pd.Index([str(name) for name in frame.columns])
    if not names.is_unique:
        twice = names[names.duplicated()].unique()
        raise InputError(f"{path}: columns appear twice: {', '.join(twice)}.")
    # A plain frame without attrs: Arrow would store them a second time, in its own way.
    plain = pd.DataFrame(frame, copy=False).set_axis(names, axis=1)
    plain.attrs = {}
    try:
        table = pa.Table.from_pandas(plain, preserve_index=False)
    except pa.ArrowException as error:
        raise InputError(
            f"{path}: a column holds neither numbers nor words ({error.args[0]})."
        ) from None
    return storable(table, path)


def _write_parquet(table: pa.Table, facts: str, path: Path) -> None:
    schema = {**(table.schema.metadata or {}), KEY: facts.encode()}
    with atomic(path) as temporary:
        parquet.write_table(table.replace_schema_metadata(schema), temporary)


def _write_csv(table: pa.Table, facts: str, path: Path) -> None:
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(table.column_names)
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    # The inner of the two gets its name first.
    with atomic(path) as temporary, atomic(sidecar_path(path)) as sidecar:
        sidecar.write_text(facts, encoding="utf-8")
        with open(temporary, "wb") as stream:
            stream.write(header.getvalue().encode())
            pacsv.write_csv(table, stream, options)


def _read_parquet(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    table = parquet.read_table(path)
    text = (table.schema.metadata or {}).get(KEY)
    return table, parse_sidecar(text.decode(), path)[1] if text else {}


def _read_csv(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    sidecar = sidecar_path(path)
    dtypes: dict[str, str] = {}
    facts: dict[str, Any] = {}
    if sidecar.is_file():
        dtypes, facts = parse_sidecar(sidecar.read_text(encoding="utf-8"), sidecar)
    with open(path, encoding="utf-8-sig", newline="") as stream:
        names = next(csv.reader(stream), [])
    if len(names) == 1 and re.search(r"[;\t]", names[0]):
        raise InputError(
            f"{path}: its columns are not separated by commas; write it again with "
            "commas, and decimal points."
        )
    types = {name: type_of(name, dtypes) for name in names}
    known = {name: kind for name, kind in types.items() if kind is not None}
    parse = partial(_parse_csv, path, nulls=NAN if dtypes else NAN + FOREIGN_NAN)
    try:
        table = parse(known)
    except pa.ArrowInvalid:
        return _parse_edited_csv(parse, known), facts
    # Words such as 00:01 would be guessed to be times of day: nothing here is.
    words = {
        field.name: pa.string()
        for field in table.schema
        if pa.types.is_temporal(field.type)
    }
    return _numbers(parse(known | words) if words else table), facts


def _numbers(table: pa.Table) -> pa.Table:
    """Columns without any value as NaN."""
    if pa.null() not in table.schema.types:
        return table
    fields = [
        pa.field(field.name, pa.float64()) if pa.types.is_null(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _parse_edited_csv(
    parse: Callable[..., pa.Table], types: Mapping[str, pa.DataType]
) -> pa.Table:
    """Read whole numbers that another program wrote as 0.0; more is an error."""
    whole = {name: kind for name, kind in types.items() if pa.types.is_integer(kind)}
    floats = dict.fromkeys(whole, pa.float64())
    table = parse({**types, **floats}, nulls=NAN + FOREIGN_NAN)
    for name, kind in whole.items():
        column = table.column_names.index(name)
        try:
            cast = table.column(name).cast(kind)
        except pa.ArrowInvalid:  # a fraction: it stays float64
            continue
        table = table.set_column(column, name, cast)
    return table


def _parse_csv(
    path: Path, types: Mapping[str, pa.DataType], nulls: tuple[str, ...]
) -> pa.Table:
    # One block: types are guessed from the first, and later rows must fit the guess.
    block = min(max(path.stat().st_size, 1) + 1, 2**31 - 1)
    return pacsv.read_csv(
        path,
        # Threads share out columns; handing over thousands of short ones costs more.
        read_options=pacsv.ReadOptions(block_size=block, use_threads=False),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=dict(types),
            null_values=list(nulls),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
