"""Hidden Markov models with hmmlearn's estimator interface, in model units.

``fit`` improves several starts by EM and keeps the best; everything after it (score,
decode, posteriors, samples) is our own inference, in which a missing value (NaN)
counts for nothing and a missing row is stepped over.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from genface.behavior.em import Chain, Course, run_em
from genface.behavior.emissions import (
    Emissions,
    GaussianEmissions,
    PoissonEmissions,
)
from genface.behavior.grouping import group_rows
from genface.behavior.inference import (
    draw_states,
    log_filter,
    log_of,
    log_smooth,
    viterbi,
)
from genface.behavior.runs import Lengths, check_rows, observed_runs, split
from genface.errors import FitError, InputError, ShapeError


class BaseHMM:
    """An HMM whose columns are independent given the state.

    ``n_components`` states; ``n_restarts`` EM runs from k-means starts with the seeds
    ``random_state``, ``random_state + 1``, ...; ``n_iter`` and ``tol`` (nats per
    frame) stop each; ``prior_frames`` and ``min_variance`` as in
    :mod:`genface.behavior.em`; ``columns`` name the columns in messages.
    ``warm_start`` continues from the present parameters instead.

    After ``fit``: ``startprob_`` (K,), ``transmat_`` (K, K), the family's own
    parameters (K, A), ``courses_`` (one :class:`Course` per restart), ``course_`` and
    ``converged_`` of the one kept, ``n_features_in_``.
    """

    family: str
    transform: str
    chain_: Chain
    course_: Course

    def __init__(
        self,
        n_components: int = 1,
        *,
        n_iter: int = 200,
        tol: float = 1e-5,
        n_restarts: int = 1,
        random_state: int = 0,
        prior_frames: float = 1.0,
        min_variance: float | np.ndarray = 1e-6,
        columns: Sequence[str] | None = None,
        warm_start: bool = False,
    ):
        if n_components < 1 or n_restarts < 1 or n_iter < 1:
            raise InputError("n_components, n_restarts and n_iter must be 1 or more.")
        self.n_components = n_components
        self.n_iter = n_iter
        self.tol = tol
        self.n_restarts = n_restarts
        self.random_state = random_state
        self.prior_frames = prior_frames
        self.min_variance = min_variance
        self.columns = columns
        self.warm_start = warm_start

    def fit(self, X: np.ndarray, lengths: Lengths = None) -> Self:
        """Fit to rows (T, A); sequences are cut at rows with a missing value.

        Raises :class:`FitError` when no restart ends with finite parameters; the
        message names the columns that were lost.
        """
        rows, runs = observed_runs(X, lengths)
        self._check_fit(rows)
        chains, courses, scores = [], [], []
        for restart in range(1 if self.warm_start else self.n_restarts):
            start = self.chain_ if self.warm_start else self._initial(rows, restart)
            chain, course = run_em(
                start,
                rows,
                runs,
                prior_frames=self.prior_frames,
                min_variance=np.broadcast_to(self.min_variance, rows.shape[1]),
                n_iter=self.n_iter,
                tol=self.tol,
            )
            finite = not self._lost(chain)
            chains.append(chain)
            courses.append(course if finite else Course(course.history, "nan"))
            scores.append(_total(chain, rows, runs) if finite else -np.inf)
        self.courses_, self.scores_ = courses, scores
        best = int(np.argmax(scores))
        self.chain_, self.course_ = chains[best], courses[best]
        lost = self._lost(self.chain_)
        if lost:
            raise FitError(
                f"{self.n_components} states: the fit lost {', '.join(lost)} (not a "
                "number); use fewer states or prior_frames=1."
            )
        return self

    @property
    def startprob_(self) -> np.ndarray:
        """Law of the first state (K,)."""
        return self.chain_.start

    @property
    def transmat_(self) -> np.ndarray:
        """Transition matrix (K, K), rows sum to 1."""
        return self.chain_.trans

    @property
    def emissions_(self) -> Emissions:
        """The states' emission laws."""
        return self.chain_.emissions

    @property
    def converged_(self) -> bool:
        """Whether the run that was kept stopped by its tolerance."""
        return self.course_.stop == "tol"

    @property
    def n_features_in_(self) -> int:
        """Number of columns A."""
        return self.chain_.emissions.means().shape[1]

    def score(self, X: np.ndarray, lengths: Lengths = None) -> float:
        """Log-likelihood of the rows, in nats, summed over the sequences."""
        return sum(
            float(log_filter(*self._logs(x))[0].sum())
            for x in self._sequences(X, lengths)
        )

    def decode(
        self, X: np.ndarray, lengths: Lengths = None
    ) -> tuple[float, np.ndarray]:
        """Most probable path (Viterbi): its log-probability and states (T,)."""
        found = [viterbi(*self._logs(x)) for x in self._sequences(X, lengths)]
        return sum(f[0] for f in found), np.concatenate([f[1] for f in found])

    def predict(self, X: np.ndarray, lengths: Lengths = None) -> np.ndarray:
        """States (T,) of the most probable path."""
        return self.decode(X, lengths)[1]

    def predict_proba(self, X: np.ndarray, lengths: Lengths = None) -> np.ndarray:
        """Probability of each state at each frame given all frames, (T, K)."""
        return np.concatenate(
            [np.exp(log_smooth(*self._logs(x))) for x in self._sequences(X, lengths)]
        )

    def sample(
        self,
        n_samples: int,
        random_state: int | None = None,
        start: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows (T, A) and states (T,) drawn from the model.

        ``start`` (K,) is the law of the first state, ``startprob_`` by default.
        """
        seed = self.random_state if random_state is None else random_state
        rng = np.random.default_rng(seed)
        first = self.startprob_ if start is None else np.asarray(start, float)
        states = draw_states(first, self.transmat_, n_samples, rng)
        scores = rng.standard_normal((n_samples, self.n_features_in_))
        return self.emissions_.values(scores, states), states

    def aic(self, X: np.ndarray, lengths: Lengths = None) -> float:
        """Akaike's criterion on X; smaller is better."""
        return -2 * self.score(X, lengths) + 2 * self.n_parameters()

    def bic(self, X: np.ndarray, lengths: Lengths = None) -> float:
        """Schwarz's criterion on X, with the observed rows as sample size."""
        n_rows = int(np.isfinite(X).any(1).sum())
        return -2 * self.score(X, lengths) + self.n_parameters() * np.log(n_rows)

    def n_parameters(self) -> int:
        """Free parameters: start, transitions and emissions."""
        K = self.n_components
        emitted = sum(array.size for array in self.emissions_.arrays().values())
        return (K - 1) + K * (K - 1) + emitted

    def _sequences(self, X: np.ndarray, lengths: Lengths) -> list[np.ndarray]:
        if not hasattr(self, "chain_"):
            raise InputError(f"this {type(self).__name__} is not fitted; call fit.")
        X = check_rows(X)
        if X.shape[1] != self.n_features_in_:
            raise ShapeError(
                f"expected {self.n_features_in_} columns, got {X.shape[1]}."
            )
        return split(X, lengths)

    def _logs(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return (
            log_of(self.startprob_),
            log_of(self.transmat_),
            self.emissions_.log_prob(X),
        )

    def _check_fit(self, rows: np.ndarray) -> None:
        if not len(rows):
            raise FitError("no row is complete: every one has a missing value.")
        distinct = len(np.unique(rows, axis=0))
        if self.n_components > distinct:
            raise FitError(
                f"{self.n_components} states, but only {distinct} distinct rows; "
                "use fewer states."
            )

    def _initial(self, rows: np.ndarray, restart: int) -> Chain:
        K = self.n_components
        rng = np.random.default_rng(self.random_state + restart)
        labels = group_rows(self._spread_evenly(rows), K, rng)
        trans = np.full((K, K), 0.1 / K) + 0.9 * np.eye(K)
        return Chain(np.full(K, 1.0 / K), trans, self._emissions_of(rows, labels))

    def _spread_evenly(self, rows: np.ndarray) -> np.ndarray:
        """Rows in units in which k-means distances make sense."""
        raise NotImplementedError

    def _emissions_of(self, rows: np.ndarray, labels: np.ndarray) -> Emissions:
        """Emissions of groups of rows, a little towards the whole sample."""
        raise NotImplementedError

    def _lost(self, chain: Chain) -> list[str]:
        """Names of the columns (or of the chain) whose parameters are not finite."""
        A = chain.emissions.means().shape[1]
        names = self.columns or [f"column {index}" for index in range(A)]
        bad = np.zeros(A, bool)
        for array in chain.emissions.arrays().values():
            bad |= ~np.isfinite(array).all(0)
        lost = [name for name, wrong in zip(names, bad, strict=True) if wrong]
        sums = np.append(chain.trans.sum(1), chain.start.sum())
        return lost if np.allclose(sums, 1.0) else [*lost, "the transitions"]


class PoissonHMM(BaseHMM):
    """HMM of counts; ``lambdas_`` (K, A) are the rates."""

    family = "poisson"
    transform = "counts"

    @property
    def lambdas_(self) -> np.ndarray:
        """Rates (K, A)."""
        return self.chain_.emissions.arrays()["rates"]

    def _check_fit(self, rows: np.ndarray) -> None:
        wrong = ((rows < 0) | (rows != np.rint(rows))).any(0)
        if wrong.any():
            names = self.columns or [f"column {i}" for i in range(len(wrong))]
            bad = [name for name, is_bad in zip(names, wrong, strict=True) if is_bad]
            raise InputError(
                f"counts must be integers of 0 or more: {', '.join(bad)}; encode AUs "
                'with AUTransform.fit("counts", ...).'
            )
        super()._check_fit(rows)

    def _spread_evenly(self, rows: np.ndarray) -> np.ndarray:
        return np.sqrt(rows)

    def _emissions_of(self, rows: np.ndarray, labels: np.ndarray) -> Emissions:
        pooled = np.maximum(rows.mean(0), 0.5 / len(rows))
        rates = [
            (rows[labels == k].sum(0) + pooled) / ((labels == k).sum() + 1.0)
            for k in range(self.n_components)
        ]
        return PoissonEmissions(np.array(rates))


class GaussianHMM(BaseHMM):
    """HMM of normal values with diagonal covariances.

    ``means_`` and ``variances_`` are (K, A), ``covars_`` the matrices (K, A, A).
    """

    family = "gaussian"
    transform = "affine"

    @property
    def means_(self) -> np.ndarray:
        """Means (K, A)."""
        return self.chain_.emissions.arrays()["mean"]

    @property
    def variances_(self) -> np.ndarray:
        """Variances (K, A)."""
        return self.chain_.emissions.arrays()["variance"]

    @property
    def covars_(self) -> np.ndarray:
        """Covariance matrices (K, A, A)."""
        return np.stack([np.diag(row) for row in self.variances_])

    def _spread_evenly(self, rows: np.ndarray) -> np.ndarray:
        spread = rows.std(0)
        return rows / np.where(spread > 0, spread, 1.0)

    def _emissions_of(self, rows: np.ndarray, labels: np.ndarray) -> Emissions:
        floor = np.broadcast_to(self.min_variance, rows.shape[1])
        centre, spread = rows.mean(0), np.maximum(rows.var(0), floor)
        means, variances = [], []
        for k in range(self.n_components):
            mine = rows[labels == k]
            mean = (mine.sum(0) + centre) / (len(mine) + 1.0)
            around = ((mine - mean) ** 2).sum(0) + spread
            means.append(mean)
            variances.append(np.maximum(around / (len(mine) + 1.0), floor))
        return GaussianEmissions(np.array(means), np.array(variances))


def _total(chain: Chain, rows: np.ndarray, runs: np.ndarray) -> float:
    logs = log_of(chain.start), log_of(chain.trans)
    return sum(
        float(log_filter(*logs, chain.emissions.log_prob(x))[0].sum())
        for x in split(rows, runs)
    )


HMMS: dict[str, type[BaseHMM]] = {"poisson": PoissonHMM, "gaussian": GaussianHMM}
