"""Files of torch.save: what is in them, and files that mean harm."""

import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch_writer
from torch_writer import FLOATS, REBUILD, Called, Storage, pickled, stub, tensor

from genface.errors import WeightError
from genface.weights.torch_file import read_torch, state_dict

ARRAY = np.arange(24, dtype=np.float32).reshape(4, 6)
MARKER = "/tmp/genface-test-was-here"


def zipped(path, content, storages=None, **options):
    storages = {"0": ARRAY.tobytes()} if storages is None else storages
    return torch_writer.zipped(path, content, storages, **options)


def legacy(path, content, storages):
    facts = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    parts = [
        pickled(0x1950A86A20F9469CFC6C),
        pickled(1001),
        pickled(facts),
        pickled(content),
        pickled(sorted(storages)),
    ]
    for _, numbers in sorted(storages.items()):
        parts += [struct.pack("<q", len(numbers)), numbers.tobytes()]
    path.write_bytes(b"".join(parts))
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pth"


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_tensors_views_and_plain_data(path, protocol):
    content = {
        "epoch": 7,
        "state_dict": OrderedDict(
            whole=tensor(),
            turned=tensor(shape=(6, 4), strides=(1, 6)),
            part=tensor(start=6, shape=(2, 3), strides=(6, 1)),
            none=tensor(shape=(0, 6)),
            scalar=tensor(start=5, shape=(), strides=()),
        ),
        "more": [1.5, None, True, ("a", -3)],
    }
    found = read_torch(zipped(path, pickled(content, protocol)))
    arrays = state_dict(found)
    np.testing.assert_array_equal(arrays["whole"], ARRAY)
    np.testing.assert_array_equal(arrays["turned"], ARRAY.T)
    np.testing.assert_array_equal(arrays["part"], ARRAY[1:3, :3])
    assert arrays["none"].shape == (0, 6)
    assert arrays["scalar"] == 5
    assert found["epoch"] == 7
    assert found["more"][:3] == [1.5, None, True]


def test_half_precision_kinds(path):
    numbers = np.float32([1.5, -2, 0.25])
    bfloat = (numbers.view(np.uint32) >> 16).astype("<u2").tobytes()
    content = {
        "b": tensor("b", 3, 0, (3,), (1,), stub("torch", "BFloat16Storage")),
        "h": tensor("h", 3, 0, (3,), (1,), stub("torch", "HalfStorage")),
    }
    half = numbers.astype("<f2").tobytes()
    found = read_torch(zipped(path, content, {"b": bfloat, "h": half}))
    np.testing.assert_array_equal(found["b"], numbers)
    np.testing.assert_array_equal(found["h"], numbers)


def test_files_older_than_torch_1_6(path):
    class OldStorage(Storage):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.identity = (*self.identity, None)

    view = Called(REBUILD, OldStorage(FLOATS, "11", 24), 0, (4, 6), (6, 1), False, {})
    found = read_torch(legacy(path, {"net": {"w": view}}, {"11": ARRAY.ravel()}))
    np.testing.assert_array_equal(state_dict(found)["w"], ARRAY)


@pytest.mark.parametrize(
    "content",
    [
        Called(stub("os", "system"), f"touch {MARKER}"),
        Called(stub("builtins", "eval"), "1"),
        Called(stub("builtins", "getattr"), "a", "upper"),
        {"a": Called(stub("torch", "load"), "x")},
    ],
)
def test_calls_are_refused_and_named(path, content, monkeypatch):
    called = content["a"] if isinstance(content, dict) else content
    name = f"{called.call[0].__module__}.{called.call[0].__qualname__}"
    with pytest.raises(WeightError, match=f"wants to call {name}"):
        read_torch(zipped(path, content))


@pytest.mark.parametrize(
    ("code", "opcode"),
    [
        (b"\x80\x02(cos\nsystem\nX\x02\x00\x00\x00ido.", "OBJ"),
        (b"(S'id'\nios\nsystem\n.", "STRING"),
        (b"\x80\x02cos\nsystem\n)\x81.", "NEWOBJ"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x04\x8f.", "EMPTY_SET"),
    ],
)
def test_other_ways_to_objects_are_refused(path, code, opcode):
    with pytest.raises(WeightError, match=f"opcode {opcode}"):
        read_torch(zipped(path, code))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(shape=(4, 7)), "beyond"),
        (dict(start=1), "beyond"),
        (dict(shape=(1 << 40,), strides=(0,)), "beyond"),
        (dict(strides=(-6, 1)), "negative"),
        (dict(shape=(24,)), "no view"),
        (dict(key="1"), "storage 1 is not in the file"),
        (dict(key="../0"), "is not in the file"),
        (dict(count=1 << 50), "not in the file as it says"),
        (dict(kind=stub("os", "system")), "storage of the kind"),
    ],
)
def test_tensors_that_lie_are_refused(path, given, message):
    with pytest.raises(WeightError, match=message):
        read_torch(zipped(path, {"w": tensor(**given)}))


