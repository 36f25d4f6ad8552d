"""Synchrony of two faces from their tables: measured, tested, written or drawn."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from genface import stats
from genface.errors import InputError
from genface.pipelines.au_tracks import Track, read_tracks
from genface.pipelines.table_statistics import Sources, StatsResult, listed, run_job
from genface.stats import Dyad, Settings


def synchrony_tables(
    tables: Sources,
    out: Path | str | None = None,
    *,
    aus: Sequence[str] | None = None,
    faces: Sequence[int] | None = None,
    measures: Sequence[str] = tuple(stats.MEASURES),
    null: stats.SynchronyNull = "segment",
    n: int = 200,
    rate: float | None = None,
    max_gap: float = stats.MAX_GAP,
    settings: Settings | None = None,
    seed: int = 0,
    force: bool = False,
) -> StatsResult:
    """Synchrony of dyads (:func:`genface.stats.synchrony`), a row per measure and AU.

    Two tables are two people, four are two dyads (A B C D: A with B, C with D), each
    by the face that is seen longest. One table, or any number with the ``face_id`` of
    two ``faces``, holds both people of a dyad. Notes come as lines.
    """
    settings = settings or Settings()

    def work() -> tuple[pd.DataFrame, dict[str, Any]]:
        with warnings.catch_warnings():  # it is among the notes, too
            warnings.filterwarnings("ignore", message=".* are identical in ")
            dyads = read_dyads(tables, aus, faces, rate, max_gap)
        found = stats.synchrony(dyads, measures, null, n, settings, seed)
        return found.table, found.facts()

    words = {
        "aus": aus,
        "faces": faces,
        "measures": list(measures),
        "null": null,
        "n": n,
        "rate": rate,
        "max_gap": max_gap,
        "seed": seed,
        **vars(settings),
    }
    return run_job("synchrony", tables, None, words, work, out, force)


def read_dyads(
    tables: Sources,
    aus: Sequence[str] | None = None,
    faces: Sequence[int] | None = None,
    rate: float | None = None,
    max_gap: float = stats.MAX_GAP,
) -> list[Dyad]:
    """The dyads of tables, as :func:`synchrony_tables` tells them apart.

    Several are put on one rate, the slowest of all if none is given.
    """
    every = listed(tables)
    if faces is None and len(every) > 1:
        pairs = _people(every)
    else:
        pairs = [pair for table in every for pair in _both(table, faces)]
    if rate is None:
        rate = min(track.fps for pair in pairs for track in pair)
    dyads = []
    for a, b in pairs:
        sides = [_timed(track) for track in (a, b)]
        names = _name(a), _name(b)
        if names[0] == names[1]:
            names = f"{names[0]} (A)", f"{names[1]} (B)"
        dyad = stats.pair_faces(*sides, aus, rate, max_gap, names)
        every_note = (*a.notes, *b.notes, *dyad.notes)
        dyads.append(replace(dyad, notes=every_note))
    return dyads


Pair = tuple[Track, Track]


def _people(tables: list[Any]) -> list[Pair]:
    """Tables of one person each, two by two."""
    if len(tables) % 2:
        raise InputError(
            f"{len(tables)} tables: expected two for each dyad, or --faces 0,1 where "
            "each table holds both people."
        )
    tracks: list[Track] = []
    for place, table in enumerate(tables):
        found = read_tracks(table, "all")
        inputs = {track.name for track in found}
        if len(inputs) > 1:
            raise InputError(
                f"{_called(table, place)} holds {len(inputs)} inputs; take a table of "
                "one clip for each person."
            )
        tracks += read_tracks(table)
    return list(zip(tracks[::2], tracks[1::2], strict=True))


def _both(table: Any, faces: Sequence[int] | None) -> list[Pair]:
    """Two faces of each input of a table."""
    if faces is not None and len(set(faces)) != 2:
        raise InputError(f"faces {list(faces)}: expected two of them, as --faces 0,1.")
    found: dict[str, list[Track]] = {}
    for track in read_tracks(table, "all"):
        found.setdefault(track.name, []).append(track)
    return [_chosen(name, tracks, faces) for name, tracks in found.items()]


def _chosen(name: str, tracks: list[Track], faces: Sequence[int] | None) -> Pair:
    there = [track.face_id for track in tracks]
    if len(tracks) < 2:
        raise InputError(
            f"{name}: one face ({there[0]}) in it, and synchrony is of two; name the "
            "table of the other one too."
        )
    if faces is None and len(tracks) > 2:
        raise InputError(
            f"{name}: {len(tracks)} faces in it ({', '.join(map(str, there))}); name "
            "two, as --faces 0,1."
        )
    wanted = there if faces is None else list(faces)
    missing = [face for face in wanted if face not in there]
    if missing:
        raise InputError(f"{name}: no face {missing[0]} in it; it has {there}.")
    a, b = (tracks[there.index(face)] for face in wanted)
    return a, b


def _timed(track: Track) -> pd.DataFrame:
    """A track as a table of one face with seconds."""
    frame = track.table()
    frame.insert(0, "time", track.times)
    return frame


def _name(track: Track) -> str:
    return f"{Path(track.name).name} face {track.face_id}"


def _called(table: Any, place: int) -> str:
    return f"table {place + 1}" if isinstance(table, pd.DataFrame) else str(table)
