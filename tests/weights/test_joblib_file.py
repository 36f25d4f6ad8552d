"""Files of joblib.dump and LZ4 frames: what is in them, and files that mean harm."""

import io
import pickle
import struct

import joblib
import numpy as np
import pytest

from genface.errors import WeightError
from genface.weights import lz4_frame
from genface.weights.joblib_file import arrays_of, read_joblib
from genface.weights.lz4_frame import read_lz4

ARRAYS = [
    np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.zeros((0, 3), np.int64),
    np.arange(5, dtype=np.int32),
]


def dumped(content):
    stream = io.BytesIO()
    joblib.dump(content, stream)
    return stream.getvalue()


def frame(*blocks, flags=0x60):
    """A frame of stored blocks (bytes) and of packed ones (lists of one bytes)."""
    parts = [lz4_frame.MAGIC, bytes([flags, 0x40, 0])]
    for block in blocks:
        stored = isinstance(block, bytes)
        content = block if stored else block[0]
        parts += [struct.pack("<I", len(content) | stored << 31), content]
    return b"".join([*parts, bytes(4)])


def test_arrays_are_joblibs(tmp_path):
    given = {"weights": ARRAYS, "names": ("a", 3, None), "again": [1.5, True]}
    found = arrays_of(dumped(given))
    for array, expected in zip(found["weights"], ARRAYS, strict=True):
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype
    assert (found["names"], found["again"]) == (given["names"], given["again"])
    path = tmp_path / "a.lz4"
    path.write_bytes(frame(dumped(ARRAYS)))
    np.testing.assert_array_equal(read_joblib(path)[0], ARRAYS[0])


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([b"abc", b"de"], b"abcde"),
        ([[b"\x30abc"]], b"abc"),
        # Three bytes, then four from three back; then nothing more.
        ([[b"\x30abc\x03\x00\x00"]], b"abcabca"),
        # One byte repeated: a copy that reaches into what it makes, with a long length.
        ([[b"\x1fx\x01\x00\xff\x06\x10y"]], b"x" * (1 + 4 + 15 + 255 + 6) + b"y"),
        # Sixteen literal bytes; a copy from an earlier block.
        ([b"0123456789abcdef", [b"\xf0\x01ABCDEFGHIJKLMNOP"]], None),
        ([b"wxyz", [b"\x00\x04\x00\x10!"]], b"wxyzwxyz!"),
    ],
)
def test_blocks(blocks, expected):
    expected = expected or b"0123456789abcdefABCDEFGHIJKLMNOP"
    assert read_lz4(frame(*blocks)) == expected


def test_sizes_and_checksums_are_passed_over():
    content = bytearray(frame(b"abc", flags=0x60 | 8 | 16))
    content[6:6] = struct.pack("<Q", 3)  # the size of the content
    content[-4:-4] = b"sum!"
    assert read_lz4(bytes(content)) == b"abc"


def test_damaged_frames_are_refused(monkeypatch):
    whole = frame(b"abc", [b"\x30abc\x03\x00\x00"])
    for cut in range(4, len(whole) - 1):
        with pytest.raises(WeightError, match="ends too early"):
            read_lz4(whole[:cut])
    for block in (b"\x30abc\x09\x00\x00", b"\x30abc\x00\x00\x00"):
        with pytest.raises(WeightError, match="before its start"):
            read_lz4(frame([block]))
    with pytest.raises(WeightError, match="not an LZ4 frame"):
        read_lz4(b"PK\x03\x04")
    monkeypatch.setattr(lz4_frame, "MOST_BYTES", 100)
    many_copies = b"\x1fa\x01\x00" + b"\xff" * 50 + b"\x00" + b"\x10b"
    for blocks in (bytes(101), [many_copies]):
        with pytest.raises(WeightError, match="more than"):
            read_lz4(frame(blocks))


class Called:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def test_calls_are_refused_and_named():
    for content in (Called(eval, "1"), [ARRAYS[0], Called(print, "x")]):
        with pytest.raises(WeightError, match=r"wants to call builtins\.(eval|print)"):
            arrays_of(dumped(content))
    objects = np.array([{}, None], object)
    with pytest.raises(WeightError, match="type O8; only numbers"):
        arrays_of(dumped(objects))
    with pytest.raises(WeightError, match="numbers with the high byte first"):
        arrays_of(dumped(np.arange(3, dtype=">f4")))


class Wrapper:
    """Pickles as joblib's wrapper with any state."""

    def __init__(self, **state):
        kind = np.dtype("f4")
        self.__dict__.update(
            {"subclass": np.ndarray, "shape": (2,), "order": "C", "dtype": kind}
            | {"allow_mmap": False, "numpy_array_alignment_bytes": None}
            | state
        )

    def __reduce_ex__(self, protocol):
        return (joblib.numpy_pickle.NumpyArrayWrapper, (), self.__dict__)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, None),
        ({"shape": (3,)}, "ends too early"),
        ({"shape": (-2,)}, "negative or broken"),
        ({"shape": ("a",)}, "negative or broken"),
        ({"shape": 2}, "without a shape"),
        ({"order": "K"}, "without a shape or order"),
        ({"dtype": "f4"}, "not of plain numbers"),
        ({"subclass": dict}, "not of plain numbers"),
        ({"shape": (1 << 60, 1 << 60)}, "ends too early"),
    ],
)
def test_arrays_that_lie_are_refused(state, message):
    content = pickle.dumps(Wrapper(**state), 4)[:-1]
    numbers = np.float32([1, 2]).tobytes()
    if message is None:
        np.testing.assert_array_equal(arrays_of(content + numbers + b"."), [1, 2])
        return
    with pytest.raises(WeightError, match=message):
        arrays_of(content + numbers)


def test_a_type_of_nested_tuples_is_not_quoted():
    nested = "x"
    for _ in range(20):
        nested = (nested, nested)
    content = b"\x80\x04\x8c\x05numpy\x8c\x05dtype\x93" + pickle.dumps((nested,), 4)[2:]
    content = content[:-1] + b"R."
    with pytest.raises(WeightError, match="type tuple; only numbers"):
        arrays_of(content)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(WeightError, match="none: cannot be read"):
        read_joblib(tmp_path / "none")
    (tmp_path / "text").write_bytes(b"text")
    with pytest.raises(WeightError, match="text: a damaged pickle"):
        read_joblib(tmp_path / "text")
