"""The two sides of a comparison as lists of AU sequences, and what was left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genface.behavior import autocorrelation_time, usable_columns
from genface.errors import InputError, ShapeError
from genface.realism.measure import Clips
from genface.table import au_strengths
from genface.table.rate import row_rate

FACS_TOP = 5.0
"""End of the scale ``facs``; a fifth of it is ``intensity``."""
UNLIKE = 2.0
"""Times that clips of one side are longer from which on it is noted."""


@dataclass(frozen=True, eq=False)
class Side:
    """One side: sequences (T, A) with NaN where missing, and what is known of them.

    ``group`` says which given item a sequence is of: samples of one clip share it.
    """

    clips: Clips
    columns: tuple[str, ...]
    fps: float | None
    au_scale: str | None
    names: tuple[str, ...]
    group: tuple[int, ...]
    locked: bool = False
    notes: tuple[str, ...] = ()


def read_side(given: Any, name: str) -> Side:
    """A side from an array (T, A), a table with AU columns of one face, or a list.

    A list may hold lists: the samples of one clip each. Tables bring ``fps``,
    ``au_scale``, ``time_locked`` and ``name`` along (``attrs``) and must agree on the
    first two. Columns that not all have and clips without a value are left out, with a
    note.
    """
    items = list(given) if isinstance(given, list | tuple) else [given]
    parts: list[Side] = []
    group: list[int] = []
    for place, item in enumerate(items):
        for one in item if isinstance(item, list | tuple) else [item]:
            parts.append(_read_one(one, f"{name} clip {len(parts) + 1}"))
            group.append(place)
    if not parts:
        raise InputError(f"the {name} side is empty; give at least one sequence.")
    for what in ("fps", "au_scale"):
        _agree(parts, what, name)
    shared = [c for c in parts[0].columns if all(c in p.columns for p in parts)]
    others = sorted({c for part in parts for c in part.columns} - set(shared))
    notes = []
    if others:
        listed = ", ".join(others)
        notes.append(f"Left out, not in every {name} table: {listed}.")
    if not shared:
        raise InputError(f"the {name} tables have no AU column in common.")
    parts = [pick(part, shared) for part in parts]
    told = [bool(np.isfinite(part.clips[0]).any()) for part in parts]
    lost = [p.names[0] for p, here in zip(parts, told, strict=True) if not here]
    if lost:
        notes.append(f"Left out, without a single value: {', '.join(lost)}.")
    if not any(told):
        raise InputError(f"no {name} clip has a single AU value; was a face found?")
    kept = [i for i, here in enumerate(told) if here]
    return Side(
        [parts[i].clips[0] for i in kept],
        tuple(shared),
        next((part.fps for part in parts if part.fps), None),
        next((part.au_scale for part in parts if part.au_scale), None),
        tuple(parts[i].names[0] for i in kept),
        tuple(group[i] for i in kept),
        all(part.locked for part in parts),
        tuple(notes),
    )


def _read_one(item: Any, name: str) -> Side:
    if not hasattr(item, "columns"):
        values = _numbers(item, name)
        if values.ndim != 2 or not values.size:
            raise ShapeError(f"{name}: expected (T, A) AUs, got shape {values.shape}.")
        columns = tuple(f"column {i}" for i in range(values.shape[1]))
        return Side([_finite(values, name)], columns, None, None, (name,), (0,))
    name = str(item.attrs.get("name") or name)
    if "face_id" in item.columns and item["face_id"].nunique() > 1:
        raise InputError(f"{name}: the table holds several faces; choose one first.")
    if "input" in item.columns and item["input"].nunique() > 1:
        raise InputError(
            f"{name}: the table holds {item['input'].nunique()} inputs; give a list "
            "with a table of each."
        )
    aus = au_strengths(item.columns)
    if not aus or not len(item):
        raise InputError(f"{name}: the table has no AU columns, or no rows.")
    values = item[list(aus.values())]
    return Side(
        [_finite(_numbers(values, name), name)],
        tuple(aus),
        row_rate(values),  # by its facts: rows may stand in any order, as in controls
        item.attrs.get("au_scale"),
        (name,),
        (0,),
        bool(item.attrs.get("time_locked")),
    )


def _numbers(values: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected numbers (T, A); {error}.") from None


def _finite(values: np.ndarray, name: str) -> np.ndarray:
    if np.isinf(values).any():
        raise InputError(f"{name}: infinite values; NaN is what marks a missing one.")
    return values


def _agree(parts: list[Side], what: str, name: str) -> None:
    known = [(getattr(p, what), p.names[0]) for p in parts if getattr(p, what)]
    for value, clip in known[1:]:
        if not _same(value, known[0][0]):
            raise InputError(
                f"the {name} clips differ in {what} ({known[0][1]}: {known[0][0]}, "
                f"{clip}: {value}); {cure(value, known[0][0])}."
            )


def cure(a: float | str, b: float | str, wanted: float | str | None = None) -> str:
    """What to do about two frame rates, or two AU scales; ``wanted`` may be told."""
    convert = "with `genface convert TABLE FILE"
    if not (isinstance(a, str) or isinstance(b, str)):
        return f"resample one {convert} --fps {wanted or min(a, b):.6g}`"
    if {a, b} == {"facs", "intensity"}:
        return f"put both on one scale {convert} --scale {wanted or 'intensity'}`"
    return f"{a} and {b} do not convert into each other; take tables of one scale"


def align(
    real: Side, synthetic: Side, fps: float | None
) -> tuple[Side, Side, float | None, list[str]]:
    """Both sides on the columns that can be compared, and notes on all that was done.

    Different frame rates, and scales other than ``facs`` beside ``intensity``, are an
    :class:`InputError`. Columns of one side alone, never or seldom measured, or
    constant on the real side are left out by name.
    """
    real, synthetic, notes = _rescaled(real, synthetic)
    alike(real, synthetic, "synthetic")
    known = fps or real.fps or synthetic.fps
    notes = [*real.notes, *synthetic.notes, *notes, *_taken(real, synthetic, fps)]
    common = [c for c in real.columns if c in synthetic.columns]
    only = sorted(set(real.columns) ^ set(synthetic.columns))
    if not common:
        raise InputError(
            f"the sides share no AU column: {', '.join(real.columns)} against "
            f"{', '.join(synthetic.columns)}."
        )
    if only:
        notes.append(f"Left out, on one side only: {', '.join(only)}.")
    real, synthetic = pick(real, common), pick(synthetic, common)
    lost = [_seldom(side) for side in (real, synthetic)]
    out = {
        "constant in the real data": _constant(real),
        "never or seldom measured": [
            c for c in common if c in lost[0] and c in lost[1]
        ],
        "never or seldom measured on the real side": lost[0],
        "never or seldom measured on the synthetic side": lost[1],
    }
    dropped: set[str] = set()
    for why, names in out.items():
        if new := [c for c in names if c not in dropped]:
            notes.append(f"Left out, {why}: {', '.join(new)}.")
        dropped |= set(names)
    keep = [c for c in common if c not in dropped]
    if not keep:
        raise InputError("no AU varies on the real side and is measured on both.")
    real, synthetic = pick(real, keep), pick(synthetic, keep)
    return real, synthetic, known, [*notes, *_remarks(real, synthetic, known)]


def alike(real: Side, other: Side, name: str) -> None:
    """Refuse another frame rate or scale than the real side's, if both are known."""
    for what in ("fps", "au_scale"):
        a, b = getattr(real, what), getattr(other, what)
        if a is not None and b is not None and not _same(a, b):
            raise InputError(
                f"{what} is {a} on the real side and {b} on the {name} one; "
                f"{cure(a, b)}."
            )


