"""Hidden Markov models with hmmlearn's interface, whatever they emit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from genface.behavior import compat as hmmlearn_rules
from genface.behavior import em
from genface.behavior.drawing import Drawing
from genface.behavior.emissions import Family
from genface.behavior.emissions.family import Params
from genface.behavior.lanes import pack
from genface.behavior.runs import Lengths, Rows
from genface.behavior.settings import check_seed, like, probabilities, whole
from genface.errors import FitError, InputError


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


class HiddenMarkovModel(Drawing):
    """K hidden states, each with its law of a row of A columns.

    ``X`` is (T, A), sequences stacked with their ``lengths``, or a list of sequences;
    NaN entries are missing and are summed out. After ``fit``: ``startprob_`` (K,),
    ``transmat_`` (K, K), ``emission_params``, and ``monitor_``.

    ``tol`` is in nats per row; ``stay_prior`` adds to the prior count of staying in a
    state. ``params`` are the letters of what is learnt, ``init_params`` of what begins
    anew although it was set before: s start, t transitions, e emissions, or the letters
    of single arrays (``array_letters``). ``compat="hmmlearn"`` follows hmmlearn 0.3.3
    in initialisation, priors, stopping (``tol`` in nats, all rows) and ties.
    """

    family_name: ClassVar[str] = ""
    chain_letters: ClassVar[str] = "st"
    array_letters: ClassVar[Mapping[str, str]] = {}

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
        follows = compat == "hmmlearn"
        if not follows:
            check_seed("random_state", random_state)
        default_prior = 1.0 if follows else 1.1
        self.n_components = whole("n_components", n_components)
        self.family = family
        self.startprob_prior = (
            default_prior if startprob_prior is None else startprob_prior
        )
        self.transmat_prior = (
            default_prior if transmat_prior is None else transmat_prior
        )
        self.stay_prior = stay_prior
        self.random_state = random_state
        n_iter = (10 if follows else 500) if n_iter is None else n_iter
        self.n_iter = whole("n_iter", n_iter)
        self.tol = (1e-2 if follows else 1e-6) if tol is None else tol
        self.restarts = whole("restarts", restarts)
        self.params = self._letters("params", params)
        self.init_params = self._letters("init_params", init_params)
        self.compat = compat

    def __repr__(self) -> str:
        fitted = "fitted" if hasattr(self, "startprob_") else "not fitted"
        return f"{type(self).__name__}(n_components={self.n_components}), {fitted}"

    @property
    def _emission_letters(self) -> str:
        return "".join(self.array_letters.values()) or "e"

    def _letters(self, name: str, given: str | None) -> str:
        """Letters with e spelt out; all of them for None."""
        own = self._emission_letters
        known = self.chain_letters + own
        if given is None:
            return known
        if not isinstance(given, str) or set(given) - {*known, "e"}:
            letters = ", ".join(dict.fromkeys(known + "e"))
            raise InputError(f"{name} is made of the letters {letters}; got {given!r}.")
        return given.replace("e", own)

    def _start_runs(self, X: np.ndarray, lengths: np.ndarray) -> list[em.Run]:
        if self.compat:
            return [hmmlearn_rules.first_run(self, X)]
        seeds = np.random.SeedSequence(self.random_state).spawn(self.restarts)
        return [self._start_run(X, np.random.default_rng(s)) for s in seeds]

    def _start_run(self, X: np.ndarray, rng: np.random.Generator) -> em.Run:
        k = self.n_components
        emission = self._first_emission(X, rng)
        start, trans = first_chain(k)
        start = probabilities("startprob_", self._kept("s", "startprob_", start), (k,))
        trans = probabilities("transmat_", self._kept("t", "transmat_", trans), (k, k))
        return em.Run(start, trans, emission)

    def _kept(self, letter: str, name: str, drawn: Any) -> Any:
        """The attribute if it was set before and may stay, else ``drawn``."""
        return drawn if letter in self.init_params else getattr(self, name, drawn)

    def _first_emission(self, X: np.ndarray, rng: np.random.Generator) -> Params:
        rows = X[np.isfinite(X).any(1)]
        if not len(rows):
            raise InputError("every entry of X is missing; there is nothing to fit.")
        emission = self.family.init(rows, self.n_components, rng)
        before = getattr(self, "_emission", {})
        for name, drawn in emission.items():
            letter = self.array_letters.get(name, "e")
            if name in before and letter not in self.init_params:
                emission[name] = like(name, before[name], drawn.shape)
        return emission

    def _adopt(self, run: em.Run) -> None:
        self.startprob_, self.transmat_ = run.start, run.trans
        self._emission = run.emission

    def fit(self, X: Rows, lengths: Lengths = None) -> Self:
        """Fit by EM from each restart and keep the most probable."""
        X, checked = self._check(X, lengths)
        problem = self._problem(X, checked)
        outcomes = em.run_all(
            self.family,
            problem,
            self._start_runs(X, checked),
            self._rules(len(X)),
            in_logs=self.compat is not None,
        )
        scores = np.array([o.log_likelihood for o in outcomes])
        best = best_restart(scores, [o.stop for o in outcomes])
        self._adopt(outcomes[best].run)
        self.monitor_ = FitReport(
            outcomes[best].history, outcomes[best].stop, best, scores
        )
        self.n_features = X.shape[1]
        return self

    def _rules(self, n_rows: int) -> em.Rules:
        learn = "".join(c for c in "st" if c in self.params)
        if set(self.params) & set(self._emission_letters):
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

    def to_hmmlearn(self) -> Any:
        """The same model as an hmmlearn object (Poisson and Gaussian)."""
        return hmmlearn_rules.export(self)

    @classmethod
    def from_hmmlearn(cls, model: Any) -> "HiddenMarkovModel":
        """Take over the parameters of a fitted hmmlearn model (Poisson, Gaussian)."""
        kinds = {kind.__name__: kind for kind in HiddenMarkovModel.__subclasses__()}
        name = type(model).__name__
        if name not in ("PoissonHMM", "GaussianHMM"):
            raise InputError(f"hmmlearn's {name} has no counterpart here.")
        return hmmlearn_rules.take_over(kinds[name], model)


def best_restart(scores: np.ndarray, stops: Sequence[str]) -> int:
    """Number of the most probable restart; a :class:`FitError` if none can be used."""
    usable = np.isfinite(scores) & [stop != "nan" for stop in stops]
    best = int(np.where(usable, scores, -np.inf).argmax())
    if not usable[best]:
        raise FitError(
            f"no restart reached a finite likelihood ({stops[best]}); look for values "
            "that the family cannot produce, or start parameters out of range."
        )
    return best


def first_chain(n_states: int, stay: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Even start probabilities, and transitions that mostly stay."""
    away = (1 - stay) / max(n_states - 1, 1)
    trans = np.full((n_states, n_states), away)
    np.fill_diagonal(trans, stay if n_states > 1 else 1.0)
    return np.full(n_states, 1 / n_states), trans
