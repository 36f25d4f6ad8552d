"""Model folders: every family comes back bit for bit, anything altered does not."""

import json
import pickle

import numpy as np
import pytest

from genface import files
from genface.behavior import ESTIMATORS, HSMM, AUTransform, BehaviorModel, GaussianHMM
from genface.behavior.em import Run
from genface.behavior.emissions import (
    Autoregressive,
    Beta,
    Categorical,
    Gaussian,
    GaussianMixture,
    Logistic,
    Poisson,
    Product,
)
from genface.behavior.storage import _digest, describe, restore
from genface.errors import InputError, WeightError

AUS = ("AU01", "AU12")
TRANS = np.array([[0.9, 0.1], [0.2, 0.8]])
PARTS = ((Logistic(2), (1,)), (Poisson(), (0,)))
FAMILIES = [
    (name, ESTIMATORS[name](2).family) for name in sorted(set(ESTIMATORS) - {"product"})
]
FAMILIES += [
    ("gaussian", Gaussian("full")),
    ("gaussian", Gaussian("tied")),
    ("gaussian", Gaussian("spherical")),
    ("ar", Autoregressive(2, diag=False)),
    ("categorical", Categorical(4)),
    ("gaussian_mixture", GaussianMixture(3)),
    ("product", Product(PARTS)),
]


def made(name, family, n_states=2, n_columns=2):
    """An estimator with the parameters it would start from."""
    rng = np.random.default_rng(0)
    X = np.where(rng.random((40, n_columns)) < 0.5, 0.0, 1.0)
    settings = {"parts": family.parts} if name == "product" else {}
    model = ESTIMATORS[name](n_states, **settings)
    model.family = family
    if hasattr(family, "shape"):
        model.covariance_type = family.shape
    trans = np.full((n_states, n_states), 0.1 / n_states) + 0.9 * np.eye(n_states)
    emission = family.init(X, n_states, rng)
    model._adopt(Run(np.full(n_states, 1 / n_states), trans, emission))
    return model, X


@pytest.mark.parametrize(("name", "family"), FAMILIES, ids=str)
def test_every_family_comes_back_bit_for_bit(name, family):
    model, X = made(name, family)
    facts, arrays = describe(model)
    facts = json.loads(json.dumps(facts))  # plain values only
    again = restore(facts, arrays)
    assert type(again) is type(model) and again.family == family
    assert again.emission_params.keys() == model.emission_params.keys()
    np.testing.assert_array_equal(again.log_obs(X), model.log_obs(X))
    assert again.n_parameters() == model.n_parameters()


def test_a_law_of_durations_comes_back():
    rng = np.random.default_rng(0)
    model = HSMM(2, family=Beta(), duration="poisson", max_duration=5)
    model._emission = model.family.init(rng.random((30, 2)), 2, rng)
    model.start_, model.jumps_ = rng.dirichlet([1, 1]), 1 - np.eye(2)
    model.durations_ = rng.dirichlet(np.ones(5), size=2)
    model._expand()
    facts, arrays = describe(model)
    again = restore(facts, arrays)
    np.testing.assert_array_equal(again.transmat_, model.transmat_)
    np.testing.assert_array_equal(again.durations_, model.durations_)
    assert (again.duration, again.max_duration) == ("poisson", 5)


def small():
    estimator = GaussianHMM(2)
    emission = {
        "mean": np.array([[0.2, 0.3], [0.6, 0.5]]),
        "cov": np.full((2, 2), 0.01),
    }
    estimator._adopt(Run(np.array([0.5, 0.5]), TRANS, emission))
    transform = AUTransform.fit("unit", np.zeros((1, 2)), AUS)
    row = {"family": "gaussian", "n_states": 2, "held_out": -3.25, "chosen": True}
    run = {"fold": None, "stop": "tol", "log_likelihood": -1 / 3}
    return BehaviorModel(
        estimator, transform, 25.0, "intensity", emission["mean"],
        [row], [run, {**run, "fold": 1}], ["a note"], {"seed": 0},
    )  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    return small().save(tmp_path / "model")


def test_saving_and_loading_loses_nothing(saved, tmp_path):
    model, again = small(), BehaviorModel.load(saved)
    assert sorted(p.name for p in saved.iterdir()) == ["arrays.npz", "model.json"]
    for name in "family n_states columns fps au_scale selection runs notes".split():
        assert getattr(again, name) == getattr(model, name), name
    assert again.facts == model.facts
    np.testing.assert_array_equal(again.state_means, model.state_means)
    history = model.sample(20, 9)
    np.testing.assert_array_equal(
        again.forecast(history, 30, 2, 1), model.forecast(history, 30, 2, 1)
    )
    before = (saved / "arrays.npz").read_bytes()
    again.save(saved)  # a model replaces a model
    assert (saved / "arrays.npz").read_bytes() == before
    assert list(tmp_path.iterdir()) == [saved]