def _taken(real: Side, synthetic: Side, fps: float | None) -> list[str]:
    """Rates and scales that one side's tables do not tell, or that are overruled."""
    told = real.fps or synthetic.fps
    if fps and told and not _same(fps, told):
        return [f"Frame rate: fps={fps:g} was given and is taken; tables say {told:g}."]
    notes = []
    for what, word in (("fps", "frame rate"), ("au_scale", "AU scale")):
        sides = {"real": getattr(real, what), "synthetic": getattr(synthetic, what)}
        silent = [side for side, value in sides.items() if value is None]
        if len(silent) == 1 and not (fps and what == "fps"):
            value = next(value for value in sides.values() if value is not None)
            notes.append(
                f"Assumed: the {silent[0]} side tells no {word}; it is taken to have "
                f"that of the other one, {value}."
            )
    return notes


def _rescaled(real: Side, synthetic: Side) -> tuple[Side, Side, list[str]]:
    """``facs`` over 5 where the other side is ``intensity``."""
    if {real.au_scale, synthetic.au_scale} != {"facs", "intensity"}:
        return real, synthetic, []
    sides = [
        replace(side, clips=[c / FACS_TOP for c in side.clips], au_scale="intensity")
        if side.au_scale == "facs"
        else side
        for side in (real, synthetic)
    ]
    note = "The AUs of one side are on the scale facs (0-5) and were divided by 5."
    return sides[0], sides[1], [note]


