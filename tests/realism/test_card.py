"""The card: rows, floors, p values, notes, verdicts, baselines and figures."""

import json

import numpy as np
import pandas as pd
import pytest

from genface.errors import InputError
from genface.realism import compare
from genface.realism.baselines import BASELINES, block_bootstrap, mean_face
from genface.realism.sets import cut

NAMES = ("AU01", "AU06", "AU12")


def clip(n=300, seed=0, phi=0.8, columns=3):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n, columns))
    x = noise.copy()
    for t in range(1, n):
        x[t] = phi * x[t - 1] + np.sqrt(1 - phi**2) * noise[t]
    return np.clip(0.5 + 0.15 * x, 0, 1)


def clips(n, first, T=80, phi=0.8):
    return [clip(T, seed, phi) for seed in range(first, first + n)]


def table(values, fps=25.0, scale="intensity", names=NAMES, **facts):
    frame = pd.DataFrame(values, columns=list(names))
    frame["frame"] = range(len(frame))
    frame.attrs = {"fps": fps, "au_scale": scale, **facts}
    return frame


def quick(real, synthetic, **settings):
    settings = {"resamples": 40, "baselines": False, **settings}
    return compare(real, synthetic, **settings)


@pytest.fixture(scope="module")
def equal():
    return compare(clips(12, 0), clips(12, 100), fps=25, resamples=60)


def test_every_row_has_what_a_reader_needs(equal):
    assert len(equal.rows) > 35
    assert {row.family for row in equal.rows} == {"marginal", "distribution", "time"}
    for row in equal.rows:
        if row.key.startswith(("blink", "speed_amplitude")):
            continue  # there is no eye column, and there are few events
        assert row.value is not None and row.floor is not None, row.key
        assert row.interval[0] <= row.value <= row.interval[1], row.key
        assert row.floor_range[0] <= row.floor_range[1]
        assert 1 / 60 <= row.p_alone <= row.p <= 1, row.key
        assert (row.n_real, row.n_synthetic) == (12, 12)
        assert row.label and row.unit and row.meaning
    frames = 12 * 80
    assert equal.row("c2st").effective_real == 12
    effective = equal.row("ks").effective_real
    assert frames / 25 < effective < frames / 4  # (1 + .8) / (1 - .8) = 9 frames each


def test_equal_sets_are_not_told_apart(equal):
    assert equal.verdict.kind == "not told apart" and equal.realistic is True
    assert min(row.p for row in equal.rows if row.p) > 0.05
    near = [row.within_floor for row in equal.rows if row.times_floor is not None]
    assert np.mean(near) > 0.8


def test_baselines_stand_where_they_must(equal):
    for row in equal.rows:
        assert set(row.baselines) == set(BASELINES)

    def times(key):
        return equal.row(key).baselines_times_floor

    assert times("ks")["mean face"] > 3 and times("ks")["frame bootstrap"] < 1
    assert times("speed")["frame bootstrap"] > 3
    assert times("autocorrelation")["frame bootstrap"] > 1
    assert times("autocorrelation")["block bootstrap"] < 1.2
    assert times("authenticity")["block bootstrap"] > 2
    assert equal.row("authenticity").baselines["block bootstrap"] < 0.2
    assert times("speed")["Poisson HMM mean path"] > 1


def test_another_process_is_told_apart_by_its_rhythm():
    card = quick(clips(10, 0), clips(10, 50, phi=0.0), fps=25)
    assert card.verdict.kind == "told apart" and card.realistic is False
    assert card.row("autocorrelation").p <= 0.05 and card.row("speed").p <= 0.05
    assert card.row("speed").times_floor > 2
    assert card.row("c2st").interval[0] > 0.5
    assert "excludes .5" in card.verdict.reasons[0]


def test_resampled_clips_are_called_copies():
    real = clips(12, 0, T=200)
    card = quick(real, block_bootstrap(real, 12, 0), fps=25)
    assert card.row("authenticity").value < 0.5 * card.row("authenticity").null
    assert card.realistic is False
    assert any("copies" in reason for reason in card.verdict.reasons)


def test_identical_clips_are_named_and_judged_as_copies():
    real = clips(6, 0)
    card = quick(real, clips(5, 20) + real[2:3], fps=25)
    assert card.verdict.kind == "copies"
    assert "The same values on both sides: real clip 3 = synthetic clip 6" in " ".join(
        card.notes
    )
    again = quick(real + real[:1], clips(7, 20), fps=25)
    assert "same real clip is there more than once" in " ".join(again.notes)
    assert again.verdict.kind != "copies"


def test_one_clip_is_cut_in_blocks_and_has_no_p_value():
    card = quick(clip(600), clip(600, seed=1), fps=25)
    assert card.unit == "block" and card.verdict.kind == "not judged"
    assert 5 * 5 < card.block_frames < 5 * 25  # about 9 frames of correlation
    assert card.items_real == 600 // card.block_frames
    assert all(row.p is None for row in card.rows)
    text = " ".join(card.notes)
    assert "No p values: 1 clip" in text and f"{card.items_real} blocks" in text
    assert "never frame by frame" in text


def test_six_clips_a_side_have_p_values_and_five_say_why_not():
    shifted = [x + 0.3 for x in clips(6, 10)]
    card = quick(clips(6, 0), shifted)
    assert card.row("mean").p == pytest.approx(1 / 40)
    few = quick(clips(6, 0), shifted[:5])
    assert all(row.p is None for row in few.rows)
    assert "5 clip(s) on the smaller side" in " ".join(few.notes)
    assert few.verdict.kind == "not judged" and few.realistic is None
    assert few.row("mean").interval is not None
    assert "rough" in " ".join(few.notes)