@pytest.mark.parametrize(
    "family", [Logistic(), Gaussian("full"), Autoregressive(1, False)], ids=str
)
def test_a_large_model_is_a_small_file(family, tmp_path):
    rng = np.random.default_rng(0)
    estimator, _ = made(family.name, family, 20, 20)
    params = estimator.emission_params
    for name, array in params.items():  # digits that do not compress
        params[name] = array * (1 + 1e-3 * rng.random(array.shape))
        if array.ndim == 3 and array.shape[1:] == (20, 20):
            params[name] = (params[name] + params[name].swapaxes(1, 2)) / 2
    columns = [f"AU{n:02d}" for n in range(20)]
    run = {"family": "logistic", "n_states": 20, "fold": None, "restart": 3}
    run |= {"log_likelihood": -12345.678901234, "iterations": 123, "stop": "tol"}
    model = BehaviorModel(
        estimator, AUTransform.fit("unit", np.zeros((1, 20)), columns), 25.0,
        "intensity", rng.random((20, 20)), [dict.fromkeys(range(12), 1 / 3)] * 18,
        [run] * 450,
    )  # fmt: skip
    folder = model.save(tmp_path / "m")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 200_000


def rewrite(folder, **changes):
    """Edit model.json and repair its digest, as a thorough forger would."""
    facts = files.read_json(folder / "model.json")
    del facts["sha256"]
    facts |= changes
    files.write_json(folder / "model.json", {**facts, "sha256": _digest(facts)})


def test_altered_arrays_are_refused(saved):
    arrays = files.read_npz(saved / "arrays.npz")
    files.write_npz(saved / "arrays.npz", {**arrays, "trans": TRANS[::-1]})
    with pytest.raises(WeightError, match="sha256"):
        BehaviorModel.load(saved)
    # The hash repaired, the test frames tell.
    rewrite(saved, arrays_sha256=files.sha256(saved / "arrays.npz"))
    with pytest.raises(WeightError, match="log-likelihood"):
        BehaviorModel.load(saved)
    for name in ("trans", "start"):
        files.write_npz(saved / "arrays.npz", {**arrays, name: np.eye(3)})
        rewrite(saved, arrays_sha256=files.sha256(saved / "arrays.npz"))
        with pytest.raises(WeightError, match=name):
            BehaviorModel.load(saved)
    del arrays["emissions/mean"]
    files.write_npz(saved / "arrays.npz", arrays)
    rewrite(saved, arrays_sha256=files.sha256(saved / "arrays.npz"))
    with pytest.raises(WeightError, match="fit it again"):
        BehaviorModel.load(saved)


def test_edited_or_cut_files_are_refused(saved):
    text = (saved / "model.json").read_text()
    (saved / "model.json").write_text(text.replace('"fps": 25.0', '"fps": 30.0'))
    with pytest.raises(WeightError, match="edited"):
        BehaviorModel.load(saved)
    (saved / "model.json").write_text(text[:-40])
    with pytest.raises(InputError, match="not a JSON file"):
        BehaviorModel.load(saved)
    (saved / "model.json").write_text(text)
    whole = (saved / "arrays.npz").read_bytes()
    (saved / "arrays.npz").write_bytes(whole[:-100])
    with pytest.raises(WeightError, match="sha256"):
        BehaviorModel.load(saved)


def test_other_files_are_refused(saved, tmp_path):
    rewrite(saved, schema="genface.behavior/9")
    with pytest.raises(InputError, match="genface.behavior/9"):
        BehaviorModel.load(saved)
    rewrite(saved, schema="genface.behavior/1", family="a", **{"class": "wavelet"})
    with pytest.raises(WeightError, match="wavelet"):
        BehaviorModel.load(saved)
    (saved / "arrays.npz").unlink()
    with pytest.raises(InputError, match="arrays.npz is missing"):
        BehaviorModel.load(saved)
    with pytest.raises(InputError, match="no model.json"):
        BehaviorModel.load(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not a model folder"):
        small().save(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_pickle_is_refused(saved, tmp_path):
    with open(saved / "arrays.npz", "wb") as stream:
        np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    rewrite(saved, arrays_sha256=files.sha256(saved / "arrays.npz"))
    with pytest.raises(InputError, match="npz"):
        BehaviorModel.load(saved)
    (saved / "arrays.npz").write_bytes(pickle.dumps({"trans": 1}))
    rewrite(saved, arrays_sha256=files.sha256(saved / "arrays.npz"))
    with pytest.raises(InputError, match="never unpickled"):
        BehaviorModel.load(saved)
    (tmp_path / "model.joblib").write_bytes(pickle.dumps({"trans": 1}))
    with pytest.raises(InputError, match="model folder"):
        BehaviorModel.load(tmp_path / "model.joblib")
