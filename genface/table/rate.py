"""How many rows a table has per second, by its facts, its times or its frames."""

import numpy as np
import pandas as pd

SECONDS = {"time": 1.0, "timestamp": 1.0, "frame_time_in_ms": 1.0, "timestamp_ms": 1e-3}
"""Columns of times and their unit; LibreFace's holds seconds, whatever its name."""

EVEN = 0.1
"""Share by which a step may differ from the usual one and still count as one."""

ROUNDED = 0.02
"""Share by which the rate of rounded times may miss the recorded one."""


def row_rate(table: pd.DataFrame, assumed_fps: float | None = None) -> float | None:
    """Rows per second of one face; None where nothing tells it.

    The fact ``sampling_freq``, if it was set; else by the usual step of a column of
    times, or of ``frame`` at ``fps`` frames a second (``assumed_fps`` where that is no
    fact); else ``fps`` over ``skip_frames``. Times that come close to a rate that
    ``fps`` allows mean that rate.
    """
    facts = table.attrs
    if facts.get("sampling_freq"):
        return float(facts["sampling_freq"])
    # One that is None was set by who made other rows of the source's.
    known = {} if "sampling_freq" in facts else facts
    fps = float(known.get("fps") or assumed_fps or 0)
    for name, unit in SECONDS.items():
        step = unit * usual_step(table, name, even=True)
        if step > 0:
            return _recorded(1 / step, fps)
    if not fps:
        return None
    return fps / (usual_step(table, "frame") or known.get("skip_frames") or 1)


def usual_step(table: pd.DataFrame, name: str, even: bool = False) -> float:
    """Median step upward in a column; 0 where there is no column or step.

    ``even``: the mean of the steps within a tenth of it, which is not rounded where the
    values are: of times in milliseconds at 30 a second, 33, 33 and 34.
    """
    if name not in table.columns:
        return 0.0
    values = pd.to_numeric(table[name], errors="coerce").to_numpy(float)
    steps = np.diff(values[np.isfinite(values)])
    steps = steps[steps > 0]
    usual = float(np.median(steps)) if len(steps) else 0.0
    if not usual or not even:
        return usual
    near = steps[np.abs(steps - usual) <= EVEN * usual]
    return float(near.mean()) if len(near) else usual  # between two rates: neither


def _recorded(rate: float, fps: float) -> float:
    """The rate of every n-th of ``fps`` frames that is meant, else the rate itself."""
    every = round(fps / rate)
    if every and abs(fps / every - rate) < ROUNDED * rate:
        return fps / every
    return round(rate, 6)  # the mean of rounded steps is not known to more
