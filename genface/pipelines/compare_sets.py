"""Real and synthetic tables in, a report card and a report page out."""

from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from genface import files
from genface.behavior import BehaviorModel
from genface.errors import InputError
from genface.pipelines import outputs
from genface.pipelines.au_tracks import (
    Track,
    common_columns,
    notes_of,
    read_tracks,
)
from genface.pipelines.faces import face_choice, fex_of
from genface.pipelines.fit_behavior import Tables
from genface.pipelines.page import clip_kind
from genface.pipelines.progress import Progress, silent
from genface.pipelines.report import MAX_CLIP_BYTES, run_report
from genface.realism import Card, compare

TOLD = (
    "Left out, ",
    "The same ",
    "The AUs of ",
    "Constant ",
    "Gaps: ",
    "Real clips have ",
    "Not computed: ",
    "Challenge ",
)
"""How notes of a card begin that are lines of the command, too."""


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
    json: Path | str | None = None,
    model: BehaviorModel | Path | str | None = None,
    speaker: Tables | None = None,
    clip: Path | str | None = None,
    face: str | int = "longest",
    seed: int = 0,
    resamples: int = 200,
    baselines: bool = True,
    force: bool = False,
    progress: Progress | None = None,
) -> CompareResult:
    """Compare tables and write a page and the card as JSON.

    ``out`` is a folder for ``report.html`` and ``card.json``, or the ``.html`` file of
    the page alone; ``json`` is where the card goes instead. ``face`` is the face of the
    real tables; of synthetic ones every face is a sample. With a synthetic table for
    every real one, in the same order, its faces are the samples of that clip.
    ``speaker`` tables, one per real one, are of the faces that those answer. ``model``
    adds its states to the card and its figures to the page, ``clip`` is put into the
    page (:func:`clip_kind` says which can be; under 12 MB). ``resamples`` and
    ``baselines`` as of :func:`compare`.
    """
    report = progress or silent
    page, card_path = _outputs(Path(out), json)
    if clip is not None:
        clip_kind(Path(clip))
    lists = [_as_list(side) for side in (real, synthetic, speaker or [])]
    digests: dict[str, str] = {}
    for given, role in zip(lists, ("real", "synthetic", "speaker"), strict=True):
        digests |= outputs.source_digests(given, role)
    if model is not None:
        digests |= outputs.source_digests([model], "model")
    if clip is not None:
        digests |= outputs.source_digests([clip], "clip")
    this = outputs.job(
        "compare",
        digests,
        face=face_choice(face),
        seed=seed,
        resamples=resamples,
        baselines=baselines,
    )
    paths = tuple(path for path in (card_path, page) if path is not None)
    outputs.keep([*chain(*lists), clip], *paths)
    if all([outputs.up_to_date(path, this, force) for path in paths]):
        return CompareResult(None, paths, (f"compare: {page} is up to date",))

    if isinstance(model, Path | str):
        model = BehaviorModel.load(model)
    report("compare", 0, 2)
    tracks = read_tracks(lists[0], face)
    fakes = _samples(lists[0], lists[1])
    answered = read_tracks(lists[2], face) if lists[2] else None
    card, notes = compare_tracks(
        tracks,
        fakes,
        answered,
        model=model,
        seed=seed,
        resamples=resamples,
        baselines=baselines,
    )
    if clip is not None and (size := Path(clip).stat().st_size) > MAX_CLIP_BYTES:
        notes.append(
            f"{clip} has {size / 1e6:.0f} MB, too large for the page, which only names "
            f"it (up to {MAX_CLIP_BYTES / 1e6:.0f} MB)"
        )
    for path in paths:
        outputs.begin(path, this)
    if card_path is not None:
        files.write_text(card_path, card.to_json() + "\n")
        outputs.record(card_path, this)
    report("compare", 1, 2)
    run_report(
        [fex_of(table)[1] for table in lists[0]],
        model,
        [track for group in fakes for track in group],
        card,
        clip,
        page,
        {"seed": seed, "sha256": digests},
        tracks=tracks,
    )
    outputs.record(page, this)
    report("compare", 2, 2)
    lines = [f"compare: {note}" for note in notes]
    return CompareResult(card, paths, (*lines, *_summary(card)))


def _outputs(out: Path, json: Path | str | None) -> tuple[Path, Path | None]:
    """Where the page goes, and where the card, if it is wanted."""
    card = None if json is None else Path(json)
    if card is not None and card.suffix.lower() != ".json":
        raise InputError(f"{card}: the card is JSON; give a name that ends in .json.")
    if out.is_dir():
        return out / "report.html", card or out / "card.json"
    if out.suffix.lower() in (".html", ".htm"):
        return out, card
    outputs.check_folder(out, "a folder, or an .html file")
    return out / "report.html", card or out / "card.json"


def _samples(real: list, synthetic: list) -> list[list[Track]]:
    """Tracks of the samples of each clip; those of all clips, if that is not told."""
    if len(real) != len(synthetic):
        return [[track] for track in read_tracks(synthetic, "all")]
    return [read_tracks(table, "all") for table in synthetic]


def compare_tracks(
    real: list[Track],
    synthetic: list[list[Track]],
    speaker: list[Track] | None = None,
    **settings: Any,
) -> tuple[Card, list[str]]:
    """Card of tracks and the samples of each, and notes on what was assumed."""
    flat = [track for group in synthetic for track in group]
    notes = [*notes_of(real), *notes_of(flat)]
    for side in (real, flat):
        notes += common_columns(side)[1]
    card = compare(
        [track.table() for track in real],
        [[track.table() for track in group] for group in synthetic],
        speaker=None if speaker is None else [track.table() for track in speaker],
        **settings,
    )
    return card, [*notes, *(note for note in card.notes if note.startswith(TOLD))]


def _as_list(side: Tables) -> list[pd.DataFrame | Path | str]:
    return [side] if isinstance(side, pd.DataFrame | Path | str) else list(side)


def _summary(card: Card) -> list[str]:
    """The verdict, and how many measures are within what real halves differ by."""
    lines = [f"compare: {card.verdict.kind}: {' '.join(card.verdict.reasons)}"]
    judged = [row for row in card.rows if row.times_floor is not None]
    if not judged:
        return [*lines, "compare: the real data are too short to say what is near"]
    near = sum(bool(row.within_floor) for row in judged)
    far = max(judged, key=lambda row: row.times_floor or 0.0)
    rough = ", judged by two halves of one clip" if card.items_real == 2 else ""
    return [
        *lines,
        f"compare: {near} of {len(judged)} measures within the range of "
        f"real-versus-real; furthest: {far.label}, "
        f"{far.times_floor:.1f} times its floor{rough}",
    ]