def test_a_model_adds_its_states_also_where_a_column_of_it_never_varies():
    class Halves:
        columns = ("AU01", "AU12")
        n_states = 2

        def states(self, X):
            assert X.shape[1] == 2
            return (X[:, 1] > 0.5).astype(int)

    card = quick(table(clip()), table(clip(seed=1)), model=Halves())
    assert card.row("dwell").value is not None
    assert card.row("occupancy").value < 0.3
    still = clip()
    still[:, 0] = 0.2
    card = quick(table(still), table(clip(seed=1)), model=Halves())
    assert card.row("dwell").value is not None
    without = quick(clip(), clip(seed=1), model=Halves())
    assert "not decoded" in " ".join(without.notes)
    assert "no model was given" in " ".join(quick(clip(), clip(seed=1)).notes)


def test_the_card_is_plain_json_and_reproducible():
    one, two = (quick(clips(6, 0), clips(6, 9), fps=25, seed=3) for _ in range(2))
    assert one.to_json() == two.to_json()
    assert one.to_json() != quick(clips(6, 0), clips(6, 9), fps=25, seed=4).to_json()
    facts = json.loads(one.to_json())
    assert facts["schema"] == "genface.card/2"
    assert facts["rows"][0]["key"] == "wasserstein"
    assert len(facts["rows"][0]["per_au"]) == 3
    with pytest.raises(InputError, match="no measure 'isc'"):
        one.row("isc")


def test_blocks_are_at_least_as_long_as_asked():
    x = np.zeros((103, 1))
    assert [len(b) for b in cut([x, x[:5]], 20)] == [21, 21, 21, 20, 20, 5]


def test_a_short_clip_is_halved_and_says_so():
    real, fake = clip(40, phi=0.95), clip(40, seed=1, phi=0.95)
    card = quick(real, fake)
    assert card.block_frames > 20 and card.items_real == 2
    assert "one rough number" in " ".join(card.notes)
    difference = np.abs(real[:20].mean(0) - real[20:].mean(0)).mean()
    assert card.row("mean").floor == pytest.approx(difference)
    tiny = quick(clip(3), clip(3, seed=1))
    assert all(row.floor is None for row in tiny.rows)
    assert "no floor" in " ".join(tiny.notes)


def test_clips_in_step_have_isc_within_their_set_only():
    shared = clip(80, 99, phi=0.9)
    real = [0.6 * shared + 0.4 * x for x in clips(8, 0)]
    row = quick(real, clips(8, 30), fps=25).row("isc_within")
    pairs = [
        np.mean([np.arctanh(np.corrcoef(x[:, a], y[:, a])[0, 1]) for a in range(3)])
        for i, x in enumerate(real)
        for y in real[:i]
    ]
    assert row.real == pytest.approx(np.tanh(np.mean(pairs)), abs=1e-9)
    assert abs(row.synthetic) < 0.2 < 0.5 < row.real and row.p <= 0.05


def test_isc_between_free_samples_and_clips_is_refused_with_the_reason():
    assert "ISC between real and synthetic clips would be 0" in " ".join(
        quick(clips(3, 0), clips(3, 9)).notes
    )


def test_samples_of_clips_have_challenge_metrics():
    real = [table(x) for x in clips(3, 0, T=60)]
    fakes = [[table(x) for x in clips(2, 10 * (i + 1), T=60)] for i in range(3)]
    card = quick(real, fakes)
    rows = {row.key: row for row in card.challenge}
    values = np.array([[t[list(NAMES)] for t in group] for group in fakes])
    assert rows["frvar"].fixed == pytest.approx(values.var(2, ddof=1).mean())
    people = np.array([t[list(NAMES)] for t in real])
    assert rows["frvar"].people == pytest.approx(people.var(1, ddof=1).mean())
    assert rows["frcorr"].published == pytest.approx(2 * rows["frcorr"].fixed, 1e-5)
    assert "l2" not in rows and "frsyn" not in rows
    assert card.n_synthetic == 6
    assert quick(real, [t for group in fakes for t in group]).challenge == ()


def test_a_speaker_adds_its_metrics_and_time_locked_output_those_by_frame():
    speaker = clips(3, 0, T=60)
    real = [
        table(0.5 * x + 0.5 * y)
        for x, y in zip(speaker, clips(3, 5, T=60), strict=True)
    ]
    fakes = [table(x, time_locked="posterior") for x in clips(3, 9, T=60)]
    card = quick(real, fakes, speaker=[table(x) for x in speaker])
    keys = [row.key for row in card.challenge]
    assert keys == "l2l_fd variation si l2 sts frsyn p_fd rpcc".split()
    assert "time-locked to the real clips" in " ".join(card.notes)
    frsyn = card.challenge[keys.index("frsyn")]
    assert frsyn.people == 0.0 < frsyn.fixed
    with pytest.raises(InputError, match="2 speaker clips for 3"):
        quick(real, fakes, speaker=[table(x) for x in speaker[:2]])


def test_figures_draw(equal):
    from genface.realism import plots

    real, fake = clips(2, 0), clips(2, 5)
    drawn = [
        plots.draw_traces(real[0], fake[0], NAMES, 25.0),
        plots.draw_card(equal),
        plots.draw_card(quick(real, fake)),
        plots.draw_card(quick(clip(3), clip(3, 1))),
        plots.draw_parts(equal),
        plots.draw_distributions(real[0], fake[0], NAMES),
        plots.draw_structure(real, fake, NAMES, 25.0),
        plots.draw_structure([clip(3)], [clip(3, 1)], NAMES, None),
        plots.draw_structure(real, mean_face(real, 2, 0), NAMES, None),
    ]
    for figure in drawn:
        figure.canvas.draw()
