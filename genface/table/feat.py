"""Tables of py-feat, from 0.x to 2.x: what their numbers mean, and their signs.

Detectorv2 before 2.1.1 wrote Pitch and gaze pitch with the opposite sign (its pull
request 374); no file says by which version it was written. py-feat 0.x wrote degrees.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.geometry.mesh_points import LANDMARKS_68
from genface.table.columns import au_strengths
from genface.table.dialects import Dialect, read_named

DETECTOR: dict[Dialect, str] = {
    "feat-v1": "Detectorv1",
    "feat-v2": "Detectorv2",
    "mpdetector": "MPDetector",
}

TURNED_AROUND = (2, 1, 1)
"""First version of py-feat whose Detectorv2 has the signs of today."""


def read_feat(path: Path | str, pyfeat_version: str | None = None) -> pd.DataFrame:
    """Read a table of py-feat's Detectorv1 (0.x to 2.x), Detectorv2 or MPDetector.

    Values stay as they are, so the signs of Pitch and gaze pitch are unknown, with a
    warning. ``pyfeat_version`` (``"2.0.3"``, or a fact of that name in a sidecar)
    settles them, and turns those of Detectorv2 before 2.1.1 around; those of 0.x stay
    unknown. ``attrs`` says
    ``dialect``, ``detector``, ``au_scale``, ``pose_sign`` and ``pose_unit``. The mesh
    of MPDetector gets the names of Detectorv2 and the 68 landmarks that are among it.
    """
    table = read_named(path, {*DETECTOR, "genface"}, "a table of py-feat")
    return of_feat(table, pyfeat_version)


def of_feat(table: pd.DataFrame, pyfeat_version: str | None = None) -> pd.DataFrame:
    """A table of py-feat as read, with the facts that its columns tell."""
    dialect: Any = table.attrs["dialect"]
    if dialect == "genface":
        return table
    facts: dict[Any, Any] = {
        "detector": DETECTOR[dialect],
        "au_scale": _au_scale(table),
        "pose_unit": "radians" if dialect != "feat-v1" or "X" in table else "degrees",
        "pose_sign": "mpdetector" if dialect == "mpdetector" else "unknown",
        "position_unit": "pixels" if dialect == "mpdetector" else "widths of the box",
    }
    if pyfeat_version is not None:
        facts["pyfeat_version"] = str(pyfeat_version)
    facts = {**facts, **table.attrs}
    if dialect == "mpdetector":
        table = _name_mesh(table)
        facts.setdefault("mesh_z", "pixels of a 256 pixel crop")
    table.attrs = facts
    return _settle_signs(table, pyfeat_version or facts.get("pyfeat_version"))


def _settle_signs(table: pd.DataFrame, version: str | None) -> pd.DataFrame:
    facts = table.attrs
    if facts["pose_sign"] != "unknown":
        return table
    if version is None:
        warn(
            "the signs of Pitch and gaze_pitch are unknown, as py-feat turned them in "
            "2.1.1, and kept as they are; pyfeat_version='2.0.3' would settle them."
        )
        return table
    numbers = _version(version)
    if facts["dialect"] == "feat-v2" and numbers < TURNED_AROUND:
        turned = [name for name in ("Pitch", "gaze_pitch") if name in table]
        table[turned] = -table[turned]
    if numbers >= (2,):
        facts |= {"pose_sign": "genface", "pose_unit": "radians"}
    return table


def _version(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"\d+(\.\d+)*([a-z].*)?", str(text)):
        raise InputError(f"pyfeat_version={text!r}: write it like '2.0.3'.")
    return tuple(int(number) for number in re.findall(r"\d+", str(text))[:3])


def _au_scale(table: pd.DataFrame) -> str:
    """``occurrence`` where every AU is 0 or 1 (the svm detector), else ``presence``."""
    values = table[list(au_strengths(table.columns).values())].to_numpy(float)
    known = values[np.isfinite(values)]
    return "occurrence" if len(known) and np.isin(known, (0, 1)).all() else "presence"


def _name_mesh(table: pd.DataFrame) -> pd.DataFrame:
    named = table.rename(
        columns=lambda name: re.sub(r"^([xyz]_\d+)$", r"mesh_\1", name)
    )
    if "mesh_x_477" not in named and "mesh_x_467" not in named:
        return named
    landmarks = {
        f"{axis}_{i}": named[f"mesh_{axis}_{vertex}"].to_numpy()
        for axis in "xy"
        for i, vertex in enumerate(LANDMARKS_68)
    }
    return pd.concat([named, pd.DataFrame(landmarks, index=named.index)], axis=1)
