"""The behaviour model: states, continuations, samples, files."""

import json

import numpy as np
import pytest
from genface.behavior.generation import draw_scores, within_state_correlation
from scipy import stats

from genface import files
from genface.behavior import (
    AUTransform,
    BehaviorModel,
    Chain,
    GaussianEmissions,
    PoissonEmissions,
    select,
)
from genface.errors import InputError, ShapeError, WeightError

AUS = ("AU01", "AU12")
FIXED = AUTransform("identity", np.zeros(2), np.ones(2), AUS)
HUNDREDTHS = AUTransform("counts", np.zeros(2), np.full(2, 100.0), AUS)
MEANS = np.array([[0.2, 0.3], [0.5, 0.6], [0.8, 0.4]])


def gaussian(trans, correlation=0.0, sd=0.02, start=(0.4, 0.3, 0.3)):
    emissions = GaussianEmissions(MEANS, np.full((3, 2), sd**2))
    return BehaviorModel(
        Chain(np.array(start), np.array(trans, float), emissions),
        FIXED,
        25.0,
        "intensity",
        np.full(2, correlation),
    )


def poisson(trans, correlation=0.0):
    emissions = PoissonEmissions(100 * MEANS)
    chain = Chain(np.array([1.0, 0.0, 0.0]), np.array(trans, float), emissions)
    return BehaviorModel(chain, HUNDREDTHS, 25.0, "intensity", np.full(2, correlation))


CYCLE = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
LAZY = [[0.9, 0.1, 0], [0, 0.9, 0.1], [0.1, 0, 0.9]]


@pytest.mark.parametrize("make", [gaussian, poisson])
@pytest.mark.parametrize("last", [0, 1, 2])
def test_a_continuation_of_a_cycle_starts_with_the_next_state(make, last):
    model = make(CYCLE)
    history = MEANS[(np.arange(last + 4)) % 3][: last + 4]
    expected = (len(history) + np.arange(6)) % 3
    aus, states = model.sample_with_states(6, 1, history)
    assert states.tolist() == expected.tolist()
    assert (model.states(aus) >= 0).all()
    if make is gaussian:
        assert np.abs(aus - MEANS[expected]).max() < 0.1


def test_a_continuation_starts_from_the_filtered_posterior():
    model = gaussian(LAZY, sd=0.5)  # wide states: the belief is spread
    history = np.array([[0.5, 0.4], [0.55, 0.45]])
    belief = model.filtered(history)[-1] @ model.chain.trans
    drawn = [model.sample_with_states(1, s, history)[1][0] for s in range(1500)]
    share = np.bincount(drawn, minlength=3) / 1500
    assert np.abs(share - belief).max() < 4 * np.sqrt(0.25 / 1500)
    assert 0.05 < belief.min()  # the test means something


def test_a_continuation_goes_on_from_where_the_last_frame_stood():
    still = gaussian(np.eye(3), correlation=0.99)
    high = np.array([[0.24, 0.34]])  # two standard deviations above state 0
    firsts = np.array([still.sample(1, s, high)[0] for s in range(200)])
    assert np.abs(firsts.mean(0) - high[0]).max() < 0.005
    fresh = np.array(
        [still.sample(1, s, high, independent=True)[0] for s in range(200)]
    )
    assert np.abs(fresh.mean(0) - MEANS[0]).max() < 0.006


@pytest.mark.parametrize("make", [gaussian, poisson])
def test_the_copula_keeps_the_law_of_each_state(make):
    model = make(LAZY, correlation=0.6)
    aus, states = model.sample_with_states(30_000, 3)
    thin = slice(None, None, 20)  # nearly independent draws for the test
    for k in range(3):
        values = aus[thin][states[thin] == k, 0]
        if make is gaussian:
            p = stats.kstest(values, stats.norm(MEANS[k, 0], 0.02).cdf).pvalue
        else:
            counts = np.rint(100 * values)
            assert counts.mean() == pytest.approx(100 * MEANS[k, 0], rel=0.04)
            assert counts.var() == pytest.approx(100 * MEANS[k, 0], rel=0.25)
            p = 1.0
        assert p > 1e-3


def test_samples_carry_the_correlation_they_were_given():
    model = gaussian(LAZY, correlation=0.7)
    aus, states = model.sample_with_states(8000, 4)
    found = within_state_correlation(model.chain.emissions, [aus], [states])
    np.testing.assert_allclose(found, 0.7, atol=0.03)
    plain, states = model.sample_with_states(8000, 4, independent=True)
    found = within_state_correlation(model.chain.emissions, [plain], [states])
    np.testing.assert_allclose(found, 0.0, atol=0.05)


def test_scores_are_stationary_from_the_first_frame():
    rng = np.random.default_rng(5)
    first = np.array([draw_scores(np.array([0.9]), 3, rng)[:, 0] for _ in range(4000)])
    np.testing.assert_allclose(first.var(0), 1.0, atol=0.1)


def test_samples_stay_on_the_scale():
    model = gaussian(LAZY, sd=0.8)
    aus = model.sample(500, 6)
    assert aus.dtype == np.float64
    assert aus.min() == 0.0 and aus.max() == 1.0


def test_missing_frames_have_no_state_and_cost_nothing():
    model = gaussian(LAZY)
    aus, states = model.sample_with_states(40, 7)
    holed = aus.copy()
    holed[10:13] = np.nan
    found = model.states(holed)
    assert (found[10:13] == -1).all()
    keep = np.r_[0:10, 13:40]
    assert (found[keep] == states[keep]).mean() > 0.95
    assert np.isfinite(model.score(holed))


