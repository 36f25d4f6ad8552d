"""Files appear whole or not at all; arrays have one form; what is none is refused."""

import os
import stat

import numpy as np
import pytest

from genface.errors import InputError, WeightError
from genface.files import (
    atomic,
    read_json,
    read_npz,
    sha256,
    shipped_model,
    write_json,
    write_npz,
    write_text,
)

ARRAYS = {"b": np.arange(300.0).reshape(20, 15), "a": np.array(["x", "yz"])}


@pytest.fixture
def npz(tmp_path):
    write_npz(tmp_path / "a.npz", ARRAYS)
    return tmp_path / "a.npz"


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_what_fails_leaves_nothing_and_spoils_nothing(tmp_path, stop):
    write_text(tmp_path / "a.txt", "before")
    for name in ("a.txt", "b.txt"):
        with pytest.raises(stop), atomic(tmp_path / name) as temporary:
            temporary.write_text("half")
            raise stop
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "before"


def test_a_new_folder_is_made_and_the_ending_kept(tmp_path):
    with atomic(tmp_path / "new" / "clip.tar.gz") as temporary:
        assert temporary.suffix == ".gz" and temporary.parent == tmp_path / "new"
    assert (tmp_path / "new" / "clip.tar.gz").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_modes_are_those_of_any_new_file(tmp_path, umask, mode, monkeypatch):
    before = os.umask(umask)
    try:
        monkeypatch.setattr(os, "umask", None)  # never touched: threads share it
        write_text(tmp_path / "a.txt", "hello")
    finally:
        monkeypatch.undo()
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == mode


def test_arrays_come_back_and_the_same_arrays_are_the_same_bytes(npz, tmp_path):
    back = read_npz(npz)
    assert sorted(back) == ["a", "b"]
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(back[name], array)
    write_npz(tmp_path / "c.npz", dict(reversed(ARRAYS.items())))
    assert sha256(tmp_path / "c.npz") == sha256(npz)
    with np.load(npz) as theirs:  # numpy's own reader agrees
        np.testing.assert_array_equal(theirs["b"], ARRAYS["b"])


def test_a_single_array_and_objects_are_no_archives(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    np.savez(tmp_path / "b.npz", np.array([{}], dtype=object))
    for name in ("a.npy", "b.npz"):
        with pytest.raises(InputError, match=f"{name}: not a readable npz"):
            read_npz(tmp_path / name)
    with pytest.raises(ValueError, match="allow_pickle"):
        write_npz(tmp_path / "c.npz", {"a": np.array([{}], dtype=object)})
    assert not (tmp_path / "c.npz").exists()


def test_damage_anywhere_is_an_input_error_or_without_effect(npz, tmp_path):
    whole, path = npz.read_bytes(), tmp_path / "damaged.npz"
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(400):
        data = bytearray(whole)
        data[rng.integers(len(data))] = rng.integers(256)
        path.write_bytes(data)
        try:
            read_npz(path)
        except InputError:
            refused += 1
    assert refused > 200
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError):
            read_npz(path)


def test_a_method_of_packing_that_is_not_known(npz):
    deflated, other = (method.to_bytes(2, "little") for method in (8, 99))
    data = npz.read_bytes().replace(deflated, other)
    npz.write_bytes(data)
    with pytest.raises(InputError, match="not a readable npz"):
        read_npz(npz)


@pytest.mark.parametrize("read", [read_json, read_npz])
def test_folders_and_missing_files_are_input_errors(tmp_path, read):
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "absent")


def test_json_holds_an_object_of_finite_numbers(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 0.1, "ä": [None]})
    assert read_json(path) == {"a": 0.1, "ä": [None]}
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"a": float("nan")})
    for text in ("[]", "{", "\ud800".encode("utf-8", "surrogatepass")):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(InputError, match="JSON"):
            read_json(path)


def test_a_model_that_is_not_there():
    assert shipped_model("au", "au_model.npz").is_file()
    with pytest.raises(WeightError, match="au/none.npz is missing"):
        shipped_model("au", "none.npz")
