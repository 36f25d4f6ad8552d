"""What EM climbs: never down, and along the gradient of the marginal likelihood."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from battery import FAMILIES, A, fitted

from genface.behavior import em
from genface.behavior.expectation import prior_of, seen_by
from genface.behavior.hmm import first_chain
from genface.behavior.lanes import pack
from genface.behavior.precision import program
from genface.behavior.recursions import scaled_filter, scaled_posterior

QUICK = ("poisson", "full", "logistic")
quick_first = pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in FAMILIES
    ],
)


def slopes(run, problem, family):
    """Gradients by differentiating the likelihood, and from EM's statistics."""
    data = seen_by(problem, run)
    shown = data["visible"][:, None] > 0
    there = data["there"].reshape(problem.first.shape) > 0

    def observed(emission):
        obs = jnp.where(shown, family.log_prob(emission, data), 0.0)
        return obs.reshape(*problem.first.shape, -1)

    def marginal(emission, log_trans):
        obs = observed(emission)
        trans = jnp.exp(log_trans)
        _, log_prob, _ = scaled_filter(run.start, trans, obs, problem.first)
        return jnp.where(there, log_prob, 0.0).sum()

    direct = jax.grad(marginal, (0, 1))(run.emission, jnp.log(run.trans))
    post = scaled_posterior(run.start, run.trans, observed(run.emission), problem.first)
    weights = jnp.where(there[..., None], post.smoothed, 0.0)
    by_em = jax.grad(lambda e: (weights * observed(e)).sum())(run.emission)
    prior = jax.grad(lambda e: family.log_prior(e, prior_of(problem, run), data).sum())
    return direct, (by_em, post.moves), prior(run.emission)


@quick_first
def test_gradient_of_the_likelihood_is_that_of_ems_statistics(name):
    """Fisher's identity, at parameters that are no optimum."""
    family, _, _, problem, outcome = fitted(name)
    emission = {k: v * 1.02 for k, v in outcome.run.emission.items()}
    run = outcome.run._replace(emission=emission)
    direct, by_em, _ = program(slopes, "family")(run, problem, family=family)
    scale = max(np.abs(leaf).max() for leaf in jax.tree.leaves(direct))
    for a, b in zip(jax.tree.leaves(direct), jax.tree.leaves(by_em), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-8 * max(scale, 1.0))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["poisson", "beta", "inflated_beta", "negative_binomial", "logistic"]
)
def test_objective_at_the_optimum_is_flat(name):
    """EM's fixed point is a stationary point of the marginal likelihood + prior."""
    family, _, _, problem, outcome = fitted(name)
    far = em.run_all(family, problem, [outcome.run], em.Rules(400, 1e-12))[0].run
    direct, _, prior = program(slopes, "family")(far, problem, family=family)
    for key, values in direct[0].items():
        assert np.abs(values + prior[key]).max() < 2e-2


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_objective_never_falls_in_a_thousand_fits(name):
    """A fall by 1e-9 of the objective reads "decrease"; ten data sets, 100 starts."""
    family, draw = FAMILIES[name]
    lengths = np.array([20, 1, 10])
    lanes = pack(lengths)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X = draw(rng, int(lengths.sum()))
        if seed % 2:  # whole rows take another way through the statistics
            X[rng.random(X.shape) < 0.1] = np.nan
            X[0, 0] = np.nan
        data, views = em.lay_out(family, X, lengths, lanes)
        rows = X[np.isfinite(X).any(1)]
        prior = em.priors(family, X, [np.ones(len(X), bool)])
        problem = em.Problem(data, lanes.first, views, prior, 1.1, 1.1, 0.0)
        runs = []
        for _ in range(100):
            trans = rng.dirichlet(np.ones(3), size=3) * 0.9 + 0.1 / 3
            begin = family.init(rows, 3, rng)
            runs.append(em.Run(first_chain(3)[0], trans, begin))
        ends = em.run_all(
            family, problem, runs, em.Rules(40, 1e-6, rescue=False), width=50
        )
        assert {end.stop for end in ends} <= {"tol", "cap"}
    assert X.shape[1] == A
