"""Real and synthetic tables in, a report card and a report page out."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from genface import files
from genface.behavior import BehaviorModel
from genface.errors import InputError
from genface.pipelines import outputs
from genface.pipelines.au_tracks import Track, common_columns, read_tracks
from genface.pipelines.fit_behavior import Tables, table_digests
from genface.pipelines.progress import Progress, silent
from genface.pipelines.report import run_report
from genface.realism import Card, compare
from genface.table import read_table


@dataclass(frozen=True)
class CompareResult:
    """The card, the paths of its JSON and page, and one line per thing to know.

    ``card`` is None when everything was up to date.
    """

    card: Card | None
    paths: tuple[Path, ...]
    lines: tuple[str, ...]


def compare_sets(
    real: Tables,
    synthetic: Tables,
    out: Path | str,
    *,
    model: BehaviorModel | Path | str | None = None,
    clip: Path | str | None = None,
    face: str | int = "longest",
    seed: int = 0,
    force: bool = False,
    progress: Progress | None = None,
) -> CompareResult:
    """Compare tables and write ``card.json`` and ``report.html`` into ``out``.

    ``face`` is the face of the real tables; of synthetic ones every face is a sample.
    ``model`` adds its states to the card and its figures to the page, ``clip`` (an
    mp4 or gif) is put into the page.
    """
    out, report = Path(out), progress or silent
    lists = [_as_list(side) for side in (real, synthetic)]
    page, card_path = out / "report.html", out / "card.json"
    digests = {
        f"{side} {name}": digest
        for side, tables in zip(("real", "synthetic"), lists, strict=True)
        for name, digest in table_digests(tables).items()
    }
    if isinstance(model, Path | str):
        digests["model"] = files.sha256(Path(model) / "arrays.npz")
        model = BehaviorModel.load(model)
    if clip is not None:
        if not Path(clip).is_file():
            raise InputError(f"{clip}: no such file.")
        digests["clip"] = files.sha256(clip)
    this = outputs.job("compare", digests, face=face, seed=seed)
    paths = (card_path, page)
    if all([outputs.up_to_date(path, this, force) for path in paths]):
        return CompareResult(None, paths, (f"compare: {page} is up to date",))

    report("compare", 0, 2)
    tracks = read_tracks(lists[0], face)
    fakes = read_tracks(lists[1], "all")
    card, notes = compare_tracks(tracks, fakes, model, seed)
    files.write_text(card_path, card.to_json() + "\n")
    outputs.record(card_path, this)
    report("compare", 1, 2)
    run_report(
        _frame(lists[0][0]),
        model,
        fakes,
        card,
        clip,
        page,
        {"seed": seed, "sha256": digests},
        tracks=tracks,
    )
    outputs.record(page, this)
    report("compare", 2, 2)
    lines = [f"compare: {note}" for note in notes]
    return CompareResult(card, paths, (*lines, _summary(card)))


def compare_tracks(
    real: list[Track],
    synthetic: list[Track],
    model: BehaviorModel | None = None,
    seed: int = 0,
) -> tuple[Card, list[str]]:
    """Card of two lists of tracks, and notes on what was assumed about them."""
    left, left_notes = common_columns(real)
    right, right_notes = common_columns(synthetic)
    notes = [*left_notes, *right_notes]
    notes += [note for track in (*real, *synthetic) for note in track.notes]
    card = compare(
        [track.table() for track in left],
        [track.table() for track in right],
        seed=seed,
        model=model,
    )
    return card, [*notes, *card.notes[:1]] if "Left out" in card.notes[0] else notes


def _as_list(side: Tables) -> list[pd.DataFrame | Path | str]:
    return [side] if isinstance(side, pd.DataFrame | Path | str) else list(side)


def _frame(table: pd.DataFrame | Path | str) -> pd.DataFrame:
    return table if isinstance(table, pd.DataFrame) else read_table(table)


def _summary(card: Card) -> str:
    """How many measures are within what real halves differ by."""
    judged = [row for row in card.rows if row.times_floor is not None]
    if not judged:
        return "compare: the real data are too short to say what is near"
    near = sum(bool(row.within_floor) for row in judged)
    far = max(judged, key=lambda row: row.times_floor or 0.0)
    rough = ", judged by two halves of one clip" if card.n_blocks == 2 else ""
    return (
        f"compare: {near} of {len(judged)} distances within the range of "
        f"real-versus-real; furthest: {far.label}, "
        f"{far.times_floor:.1f} times its floor{rough}"
    )
