"""Bad input to the card: named and handled, never a silent drop."""

import numpy as np
import pytest
from test_card import clip, clips, quick, table

from genface.errors import InputError, ShapeError


def notes(real, synthetic, **settings):
    return " ".join(quick(real, synthetic, **settings).notes)


def test_different_columns_are_named():
    real, fake = table(clip()), table(clip(seed=1), names=("AU01", "AU06", "AU43"))
    card = quick(real, fake)
    assert card.columns == ("AU01", "AU06")
    assert "Left out, on one side only: AU12, AU43." in card.notes
    odd = table(clip(seed=2), names=("AU01", "AU06", "AU09"))
    assert "Left out, not in every real table: AU09, AU12." in notes([real, odd], fake)
    with pytest.raises(InputError, match="share no AU column: AU01, .* against AU15"):
        quick(real, table(clip(), names=("AU15", "AU20", "AU23")))


def test_different_frame_rates_are_refused_with_the_cure():
    with pytest.raises(InputError, match="fps is 25.0 .* 30.0 .*resample"):
        quick(table(clip()), table(clip(seed=1), fps=30.0))
    with pytest.raises(InputError, match="real clips differ in fps .*resample"):
        quick([table(clip()), table(clip(), fps=30.0)], table(clip(seed=1)))
    a, b = table(clip(), fps=30.0), table(clip(seed=1), fps=30.0000001)
    assert quick([a, b], [table(clip(seed=2), fps=30.0)]).fps == pytest.approx(30)
    assert "frame rate is not known" in notes(clip(), clip(seed=1))


def test_scales_are_converted_where_that_is_arithmetic_and_refused_elsewhere():
    real, fake = clip(), clip(seed=1)
    plain = quick(table(real), table(fake))
    facs = quick(table(real), table(5 * fake, scale="facs"))
    assert facs.row("ks").value == pytest.approx(plain.row("ks").value)
    assert "divided by 5" in " ".join(facs.notes)
    with pytest.raises(InputError, match="au_scale is intensity .* presence .*convert"):
        quick(table(real), table(fake, scale="presence"))


def test_constant_and_unseen_columns_are_named():
    real, fake = clip(), clip(seed=1)
    real[:, 0] = 0.2
    fake[:, 1] = np.nan
    card = quick(table(real), table(fake))
    assert card.columns == ("AU12",)
    text = " ".join(card.notes)
    assert "constant in the real data: AU01" in text
    assert "never or seldom measured on the synthetic side: AU06" in text
    still = np.tile(clip().mean(0), (300, 1))
    assert "Constant on the synthetic side: every AU." in notes(clip(), still)
    with pytest.raises(InputError, match="no AU varies"):
        quick(np.ones((30, 2)), np.ones((30, 2)))


def test_gaps_are_counted_and_read_around():
    real = clips(6, 0)
    for x in real:
        x[20:30, 1] = np.nan
    card = quick(real, clips(6, 9), fps=25)
    text = " ".join(card.notes)
    assert "Gaps: 4.2% of the real values" in text and "88% of frames" in text
    told = [row for row in card.rows if not row.key.startswith(("blink", "speed_am"))]
    assert all(row.value is not None for row in told)


def test_clips_without_a_value_are_named():
    empty = np.full((40, 3), np.nan)
    card = quick([clip(), empty], [clip(seed=1), clip(seed=2)])
    assert "Left out, without a single value: real clip 2." in card.notes
    assert card.n_real == 1
    with pytest.raises(InputError, match="no synthetic clip has a single AU value"):
        quick(clip(), empty)


def test_what_is_no_behaviour_is_refused():
    with pytest.raises(InputError, match="unit"):
        quick(clip(), clip(seed=1), unit="frame")
    with pytest.raises(InputError, match="empty"):
        quick([], clip())
    with pytest.raises(InputError, match="resamples=3"):
        quick(clip(), clip(seed=1), resamples=3)
    with pytest.raises(ShapeError, match="real clip 1: expected"):
        quick(np.zeros(5), clip())
    with pytest.raises(InputError, match="synthetic clip 2: infinite"):
        quick(clip(), [clip(), clip() + np.inf])
    two = table(clip())
    two["face_id"] = [0, 1] * 150
    with pytest.raises(InputError, match="several faces"):
        quick(two, table(clip()))


def test_clips_of_unlike_lengths_are_noted():
    assert "sample clips as long" in notes(clips(3, 0), clips(3, 9, T=300))


def test_a_baseline_that_cannot_be_made_is_named():
    short = [x[:1] for x in clips(8, 0)]
    card = quick(short, clips(8, 20, T=1), baselines=True)
    assert "No baseline VAR(1): VAR(1) needs a clip of two frames" in " ".join(
        card.notes
    )
