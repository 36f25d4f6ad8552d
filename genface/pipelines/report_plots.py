"""Figures of what was found in a clip; each returns a matplotlib Figure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

FACE_COLOURS = "#2f5d8a #d9792f #4c9a5b #b5494e #7d66a8 #8a6d52".split()


def draw_faces(table: pd.DataFrame, times: np.ndarray) -> Figure:
    """Which face is seen when; the lowest lane holds the frames without one."""
    ids = table["face_id"].to_numpy(np.float64)
    known = sorted({int(i) for i in ids[np.isfinite(ids)]})
    step = float(np.median(np.diff(np.unique(times)))) if len(set(times)) > 1 else 0.04
    figure = Figure(figsize=(8, 0.9 + 0.34 * (len(known) + 1)), layout="constrained")
    ax = figure.subplots()
    for lane, face in enumerate(known):
        spans = [(t, step) for t in times[ids == face]]
        colour = FACE_COLOURS[lane % len(FACE_COLOURS)]
        ax.broken_barh(spans, (lane - 0.35, 0.7), color=colour, lw=0)
    spans = [(t, step) for t in times[~np.isfinite(ids)]]
    if spans:
        ax.broken_barh(spans, (len(known) - 0.35, 0.7), color="#999999", lw=0)
    labels = [f"face {face}" for face in known] + (["no face"] if spans else [])
    ax.set_yticks(range(len(labels)), labels)
    ax.set(ylim=(len(labels) - 0.4, -0.6), xlabel="time (s)")
    ax.set_xlim(times.min(), times.max() + step)
    ax.spines[["top", "right"]].set_visible(False)
    return figure
