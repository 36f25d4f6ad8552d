"""The card: floors, notes, what it refuses and what it names."""

import json

import numpy as np
import pandas as pd
import pytest

from genface.errors import InputError
from genface.realism import compare
from genface.realism import measures as m
from genface.realism.floors import halves, permutation_p
from genface.realism.measures import measures
from genface.realism.sets import cut


def clip(n=300, seed=0, phi=0.8, columns=3):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n, columns))
    x = noise.copy()
    for t in range(1, n):
        x[t] = phi * x[t - 1] + np.sqrt(1 - phi**2) * noise[t]
    return 0.5 + 0.15 * x


def table(values, fps=25.0, scale="intensity", names=("AU01", "AU06", "AU12")):
    frame = pd.DataFrame(values, columns=list(names))
    frame["frame"] = range(len(frame))
    frame.attrs = {"fps": fps, "au_scale": scale}
    return frame


def test_the_same_process_is_near_its_floor_and_another_is_not():
    real = clip(2000)
    same = compare(real, clip(2000, seed=1), fps=25)
    other = compare(real, clip(2000, seed=2, phi=0.0), fps=25)
    for key in ("wasserstein", "ks", "autocorrelation", "speed"):
        assert same.row(key).value < 2 * same.row(key).floor_high, key
    for key in ("autocorrelation", "speed", "roughness"):
        assert other.row(key).value > 1.5 * other.row(key).floor_high, key


def test_one_clip_is_cut_in_blocks_and_has_no_p_value():
    card = compare(clip(600), clip(600, seed=1), fps=25)
    assert card.unit == "block"
    assert 5 * 5 < card.block_frames < 5 * 25  # about 9 frames of correlation
    assert card.n_blocks == 600 // card.block_frames
    assert all(row.p is None for row in card.rows)
    text = " ".join(card.notes)
    assert "No p values" in text and f"{card.n_blocks} blocks" in text
    assert "never frame by frame" in text


def test_six_clips_a_side_have_p_values():
    real = [clip(80, seed=s) for s in range(6)]
    shifted = compare(real, [clip(80, seed=s) + 0.3 for s in range(10, 16)])
    assert shifted.row("mean").p == pytest.approx(1 / 200, abs=0.02)
    few = compare(real, [clip(80, seed=s) for s in range(10, 15)])
    assert all(row.p is None for row in few.rows)
    assert "5 clip(s)" in " ".join(few.notes)


def test_p_values_are_uniform_when_nothing_differs():
    reading = measures(25.0, np.full(1, 0.5))[2].read  # difference of means
    ps = []
    for s in range(60):
        rng = np.random.default_rng(s)
        real, fake = (
            [rng.standard_normal() + np.zeros((4, 1)) for _ in range(6)]
            for _ in range(2)
        )
        ps.append(permutation_p(reading, real, fake, rng))
    assert 0.3 < np.mean(ps) < 0.7
    assert np.mean(np.array(ps) <= 0.1) < 0.25


def test_constant_and_unseen_columns_are_named():
    real, fake = clip(), clip(seed=1)
    real[:, 0] = 0.2
    fake[:, 1] = np.nan
    card = compare(table(real), table(fake))
    assert card.columns == ("AU12",)
    text = " ".join(card.notes)
    assert "constant in the real data: AU01" in text
    assert "never measured: AU06" in text
    odd = compare(table(clip()), table(clip(), names=("AU01", "AU06", "AU43")))
    assert "one side only: AU12, AU43" in " ".join(odd.notes)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="fps is 25.0 .* 30.0"):
        compare(table(clip()), table(clip(), fps=30.0))
    with pytest.raises(InputError, match="au_scale"):
        compare(table(clip()), table(clip(), scale="presence"))
    with pytest.raises(InputError, match="unit"):
        compare(clip(), clip(), unit="frame")
    with pytest.raises(InputError, match="no AU varies"):
        compare(np.ones((30, 2)), np.ones((30, 2)))
    with pytest.raises(InputError, match="empty"):
        compare([], clip())
    two = table(clip())
    two["face_id"] = [0, 1] * 150
    with pytest.raises(InputError, match="several faces"):
        compare(two, table(clip()))


def test_a_model_adds_its_states():
    class Halves:
        columns = ("AU12",)
        n_states = 2

        def states(self, X):
            return (X[:, 0] > 0.5).astype(int)

    card = compare(table(clip()), table(clip(seed=1)), model=Halves())
    assert card.row("dwell").value is not None
    assert card.row("occupancy").value < 0.3
    without = compare(clip(), clip(seed=1), model=Halves())
    assert "not decoded" in " ".join(without.notes)


def test_the_card_is_plain_json_and_reproducible():
    one = compare(clip(), clip(seed=1), fps=25, seed=3)
    two = compare(clip(), clip(seed=1), fps=25, seed=3)
    assert one.to_json() == two.to_json()
    facts = json.loads(one.to_json())
    assert facts["rows"][0]["key"] == "wasserstein"
    assert len(facts["rows"][0]["per_au"]) == 3
    with pytest.raises(InputError, match="no measure 'isc'"):
        one.row("isc")


def test_halves_are_all_splits_without_mirrors():
    rng = np.random.default_rng(0)
    assert len(halves(4, rng)) == 3
    assert len(halves(5, rng)) == 10
    assert len(halves(20, rng)) == 100
    assert halves(1, rng) == []
    for a, b in halves(7, rng):
        assert sorted(a + b) == list(range(7))


def test_blocks_are_at_least_as_long_as_asked():
    x = np.zeros((103, 1))
    assert [len(b) for b in cut([x, x[:5]], 20)] == [21, 21, 21, 20, 20, 5]


def test_a_short_clip_is_halved_and_says_so():
    real, fake = clip(40, phi=0.95), clip(40, seed=1, phi=0.95)
    card = compare(real, fake)
    assert card.block_frames > 20 and card.n_blocks == 2
    assert "one rough number" in " ".join(card.notes)
    halves = m.wasserstein(real[:20, 0], real[20:, 0])
    assert compare(real[:, :1], fake[:, :1]).row("wasserstein").floor == (
        pytest.approx(halves)
    )
    tiny = compare(clip(3), clip(3, seed=1))
    assert all(row.floor is None for row in tiny.rows)
    assert "no floor" in " ".join(tiny.notes)


def test_figures_draw():
    from genface.realism import plots

    real, fake = clip(), clip(seed=1)
    names = ("AU01", "AU06", "AU12")
    for figure in (
        plots.draw_traces(real, fake, names, 25.0),
        plots.draw_card(compare(real, fake, fps=25)),
        plots.draw_distributions(real, fake, names),
        plots.draw_structure([real], [fake], names, 25),
    ):
        figure.canvas.draw()
