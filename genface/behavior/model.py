"""The behaviour model of a face: AUs in, states; states in, AUs out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from genface.behavior import storage
from genface.behavior.cells import CellLaw
from genface.behavior.em import Chain
from genface.behavior.emissions import FAMILIES
from genface.behavior.generation import draw_scores, within_state_correlation
from genface.behavior.inference import (
    draw_states,
    log_filter,
    log_of,
    log_smooth,
    viterbi,
)
from genface.behavior.runs import Lengths, check_rows, split
from genface.behavior.selection import Selection
from genface.behavior.transform import AUTransform, scale_top
from genface.errors import InputError, ShapeError, WeightError

GOLDEN_FRAMES = 32


@dataclass(frozen=True, eq=False)
class BehaviorModel:
    """A hidden Markov chain over the AUs of one face.

    All arrays of AUs are (T, A) in ``columns`` order and on ``au_scale``; NaN is a
    missing value and counts for nothing. States are numbered by how often they occur.
    Likelihoods are probabilities of cells of the .01 grid (:mod:`.cells`), so models
    of different families compare. ``correlation`` (A,) is the within-state lag-1
    correlation that samples carry; ``selection`` the table of candidates and ``runs``
    that of fits, as plain records; ``notes`` what was left out; ``facts`` further
    JSON facts (source, seed).
    """

    chain: Chain
    transform: AUTransform
    fps: float
    au_scale: str
    correlation: np.ndarray
    selection: list[dict] = field(default_factory=list)
    runs: list[dict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict = field(default_factory=dict)

    @classmethod
    def from_selection(
        cls,
        selection: Selection,
        X: np.ndarray,
        lengths: Lengths = None,
        *,
        fps: float,
        au_scale: str,
        notes: Sequence[str] = (),
        facts: dict | None = None,
    ) -> "BehaviorModel":
        """The chosen model, its states ordered by occupancy in the AUs X (T, A)."""
        if not fps > 0:
            raise InputError(f"fps must be positive, got {fps}.")
        bare = cls(
            selection.best.chain_,
            selection.transform,
            float(fps),
            au_scale,
            np.zeros(X.shape[1]),
            selection.table,
            selection.run_table,
            [*notes, selection.rule],
            dict(facts or {}),
        )
        sequences = split(check_rows(X), lengths)
        visits = np.concatenate([bare.states(x) for x in sequences])
        counts = np.bincount(visits[visits >= 0], minlength=bare.n_states)
        ordered = bare._reordered(np.argsort(-counts, kind="stable"))
        correlation = within_state_correlation(
            ordered.chain.emissions,
            [ordered.transform.encode(np.clip(x, 0, ordered.top)) for x in sequences],
            [ordered.states(x) for x in sequences],
        )
        return replace(ordered, correlation=correlation)

    @property
    def family(self) -> str:
        """Emission family: "poisson" or "gaussian"."""
        return self.chain.emissions.family

    @property
    def n_states(self) -> int:
        """Number of states K."""
        return len(self.chain.start)

    @property
    def columns(self) -> tuple[str, ...]:
        """AU names of the columns."""
        return self.transform.columns

    @property
    def top(self) -> float:
        """End of the AU scale."""
        return scale_top(self.au_scale)

    @property
    def state_means(self) -> np.ndarray:
        """Mean AUs of each state (K, A), on the AU scale."""
        decoded = self.transform.decode(self.chain.emissions.means())
        return np.clip(decoded, 0.0, self.top)

    @property
    def dwell_seconds(self) -> np.ndarray:
        """Expected length of a visit to each state (K,), in seconds."""
        leaving = 1.0 - np.diag(self.chain.trans)
        with np.errstate(divide="ignore"):
            return 1.0 / leaving / self.fps

    @property
    def occupancy(self) -> np.ndarray:
        """Long-run share of time in each state (K,)."""
        K = self.n_states
        system = np.vstack([self.chain.trans.T - np.eye(K), np.ones(K)])
        target = np.append(np.zeros(K), 1.0)
        share = np.clip(np.linalg.lstsq(system, target, rcond=None)[0], 0.0, None)
        return share / share.sum()

    def states(self, X: np.ndarray) -> np.ndarray:
        """Most probable states (T,) given all frames; -1 where a whole row is NaN."""
        X = self._check(X)
        _, path = viterbi(*self._logs(X))
        return np.where(np.isfinite(X).any(1), path, -1)

    def filtered(self, X: np.ndarray) -> np.ndarray:
        """Probability of each state given the frames so far, (T, K)."""
        return np.exp(log_filter(*self._logs(self._check(X)))[1])

    def posterior(self, X: np.ndarray) -> np.ndarray:
        """Probability of each state given all frames, (T, K)."""
        return np.exp(log_smooth(*self._logs(self._check(X))))

    def log_likelihood(self, X: np.ndarray, history: np.ndarray | None = None) -> float:
        """Log-probability of the cells of X in nats, given ``history`` before it."""
        X = self._check(X)
        known = 0 if history is None else len(history)
        whole = X if history is None else np.vstack([self._check(history), X])
        return float(log_filter(*self._logs(whole))[0][known:].sum())

    def score(self, X: np.ndarray, history: np.ndarray | None = None) -> float:
        """Log-likelihood in nats per frame that has a value."""
        frames = int(np.isfinite(self._check(X)).any(1).sum())
        return self.log_likelihood(X, history) / frames if frames else np.nan

    def sample(
        self,
        n_frames: int,
        seed: int,
        history: np.ndarray | None = None,
        *,
        independent: bool = False,
    ) -> np.ndarray:
        """AUs (n_frames, A) drawn from the model; see ``sample_with_states``."""
        return self.sample_with_states(
            n_frames, seed, history, independent=independent
        )[0]

    def sample_with_states(
        self,
        n_frames: int,
        seed: int,
        history: np.ndarray | None = None,
        *,
        independent: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """AUs (n_frames, A), clipped to the scale, and their states (n_frames,).

        With ``history`` (T, A) it is a continuation: the last state is drawn from the
        filtered posterior, the first new one from its row of transitions, and the
        noise goes on from where the last frame stood in its state. Noise carries
        ``correlation`` (:mod:`.generation`); ``independent=True`` draws it afresh at
        each frame, as a plain HMM does.
        """
        if n_frames < 1:
            raise InputError(f"n_frames must be 1 or more, got {n_frames}.")
        rng = np.random.default_rng(seed)
        first, before = self.chain.start, None
        if history is not None:
            last, before = self._standing(self._check(history), rng)
            first = self.chain.trans[last]
        states = draw_states(first, self.chain.trans, n_frames, rng)
        correlation = np.zeros_like(self.correlation)
        if not independent:
            correlation = self.correlation
        scores = draw_scores(correlation, n_frames, rng, before)
        coded = self.chain.emissions.values(scores, states)
        return np.clip(self.transform.decode(coded), 0.0, self.top), states

    def save(self, folder: Path | str) -> Path:
        """Write ``model.json`` and ``arrays.npz``; the folder appears whole."""
        arrays = {
            "start": self.chain.start,
            "trans": self.chain.trans,
            "correlation": self.correlation,
            "offset": self.transform.offset,
            "scale": self.transform.scale,
            "golden": self.sample(GOLDEN_FRAMES, seed=0),
        }
        for name, array in self.chain.emissions.arrays().items():
            arrays[f"emissions_{name}"] = array
        facts = {
            "family": self.family,
            "n_states": self.n_states,
            "columns": list(self.columns),
            "au_scale": self.au_scale,
            "fps": self.fps,
            "transform": self.transform.kind,
            "golden_log_likelihood": self.log_likelihood(arrays["golden"]),
            "notes": self.notes,
            "facts": self.facts,
            "selection": self.selection,
            "runs": self.runs,
        }
        return storage.write_model(folder, facts, arrays)

    @classmethod
    def load(cls, folder: Path | str) -> "BehaviorModel":
        """Read a saved model and check it; an altered one is a ``WeightError``."""
        facts, arrays = storage.read_model(folder)
        emissions = {
            name.removeprefix("emissions_"): array
            for name, array in arrays.items()
            if name.startswith("emissions_")
        }
        try:
            columns = tuple(facts["columns"])
            model = cls(
                Chain(
                    arrays["start"],
                    arrays["trans"],
                    FAMILIES[facts["family"]](**emissions),
                ),
                AUTransform(
                    facts["transform"], arrays["offset"], arrays["scale"], columns
                ),
                float(facts["fps"]),
                facts["au_scale"],
                arrays["correlation"],
                facts["selection"],
                facts["runs"],
                facts["notes"],
                facts["facts"],
            )
            model._check_shapes(facts["n_states"])
            golden = model.log_likelihood(arrays["golden"])
            expected = facts["golden_log_likelihood"]
        except (KeyError, TypeError, ShapeError) as error:
            raise WeightError(
                f"{folder}: not a whole behaviour model ({error}); fit it again."
            ) from None
        if not abs(golden - expected) <= 1e-9 * abs(expected):
            raise WeightError(
                f"{folder}: its test frames have log-likelihood {golden:.6f}, "
                f"not {expected:.6f} as when saved; fit the model again."
            )
        return model

    def _logs(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        start, trans = log_of(self.chain.start), log_of(self.chain.trans)
        return start, trans, self._law.log_obs(X)

    @cached_property
    def _law(self) -> CellLaw:
        return CellLaw(self.chain.emissions, self.transform, self.top)

    def _check(self, X: np.ndarray) -> np.ndarray:
        X = check_rows(X)
        if X.shape[1] != len(self.columns):
            raise ShapeError(
                f"this model has {len(self.columns)} columns "
                f"({', '.join(self.columns)}); X has {X.shape[1]}."
            )
        return X

    def _check_shapes(self, n_states: int) -> None:
        K, A = n_states, len(self.columns)
        wanted = {"start": (K,), "trans": (K, K), "correlation": (A,)}
        found = {
            "start": self.chain.start.shape,
            "trans": self.chain.trans.shape,
            "correlation": self.correlation.shape,
        }
        for name, array in self.chain.emissions.arrays().items():
            wanted[name], found[name] = (K, A), array.shape
        if wanted != found:
            raise ShapeError(f"expected the shapes {wanted}, found {found}")

    def _standing(
        self, history: np.ndarray, rng: np.random.Generator
    ) -> tuple[int, np.ndarray]:
        """A last state drawn given the history, and the last row's scores in it."""
        belief = self.filtered(history)[-1]
        last = int(rng.choice(self.n_states, p=belief / belief.sum()))
        row = np.clip(history[-1:], 0.0, self.top)
        coded = self.transform.encode(row)
        scores = self.chain.emissions.scores(coded, np.array([last]))[0]
        return last, np.clip(scores, -3.0, 3.0)

    def _reordered(self, order: np.ndarray) -> "BehaviorModel":
        emissions = self.chain.emissions
        moved = {name: array[order] for name, array in emissions.arrays().items()}
        chain = Chain(
            self.chain.start[order],
            self.chain.trans[np.ix_(order, order)],
            type(emissions)(**moved),
        )
        return replace(self, chain=chain)
