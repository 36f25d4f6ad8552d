"""What a fitted chain says about rows: states, likelihoods and criteria."""

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from genface.behavior.emissions import Family
from genface.behavior.emissions.evaluation import log_obs
from genface.behavior.emissions.family import Params
from genface.behavior.inference import StatePosterior, best_path, posterior
from genface.behavior.runs import Lengths, Rows, check_rows, stack
from genface.behavior.stream import StateStream
from genface.errors import InputError, ShapeError


class NotFitted(InputError, AttributeError):
    """A model that has no parameters yet."""


class Reading:
    """Parameters of a chain with its emissions, and what follows for given rows.

    Rows ``X`` are (T, A), sequences stacked with their ``lengths``, or a list of
    sequences; what is returned for each row is stacked.
    """

    startprob_: np.ndarray
    transmat_: np.ndarray
    _emission: Params
    family: Family
    n_components: int
    compat: str | None

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say what to do about a parameter that is not there."""
            own = type(self).__name__
            inner = ("_emission", "_width", "emission_params")
            if name.startswith("__") or not (name.endswith("_") or name in inner):
                raise AttributeError(f"{own} has no attribute {name}")
            what = "parameters" if name in inner else name
            raise NotFitted(
                f"this {own} has no {what} yet: call fit, or set them first."
            )

    @property
    def emission_params(self) -> dict[str, np.ndarray]:
        """The family's arrays by the family's names."""
        return self._emission

    @property
    def _width(self) -> int:
        return self.family.means(self._emission).shape[1]

    def _check(self, X: Rows, lengths: Lengths) -> tuple[np.ndarray, np.ndarray]:
        return stack(X, lengths)

    def log_obs(self, X: Rows, lengths: Lengths = None) -> np.ndarray:
        """Log-probability of each row in each state (T, K)."""
        X, checked = self._check(X, lengths)
        if X.shape[1] != self._width:
            raise ShapeError(f"X has {X.shape[1]} columns, the model {self._width}.")
        return log_obs(self.family, self._emission, X, checked)

    def posterior(
        self, X: Rows, lengths: Lengths = None, method: str = "auto"
    ) -> StatePosterior:
        """Filter and smoother of the states."""
        X, checked = self._check(X, lengths)
        log_obs = self.log_obs(X, checked)
        return posterior(self.startprob_, self.transmat_, log_obs, checked, method)

    def _by_state(self, beliefs: np.ndarray) -> np.ndarray:
        """Beliefs (..., K) from those about the states of the chain."""
        return beliefs.reshape(*beliefs.shape[:-1], self.n_components, -1).sum(-1)

    def stream(self) -> StateStream:
        """Beliefs about one sequence as its rows arrive, by ``update(row)``."""
        return StateStream(self)

    def score(self, X: Rows, lengths: Lengths = None) -> float:
        """Log-likelihood in nats; each sequence starts from ``startprob_``."""
        return self.posterior(X, lengths).log_likelihood

    def score_continuation(self, history: np.ndarray, X: np.ndarray) -> float:
        """Log p(X | history): X goes on where the rows of ``history`` stop."""
        history, X = check_rows(history), check_rows(X)
        if history.shape[1] != X.shape[1]:
            raise ShapeError(
                f"X has {X.shape[1]} columns, its history {history.shape[1]}."
            )
        both = self.posterior(np.concatenate([history, X]))
        return float(both.log_prob[len(history) :].sum())

    def score_samples(
        self, X: Rows, lengths: Lengths = None
    ) -> tuple[float, np.ndarray]:
        """Log-likelihood, and p(state | all rows) (T, K)."""
        got = self.posterior(X, lengths)
        return got.log_likelihood, self._by_state(got.smoothed)

    def predict_proba(self, X: Rows, lengths: Lengths = None) -> np.ndarray:
        """p(state | all rows of the sequence) (T, K)."""
        return self._by_state(self.posterior(X, lengths).smoothed)

    def decode(
        self, X: Rows, lengths: Lengths = None, algorithm: str = "viterbi"
    ) -> tuple[float, np.ndarray]:
        """Most probable path and its log p(path, X); or "map": state by state.

        With "map" the score is the sum of the states' probabilities, as hmmlearn's.
        """
        if algorithm == "map":
            smoothed = self.predict_proba(X, lengths)
            return float(smoothed.max(1).sum()), smoothed.argmax(1)
        if algorithm != "viterbi":
            raise InputError(f"algorithm is viterbi or map; got {algorithm!r}.")
        ties = "highest" if self.compat else "lowest"
        X, checked = self._check(X, lengths)
        log_obs = self.log_obs(X, checked)
        score, path = best_path(self.startprob_, self.transmat_, log_obs, checked, ties)
        return score, path // (len(self.startprob_) // self.n_components)

    def predict(self, X: Rows, lengths: Lengths = None) -> np.ndarray:
        """Most probable path of states (T,)."""
        return self.decode(X, lengths)[1]

    def n_parameters(self) -> int:
        """Free scalars: start, transitions and emissions."""
        k = self.n_components
        return k - 1 + k * (k - 1) + self.family.n_free(k, self._width)

    def aic(self, X: Rows, lengths: Lengths = None) -> float:
        """Akaike's criterion; lower is better."""
        return -2 * self.score(X, lengths) + 2 * self.n_parameters()

    def bic(self, X: Rows, lengths: Lengths = None) -> float:
        """Schwarz's criterion; lower is better."""
        X, checked = self._check(X, lengths)
        return -2 * self.score(X, checked) + self.n_parameters() * np.log(len(X))

    def icl(self, X: Rows, lengths: Lengths = None) -> float:
        """BIC plus twice the entropy of the states (Biernacki et al. 2000)."""
        doubt = entropy(self.predict_proba(X, lengths))
        return float(self.bic(X, lengths) + 2 * doubt)


def entropy(beliefs: np.ndarray) -> float:
    """Entropy of rows of probabilities, summed, in nats."""
    return float(-special.xlogy(beliefs, beliefs).sum())
