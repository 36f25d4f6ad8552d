"""Hidden Markov models with hmmlearn's interface, one class per emission family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy import special

from genface.behavior import compat as hmmlearn_rules
from genface.behavior import em
from genface.behavior.emissions import (
    Autoregressive,
    Bernoulli,
    Beta,
    Categorical,
    Family,
    Gaussian,
    GaussianMixture,
    InflatedBeta,
    Logistic,
    NegativeBinomial,
    Poisson,
    Product,
)
from genface.behavior.emissions.evaluation import log_obs
from genface.behavior.inference import (
    StatePosterior,
    best_path,
    draw,
    posterior,
    sample_paths,
)
from genface.behavior.lanes import check_lengths, pack
from genface.errors import FitError, InputError, ShapeError


@dataclass(frozen=True, eq=False)
class FitReport:
    """How a fit ended: ``stop`` is one of ``em.STOP_REASONS``."""

    history: np.ndarray  # log-likelihood per iteration
    stop: str
    restart: int  # which of the restarts won
    log_likelihoods: np.ndarray  # of all restarts

    @property
    def converged(self) -> bool:
        """Whether the tolerance was met, as opposed to a cap, NaN or a fall."""
        return self.stop == "tol"

    @property
    def iter(self) -> int:
        """Iterations done."""
        return len(self.history)


class HiddenMarkovModel:
    """K hidden states, each with its law of a row of A columns.

    ``X`` is (T, A), sequences stacked with their ``lengths``; NaN entries are missing
    and are summed out. After ``fit``: ``startprob_`` (K,), ``transmat_`` (K, K), the
    family's arrays with a trailing underscore, and ``monitor_``.

    ``tol`` is in nats per row; ``stay_prior`` adds to the prior count of staying in a
    state. ``params`` and ``init_params`` are letters: s start, t transitions, e or a
    family's own letters emissions. ``compat="hmmlearn"`` follows hmmlearn 0.3.3 in
    initialisation, priors, stopping (``tol`` in nats, all rows) and ties.
    """

    family_name: ClassVar[str] = ""
    emission_letters: ClassVar[str] = "e"

    def __init__(
        self,
        n_components: int = 1,
        *,
        family: Family,
        startprob_prior: float | None = None,
        transmat_prior: float | None = None,
        stay_prior: float = 0.0,
        random_state: Any = 0,
        n_iter: int | None = None,
        tol: float | None = None,
        restarts: int = 1,
        params: str | None = None,
        init_params: str | None = None,
        compat: str | None = None,
    ) -> None:
        if compat not in (None, "hmmlearn"):
            raise InputError(f"compat is None or 'hmmlearn'; got {compat!r}.")
        if n_components < 1:
            raise InputError(f"n_components is at least 1; got {n_components}.")
        follows = compat == "hmmlearn"
        letters = "st" + self.emission_letters
        default_prior = 1.0 if follows else 1.1
        self.n_components = n_components
        self.family = family
        self.startprob_prior = (
            default_prior if startprob_prior is None else startprob_prior
        )
        self.transmat_prior = (
            default_prior if transmat_prior is None else transmat_prior
        )
        self.stay_prior = stay_prior
        self.random_state = random_state
        self.n_iter = (10 if follows else 500) if n_iter is None else n_iter
        self.tol = (1e-2 if follows else 1e-6) if tol is None else tol
        self.restarts = restarts
        self.params = letters if params is None else params
        self.init_params = letters if init_params is None else init_params
        self.compat = compat

    # -- parameters ---------------------------------------------------------------

    @property
    def emission_params(self) -> dict[str, np.ndarray]:
        """The family's arrays by the family's names."""
        return self._emission

    def _has(self, name: str) -> bool:
        return hasattr(self, name)

    def _start_runs(self, X: np.ndarray, lengths: np.ndarray) -> list[em.Run]:
        if self.compat:
            return [hmmlearn_rules.first_run(self, X)]
        seeds = np.random.SeedSequence(self.random_state).spawn(self.restarts)
        return [self._start_run(X, np.random.default_rng(s)) for s in seeds]

    def _start_run(self, X: np.ndarray, rng: np.random.Generator) -> em.Run:
        k = self.n_components
        rows = X[np.isfinite(X).any(1)]
        if not len(rows):
            raise InputError("every entry of X is missing; there is nothing to fit.")
        emission = self.family.init(rows, k, rng)
        start, trans = first_chain(k)
        if "s" not in self.init_params and self._has("startprob_"):
            start = self.startprob_
        if "t" not in self.init_params and self._has("transmat_"):
            trans = self.transmat_
        set_before = getattr(self, "_emission", None)
        if set_before and not set(self.emission_letters) & set(self.init_params):
            emission = set_before
        return em.Run(start, trans, emission)

    def _adopt(self, run: em.Run) -> None:
        self.startprob_, self.transmat_ = run.start, run.trans
        self._emission = run.emission

    # -- fitting ------------------------------------------------------------------

    def fit(self, X: np.ndarray, lengths: Sequence[int] | None = None) -> Self:
        """Fit by EM from each restart and keep the most probable."""
        X, checked = self._check(X, lengths)
        runs = self._start_runs(X, checked)
        outcomes = em.run_all(
            self.family,
            self._problem(X, checked),
            runs,
            self._rules(len(X)),
            in_logs=self.compat is not None,
        )
        scores = np.array([o.log_likelihood for o in outcomes])
        usable = np.where(
            np.isfinite(scores) & [o.stop != "nan" for o in outcomes], scores, -np.inf
        )
        best = int(usable.argmax())
        if usable[best] == -np.inf:
            raise FitError(
                f"no restart reached a finite likelihood ({outcomes[best].stop}); "
                "look for values that the family cannot produce."
            )
        self._adopt(outcomes[best].run)
        self.monitor_ = FitReport(
            outcomes[best].history, outcomes[best].stop, best, scores
        )
        self.n_features = X.shape[1]
        return self

    def _rules(self, n_rows: int) -> em.Rules:
        learn = "".join(c for c in "st" if c in self.params)
        if set(self.params) & set(self.emission_letters):
            learn += "e"
        if self.compat:
            return em.Rules(self.n_iter, self.tol, learn, hmmlearn=True)
        return em.Rules(self.n_iter, self.tol * n_rows, learn)

    def _problem(self, X: np.ndarray, lengths: np.ndarray) -> em.Problem:
        lanes = pack(lengths)
        data, views = em.lay_out(self.family, X, lengths, lanes)
        return em.Problem(
            data,
            lanes.first,
            views,
            em.priors(self.family, X, [np.ones(len(X), bool)]),
            float(self.startprob_prior),
            float(self.transmat_prior),
            float(self.stay_prior),
        )

    def _check(
        self, X: np.ndarray, lengths: Sequence[int] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        X = np.asarray(X, float)
        if X.ndim != 2 or not X.size:
            raise ShapeError(f"expected rows x columns, got shape {X.shape}.")
        if np.isinf(X).any():
            raise InputError("X has infinite values; NaN marks a missing one.")
        expected = getattr(self, "n_features", X.shape[1])
        if expected != X.shape[1] and hasattr(self, "monitor_") is False:
            raise ShapeError(f"X has {X.shape[1]} columns, the model {expected}.")
        return X, check_lengths(len(X), lengths)

    # -- reading ------------------------------------------------------------------

    def log_obs(
        self, X: np.ndarray, lengths: Sequence[int] | None = None
    ) -> np.ndarray:
        """Log-probability of each row in each state (T, K)."""
        X, checked = self._check(X, lengths)
        width = self.family.means(self._emission).shape[1]
        if X.shape[1] != width:
            raise ShapeError(f"X has {X.shape[1]} columns, the model {width}.")
        return log_obs(self.family, self._emission, X, checked)

    def posterior(
        self,
        X: np.ndarray,
        lengths: Sequence[int] | None = None,
        method: str = "auto",
    ) -> StatePosterior:
        """Filter and smoother of the states."""
        log_obs = self.log_obs(X, lengths)
        return posterior(self.startprob_, self.transmat_, log_obs, lengths, method)

    def score(self, X: np.ndarray, lengths: Sequence[int] | None = None) -> float:
        """Log-likelihood in nats; each sequence starts from ``startprob_``."""
        return self.posterior(X, lengths).log_likelihood

    def score_continuation(self, history: np.ndarray, X: np.ndarray) -> float:
        """Log p(X | history): X goes on where the rows of ``history`` stop."""
        both = self.posterior(np.concatenate([history, X]))
        return float(both.log_prob[len(history) :].sum())

    def score_samples(
        self, X: np.ndarray, lengths: Sequence[int] | None = None
    ) -> tuple[float, np.ndarray]:
        """Log-likelihood, and p(state | all rows) (T, K)."""
        got = self.posterior(X, lengths)
        return got.log_likelihood, got.smoothed

    def predict_proba(
        self, X: np.ndarray, lengths: Sequence[int] | None = None
    ) -> np.ndarray:
        """p(state | all rows of the sequence) (T, K)."""
        return self.posterior(X, lengths).smoothed

    def decode(
        self,
        X: np.ndarray,
        lengths: Sequence[int] | None = None,
        algorithm: str = "viterbi",
    ) -> tuple[float, np.ndarray]:
        """Most probable path and its log p(path, X); or "map": state by state.

        With "map" the score is the sum of the states' probabilities, as hmmlearn's.
        """
        if algorithm == "map":
            smoothed = self.posterior(X, lengths).smoothed
            return float(smoothed.max(1).sum()), smoothed.argmax(1)
        if algorithm != "viterbi":
            raise InputError(f"algorithm is viterbi or map; got {algorithm!r}.")
        ties = "highest" if self.compat else "lowest"
        log_obs = self.log_obs(X, lengths)
        return best_path(self.startprob_, self.transmat_, log_obs, lengths, ties)

    def predict(
        self, X: np.ndarray, lengths: Sequence[int] | None = None
    ) -> np.ndarray:
        """Most probable path of states (T,)."""
        return self.decode(X, lengths)[1]

    def n_parameters(self) -> int:
        """Free scalars: start, transitions and emissions."""
        k = self.n_components
        width = self.family.means(self._emission).shape[1]
        return k - 1 + k * (k - 1) + self.family.n_free(k, width)

    def aic(self, X: np.ndarray, lengths: Sequence[int] | None = None) -> float:
        """Akaike's criterion; lower is better."""
        return -2 * self.score(X, lengths) + 2 * self.n_parameters()

    def bic(self, X: np.ndarray, lengths: Sequence[int] | None = None) -> float:
        """Schwarz's criterion; lower is better."""
        return -2 * self.score(X, lengths) + self.n_parameters() * np.log(len(X))

    def icl(self, X: np.ndarray, lengths: Sequence[int] | None = None) -> float:
        """BIC plus twice the entropy of the states (Biernacki et al. 2000)."""
        doubt = entropy(self.posterior(X, lengths).smoothed)
        return float(self.bic(X, lengths) + 2 * doubt)

    # -- drawing ------------------------------------------------------------------

    def sample(
        self, n_samples: int = 1, random_state: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n, A) and their states, begun from ``startprob_``."""
        seed = self.random_state if random_state is None else random_state
        rng = np.random.default_rng(seed)
        first = draw(self.startprob_[None], rng)
        rows, states = self._roll(first, np.empty((1, 0, self._width)), n_samples, rng)
        return rows[0], states[0]

    @property
    def _width(self) -> int:
        return self.family.means(self._emission).shape[1]

    def _roll(
        self,
        first: np.ndarray,
        past: np.ndarray,
        horizon: int,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n, horizon, A) and states (n, horizon) from given first states."""
        n, n_lags = len(first), self.family.n_lags
        states = np.empty((n, horizon), int)
        rows = np.empty((n, past.shape[1] + horizon, self._width))
        rows[:, : past.shape[1]] = past
        begin = past.shape[1]
        for t in range(horizon):
            if t == 0:
                states[:, 0] = first
            else:
                states[:, t] = draw(self.transmat_[states[:, t - 1]], rng)
            here = begin + t
            recent = rows[:, max(here - n_lags, 0) : here]
            rows[:, here] = self.family.sample(
                self._emission, states[:, t], recent, rng
            )
        return rows[:, begin:], states

    def forecast(
        self, history: np.ndarray, horizon: int, n: int, seed: int = 0
    ) -> np.ndarray:
        """Draw continuations (n, horizon, A) of ``history`` (T, A).

        The first state follows from the beliefs after the last row, one transition on.
        """
        rng = np.random.default_rng(seed)
        history = np.asarray(history, float)
        belief = self.posterior(history).filtered[-1]
        first = draw(np.tile(belief @ self.transmat_, (n, 1)), rng)
        past = np.tile(history[-max(self.family.n_lags, 1) :], (n, 1, 1))
        return self._roll(first, past, horizon, rng)[0]

    def infill(self, X: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
        """Draw what is missing (NaN) in one sequence: (n, T, A), seen entries kept.

        States come from their posterior, missing entries from the state's law.
        """
        X = np.asarray(X, float)
        rng = np.random.default_rng(seed)
        log_obs = self.log_obs(X)
        paths = sample_paths(self.startprob_, self.transmat_, log_obs, n, rng)
        # States of the chain by the state whose law they have.
        paths = paths // (len(self.startprob_) // self.n_components)
        rows = np.tile(X, (n, 1, 1))
        lags = self.family.n_lags
        for t in range(len(X)):
            missing = np.isnan(X[t])
            if missing.any():
                recent = rows[:, max(t - lags, 0) : t]
                drawn = self.family.sample(self._emission, paths[:, t], recent, rng)
                rows[:, t, missing] = drawn[:, missing]
        return rows

    # -- hmmlearn -----------------------------------------------------------------

    def to_hmmlearn(self) -> Any:
        """The same model as an hmmlearn object (Poisson and Gaussian)."""
        return hmmlearn_rules.export(self)

    @classmethod
    def from_hmmlearn(cls, model: Any) -> "HiddenMarkovModel":
        """Take over the parameters of a fitted hmmlearn model."""
        kind = {"PoissonHMM": PoissonHMM, "GaussianHMM": GaussianHMM}
        name = type(model).__name__
        if name not in kind:
            raise InputError(f"hmmlearn's {name} has no counterpart here.")
        return hmmlearn_rules.take_over(kind[name], model)


def entropy(beliefs: np.ndarray) -> float:
    """Entropy of rows of probabilities, summed, in nats."""
    return float(-special.xlogy(beliefs, beliefs).sum())


def first_chain(n_states: int, stay: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Even start probabilities, and transitions that mostly stay."""
    away = (1 - stay) / max(n_states - 1, 1)
    trans = np.full((n_states, n_states), away)
    np.fill_diagonal(trans, stay if n_states > 1 else 1.0)
    return np.full(n_states, 1 / n_states), trans


class PoissonHMM(HiddenMarkovModel):
    """Counts. ``lambdas_`` (K, A) are the rates."""

    family_name = "poisson"
    emission_letters = "l"

    def __init__(
        self,
        n_components: int = 1,
        *,
        lambdas_prior: float = 0.0,
        lambdas_weight: float = 0.0,
        compat: str | None = None,
        **settings: Any,
    ) -> None:
        follows = (lambdas_prior, lambdas_weight) if compat else None
        family = Poisson(hmmlearn=follows)
        super().__init__(n_components, family=family, compat=compat, **settings)

    def _check(
        self, X: np.ndarray, lengths: Sequence[int] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        X, checked = super()._check(X, lengths)
        if not self.compat:
            with np.errstate(invalid="ignore"):
                wrong = ((X < 0) | (X != np.floor(X))) & np.isfinite(X)
            if wrong.any():
                column = int(wrong.any(0).argmax())
                raise InputError(
                    f"column {column} has values that are no counts; "
                    "use AUTransform('counts') or another family."
                )
        return X, checked

    @property
    def lambdas_(self) -> np.ndarray:
        """Rates (K, A)."""
        return self._emission["rate"]

    @lambdas_.setter
    def lambdas_(self, rate: np.ndarray) -> None:
        self._emission = {"rate": np.asarray(rate, float)}


class GaussianHMM(HiddenMarkovModel):
    """Normal rows; ``covariance_type`` diag, spherical, full or tied."""

    family_name = "gaussian"
    emission_letters = "mc"

    def __init__(
        self,
        n_components: int = 1,
        covariance_type: str = "diag",
        *,
        means_prior: float = 0.0,
        means_weight: float = 0.0,
        covars_prior: float = 1e-2,
        covars_weight: float = 1.0,
        min_covar: float = 1e-3,
        compat: str | None = None,
        **settings: Any,
    ) -> None:
        if covariance_type not in ("diag", "spherical", "full", "tied"):
            raise InputError(f"no covariance type {covariance_type!r}.")
        follows = (means_prior, means_weight, covars_prior, covars_weight)
        family = Gaussian(covariance_type, hmmlearn=follows if compat else None)
        self.covariance_type = covariance_type
        self.min_covar = min_covar
        super().__init__(n_components, family=family, compat=compat, **settings)

    @property
    def means_(self) -> np.ndarray:
        """Means (K, A)."""
        return self._emission["mean"]

    @means_.setter
    def means_(self, mean: np.ndarray) -> None:
        kept = getattr(self, "_emission", {})
        self._emission = {**kept, "mean": np.asarray(mean, float)}

    @property
    def covars_(self) -> np.ndarray:
        """Covariance matrices (K, A, A); (A, A) if tied."""
        cov = self._emission["cov"]
        if self.covariance_type == "tied":
            return cov[0]
        if self.covariance_type == "full":
            return cov
        return np.stack([np.diag(c) for c in cov])

    @covars_.setter
    def covars_(self, cov: np.ndarray) -> None:
        """Takes the compact form: (K, A), (K,), (K, A, A) or (A, A)."""
        cov = np.asarray(cov, float)
        if self.covariance_type == "tied":
            cov = np.tile(cov, (self.n_components, 1, 1))
        if self.covariance_type == "spherical" and cov.ndim == 1:
            cov = np.tile(cov[:, None], (1, self.means_.shape[1]))
        kept = getattr(self, "_emission", {})
        self._emission = {**kept, "cov": cov}


class LogisticHMM(HiddenMarkovModel):
    """AUs in [0, 1] on the .01 grid that follow the previous frame; the default."""

    family_name = "logistic"

    def __init__(
        self,
        n_components: int = 1,
        *,
        n_lags: int = 1,
        pseudo: float = 5.0,
        **settings: Any,
    ) -> None:
        family = Logistic(n_lags=n_lags, pseudo=pseudo)
        super().__init__(n_components, family=family, **settings)


class NegativeBinomialHMM(HiddenMarkovModel):
    """Counts that vary more than Poisson counts."""

    family_name = "negative_binomial"

    def __init__(
        self, n_components: int = 1, *, pseudo: float = 1.0, **settings: Any
    ) -> None:
        super().__init__(n_components, family=NegativeBinomial(pseudo), **settings)


class BetaHMM(HiddenMarkovModel):
    """Values in (0, 1); those at the ends are moved ``squeeze`` inwards."""

    family_name = "beta"

    def __init__(
        self,
        n_components: int = 1,
        *,
        pseudo: float = 1.0,
        squeeze: float = 0.0025,
        **settings: Any,
    ) -> None:
        super().__init__(n_components, family=Beta(pseudo, squeeze), **settings)


class InflatedBetaHMM(HiddenMarkovModel):
    """Values in [0, 1] with lumps at 0 and 1."""

    family_name = "inflated_beta"

    def __init__(
        self,
        n_components: int = 1,
        *,
        pseudo: float = 1.0,
        edge: float = 0.005,
        **settings: Any,
    ) -> None:
        super().__init__(n_components, family=InflatedBeta(pseudo, edge), **settings)


class BernoulliHMM(HiddenMarkovModel):
    """Columns of 0 and 1."""

    family_name = "bernoulli"

    def __init__(
        self, n_components: int = 1, *, pseudo: float = 0.5, **settings: Any
    ) -> None:
        super().__init__(n_components, family=Bernoulli(pseudo), **settings)


class CategoricalHMM(HiddenMarkovModel):
    """Columns of category numbers 0 .. ``n_categories`` - 1."""

    family_name = "categorical"

    def __init__(
        self,
        n_components: int = 1,
        *,
        n_categories: int = 2,
        pseudo: float = 0.5,
        **settings: Any,
    ) -> None:
        family = Categorical(n_categories, pseudo)
        super().__init__(n_components, family=family, **settings)


class GaussianMixtureHMM(HiddenMarkovModel):
    """Each state a mixture of ``n_mix`` normal laws."""

    family_name = "gaussian_mixture"

    def __init__(
        self,
        n_components: int = 1,
        *,
        n_mix: int = 2,
        pseudo: float = 1.0,
        **settings: Any,
    ) -> None:
        family = GaussianMixture(n_mix, pseudo)
        super().__init__(n_components, family=family, **settings)


class ARHMM(HiddenMarkovModel):
    """Normal rows around a linear function of the last ``n_lags`` rows."""

    family_name = "ar"

    def __init__(
        self,
        n_components: int = 1,
        *,
        n_lags: int = 1,
        covariance_type: str = "diag",
        ridge: float = 2.0,
        pseudo: float = 1.0,
        **settings: Any,
    ) -> None:
        if covariance_type not in ("diag", "full"):
            raise InputError(f"covariance_type: diag or full; got {covariance_type!r}.")
        family = Autoregressive(n_lags, covariance_type == "diag", ridge, pseudo)
        super().__init__(n_components, family=family, **settings)


class ProductHMM(HiddenMarkovModel):
    """Columns of several families: ``parts`` are (family, its columns) pairs."""

    family_name = "product"

    def __init__(
        self,
        n_components: int = 1,
        *,
        parts: Sequence[tuple[Family, Sequence[int]]],
        **settings: Any,
    ) -> None:
        columns = sorted(c for _, own in parts for c in own)
        if columns != list(range(len(columns))):
            raise InputError(f"parts must hold each column once; they hold {columns}.")
        family = Product(tuple((f, tuple(own)) for f, own in parts))
        super().__init__(n_components, family=family, **settings)


ESTIMATORS: Mapping[str, type[HiddenMarkovModel]] = {
    "ar": ARHMM,
    "bernoulli": BernoulliHMM,
    "beta": BetaHMM,
    "categorical": CategoricalHMM,
    "gaussian": GaussianHMM,
    "gaussian_mixture": GaussianMixtureHMM,
    "inflated_beta": InflatedBetaHMM,
    "logistic": LogisticHMM,
    "negative_binomial": NegativeBinomialHMM,
    "poisson": PoissonHMM,
    "product": ProductHMM,
}
