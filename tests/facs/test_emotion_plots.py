"""Figures of emotions: what they show, not how."""

import numpy as np

from genface.facs import AU_NAMES, EmotionSpace
from genface.facs.plots import draw_coverage, draw_emotions, draw_frames


def test_trajectories_have_a_panel_for_each_emotion_and_name_the_unseen():
    scores = np.column_stack([np.linspace(0, 1, 5), np.full(5, np.nan)])
    figure = draw_emotions(np.arange(5) / 25, scores, ["Happy", "Contempt"])
    happy, contempt = figure.axes
    np.testing.assert_array_equal(happy.lines[0].get_ydata(), scores[:, 0])
    assert [text.get_text() for text in contempt.texts] == ["not seen by this detector"]


def test_frames_have_a_bar_for_each_emotion():
    figure = draw_frames(np.full((5, 3), 0.5), ["Happy", "Sad", "Fear"], list("abcde"))
    shown = [ax for ax in figure.axes if ax.patches]
    assert [ax.get_title() for ax in shown] == list("abcde")
    assert all([bar.get_width() for bar in ax.patches] == [0.5] * 3 for ax in shown)


def test_coverage_has_a_cell_for_each_unit_and_says_why_one_is_left_out():
    space = EmotionSpace.from_table("investigators_guide", AU_NAMES)
    (ax,) = draw_coverage(space).axes
    units = sum(
        len(one.seen) + len(one.unseen) + len(one.optional_unseen)
        for one in space.report
    )
    assert len(ax.patches) == units
    texts = {text.get_text() for text in ax.texts}
    assert {one.left_out for one in space.report if one.left_out} <= texts
    assert set(space.emotions) <= texts
