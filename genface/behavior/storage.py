"""Model folders: ``model.json`` and ``arrays.npz``, whole, hashed, never pickled."""

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genface import files
from genface.behavior.duration import HSMM
from genface.behavior.em import Run
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
from genface.behavior.hmm import ESTIMATORS, HiddenMarkovModel
from genface.errors import InputError, WeightError

SCHEMA = "genface.behavior/1"
FAMILIES: dict[str, type] = {
    kind.name: kind
    for kind in (
        Autoregressive,
        Bernoulli,
        Beta,
        Categorical,
        Gaussian,
        GaussianMixture,
        InflatedBeta,
        Logistic,
        NegativeBinomial,
        Poisson,
    )
}


def write_model(
    folder: Path | str, facts: Mapping, arrays: Mapping[str, np.ndarray]
) -> Path:
    """Write a model folder beside its final name and move it there in one step.

    A model that is already there is replaced; any other folder is left alone and is
    an :class:`InputError`.
    """
    folder = Path(folder)
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    whole, old = scratch / "new", scratch / "old"
    try:
        whole.mkdir()
        files.write_npz(whole / "arrays.npz", arrays)
        digest = files.sha256(whole / "arrays.npz")
        told = {"schema": SCHEMA, **facts, "arrays_sha256": digest}
        files.write_json(whole / "model.json", {**told, "sha256": _digest(told)})
        if folder.exists():
            folder.rename(old)
        whole.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def check_replaceable(folder: Path | str) -> None:
    """Refuse (:class:`InputError`) what is there already, unless it is a model."""
    folder = Path(folder)
    if not folder.exists():
        return
    known = {"model.json", "arrays.npz", ".genface.json"}
    if not folder.is_dir() or not {path.name for path in folder.iterdir()} <= known:
        raise InputError(f"{folder} exists and is not a model folder; name another.")


def read_model(folder: Path | str) -> tuple[dict, dict[str, np.ndarray]]:
    """Facts and arrays of a model folder, after checking schema and both sha256."""
    folder = Path(folder)
    if not (folder / "model.json").is_file():
        raise InputError(f"{folder}: no model.json in it; give a model folder.")
    facts = files.read_json(folder / "model.json")
    if facts.get("schema") != SCHEMA:
        raise InputError(
            f"{folder}: its schema is {facts.get('schema')!r}, this version reads "
            f"{SCHEMA!r}; fit the model again."
        )
    told = facts.pop("sha256", None)
    if told != _digest(facts):
        raise WeightError(
            f"{folder / 'model.json'}: edited since it was written (its sha256 is "
            "another); fit the model again."
        )
    path = folder / "arrays.npz"
    if not path.is_file():
        raise InputError(f"{folder}: arrays.npz is missing; fit the model again.")
    if files.sha256(path) != facts.get("arrays_sha256"):
        raise WeightError(
            f"{path}: its sha256 is not the one in model.json; fit the model again."
        )
    return facts, files.read_npz(path)


def describe(estimator: HiddenMarkovModel) -> tuple[dict, dict[str, np.ndarray]]:
    """What makes a fitted estimator: plain facts, and arrays."""
    facts: dict[str, Any] = {
        "class": estimator.family_name,
        "n_states": estimator.n_components,
        "emissions": _spec(estimator.family),
        "compat": estimator.compat,
    }
    arrays = {f"emissions/{k}": v for k, v in estimator.emission_params.items()}
    if isinstance(estimator, HSMM):
        facts["duration"] = estimator.duration
        arrays["start"], arrays["jumps"] = estimator.start_, estimator.jumps_
        arrays["durations"] = estimator.durations_
    else:
        arrays["start"], arrays["trans"] = estimator.startprob_, estimator.transmat_
    return facts, arrays


def restore(facts: Mapping, arrays: Mapping[str, np.ndarray]) -> HiddenMarkovModel:
    """The estimator that :func:`describe` took apart."""
    family, K = _family(facts["emissions"]), int(facts["n_states"])
    emission = {
        name.removeprefix("emissions/"): array
        for name, array in arrays.items()
        if name.startswith("emissions/")
    }
    start = arrays["start"]
    wrong = [n for n, a in {**emission, "start": start}.items() if len(a) != K]
    if wrong:
        raise WeightError(f"{', '.join(wrong)}: not of {K} states; fit the model again")
    if facts["class"] == HSMM.family_name:
        longest = arrays["durations"].shape[1]
        model = HSMM(K, family=family, duration=facts["duration"], max_duration=longest)
        model.start_, model.jumps_ = start, arrays["jumps"]
        model.durations_ = arrays["durations"]
        model._emission = emission
        model._expand()
        return model
    made = _bare(facts["class"], K, family, facts["compat"])
    if arrays["trans"].shape != (K, K):
        raise WeightError(f"trans: not of {K} states; fit the model again")
    made._adopt(Run(start, arrays["trans"], emission))
    return made


def by_column(records: Sequence[Mapping]) -> dict[str, str]:
    """Records of the same keys as one line of text per key: short files."""
    keys = records[0] if records else {}
    return {key: json.dumps([r[key] for r in records]) for key in keys}


def by_row(columns: Mapping[str, str]) -> list[dict]:
    """The records that :func:`by_column` took apart."""
    lists = {key: json.loads(text) for key, text in columns.items()}
    return [
        dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)
    ]


def _bare(
    name: str, K: int, family: Family, compat: str | None = None
) -> HiddenMarkovModel:
    """An unfitted estimator of the class that belongs to a family."""
    model = object.__new__(ESTIMATORS[name])
    HiddenMarkovModel.__init__(model, K, family=family, compat=compat)
    if hasattr(family, "shape"):  # of a GaussianHMM
        vars(model)["covariance_type"] = family.shape
    return model


def _spec(family: Family) -> dict[str, Any]:
    """A family's name and settings as plain values."""
    if isinstance(family, Product):
        parts = [[_spec(part), list(columns)] for part, columns in family.parts]
        return {"name": family.name, "parts": parts}
    settings = dataclasses.asdict(family)  # type: ignore[call-overload]
    return {"name": family.name, **settings}


def _family(spec: Mapping) -> Family:
    settings = {k: v for k, v in spec.items() if k != "name"}
    if "parts" in settings:
        parts = [(_family(part), tuple(own)) for part, own in settings["parts"]]
        return Product(tuple(parts))
    lists = {k: tuple(v) for k, v in settings.items() if isinstance(v, list)}
    return FAMILIES[spec["name"]](**settings | lists)


def _digest(facts: Mapping) -> str:
    text = json.dumps(facts, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
