"""MediaPipe's Face Landmarker: blendshapes from a table or from its result objects."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.facs import ARKIT_FROM_AU, arkit_weights
from genface.facs.units import AU_NAMES, au_number
from genface.table.columns import BLENDSHAPES
from genface.table.dialects import read_named

FACTS: dict[Any, Any] = {"dialect": "mediapipe", "detector": "MediaPipe"}

CARRIES = 0.8
"""Weight from which on a shape stands for an Action Unit."""


def read_mediapipe(
    source: Path | str | Iterable[Any], times: Sequence[float] | None = None
) -> pd.DataFrame:
    """Read blendshapes (0 to 1), one row per face and frame.

    ``source`` is a table with blendshape columns, in any mix of upper and lower case,
    or the results of a ``FaceLandmarker``, one per frame; ``times`` are then their
    seconds. A frame without a face is a row of NaN with the status ``no_face``.
    """
    if not isinstance(source, (str, Path)):
        return _of_results(list(source), times)
    wanted = "a table of MediaPipe's blendshapes"
    return of_mediapipe(read_named(source, {"mediapipe"}, wanted), source)


def of_mediapipe(table: pd.DataFrame, path: Path | str) -> pd.DataFrame:
    """A table of blendshapes as read, in MediaPipe's spelling."""
    spelling = {name.lower(): name for name in BLENDSHAPES}
    facts: dict[Any, Any] = {**FACTS, **table.attrs}
    table = table.rename(columns=lambda name: spelling.get(name.lower(), name))
    if "input" not in table:
        table = table.assign(input=str(path))
    table.attrs = facts
    return table


def _of_results(results: list[Any], times: Sequence[float] | None) -> pd.DataFrame:
    if times is not None and len(times) != len(results):
        raise InputError(f"{len(times)} times for {len(results)} results of MediaPipe.")
    rows: list[dict[str, Any]] = []
    for frame, result in enumerate(results):
        if not hasattr(result, "face_blendshapes"):
            raise InputError(
                f"frame {frame} is a {type(result).__name__}; expected results of a "
                "FaceLandmarker with output_face_blendshapes=True."
            )
        faces = [
            {shape.category_name: shape.score for shape in face}
            for face in result.face_blendshapes
        ]
        for face_id, shapes in enumerate(faces or [{}]):
            row = {name: shapes.get(name, np.nan) for name in BLENDSHAPES}
            row |= {"frame": frame, "face_id": face_id if faces else np.nan}
            row["time"] = np.nan if times is None else float(times[frame])
            rows.append(row | {"status": "ok" if faces else "no_face"})
    table = pd.DataFrame(
        rows, columns=[*BLENDSHAPES, "frame", "time", "face_id", "status"]
    )
    table.attrs = dict(FACTS)
    return table


def mediapipe_to_feat(table: pd.DataFrame) -> pd.DataFrame:
    """The table with AUs: each the shape that stands for it, its sides' mean.

    Shapes by :data:`genface.facs.ARKIT_FROM_AU`; an AU that no single shape carries is
    left out. ``au_scale`` becomes ``presence``: a shape's score is no intensity.
    """
    aus = {}
    for au in AU_NAMES:
        weights = arkit_weights(au) if au_number(au) in ARKIT_FROM_AU else {}
        shapes = [name for name, weight in weights.items() if weight >= CARRIES]
        if shapes and set(shapes) <= set(table):
            aus[au] = table[shapes].to_numpy(float).mean(axis=1)
    made = pd.concat([table, pd.DataFrame(aus, index=table.index)], axis=1)
    if "timestamp_ms" in made and "time" not in made:
        made["time"] = made["timestamp_ms"] / 1000
    if "frame" not in made:
        made["frame"] = np.arange(len(made))
    return made