def test_log_likelihood_is_a_chain_rule():
    model = gaussian(LAZY)
    aus = model.sample(30, 8)
    whole = model.log_likelihood(aus)
    parts = model.log_likelihood(aus[:12]) + model.log_likelihood(aus[12:], aus[:12])
    assert whole == pytest.approx(parts, rel=1e-12)
    assert model.score(aus) == pytest.approx(whole / 30)


def test_occupancy_and_dwell_are_those_of_the_chain():
    model = gaussian([[0.5, 0.5, 0], [0.25, 0.75, 0], [0, 0.5, 0.5]])
    np.testing.assert_allclose(model.occupancy, [1 / 3, 2 / 3, 0], atol=1e-12)
    np.testing.assert_allclose(model.dwell_seconds, [2 / 25, 4 / 25, 2 / 25])


@pytest.fixture(scope="module")
def fitted():
    aus = np.vstack([gaussian(LAZY).sample(150, s) for s in (1, 2)])
    found = select(aus, [150, 150], columns=AUS, states=(2, 3), restarts=1)
    return BehaviorModel.from_selection(
        found, aus, [150, 150], fps=25, au_scale="intensity", facts={"seed": 0}
    )


def test_states_are_numbered_by_how_often_they_occur(fitted):
    aus = np.vstack([gaussian(LAZY).sample(150, s) for s in (1, 2)])
    visits = np.concatenate([fitted.states(aus[:150]), fitted.states(aus[150:])])
    assert (np.diff(np.bincount(visits)) <= 0).all()


def test_saving_and_loading_loses_nothing(fitted, tmp_path):
    folder = fitted.save(tmp_path / "model")
    assert sorted(p.name for p in folder.iterdir()) == ["arrays.npz", "model.json"]
    again = BehaviorModel.load(folder)
    for name in ("family", "n_states", "columns", "fps", "au_scale", "selection"):
        assert getattr(again, name) == getattr(fitted, name)
    assert (again.runs, again.notes, again.facts) == (
        fitted.runs,
        fitted.notes,
        fitted.facts,
    )
    history = gaussian(LAZY).sample(20, 9)
    np.testing.assert_array_equal(
        again.sample(50, 1, history), fitted.sample(50, 1, history)
    )
    before = (folder / "arrays.npz").read_bytes()
    fitted.save(folder)  # a model replaces a model
    assert (folder / "arrays.npz").read_bytes() == before
    assert list(tmp_path.iterdir()) == [folder]


def test_altered_files_are_refused(fitted, tmp_path):
    folder = fitted.save(tmp_path / "model")
    arrays = files.read_npz(folder / "arrays.npz")
    facts = files.read_json(folder / "model.json")

    files.write_npz(folder / "arrays.npz", {**arrays, "trans": np.eye(3)})
    with pytest.raises(WeightError, match="sha256"):
        BehaviorModel.load(folder)

    # A thorough forger repairs the hash, but the test frames tell.
    trans = arrays["trans"][::-1].copy()
    files.write_npz(folder / "arrays.npz", {**arrays, "trans": trans})
    digest = files.sha256(folder / "arrays.npz")
    files.write_json(folder / "model.json", {**facts, "arrays_sha256": digest})
    with pytest.raises(WeightError, match="log-likelihood"):
        BehaviorModel.load(folder)

    files.write_npz(folder / "arrays.npz", {**arrays, "trans": np.eye(2)})
    digest = files.sha256(folder / "arrays.npz")
    files.write_json(folder / "model.json", {**facts, "arrays_sha256": digest})
    with pytest.raises(WeightError, match="shapes"):
        BehaviorModel.load(folder)


def test_other_files_are_refused(fitted, tmp_path):
    folder = fitted.save(tmp_path / "model")
    facts = json.loads((folder / "model.json").read_text())
    files.write_json(folder / "model.json", {**facts, "schema": "genface.behavior/9"})
    with pytest.raises(InputError, match="genface.behavior/9"):
        BehaviorModel.load(folder)
    (folder / "arrays.npz").unlink()
    files.write_json(folder / "model.json", facts)
    with pytest.raises(InputError, match="arrays.npz is missing"):
        BehaviorModel.load(folder)
    with pytest.raises(InputError, match="no model.json"):
        BehaviorModel.load(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not a model folder"):
        fitted.save(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_pickle_in_place_of_the_arrays_is_refused(fitted, tmp_path):
    folder = fitted.save(tmp_path / "model")
    with open(folder / "arrays.npz", "wb") as stream:
        np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    facts = files.read_json(folder / "model.json")
    digest = files.sha256(folder / "arrays.npz")
    files.write_json(folder / "model.json", {**facts, "arrays_sha256": digest})
    with pytest.raises(InputError, match="npz"):
        BehaviorModel.load(folder)


def test_wrong_width_is_named():
    with pytest.raises(ShapeError, match="AU01, AU12"):
        gaussian(LAZY).states(np.zeros((4, 3)))
    with pytest.raises(InputError, match="n_frames"):
        gaussian(LAZY).sample(0, 0)


def test_figures_draw(fitted):
    from genface.behavior import plots

    aus = gaussian(LAZY).sample(60, 1)
    times = np.arange(60) / 25
    figures = [
        plots.draw_states({"real": (times, fitted.states(aus))}, fitted.n_states),
        plots.draw_transitions(fitted),
        plots.draw_state_means(fitted),
        plots.draw_selection(fitted.selection),
    ]
    for figure in figures:
        figure.canvas.draw()
