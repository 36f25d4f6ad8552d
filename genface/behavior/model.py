"""The behaviour model of a face: AUs in, states; states in, AUs out."""

import copy
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from genface.behavior import storage
from genface.behavior.cells import log_steps
from genface.behavior.duration import HSMM
from genface.behavior.em import Run
from genface.behavior.emissions.family import naming
from genface.behavior.emotion_codec import EmotionCodec
from genface.behavior.graph import long_run_share, moves_given_leaving
from genface.behavior.hmm import HiddenMarkovModel
from genface.behavior.runs import Lengths, Rows, check_rows, split, stack
from genface.behavior.selection import Selection, transform_for
from genface.behavior.settings import whole
from genface.behavior.stream import StateStream
from genface.behavior.transform import AUTransform, check_range, scale_top
from genface.behavior.visits import geometric_law
from genface.errors import InputError, ShapeError, WeightError

GOLDEN_FRAMES = 32


@dataclass(frozen=True, eq=False, repr=False)
class BehaviorModel:
    """Hidden states over the AUs of one face.

    All arrays of AUs are (T, A) in ``columns`` order and on ``au_scale``; values
    beyond the scale count as its end, NaN is a missing value and counts for nothing.
    States are numbered by how often they occur. Likelihoods are probabilities of cells
    of the .01 grid (:mod:`.cells`), so models of different families compare.
    ``state_means`` (K, A) are the mean AUs of the training frames in each state.
    ``selection`` is the table of candidates and ``runs`` that of fits, as plain
    records; ``notes`` what was left out; ``facts`` further JSON facts (source, seed).

    With a ``codec`` the states are those of emotions: AUs go in and come out all the
    same, but laws and likelihoods are of the strengths of ``features``, not of the AUs.
    """

    estimator: HiddenMarkovModel
    transform: AUTransform
    fps: float
    au_scale: str
    state_means: np.ndarray
    selection: list[dict] = field(default_factory=list)
    runs: list[dict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict = field(default_factory=dict)
    codec: EmotionCodec | None = None

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
        codec: EmotionCodec | None = None,
    ) -> "BehaviorModel":
        """The chosen model, its states ordered by occupancy in the AUs X (T, A).

        ``codec`` is what turned AUs into the emotions that the selection was made of.
        """
        bare = cls(
            selection.best,
            selection.transform,
            _rate(fps),
            au_scale,
            np.zeros((selection.best.n_components, X.shape[1])),
            selection.table,
            selection.runs,
            [*notes, selection.rule],
            dict(facts or {}),
            codec,
        )
        return bare._ordered(X, lengths)

    @classmethod
    def fit(
        cls,
        estimator: HiddenMarkovModel,
        X: Rows,
        lengths: Lengths = None,
        *,
        columns: Sequence[str],
        fps: float,
        au_scale: str = "intensity",
        transform: str | None = None,
        codec: EmotionCodec | None = None,
    ) -> "BehaviorModel":
        """Fit one estimator, of whatever family and duration, to AUs X (T, A).

        ``X`` may be a list of sequences. ``transform`` is one of ``transform.KINDS``;
        the family's own if left out. With a ``codec`` of these columns it is fitted to
        emotions.
        """
        X, sizes = stack(X, lengths)
        fps, top = _rate(fps), scale_top(au_scale)
        rows, names = X, tuple(columns)
        if codec is not None:
            if (names, au_scale) != (codec.au_names, codec.au_scale):
                raise InputError("columns and au_scale must be those of the codec.")
            rows, names, top = codec.encode(X), codec.emotions, 1.0
        kind = transform or transform_for(estimator.family)
        map_ = AUTransform.fit(kind, rows, names, top)
        check_range(rows, map_.columns, top)
        with naming(names):
            estimator.fit(map_.encode(rows), sizes)
        blank = np.zeros((estimator.n_components, X.shape[1]))
        bare = cls(estimator, map_, fps, au_scale, blank, codec=codec)
        return bare._ordered(X, sizes)

    def __repr__(self) -> str:
        return (
            f"BehaviorModel({self.family}, {self.n_states} states, "
            f"{len(self.columns)} columns, {self.fps:.4g} frames/s)"
        )

    @property
    def family(self) -> str:
        """Name of the emission family; with ``hsmm`` before it if durations have one.

        The same families with other settings (lags, covariances) share a name.
        """
        name = self.estimator.family.name
        return f"hsmm {name}" if isinstance(self.estimator, HSMM) else name

    @property
    def n_states(self) -> int:
        """Number of states K."""
        return self.estimator.n_components

    @property
    def columns(self) -> tuple[str, ...]:
        """AU names of the columns."""
        return self.features if self.codec is None else self.codec.au_names

    @property
    def features(self) -> tuple[str, ...]:
        """What the states emit: the AUs themselves, or the emotions of the codec."""
        return self.transform.columns

    @property
    def top(self) -> float:
        """End of the AU scale."""
        return scale_top(self.au_scale)

    @property
    def remembers(self) -> bool:
        """Whether a frame depends on the one before within a state, as faces do."""
        return self.estimator.family.n_lags > 0

    @property
    def start(self) -> np.ndarray:
        """Law of the first state (K,)."""
        if isinstance(self.estimator, HSMM):
            return self.estimator.start_
        return self.estimator.startprob_

    @property
    def trans(self) -> np.ndarray:
        """Transitions per frame (K, K).

        With a law of durations: those of a chain with the same mean visits.
        """
        if not isinstance(self.estimator, HSMM):
            return self.estimator.transmat_
        leaving = 1.0 / (self.dwell_seconds * self.fps)
        return leaving[:, None] * self.estimator.jumps_ + np.diag(1.0 - leaving)

    @property
    def dwell_seconds(self) -> np.ndarray:
        """Expected length of a visit to each state (K,), in seconds."""
        if isinstance(self.estimator, HSMM):
            law = self.estimator.durations_
            return law @ np.arange(1, law.shape[1] + 1) / self.fps
        leaving = 1.0 - np.diag(self.trans)
        with np.errstate(divide="ignore"):
            return 1.0 / leaving / self.fps

    @property
    def occupancy(self) -> np.ndarray:
        """Long-run share of time in each state (K,)."""
        if self.n_states == 1:
            return np.ones(1)
        return long_run_share(moves_given_leaving(self.trans), self.dwell_seconds)

    def dwell_law(self, state: int, longest: int) -> np.ndarray:
        """P(a visit to ``state`` lasts 1, 2, ... ``longest`` frames)."""
        if not 0 <= state < self.n_states:
            raise InputError(f"no state {state}; there are 0 to {self.n_states - 1}.")
        if isinstance(self.estimator, HSMM):
            law = np.zeros(longest)
            known = self.estimator.durations_[state][:longest]
            law[: len(known)] = known
            return law
        return geometric_law(float(self.trans[state, state]), longest)

    def states(self, X: np.ndarray) -> np.ndarray:
        """Most probable states (T,) given all frames; -1 where a whole row is NaN."""
        path = self.estimator.predict(self._encode(X))
        return np.where(np.isfinite(self._told(X)).any(1), path, -1)

    def filtered(self, X: np.ndarray) -> np.ndarray:
        """Probability of each state given the frames so far, (T, K)."""
        beliefs = self.estimator.posterior(self._encode(X)).filtered
        return self.estimator._by_state(beliefs)

    def stream(self) -> StateStream:
        """:meth:`filtered` for frames that arrive one by one: ``update(aus)``."""
        return StateStream(self.estimator, self._encode)

    def posterior(self, X: np.ndarray) -> np.ndarray:
        """Probability of each state given all frames, (T, K)."""
        return self.estimator.predict_proba(self._encode(X))

    def log_likelihood(self, X: np.ndarray, history: np.ndarray | None = None) -> float:
        """Log-probability of the cells of X in nats, given ``history`` before it."""
        X = self._check(X)
        known = 0 if history is None else len(history)
        both = X if history is None else np.vstack([self._check(history), X])
        self._encode(both)
        top = self.top if self.codec is None else 1.0
        steps = log_steps(self.estimator, self.transform, self._told(both), top)
        return float(steps[known:].sum())

    def score(self, X: np.ndarray) -> float:
        """Log-likelihood in nats per frame that has a value; X starts a sequence."""
        return self._per_frame(X, self.log_likelihood(X))

    def score_continuation(self, history: np.ndarray, X: np.ndarray) -> float:
        """The same where X goes on from the last row of ``history``."""
        return self._per_frame(X, self.log_likelihood(X, history))

    def sample(
        self, n_frames: int, seed: int, history: np.ndarray | None = None
    ) -> np.ndarray:
        """AUs (n_frames, A) drawn from the model, clipped to the scale.

        With ``history`` (T, A) it is a continuation: one :meth:`forecast`.
        """
        if history is not None:
            return self.forecast(history, n_frames, 1, seed)[0]
        whole("n_frames", n_frames)
        whole("seed", seed, 0)
        coded, _ = self.estimator.sample(n_frames, seed)
        return self._decode(coded)

    def varied(self, seed: int) -> "BehaviorModel":
        """A model of emotions whose samples show them by expressions of their own."""
        if self.codec is None:
            raise InputError("a model of AUs has no emotions to show otherwise.")
        return replace(self, codec=replace(self.codec, seed=seed))

    def forecast(
        self, history: np.ndarray, horizon: int, n: int, seed: int = 0
    ) -> np.ndarray:
        """Continuations (n, horizon, A) of ``history`` (T, A), clipped to the scale.

        The first state is drawn from the filtered posterior of the last frame, one
        transition on; families with lags go on from the last values.
        """
        whole("horizon", horizon)
        whole("n", n)
        whole("seed", seed, 0)
        coded = self._encode(history)
        self._possible(coded)
        return self._decode(self.estimator.forecast(coded, horizon, n, seed))

    def infill(self, X: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
        """Draw what is missing (NaN) in X: (n, T, A), seen values untouched.

        A part of the AUs may be given throughout: the others follow from them.
        """
        whole("n", n)
        whole("seed", seed, 0)
        coded = self._encode(X)
        self._possible(coded)
        drawn = self._decode(self.estimator.infill(coded, n, seed))
        return np.where(np.isfinite(X), X, drawn)

    def save(self, folder: Path | str) -> Path:
        """Write ``model.json`` and ``arrays.npz``; the folder appears whole."""
        facts, arrays = storage.describe(self.estimator)
        golden = self._encode(self.sample(GOLDEN_FRAMES, seed=0))
        arrays |= {
            "offset": self.transform.offset,
            "scale": self.transform.scale,
            "golden": golden,
            "state_means": self.state_means,
        }
        facts |= {
            "family": self.family,
            "columns": list(self.features),
            "au_scale": self.au_scale,
            "fps": self.fps,
            "transform": self.transform.kind,
            "golden_log_likelihood": self.estimator.score(golden),
            "notes": self.notes,
            "facts": self.facts,
            "selection": self.selection,
            "runs": storage.by_column(self.runs),
        }
        if self.codec is not None:
            facts["codec"], more = self.codec.describe()
            arrays |= more
        return storage.write_model(folder, facts, arrays)

    @classmethod
    def load(cls, folder: Path | str) -> "BehaviorModel":
        """Read a saved model and check it; an altered one is a ``WeightError``."""
        facts, arrays = storage.read_model(folder)
        try:
            columns = tuple(facts["columns"])
            model = cls(
                storage.restore(facts, arrays),
                AUTransform(
                    facts["transform"], arrays["offset"], arrays["scale"], columns
                ),
                float(facts["fps"]),
                facts["au_scale"],
                arrays["state_means"],
                facts["selection"],
                storage.by_row(facts["runs"]),
                facts["notes"],
                facts["facts"],
                EmotionCodec.restore(facts.get("codec"), arrays),
            )
            golden = model.estimator.score(arrays["golden"])
            expected = facts["golden_log_likelihood"]
        except (KeyError, TypeError, ValueError, WeightError) as error:
            raise WeightError(
                f"{folder}: not a whole behaviour model ({error}); fit it again."
            ) from None
        if not abs(golden - expected) <= 1e-10 * max(abs(expected), 1.0):
            raise WeightError(
                f"{folder}: its test frames have log-likelihood {golden:.6f}, "
                f"not {expected:.6f} as when saved; fit the model again."
            )
        return model

    def _told(self, X: np.ndarray) -> np.ndarray:
        """What the states emit, of AUs: themselves, or their emotions."""
        X = np.clip(self._check(X), 0.0, self.top)
        return X if self.codec is None else self.codec.encode(X)

    def _encode(self, X: np.ndarray) -> np.ndarray:
        coded = self.transform.encode(self._told(X))
        with naming(self.features):
            self.estimator.family.prepare(coded, [len(coded)])
        return coded

    def _decode(self, coded: np.ndarray) -> np.ndarray:
        rows = self.transform.decode(coded)
        if self.codec is not None:
            rows = self.codec.decode(rows.reshape(-1, rows.shape[-1]))
            rows = rows.reshape(*coded.shape[:-1], -1)
        return np.clip(rows, 0.0, self.top)

    def _check(self, X: np.ndarray) -> np.ndarray:
        X = check_rows(X)
        if X.shape[1] != len(self.columns):
            raise ShapeError(
                f"this model has {len(self.columns)} columns "
                f"({', '.join(self.columns)}); X has {X.shape[1]}."
            )
        return X

    def _possible(self, coded: np.ndarray) -> None:
        if not np.isfinite(self.estimator.score(coded)):
            raise InputError(
                "the model holds these frames for impossible; check that they are on "
                f"its scale ({self.au_scale}), or fit it to frames like them."
            )

    def _per_frame(self, X: np.ndarray, log_likelihood: float) -> float:
        frames = int(np.isfinite(self._told(X)).any(1).sum())
        return log_likelihood / frames if frames else np.nan

    def _ordered(self, X: np.ndarray, lengths: Lengths) -> "BehaviorModel":
        """The same with states numbered by how often they occur in X, and their means.

        In a state that X never visits each AU has its overall mean.
        """
        parts = split(check_rows(X), lengths)
        paths = np.concatenate([self.states(x) for x in parts])
        beliefs = np.concatenate([self.posterior(x) for x in parts])
        seen = np.isfinite(X)
        values = np.where(seen, np.clip(X, 0.0, self.top), 0.0)
        overall = values.sum(0) / np.maximum(seen.sum(0), 1)
        # A trace of the whole keeps the mean of an empty state defined.
        means = (beliefs.T @ values + 1e-6 * overall) / (beliefs.T @ seen + 1e-6)
        counts = np.bincount(paths[paths >= 0], minlength=self.n_states)
        order = np.argsort(-counts, kind="stable")
        return replace(
            self, estimator=reorder(self.estimator, order), state_means=means[order]
        )


def reorder(estimator: HiddenMarkovModel, order: np.ndarray) -> HiddenMarkovModel:
    """A copy whose state k is the estimator's state ``order[k]``."""
    moved, pairs = copy.copy(estimator), np.ix_(order, order)
    emission = {k: array[order] for k, array in estimator.emission_params.items()}
    if isinstance(moved, HSMM):
        moved._emission = emission
        moved.start_, moved.jumps_ = moved.start_[order], moved.jumps_[pairs]
        moved.durations_ = moved.durations_[order]
        moved._expand()
    else:
        moved._adopt(Run(moved.startprob_[order], moved.transmat_[pairs], emission))
    return moved


def _rate(fps: float) -> float:
    if not isinstance(fps, numbers.Real) or not 0 < fps < np.inf:
        raise InputError(f"fps must be a positive number; got {fps!r}.")
    return float(fps)
