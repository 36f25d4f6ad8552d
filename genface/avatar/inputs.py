"""How strong each AU is, from whatever says it: numbers, names, a table, an emotion."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from genface.avatar.animation import Motion, calibrate_presence, retime
from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError, warn
from genface.facs.emotion_space import EmotionSpace
from genface.facs.emotions import known_emotion
from genface.facs.scales import convert_scale
from genface.facs.units import AU_NAMES, au_name
from genface.table import au_strengths

Expression = Any
"""Numbers (20,) in the order of AU_NAMES, a mapping or Series, names, an emotion."""

ROUNDING = 1e-6  # how far beyond 0 and 1 an intensity may be by rounding
EMOTION_TABLE = "investigators_guide"


def activations(
    au: Expression = None, feature_range: tuple[float, float] | bool = False
) -> dict[str, float]:
    """Intensity in [0, 1] of each AU that is given; the others are at rest.

    ``au`` is a vector of the 20 AUs of ``AU_NAMES``, a mapping (``{"AU12": 0.5,
    "AU04_L": 1}``), a Series, a row of a table or a table of one row, names
    (``"AU06+AU12"``, ``["AU12"]``) that are fully on, an emotion (``"Happy"``: its
    typical face), or None: the neutral face. A row whose ``attrs`` say that its
    ``au_scale`` is ``facs`` is divided by 5. NaN is an AU at rest. ``feature_range``
    spreads the given values over a range, as weights of a model need.

    Raises :class:`InputError` for unknown AUs and for values beyond 0 to 1, and
    :class:`ShapeError` for a vector of another length.
    """
    given = _by_name(au)
    values = np.array(list(given.values()), np.float64)
    if len(values) and np.isnan(values).all():
        raise InputError("every AU is NaN: there is no face to draw.")
    if np.isinf(values).any():
        raise InputError("an AU is infinite; expected intensities from 0 to 1.")
    if feature_range is not False and len(values):
        values = _spread(values, (0.0, 1.0) if feature_range is True else feature_range)
    found = {n: float(v) for n, v in zip(given, values, strict=True) if not np.isnan(v)}
    _check_range(found.values(), found)
    _check_known(found)
    return {name: min(max(value, 0.0), 1.0) for name, value in found.items()}


def activation_frames(
    frames: Sequence[Expression] | np.ndarray | pd.DataFrame,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Intensities (T, A) and their AUs' names of a table or a sequence of faces.

    NaN stays NaN where frames are numbers or a table.
    """
    if isinstance(frames, pd.DataFrame):
        columns = _strengths(frames.columns)
        scale = frames.attrs.get("au_scale", "intensity")
        values = _numbers(frames[list(columns.values())])
        names = tuple(columns)
        if scale == "presence":
            values = calibrate_presence(values)
            warn("presence is no strength: calibrated to this person's own range.")
        elif scale == "facs":
            values = convert_scale(values, "facs", "intensity")
    elif isinstance(frames, np.ndarray) or _are_numbers(frames):
        values = _numbers(frames)
        if values.ndim != 2 or values.shape[1] != len(AU_NAMES):
            raise ShapeError(
                f"aus: expected (T, {len(AU_NAMES)}) in the order of AU_NAMES, got "
                f"{values.shape}; give a table with named columns for other AUs."
            )
        names = AU_NAMES
    else:
        values, names = joined([activations(one) for one in frames])
    if not len(values):
        raise InputError("aus: there are no frames to animate.")
    if np.isinf(values).any():
        raise InputError("an AU is infinite; expected intensities from 0 to 1.")
    _check_range(np.nanmin(values, axis=0, initial=0.0), names)
    _check_range(np.nanmax(values, axis=0, initial=0.0), names)
    _check_known(names)
    return np.clip(values, 0.0, 1.0), names


def motion_of(
    aus: Any,
    fps: Fraction | float,
    aus_fps: float | None = None,
    gaze: np.ndarray | None = None,
) -> Motion:
    """Even frames of a table or series of faces, as long as the data last.

    Times are a table's column ``time``, or else ``aus_fps`` frames a second (``fps`` if
    left out). ``gaze`` (T, 2) goes with the frames. What is bridged or left out is
    said in a warning.
    """
    values, names = activation_frames(aus)
    if gaze is not None and np.shape(gaze) != (len(values), 2):
        raise ShapeError(f"gaze: expected ({len(values)}, 2), got {np.shape(gaze)}.")
    if isinstance(aus, pd.DataFrame) and "time" in aus and aus_fps is None:
        times = _numbers(aus["time"], "time")
    else:
        rate = float(fps if aus_fps is None else aus_fps)
        if not rate > 0:
            raise InputError(f"{rate:g} frames a second; expected more than 0.")
        times = np.arange(len(values)) / rate
    motion = retime(times, values, names, fps, gaze=gaze)
    if motion.notes:
        warn("; ".join(motion.notes) + ".")
    return motion