def _seldom(side: Side) -> list[str]:
    """Columns whose gaps would cost too many of the frames that others have."""
    usable, _ = usable_columns(np.concatenate(side.clips), side.columns)
    return [c for c, use in zip(side.columns, usable, strict=True) if not use]


def _constant(side: Side) -> list[str]:
    rows = np.concatenate(side.clips)
    seen = np.isfinite(rows)
    high = np.where(seen, rows, -np.inf).max(0)
    low = np.where(seen, rows, np.inf).min(0)
    flat = seen.any(0) & (high - low < 1e-9)
    return [c for c, out in zip(side.columns, flat, strict=True) if out]


def _remarks(real: Side, synthetic: Side, fps: float | None) -> list[str]:
    """What is unlike, missing or suspicious about the sides, but no obstacle."""
    notes = []
    if fps is None:
        notes.append(
            "The frame rate is not known: 25 frames stand for a second, and blinks are "
            "not looked for."
        )
    if still := _constant(synthetic):
        listed = ", ".join(still) if len(still) < len(real.columns) else "every AU"
        notes.append(f"Constant on the synthetic side: {listed}.")
    for side, name in ((real, "real"), (synthetic, "synthetic")):
        rows = np.isfinite(np.concatenate(side.clips))
        if not rows.all():
            notes.append(
                f"Gaps: {1 - rows.mean():.1%} of the {name} values are missing; "
                f"measures of whole faces use the {rows.all(1).mean():.0%} of frames "
                "without a gap, no movement is read across one."
            )
    typical = [np.median([len(clip) for clip in s.clips]) for s in (real, synthetic)]
    if max(typical) > UNLIKE * min(typical):
        notes.append(
            f"Real clips have {typical[0]:.0f} frames and synthetic ones "
            f"{typical[1]:.0f} (medians): long clips vary more, and a classifier can "
            "use that; sample clips as long as the real ones."
        )
    return notes + same_values(real, synthetic)


def same_values(real: Side, synthetic: Side) -> list[str]:
    """A note on sequences that are there twice, within a side or on both.

    A face that stands still on both sides is no copy.
    """
    first: dict[tuple, tuple[str, str]] = {}
    twice: dict[str, list[str]] = {"both": [], "real": [], "synthetic": []}
    for side, name in ((real, "real"), (synthetic, "synthetic")):
        for clip, label in zip(side.clips, side.names, strict=True):
            key = (clip.shape, clip.tobytes())
            if key not in first:
                first[key] = name, label
                continue
            where, other = first[key]
            if where == name:
                twice[name].append(f"{other} = {label}")
            elif (clip[1:] != clip[:-1])[np.isfinite(clip[1:] - clip[:-1])].any():
                twice["both"].append(f"{other} = {label}")
    notes = []
    if pairs := twice["both"]:
        notes.append(
            f"The same values on both sides: {_few(pairs)}. Nothing can be said about "
            "a model whose samples are the real clips."
        )
    for name in ("real", "synthetic"):
        if pairs := twice[name]:
            notes.append(
                f"The same {name} clip is there more than once: {_few(pairs)}; it "
                "counts each time, and p values and intervals are too good."
            )
    return notes


def _few(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _same(a: float | str, b: float | str) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    return abs(a - b) <= 1e-3 * max(a, b)


def pick(side: Side, columns: Sequence[str]) -> Side:
    """The side with these columns, in this order."""
    where = [side.columns.index(c) for c in columns]
    clips = [clip[:, where] for clip in side.clips]
    return replace(side, clips=clips, columns=tuple(columns))


def block_length(clips: Clips) -> int:
    """Five integrated autocorrelation times (the median AU's), in frames."""
    return int(np.ceil(5 * memory(clips)))


def memory(clips: Clips) -> float:
    """Integrated autocorrelation time of the median AU, in frames."""
    return autocorrelation_time(np.concatenate(clips), [len(clip) for clip in clips])


def cut(clips: Clips, length: int) -> Clips:
    """Consecutive blocks of at least ``length`` frames; shorter sequences stay.

    If that leaves the only sequence whole, it is halved: a rough floor beats none.
    """
    if len(clips) == 1 and 4 <= len(clips[0]) < 2 * length:
        return np.array_split(clips[0], 2)
    blocks: Clips = []
    for clip in clips:
        blocks += np.array_split(clip, max(1, len(clip) // length))
    return blocks
