"""Persons from embeddings that were made to be theirs."""

import tracemalloc

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from genface import stats
from genface.errors import InputError
from genface.fex import Fex

METHODS = ["gallery", "connected", "hdbscan"]


def faces(who: list[int], spread: float = 0.05, d: int = 16) -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = np.eye(d)[:5] * 3
    return centres[who] + spread * rng.normal(size=(len(who), d))


def made(who: list[int]) -> Fex:
    table = Fex(faces(who), columns=[f"Identity_{i}" for i in range(1, 17)])
    table["frame"] = np.arange(len(who))
    return table.assign(input="a.mp4")


@pytest.mark.parametrize("method", METHODS)
def test_persons_are_found_and_numbered_as_they_appear(method):
    who = [3, 3, 0, 3, 0, 1, 1, 0, 1]
    table = made(who)
    found = table.compute_identities(method=method)
    names = {3: "Person_0", 0: "Person_1", 1: "Person_2"}
    assert found["Identity"].tolist() == [names[i] for i in who]
    assert "Identity" not in table.columns


def test_chains_are_connected_and_split_by_a_gallery():
    angle = np.deg2rad(np.arange(0, 100, 20))  # neighbours at cos 20 = .94
    chain = np.column_stack([np.cos(angle), np.sin(angle)])
    assert len(set(stats.cluster_identities(chain, 0.9, "connected"))) == 1
    assert len(set(stats.cluster_identities(chain, 0.9, "gallery"))) == 3


def test_many_faces_are_compared_in_blocks():
    who = np.random.default_rng(1).integers(0, 4, 2500).tolist()
    found = stats.cluster_identities(faces(who), 0.8, "connected")
    names = {i: name for i, name in zip(who, found, strict=True)}
    assert len(set(names.values())) == 4
    assert [names[i] for i in who] == found.tolist()


def test_strangers_are_unknown_to_hdbscan():
    found = stats.cluster_identities(faces([0, 0, 0, 1, 1, 1, 2]), 0.8, "hdbscan")
    assert found[-1] == "Unknown" and found[0] == "Person_0"
    assert stats.cluster_identities(faces([0]), 0.8, "hdbscan").tolist() == ["Unknown"]


def planted(persons: int, faces: int, seed: int, parts: int = 1) -> np.ndarray:
    """Faces of each person in turn, cosine .9 or more; strangers are near 0."""
    rng = np.random.default_rng(seed)
    who = np.repeat(rng.normal(size=(persons, 256)), parts, 0)
    if parts > 1:
        who += 0.2 * rng.normal(size=who.shape)
    return np.repeat(who, faces, 0) + 0.1 * rng.normal(
        size=(persons * parts * faces, 256)
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("faces", [2, 5, 20, 60])
@pytest.mark.parametrize("persons", [1, 2, 3, 8])
def test_as_many_persons_as_were_planted(persons, faces, seed, method):
    found = stats.cluster_identities(planted(persons, faces, seed), 0.8, method)
    expected = np.repeat([f"Person_{i}" for i in range(persons)], faces)
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("persons", [1, 2, 3])
def test_a_person_in_several_clips_is_one(persons, method):
    found = stats.cluster_identities(planted(persons, 10, 0, parts=3), 0.8, method)
    expected = np.repeat([f"Person_{i}" for i in range(persons)], 30)
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strays", [1, 2, 3])
@pytest.mark.parametrize("persons", [1, 2, 8])
def test_strays_join_no_person(persons, strays, seed):
    lost = np.random.default_rng(seed + 9).normal(size=(strays, 256))
    found = stats.cluster_identities(
        np.concatenate([planted(persons, 6, seed), lost]), 0.8, "hdbscan"
    )
    assert set(found[:-strays]) == {f"Person_{i}" for i in range(persons)}
    assert set(found[-strays:]) == {"Unknown"}


@pytest.mark.parametrize(("faces", "name"), [(3, "Unknown"), (4, "Person_0")])
def test_fewer_faces_than_the_smallest_group_are_unknown(faces, name):
    alone = planted(1, faces, 0)
    beside = np.concatenate([alone, planted(1, 9, 1)])
    for who in (alone, beside):
        found = stats.cluster_identities(who, 0.8, "hdbscan", min_cluster_size=4)
        assert set(found[:faces]) == {name}


@pytest.mark.parametrize("method", METHODS)
def test_faces_without_an_embedding_have_no_name(method):
    embeddings = faces([0, 0, 1, 1])
    embeddings[1] = np.nan
    with pytest.warns(UserWarning, match="1 of 4 rows have no identity embedding"):
        found = stats.cluster_identities(embeddings, 0.8, method)
    assert isinstance(found[1], float) and found[2] == found[3]
    with pytest.warns(UserWarning, match="4 of 4"):
        none = stats.cluster_identities(np.full((4, 3), np.nan), 0.8, method)
    assert all(isinstance(name, float) for name in none)


def test_one_person_twice_in_a_frame_is_said():
    table = made([0, 0, 1]).assign(frame=[0, 0, 0])
    with pytest.warns(UserWarning, match="1 faces are the same person.*frame 0"):
        table.compute_identities()


def test_in_place_and_checks():
    table = made([0, 1])
    table.compute_identities(inplace=True)
    assert table["Identity"].tolist() == ["Person_0", "Person_1"]
    with pytest.raises(InputError, match="no identity embeddings"):
        Fex({"AU01": [1.0]}).compute_identities()
    with pytest.raises(InputError, match="method='kmeans'"):
        table.compute_identities(method="kmeans")
    with pytest.raises(InputError, match="threshold=2"):
        table.compute_identities(threshold=2)
    for size in (0, 1, 2.5):
        with pytest.raises(InputError, match=f"min_cluster_size={size}: "):
            table.compute_identities(method="hdbscan", min_cluster_size=size)


@pytest.mark.parametrize("seed", range(5))
def test_components_are_those_of_the_whole_graph(seed, monkeypatch):
    monkeypatch.setattr(stats.identities, "COMPARISONS", 37)
    faces = np.random.default_rng(seed).normal(size=(120, 3))
    unit = faces / np.linalg.norm(faces, axis=1, keepdims=True)
    count, expected = connected_components(unit @ unit.T > 0.97)
    found = stats.cluster_identities(faces, 0.97, "connected")
    assert 1 < count < 120
    assert len(set(zip(expected, found, strict=True))) == count == len(set(found))


def test_one_person_in_many_frames_needs_little_memory():
    embeddings = np.tile(faces([0], d=4), (20_000, 1))  # 4e8 pairs, all alike
    tracemalloc.start()
    found = stats.cluster_identities(embeddings, 0.8, "connected")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(found) == {"Person_0"}
    assert most < 100e6


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_rows_does_not_matter(method):
    table = made(np.random.default_rng(2).integers(0, 4, 40).tolist())
    mixed = table.sample(frac=1, random_state=0)
    found = mixed.compute_identities(method=method)["Identity"]
    expected = table.compute_identities(method=method)["Identity"]
    assert found.sort_index().tolist() == expected.tolist()


def test_a_person_drifts_with_the_mean_of_a_gallery():
    # The second is .94 like the first, the third .91 like the mean of both.
    angle = np.deg2rad([0, 20, 34])
    turned = np.column_stack([np.cos(angle), np.sin(angle)])
    assert len(set(stats.cluster_identities(turned, 0.9))) == 1
    assert len(set(stats.cluster_identities(turned[[0, 2]], 0.9))) == 2