def joined(faces: Sequence[Mapping[str, float]]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Several faces as rows (T, A) of one order of AUs; 0 where a face has none."""
    names = tuple(dict.fromkeys(name for face in faces for name in face))
    rows = [[face.get(name, 0.0) for name in names] for face in faces]
    return np.array(rows, np.float64).reshape(len(faces), len(names)), names


def emotion_face(emotion: str | Mapping[str, float]) -> dict[str, float]:
    """Intensities of an emotion's typical face, or of a mixture of such faces.

    A mixture (``{"Happy": 0.7, "Surprise": 0.3}``) adds the faces up by their shares,
    cut off at 1.
    """
    shares = {emotion: 1.0} if isinstance(emotion, str) else dict(emotion)
    _check_range(shares.values(), shares)
    faces = _typical_faces()
    total: dict[str, float] = {}
    for spelling, share in shares.items():
        name = known_emotion(spelling)
        if name not in faces:
            raise InputError(
                f"{spelling!r} is no emotion and no AU; emotions are "
                f"{', '.join(faces)}."
            )
        for au, value in faces[name].items():
            total[au] = min(1.0, total.get(au, 0.0) + share * value)
    return total


@lru_cache(maxsize=1)
def _typical_faces() -> dict[str, dict[str, float]]:
    space = EmotionSpace.from_table(EMOTION_TABLE, Rig.default().au_names)
    faces: dict[str, dict[str, float]] = {"Neutral": {}}
    for emotion, face in zip(space.emotions, space.faces(), strict=True):
        faces[emotion] = {
            name: float(value)
            for name, value in zip(space.au_names, face, strict=True)
            if value
        }
    return faces


def _by_name(au: Expression) -> dict[str, float]:
    if au is None:
        return {}
    if isinstance(au, str):
        return _of_words(au)
    if isinstance(au, pd.DataFrame):
        if len(au) != 1:
            raise ShapeError(
                f"au: a table of {len(au)} rows; expected one face: table.iloc[0]."
            )
        au = au.iloc[0]
    if isinstance(au, pd.Series):
        return _of_row(au)
    if isinstance(au, Mapping):
        return _unique([(au_name(key), value) for key, value in au.items()])
    if np.ndim(au) == 0:
        raise InputError(
            f"au: {au!r} says nothing of a face; expected such as {{'AU12': 1}}, "
            "'AU12', or 20 numbers."
        )
    if _are_words(au):
        return _unique([(au_name(word), 1.0) for word in au])
    vector = _numbers(au)
    if vector.shape != (len(AU_NAMES),):
        raise ShapeError(
            f"au: expected {len(AU_NAMES)} numbers in the order of AU_NAMES, got shape "
            f"{vector.shape}; give a dict such as {{'AU12': 1}} for other AUs."
        )
    return dict(zip(AU_NAMES, vector.tolist(), strict=True))


def _of_words(words: str) -> dict[str, float]:
    if any(letter.isdigit() for letter in words):
        return _unique([(au_name(word), 1.0) for word in words.split("+")])
    return emotion_face(words)


def _of_row(row: pd.Series) -> dict[str, float]:
    columns = _strengths(row.index)
    values = _numbers(row[list(columns.values())])
    if row.attrs.get("au_scale") == "facs":
        values = convert_scale(values, "facs", "intensity")
    return dict(zip(columns, values.tolist(), strict=True))


def _strengths(labels: pd.Index) -> dict[str, str]:
    """Columns that say how strong AUs are; a name that only looks like one is wrong."""
    found = au_strengths(labels)
    twice = labels[labels.duplicated()].intersection(list(found.values()))
    if len(twice):
        raise InputError(f"columns appear twice: {', '.join(twice)}.")
    for label in labels:
        text = str(label)
        if text.startswith("AU") and text[2:].isdigit() and text not in found.values():
            found[au_name(text)] = text  # or says that there is no such AU
    if not found:
        raise InputError("no column says how strong an AU is; expected AU12 or alike.")
    return found


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, float]:
    result: dict[str, float] = {}
    for name, value in pairs:
        if name in result:
            raise InputError(f"au: {name} is given twice.")
        result[name] = float(_numbers(value, name))
    return result


def _numbers(values: Any, what: str = "au") -> np.ndarray:
    """An array of floats, None as NaN."""
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what}: expected numbers ({error}).") from None


def _are_words(au: Any) -> bool:
    return len(au) > 0 and all(isinstance(word, str) for word in au)


def _are_numbers(frames: Sequence[Any]) -> bool:
    kinds = (str, Mapping, pd.Series, pd.DataFrame)
    return not any(isinstance(f, kinds) or f is None or _has_words(f) for f in frames)


def _has_words(frame: Any) -> bool:
    return np.ndim(frame) == 1 and np.asarray(frame).dtype.kind in "US"


def _spread(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    low, high = limits
    least, most = np.nanmin(values), np.nanmax(values)
    share = (values - least) / (most - least if most > least else 1.0)
    return low + share * (high - low)


def _check_range(values: Iterable[float], names: Iterable[str]) -> None:
    for name, value in zip(names, values, strict=True):
        if not -ROUNDING <= value <= 1 + ROUNDING:
            raise InputError(
                f"the value of {name} is {value:g}; expected intensities from 0 to 1 "
                "(divide FACS levels by 5; feature_range=(0, 1) spreads weights)."
            )


def _check_known(names: Iterable[str]) -> None:
    known = Rig.default().au_names
    unknown = [name for name in names if name.split("_")[0] not in known]
    if unknown:
        raise InputError(
            f"the face has no {', '.join(unknown)}; it has {', '.join(known)}."
        )
