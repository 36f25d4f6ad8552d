"""How sets of people are read and judged for the AU model."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from genface.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def module(monkeypatch):
    """Modules of the experiment by name."""
    monkeypatch.syspath_prepend(ROOT / "experiments" / "02_au_model")
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module


def test_an_empty_folder_is_no_set(module, tmp_path):
    faces = module("faces")
    for read in (faces.Faces.read, faces.camera_features, module("seen").Renders.read):
        (tmp_path / "facts.json").write_text("{}")
        with pytest.raises(InputError, match=r"no part_\*.npz"):
            read(tmp_path)


def test_a_set_without_looks_is_told_from_one_with(module, tmp_path):
    part = {name: np.zeros(2) for name in ("person", "frame", "aus", "pose")}
    np.savez(tmp_path / "part_000.npz", **part)
    faces = module("faces")
    with pytest.raises(InputError, match="looks_000.npz: no such file"):
        faces.Faces.read(tmp_path)
    look = {name: np.ones(2) for name in ("mesh", "presence", "texture", "features")}
    np.savez(tmp_path / "looks_000.npz", **look)
    assert faces.Faces.read(tmp_path).features.tolist() == [1, 1]


def test_frames_without_a_face_are_not_judged(module):
    person, frame = np.divmod(np.arange(9), 3)
    presence = np.ones(9)
    presence[[2, 3]] = 0.1  # one that moves, and a person at rest
    empty = np.zeros((9, 1))
    faces = module("faces").Faces(
        person, frame, empty, empty, empty, presence, empty, empty
    )
    assert faces.moving.tolist() == [1, 7, 8]
    assert faces.rest.tolist() == [0, 6, 6]
    assert faces.owner.tolist() == [0, 2, 2]


def test_correlations_within_people_know_nothing_of_their_means(module):
    rng = np.random.default_rng(0)
    owner = np.repeat([7, 3, 5], 40)
    true, noise = rng.normal(size=(2, 120, 2))
    own = 5.0 * owner[:, None]
    pooled, within = module("correlation").pooled_and_within(
        true + noise + own, true, owner
    )
    for k in range(2):
        found = (true + noise + own)[:, k]
        assert pooled[k] == pytest.approx(np.corrcoef(found, true[:, k])[0, 1])
        a, b = ([v[owner == o] for o in (7, 3, 5)] for v in (found, true[:, k]))
        a, b = (np.concatenate([v - v.mean() for v in parts]) for parts in (a, b))
        assert within[k] == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert (within > 0.5).all() and (pooled < 0.4).all()
    nothing = module("correlation").pooled_and_within(0 * true, true, owner)
    assert not nothing.any()


def test_the_worst_readings_have_none_of_the_au(module):
    pytest.importorskip("numba", reason="pip install genface[experiments]")
    worst = module("gallery").worst
    true = np.array([0.5, 0.9, 0.04, 0.0, 0.2])
    found = np.array([1.0, 0.3, 0.4, 0.2, 0.9])
    assert worst(found, true) == (1, 2)  # 0.2 put in and 0.9 read is more, but there
    assert worst(found, true + 0.1) == (1, 3)  # where it is always there, the least
