"""Tables of LibreFace, as they are and in genface's names and scales.

``au_12_intensity`` is 0 to 5, ``au_12`` 0 or 1, ``lm_mp_i_x`` a share of the picture's
width. ``frame_time_in_ms`` holds seconds (frame number over frame rate). ``pitch``,
``yaw`` and ``roll`` are degrees times 360 from a fit that mixes its axes: no angles.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genface.facs import au_name
from genface.table.columns import au_strengths
from genface.table.dialects import read_named


def read_libreface(path: Path | str) -> pd.DataFrame:
    """Read a table of LibreFace: its columns and values, and ``input``."""
    return of_libreface(read_named(path, {"libreface"}, "a table of LibreFace"), path)


def of_libreface(table: pd.DataFrame, path: Path | str) -> pd.DataFrame:
    """A table of LibreFace as read, with the facts that hold for all of them."""
    facts: dict[Any, Any] = {
        "detector": "LibreFace",
        "au_scale": "facs",
        "pose_sign": "libreface",
        "pose_unit": "degrees times 360",
        "mesh_unit": "share of the picture",
        **table.attrs,
    }
    if "input" not in table:
        table = table.assign(input=str(path))
    table.attrs = facts
    return table


def libreface_to_feat(table: pd.DataFrame) -> pd.DataFrame:
    """Intensities / 5, frame and seconds; its pose and relative mesh are left out."""
    made: dict[str, object] = {
        au_name(au): table[name].to_numpy(float) / 5
        for au, name in au_strengths(table.columns).items()
    }
    if "input" in table:
        made["input"] = table["input"].to_numpy()
    made["frame"] = np.arange(len(table))
    if "frame_idx" in table:
        made["frame"] = table["frame_idx"].to_numpy()
    if "frame_time_in_ms" in table:
        made["time"] = table["frame_time_in_ms"].to_numpy(float)
    if "facial_expression" in table:
        made["facial_expression"] = table["facial_expression"].to_numpy()
    feat = pd.DataFrame(made, index=table.index)
    return feat.assign(face_id=0, status="ok")
