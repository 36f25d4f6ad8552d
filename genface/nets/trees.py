"""Boosted trees, many outputs at once, as arrays of nodes that are walked in step.

Format: row t of every array (T, M) is a tree, column m a node, the root first. A node
asks ``x[feature] < threshold`` and goes on to ``left`` or ``right``; where x is NaN, to
``left`` if ``default_left``. A leaf leads to itself; its ``threshold`` is its value.
``output`` (T,) is which of A outputs a tree adds to, ``base`` (A,) what an output
starts from, ``is_step`` (A,) whether it becomes 0 or 1 instead of a probability.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from genface.errors import ShapeError, WeightError

MOST_DEPTH = 64


@dataclass(frozen=True)
class Trees:
    """Ensembles of trees for A outputs; the arrays of the module's format."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    default_left: np.ndarray
    output: np.ndarray
    base: np.ndarray
    is_step: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence["Trees"]) -> "Trees":
        """The outputs of several, one after another."""
        width = max(part.feature.shape[1] for part in parts)
        starts = np.cumsum([0, *(len(part.base) for part in parts[:-1])])
        grown = {
            name: np.concatenate(
                [
                    np.pad(getattr(p, name), [(0, 0), (0, width - p.feature.shape[1])])
                    for p in parts
                ]
            )
            for name in ("feature", "threshold", "left", "right", "default_left")
        }
        flat = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("base", "is_step")
        }
        shifted = [p.output + start for p, start in zip(parts, starts, strict=True)]
        return cls(**grown, **flat, output=np.concatenate(shifted))

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, for a file; ``Trees(**arrays)`` is the way back."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def depth(self) -> int:
        """Questions on the longest way from a root to a leaf."""
        own = np.arange(self.left.shape[1])
        reached = np.zeros(self.feature.shape, bool)
        reached[:, 0] = True
        for count in range(MOST_DEPTH):
            inner = reached & ((self.left != own) | (self.right != own))
            if not inner.any():
                return count
            reached = np.zeros_like(reached)
            where = np.nonzero(inner)[0]
            reached[where, self.left[inner]] = True
            reached[where, self.right[inner]] = True
        raise WeightError(f"trees deeper than {MOST_DEPTH}, or with a way back.")

    def __call__(self, x: np.ndarray | jax.Array) -> np.ndarray:
        """Probabilities, or 0 and 1, (N, A) of features (N, F), float32."""
        x = jnp.asarray(x, jnp.float32)
        if x.ndim != 2 or x.shape[1] <= self.feature.max(initial=0):
            raise ShapeError(
                f"expected features (N, F) with F > {self.feature.max(initial=0)}, "
                f"got {x.shape}."
            )
        return np.asarray(_walked(self.arrays(), x, self.depth))


@partial(jax.jit, static_argnames=("depth",))
def _walked(trees: Mapping[str, jax.Array], x: jax.Array, depth: int) -> jax.Array:
    def of(name: str, node: jax.Array) -> jax.Array:
        return jnp.take_along_axis(trees[name], node.T, 1).T  # (N, T)

    node = jnp.zeros((len(x), len(trees["feature"])), int)
    for _ in range(depth):
        value = jnp.take_along_axis(x, of("feature", node), 1)
        first = jnp.where(
            jnp.isnan(value), of("default_left", node), value < of("threshold", node)
        )
        node = jnp.where(first, of("left", node), of("right", node))
    leaves = of("threshold", node)
    margin = jax.ops.segment_sum(leaves.T, trees["output"], len(trees["base"])).T
    margin = margin + trees["base"]
    probability = jax.nn.sigmoid(margin)
    return jnp.where(trees["is_step"], (margin > 0).astype(x.dtype), probability)


def of_xgboost(model: Mapping[str, Any]) -> Trees:
    """One output's trees from a model in XGBoost's own JSON or UBJSON form.

    Binary classifiers of numbers with a logistic or a hinge objective; a
    :class:`WeightError` for others. Source: XGBoost's model schema.
    """
    learner = model.get("Model", model)["learner"]  # a pickled booster has one around
    objective = learner["objective"]["name"]
    kind = learner["gradient_booster"]["name"]
    if kind != "gbtree" or objective not in ("binary:logistic", "binary:hinge"):
        raise WeightError(f"a {kind} model for {objective}; not a binary classifier.")
    start = float(learner["learner_model_param"]["base_score"].strip("[]"))
    is_step = objective == "binary:hinge"
    if not is_step:
        start = float(np.log(start / (1 - start)))
    trees = learner["gradient_booster"]["model"]["trees"]
    size = max(len(tree["left_children"]) for tree in trees)
    parts = [_of_tree(tree, size) for tree in trees]
    return Trees(
        **{name: np.stack([part[name] for part in parts]) for name in parts[0]},
        output=np.zeros(len(trees), np.int32),
        base=np.array([start], np.float32),
        is_step=np.array([is_step]),
    )


def _of_tree(tree: Mapping[str, Any], size: int) -> dict[str, np.ndarray]:
    if np.any(tree["split_type"]):
        raise WeightError("a tree that splits categories; only numbers are compared.")
    left, right = (
        np.asarray(tree[f"{side}_children"], np.int32) for side in ("left", "right")
    )
    own = np.arange(len(left), dtype=np.int32)
    feature = np.asarray(tree["split_indices"], np.int32)
    sound = max(left.max(), right.max()) < len(left) and feature.min() >= 0
    if not sound or ((left < 0) != (right < 0)).any():
        raise WeightError("a tree whose nodes lead nowhere; pull the file again.")
    is_leaf = left < 0
    columns = {
        "feature": np.where(is_leaf, 0, feature),
        "threshold": np.asarray(tree["split_conditions"], np.float32),
        "left": np.where(is_leaf, own, left),
        "right": np.where(is_leaf, own, right),
        "default_left": np.asarray(tree["default_left"]).astype(bool),
    }
    return {
        name: np.pad(column, (0, size - len(own))) for name, column in columns.items()
    }
