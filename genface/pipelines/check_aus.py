"""Whether the AU model works on somebody's face: a clip or table against geometry.

Each AU that has a distance of its own in the mesh must follow it. Against another model
(or the values that the table holds), how far the two differ says what a new model would
change: the drift.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from genface.detect import Detector
from genface.detect.au_details import mesh_of
from genface.errors import InputError
from genface.facs import AU_NAMES
from genface.fex import Fex
from genface.nets.au_distances import DISTANCES, au_distances
from genface.nets.au_model import (
    ENOUGH_FRAMES,
    AUModel,
    load_au_model,
    read_au_model,
)
from genface.pipelines.faces import (
    au_table,
    chosen_faces,
    faces_left_out,
    fex_of,
    no_such_face,
    one_input,
)
from genface.pipelines.outputs import path_of
from genface.pipelines.progress import Progress, silent

TABLES = (".csv", ".parquet")
STORED = "table"
# From these on, an AU follows its motion; what a good model reached on known clips.
WANTED = {"AU12": 0.9, "AU25": 0.95, "AU43": 0.95}
# A distance that varies less than this (sd in outer-eye distances) decides nothing.
STILL = 0.004
# Of an r.
DIGITS = 3


@dataclass(frozen=True)
class AUCheck:
    """``values``: one row per AU; ``drift``: the same, against the other model or None.

    Columns of ``values``: ``seen``, ``low``, ``median``, ``high`` (10th, 50th and 90th
    percentile), ``distance`` (its name), ``r`` with it (NaN where it does not move),
    ``wanted`` (the least r that a good clip gives, or NaN). Of ``drift``: ``r`` of both
    models' values, ``shift`` (mean of this model less the other), ``apart`` (mean
    absolute difference).
    """

    name: str
    model: str
    against: str | None
    frames: int
    values: pd.DataFrame = field(repr=False)
    drift: pd.DataFrame | None = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[str, ...]:
        """AUs whose r, as it is told, is under what is wanted."""
        short = self.values["r"].round(DIGITS) < self.values["wanted"]
        return tuple(self.values.index[short])

    @property
    def unjudged(self) -> tuple[str, ...]:
        """AUs of which an r is wanted, but whose distance does not move."""
        still = self.values["r"].isna() & self.values["wanted"].notna()
        return tuple(self.values.index[still])

    @property
    def lines(self) -> tuple[str, ...]:
        """The report, a line each."""
        head = f"au-check: {self.name}, {self.frames} frames with a face, {self.model}"
        lines = [*(f"au-check: {note}" for note in self.notes), head]
        lines += _value_lines(self.values)
        if self.drift is not None:
            lines += [f"au-check: against {self.against}", *_drift_lines(self.drift)]
        return (*lines, f"au-check: r with the distances: {self._verdict}")

    @property
    def _verdict(self) -> str:
        if len(self.unjudged) == self.values["wanted"].count():
            return "nothing moves that could be judged"
        low = f"too low: {', '.join(self.failed)}" if self.failed else "none too low"
        still = f"; not judged: {', '.join(self.unjudged)}" if self.unjudged else ""
        return low + still


def check_aus(
    source: pd.DataFrame | Path | str,
    against: Path | str | None = None,
    *,
    model: AUModel | None = None,
    face: str | int = "longest",
    input_name: str | None = None,
    offline: bool | None = None,
    progress: Progress | None = None,
) -> AUCheck:
    """Read a clip, or a table with mesh columns, with ``model`` (ours) and judge it.

    The face's neutral is taken from its own frames, so a short clip says little (a
    warning), and the distances begin at the same neutral: a wrong one is not found.
    ``against``: the file of another model, or ``"table"`` for the values that the table
    holds. One face at a time: ``"all"`` of several is an :class:`InputError`.
    """
    if against is not None:
        path_of(against, "against", "an au_model.npz, or 'table'")
    name, fex = _table(source, offline, progress)
    fex = one_input(name, fex, input_name)
    rows, mesh = _face(name, fex, face)
    if len(mesh) < ENOUGH_FRAMES:
        warnings.warn(
            f"{name}: {len(mesh)} frames with a face; under {ENOUGH_FRAMES} neither "
            "the neutral nor an r is to be trusted.",
            stacklevel=2,
        )
    model = model or load_au_model()
    neutral = model.neutral(mesh)
    aus = model.aus(mesh, neutral, all_aus=True)
    stopped = {k for k, stop in zip(AU_NAMES, model.has_stop, strict=True) if stop}
    distances = au_distances(model.shapes(mesh), neutral.points, stopped)
    other, label = None, None
    if against is not None:
        other, label = _other(against, rows, mesh, name)
    return AUCheck(
        name=Path(name).name,
        model=model.name,
        against=label,
        frames=len(mesh),
        values=_values(model, aus, distances),
        drift=None if other is None else _drift(aus, other),
        notes=tuple(faces_left_out(fex, face)),
    )


def _table(source, offline: bool | None, progress: Progress | None) -> tuple[str, Fex]:
    if isinstance(source, pd.DataFrame):
        return fex_of(source)
    if path_of(source, "source", "a path or a table").suffix in TABLES:
        return fex_of(source)

    def report(name: str, done: int, total: int | None) -> None:
        (progress or silent)("detect", done, total)

    detector = Detector(offline=offline)
    return str(source), detector.detect(source, data_type="video", progress=report)


def _face(name: str, fex: Fex, face: str | int) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows of one face with a mesh, and their meshes."""
    faces = chosen_faces(fex, face)
    if not faces:
        raise InputError(f"{no_such_face(name, fex, face)}; there is nothing to check.")
    if len(faces) > 1:
        raise InputError(
            f"{name} holds the faces {', '.join(map(str, faces))}; check one at a "
            "time, by its number."
        )
    (rows,) = faces.values()
    mesh = mesh_of(rows, name)
    known = np.isfinite(mesh).all(axis=(1, 2))
    if not known.any():
        raise InputError(f"{name}: no frame with a face; there is nothing to check.")
    return rows[known], mesh[known]