def test_damaged_files_are_refused(path):
    whole = zipped(path, {"w": tensor()}).read_bytes()
    cut = (whole[:-30], whole[: len(whole) // 2])
    for content in (*cut, b"", b"PK\x03\x04", b"c\\u\n\\u\n."):
        path.write_bytes(content)
        with pytest.raises(WeightError):
            read_torch(path)
    for code in (
        b"\x80\x02}",
        b"\x80\x02.",
        b"\x80\x02h\x05.",
        b"\x80\x02Ne.",
        b"\x80",
    ):
        with pytest.raises(WeightError):
            read_torch(zipped(path, code))
    path.write_bytes(b"\x80\x04\x8d" + (1 << 62).to_bytes(8, "little") + b"abc")
    with pytest.raises(WeightError, match="more than fits the memory"):
        read_torch(path)
    with pytest.raises(WeightError, match="compressed"):
        read_torch(zipped(path, {}, compression=zipfile.ZIP_DEFLATED))
    with pytest.raises(WeightError, match="no such file"):
        read_torch(path.with_name("other"))


def test_a_list_inside_itself_ends(path):
    with pytest.raises(WeightError, match="nested"):
        read_torch(zipped(path, b"\x80\x02]q\x00h\x00a."))


def test_lists_that_double_fifty_times_take_no_time_or_memory(path):
    doubled = []
    for _ in range(45):
        doubled = [doubled, doubled]
    found = read_torch(zipped(path, {"a": doubled}))["a"]
    assert found[0] is found[1]


def bomb(size=20):
    """A tuple of a few bytes that is a million times as much as text."""
    nested = "x"
    for _ in range(size):
        nested = (nested, nested)
    return nested


def as_global(name):
    return pickled(name, 4)[:-1] + b"\x8c\x01x\x93."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tensor(kind=bomb()), "storage of the kind tuple"),
        (tensor(key=bomb()), "storage without a name"),
        (tensor(shape=(bomb(),), strides=(1,)), "negative or broken"),
        (Called(OrderedDict, [[bomb(), 1]]), "keys are no plain data"),
        ({bomb(): 1}, "keys are no plain data"),
        (as_global(bomb()), "a global whose name is no text"),
        (b"\x80\x04)" + b"\x85" * 20_000 + b"\x8c\x01x\x93.", "name is no text"),
        (as_global("x" * 5000), "named by over 500 letters"),
        (tensor(kind=stub("torch", "x" * 400)), r"kind torch.x{94}\.\.\.; not read"),
        ([1 << 200], "more than 128 bits"),
        (tensor(shape=(1,) * 70, strides=(1,) * 70), "more than 32 axes"),
        (tensor(shape=(0, 1 << 62), strides=(1, 1)), "not a whole file|damaged"),
    ],
)
def test_a_few_bytes_do_not_become_much_text(path, content, message):
    with pytest.raises(WeightError, match=message) as told:
        read_torch(zipped(path, content))
    assert len(str(told.value)) < 300 + len(str(path))


def test_copies_of_one_list_are_bounded(path, monkeypatch):
    monkeypatch.setattr("genface.weights.pickle_data.MOST_OPCODES", 2000)
    pairs = tuple([key, 0] for key in range(100))
    copies = [Called(OrderedDict, pairs) for _ in range(30)]
    with pytest.raises(WeightError, match="copies more"):
        read_torch(zipped(path, copies))


def test_members_that_lie_over_each_other_are_refused(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled({"w": tensor()}))
        archive.writestr("archive/data/0", ARRAY.tobytes() * 20)
        again = archive.getinfo("archive/data/0")
        for key in range(1, 5):
            twin = zipfile.ZipInfo(f"archive/data/{key}")
            twin.file_size = twin.compress_size = again.file_size
            twin.header_offset, twin.CRC = again.header_offset, again.CRC
            archive.filelist.append(twin)
    with pytest.raises(WeightError, match="more than its own size"):
        read_torch(path)


def test_many_views_of_one_storage_are_bounded(path):
    views = [tensor("0", 10_000, 0, (10_000,), (1,)) for _ in range(12)]
    with pytest.raises(WeightError, match="more than 8 times the file"):
        read_torch(zipped(path, {"w": views}, {"0": bytes(40_000)}))
    assert (
        len(read_torch(zipped(path, {"w": views[:4]}, {"0": bytes(40_000)}))["w"]) == 4
    )


def test_no_tensors_no_state_dict():
    with pytest.raises(WeightError, match="no dict of tensors"):
        state_dict({"epoch": 3, "state_dict": {}})


@pytest.mark.parity
@pytest.mark.parametrize("is_zip", [True, False])
def test_reads_what_torch_writes(path, is_zip):
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    content = {"state_dict": net.state_dict(), "turned": torch.arange(6.0).view(2, 3).T}
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    found = read_torch(path)
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(found["state_dict"][key], value.numpy())
    np.testing.assert_array_equal(found["turned"], content["turned"].numpy())
