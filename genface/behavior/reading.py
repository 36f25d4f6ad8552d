"""What a fitted chain says about rows: states, likelihoods and criteria."""

from collections.abc import Sequence

import numpy as np
from scipy import special

from genface.behavior.emissions import Family
from genface.behavior.emissions.evaluation import log_obs
from genface.behavior.emissions.family import Params
from genface.behavior.inference import StatePosterior, best_path, posterior
from genface.behavior.lanes import check_lengths
from genface.errors import InputError, ShapeError


class Reading:
    """Parameters of a chain with its emissions, and what follows for given rows."""

    startprob_: np.ndarray
    transmat_: np.ndarray
    _emission: Params
    family: Family
    n_components: int
    compat: str | None

    @property
    def emission_params(self) -> dict[str, np.ndarray]:
        """The family's arrays by the family's names."""
        return self._emission

    @property
    def _width(self) -> int:
        return self.family.means(self._emission).shape[1]

    def _check(
        self, X: np.ndarray, lengths: Sequence[int] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        X = np.asarray(X, float)
        if X.ndim != 2 or not X.size:
            raise ShapeError(f"expected rows x columns, got shape {X.shape}.")
        if np.isinf(X).any():
            raise InputError("X has infinite values; NaN marks a missing one.")
        return X, check_lengths(len(X), lengths)

    def log_obs(
        self, X: np.ndarray, lengths: Sequence[int] | None = None
    ) -> np.ndarray:
        """Log-probability of each row in each state (T, K)."""
        X, checked = self._check(X, lengths)
        if X.shape[1] != self._width:
            raise ShapeError(f"X has {X.shape[1]} columns, the model {self._width}.")
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
        return k - 1 + k * (k - 1) + self.family.n_free(k, self._width)

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


def entropy(beliefs: np.ndarray) -> float:
    """Entropy of rows of probabilities, summed, in nats."""
    return float(-special.xlogy(beliefs, beliefs).sum())