def _other(
    against: Path | str, rows: pd.DataFrame, mesh: np.ndarray, name: str
) -> tuple[np.ndarray, str]:
    if str(against) != STORED:
        model = read_au_model(against)
        aus = model.aus(mesh, model.neutral(mesh), all_aus=True)
        return aus, f"{model.name} ({against})"
    there = au_table(rows).reindex(columns=list(AU_NAMES)).to_numpy(np.float64)
    if np.isnan(there).all():
        raise InputError(
            f"{name}: no AU values in it to compare with; name another model's file."
        )
    return there, f"the table's own values ({rows.attrs.get('au_model', 'unknown')})"


def _values(model: AUModel, aus: np.ndarray, distances: dict) -> pd.DataFrame:
    low, median, high = np.percentile(aus, [10, 50, 90], axis=0)
    moving = {k: v for k, v in distances.items() if v.std() > STILL}
    r = {k: _r(aus[:, AU_NAMES.index(k)], v) for k, v in moving.items()}
    index = pd.Index(AU_NAMES, name="AU")
    return pd.DataFrame(
        {
            "seen": model.is_seen,
            "low": low,
            "median": median,
            "high": high,
            "distance": [DISTANCES.get(name, "") for name in AU_NAMES],
            "r": [r.get(name, np.nan) for name in AU_NAMES],
            "wanted": [WANTED.get(name, np.nan) for name in AU_NAMES],
        },
        index=index,
    )


def _drift(aus: np.ndarray, other: np.ndarray) -> pd.DataFrame:
    """How far two readings (T, A) differ, over the frames in which both are known."""
    rows = []
    for a, b in zip(aus.T, other.T, strict=True):
        known = np.isfinite(a) & np.isfinite(b)
        a, b = a[known], b[known]
        if known.any():
            apart = np.abs(a - b).mean()
            rows.append({"r": _r(a, b), "shift": (a - b).mean(), "apart": apart})
        else:
            rows.append(dict.fromkeys(("r", "shift", "apart"), np.nan))
    return pd.DataFrame(rows, index=pd.Index(AU_NAMES, name="AU"))


def _r(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson r; NaN where one of the two does not vary."""
    if not (a.std() > 0 and b.std() > 0):
        return np.nan
    return float(np.corrcoef(a, b)[0, 1])


def _value_lines(values: pd.DataFrame) -> Iterable[str]:
    yield "AU    10 %  50 %  90 %  r with a distance of the same mesh"
    for name, row in values.iterrows():
        line = f"{name}  {row.low:4.2f}  {row['median']:4.2f}  {row.high:4.2f}"
        if row.distance:
            r = "does not move" if np.isnan(row.r) else f"{row.r:.{DIGITS}f}"
            wanted = "" if np.isnan(row.wanted) else f" (wanted {row.wanted:.2f})"
            line += f"  {row.distance}: {r}{wanted}"
        yield line + ("" if row.seen else "  unseen")


def _drift_lines(drift: pd.DataFrame) -> Iterable[str]:
    yield "AU       r  shift  apart"
    for name, row in drift.iterrows():
        if np.isnan(row.apart):
            yield f"{name}      -      -      -  not in the other"
        else:
            yield f"{name}  {row.r:5.2f}  {row['shift']:+5.2f}  {row.apart:5.2f}"
