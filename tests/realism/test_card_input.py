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


def test_shuffled_rows_keep_the_rate_of_their_table():
    real = table(clip())
    real["frame"] = range(len(real))
    fake = real.sample(frac=1, random_state=0)
    assert quick(real, fake).fps == real.attrs["fps"]


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
    two = table(clip()).assign(input=["a", "b"] * 150)
    with pytest.raises(InputError, match="2 inputs; give a list"):
        quick(two, table(clip()))
    words = table(clip()).astype(object)
    words.iloc[3, 1] = "hello"
    with pytest.raises(InputError, match="real clip 1: expected numbers .*hello"):
        quick(words, table(clip()))
    with pytest.raises(InputError, match="expected numbers .*real.csv"):
        quick("real.csv", table(clip()))


def test_what_only_one_side_tells_is_assumed_aloud():
    real, fake = clips(2, 0), clips(2, 9)
    told, silent = [table(x) for x in real], [table(x) for x in fake]
    for one in silent:
        one.attrs = {}
    text = notes(told, silent)
    assert "synthetic side tells no frame rate; it is taken" in text
    assert "synthetic side tells no AU scale; it is taken" in text
    assert "Assumed" not in notes([table(x) for x in real], [table(x) for x in fake])
    given = notes([table(x) for x in real], [table(x) for x in fake], fps=50)
    assert "fps=50 was given and is taken; tables say 25." in given


def test_measures_without_a_value_are_named():
    text = notes(clips(3, 0), clips(3, 9), fps=25)
    named = text.split("Not computed: ")[1].split(". What")[0]
    assert "blink rate ratio" in named and "Kolmogorov" not in named


def test_faces_that_rest_on_both_sides_are_no_copies():
    still = np.zeros((40, 3))
    card = quick([*clips(2, 0), still], [*clips(2, 9), still])
    assert card.verdict.kind == "not judged"
    moving = clips(1, 5)
    same = quick([*clips(2, 0), *moving], [*clips(2, 9), *moving])
    assert same.verdict.kind == "copies"


def test_pairs_are_not_made_of_what_is_left():
    empty, speakers = np.full((40, 3), np.nan), clips(3, 4)
    real, fake = clips(3, 0), clips(3, 9)
    with pytest.raises(InputError, match="2 speaker clips for 2 real"):
        quick([empty, *real[1:]], fake, speaker=[*speakers[:2], empty])
    with pytest.raises(InputError, match="speaker one; resample"):
        sides = [[table(x) for x in side] for side in (real, fake)]
        quick(*sides, speaker=[table(x, fps=30) for x in speakers])
    samples = [[x, x[::-1]] for x in fake]
    samples[2] = [empty, empty]
    card = quick([empty, *real[1:]], samples)
    assert not card.challenge
    assert "Challenge metrics need as many samples" in " ".join(card.notes)


def test_clips_of_unlike_lengths_are_noted():
    assert "sample clips as long" in notes(clips(3, 0), clips(3, 9, T=300))


def test_a_baseline_that_cannot_be_made_is_named():
    short = [x[:1] for x in clips(8, 0)]
    card = quick(short, clips(8, 20, T=1), baselines=True)
    assert "No baseline VAR(1): VAR(1) needs a clip of two frames" in " ".join(
        card.notes
    )
