"""Real and synthetic tables in, a report card and a report page out."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from genface import files
from genface.behavior import BehaviorModel
from genface.pipelines import outputs
from genface.pipelines.au_tracks import (
    Track,
    common_columns,
    notes_of,
    read_tracks,
    same_behavior,
)
from genface.pipelines.faces import face_choice, fex_of
from genface.pipelines.fit_behavior import Tables
from genface.pipelines.progress import Progress, silent
from genface.pipelines.report import run_report
from genface.realism import Card, compare


@dataclass(frozen=True)
class CompareResult:
    """The card, the paths of its JSON and page, and one line per thing to know.

    ``card`` is None when everything was up to date.
    """

    card: Card | None = field(repr=False)
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
    outputs.check_folder(out)
    lists = [_as_list(side) for side in (real, synthetic)]
    page, card_path = out / "report.html", out / "card.json"
    digests = outputs.source_digests(lists[0], "real")
    digests |= outputs.source_digests(lists[1], "synthetic")
    if model is not None:
        digests |= outputs.source_digests([model], "model")
    if clip is not None:
        digests |= outputs.source_digests([clip], "clip")
    this = outputs.job("compare", digests, face=face_choice(face), seed=seed)
    paths = (card_path, page)
    if all([outputs.up_to_date(path, this, force) for path in paths]):
        return CompareResult(None, paths, (f"compare: {page} is up to date",))

    if isinstance(model, Path | str):
        model = BehaviorModel.load(model)
    report("compare", 0, 2)
    tracks = read_tracks(lists[0], face)
    fakes = read_tracks(lists[1], "all")
    card, notes = compare_tracks(tracks, fakes, model, seed)
    for path in paths:
        outputs.begin(path, this)
    files.write_text(card_path, card.to_json() + "\n")
    outputs.record(card_path, this)
    report("compare", 1, 2)
    run_report(
        fex_of(lists[0][0])[1],
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
    notes = [*left_notes, *right_notes, *notes_of(real), *notes_of(synthetic)]
    if same := same_behavior(left, right):
        notes.append(f"the same values on both sides: {same[0]} and {same[1]}")
    card = compare(
        [track.table() for track in left],
        [track.table() for track in right],
        seed=seed,
        model=model,
    )
    left_out = [note for note in card.notes if note.startswith("Left out")]
    return card, [*notes, *left_out]


def _as_list(side: Tables) -> list[pd.DataFrame | Path | str]:
    return [side] if isinstance(side, pd.DataFrame | Path | str) else list(side)


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
