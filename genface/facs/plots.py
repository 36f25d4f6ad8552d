"""Figures of emotions and prototypes; each returns a matplotlib Figure."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from genface.facs.emotion_space import EmotionSpace
from genface.facs.prototypes import Slot, parse_prototype
from genface.facs.subspaces import Subspace

EMOTION_COLOURS = {
    "Neutral": "#8a8a8a",
    "Happy": "#d9a520",
    "Sad": "#3b6ea8",
    "Surprise": "#d9792f",
    "Fear": "#7d66a8",
    "Disgust": "#4c9a5b",
    "Anger": "#b5494e",
    "Contempt": "#8a6d52",
}
_OTHER = "#5f8f98"

_MARGIN = 5.5  # columns left of the first AU, for the emotions' names

_CELLS = {
    "required": "#2f5d8c",
    "required, any intensity": "#7fa8cf",
    "optional": "#d3e1ee",
    "not emitted": "#d9837f",
}


def draw_emotions(
    times: np.ndarray, scores: np.ndarray, emotions: Sequence[str]
) -> Figure:
    """Scores (T, E) in [0, 1] against time (s), one panel for each emotion.

    Missing frames are gaps; an emotion that is NaN throughout says so.
    """
    E = len(emotions)
    figure = Figure(figsize=(8, 0.7 + 0.75 * E), layout="constrained")
    axes = figure.subplots(E, 1, sharex=True, squeeze=False)[:, 0]
    for ax, name, column in zip(axes, emotions, np.asarray(scores).T, strict=True):
        colour = EMOTION_COLOURS.get(name, _OTHER)
        ax.fill_between(times, 0, column, color=colour, alpha=0.25, lw=0)
        ax.plot(times, column, color=colour, lw=1.2)
        ax.set(ylim=(0, 1.04), yticks=(0, 1))
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        _quiet(ax)
        if np.isnan(column).all():
            _say(ax, "not seen by this detector")
    axes[-1].set_xlabel("time (s)")
    axes[-1].set_xlim(times[0], times[-1])
    return figure


def draw_frames(
    scores: np.ndarray, emotions: Sequence[str], titles: Sequence[str]
) -> Figure:
    """Scores (N, E) of a few frames as bars, one panel for each, four to a row."""
    N, E = np.shape(scores)
    columns = min(N, 4)
    rows = -(-N // columns)
    figure = Figure(
        figsize=(1.1 + 1.9 * columns, rows * (0.8 + 0.24 * E)), layout="constrained"
    )
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    colours = [EMOTION_COLOURS.get(name, _OTHER) for name in emotions]
    for ax in axes.flat[N:]:
        ax.set_axis_off()
    for ax, values, title in zip(axes.flat, scores, titles, strict=False):
        ax.barh(range(E), np.nan_to_num(values), color=colours, height=0.75)
        ax.set(xlim=(0, 1), ylim=(E - 0.5, -0.5))
        ax.set_xticks((0, 1), ("0", "1"))
        ax.tick_params(axis="x", labelbottom=True)
        ax.set_yticks(range(E), emotions)
        ax.set_title(title, fontsize=9)
        ax.tick_params(axis="y", length=0)
        _quiet(ax)
    return figure


def draw_coverage(space: EmotionSpace) -> Figure:
    """Which AUs each prototype asks for, what is not emitted, and what is left out."""
    numbers = sorted(
        {
            action.number
            for one in space.report
            for slot in parse_prototype(one.prototype).slots
            for action in slot.actions
        }
    )
    P = len(space.report)
    figure = Figure(
        figsize=(5.4 + 0.27 * len(numbers), 1.6 + 0.2 * P), layout="constrained"
    )
    ax = figure.subplots()
    for row, one in enumerate(space.report):
        for slot in parse_prototype(one.prototype).slots:
            place = numbers.index(slot.actions[0].number)
            _draw_slot(ax, place, row, slot, one)
        if one.left_out:
            ax.text(len(numbers), row, one.left_out, va="center", size=7, color="#777")
    starts = [r for r in range(P) if r == 0 or _begins(space.report, r)]
    for row in starts[1:]:
        ax.axhline(row - 0.5, color="#bbbbbb", lw=0.8)
    for row in starts:
        name = space.report[row].emotion
        ax.text(-_MARGIN, row, name, va="center", size=8, weight="bold")
    labels = [one.prototype for one in space.report]
    ax.set_yticks(range(P), labels, fontsize=7)
    ax.set_xticks(range(len(numbers)), [str(n) for n in numbers], fontsize=7)
    ax.set(xlim=(-_MARGIN - 0.2, len(numbers) + 9), ylim=(P - 0.4, -0.6))
    ax.text(-_MARGIN, P, "Action Unit", va="top", size=8)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    figure.legend(
        handles=[Patch(color=colour, label=name) for name, colour in _CELLS.items()],
        loc="outside upper left",
        ncols=4,
        fontsize=8,
        frameon=False,
    )
    return figure


def _draw_slot(ax: Axes, place: int, row: int, slot: Slot, one: Subspace) -> None:
    action = slot.actions[0]
    kind = "required, any intensity" if action.level == "*" else "required"
    if slot.optional:
        kind = "optional"
    if action.column in one.unseen + one.optional_unseen:
        kind = "not emitted"
    faded = 0.35 if one.left_out else 1.0
    ax.add_patch(_cell(place, row, _CELLS[kind], faded))
    mark = action.side + action.level.rstrip("*")
    if mark:
        ax.text(place, row, mark, ha="center", va="center", size=6, color="white")


def _cell(place: int, row: int, colour: str, alpha: float) -> Patch:
    return Rectangle((place - 0.45, row - 0.42), 0.9, 0.84, color=colour, alpha=alpha)


def _begins(report: Sequence[Subspace], row: int) -> bool:
    return report[row].emotion != report[row - 1].emotion


def _quiet(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)


def _say(ax: Axes, text: str) -> None:
    ax.text(
        0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color="#888"
    )
