"""What jobs with emotions share: tables of prototypes, and what AUs lack of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genface.behavior import EmotionCodec, scale_top
from genface.errors import InputError
from genface.facs import (
    TABLES,
    EmotionSpace,
    PersonCalibration,
    PrototypeTable,
    prototype_table,
)

GUIDE = "investigators_guide"
CALIBRATED = (
    "AUs are calibrated for each person, 5th percentile to 0, 95th kept, before "
    "emotions are told from them"
)


def chosen_prototypes(table: Path | str) -> PrototypeTable:
    """A shipped table by its name, or a user's own from a ``.toml`` file."""
    if Path(table).suffix == ".toml":
        return PrototypeTable.from_toml(table)
    if str(table) not in TABLES:
        raise InputError(
            f"no emotion table {str(table)!r}; name one of {', '.join(TABLES)}, or a "
            ".toml file of your own."
        )
    return prototype_table(str(table))


def range_of(values: np.ndarray, au_scale: str) -> PersonCalibration:
    """The calibration of one person's AUs (T, A) on their scale."""
    return PersonCalibration.fitted(values / scale_top(au_scale))


def coverage_lines(space: EmotionSpace) -> list[str]:
    """A line per emotion that lacks AUs, and one on those that lack none."""
    whole, lines = [], []
    for emotion in space.emotions:
        rows = [one for one in space.report if one.emotion == emotion]
        used = [one for one in rows if not one.left_out]
        lacking = list(dict.fromkeys(name for one in rows for name in one.unseen))
        if not lacking:
            whole.append(emotion)
        elif used:
            lines.append(
                f"{emotion}: {len(used)} of {len(rows)} prototypes, judged without "
                f"{', '.join(lacking)}"
            )
        else:
            lines.append(
                f"{emotion}: left out, as this table does not have {', '.join(lacking)}"
            )
    if whole:
        lines.insert(0, f"{', '.join(whole)}: every AU of the prototypes is there")
    return lines


def codec_of(
    values: Sequence[np.ndarray],
    columns: Sequence[str],
    au_scale: str,
    table: Path | str,
) -> tuple[EmotionCodec, list[np.ndarray], list[str]]:
    """A codec for the faces' AUs, one (T, A) each, these AUs as it takes them, notes.

    Presence is calibrated for each person, and put on the range of all of them.
    """
    notes = []
    codec = EmotionCodec.of(chosen_prototypes(table), columns, au_scale)
    if au_scale == "presence":
        notes.append(CALIBRATED)
        common = range_of(np.concatenate(values), au_scale)
        if len(values) > 1:
            values = [
                common.presence(range_of(own, au_scale).intensity(own))
                for own in values
            ]
        codec = EmotionCodec(codec.space, au_scale, common)
    notes.insert(0, f"{len(codec.emotions)} emotions of {table}, not AUs, are modelled")
    return codec, list(values), notes + coverage_lines(codec.space)
