"""Universal Binary JSON by hand, and damaged files of it."""

import struct

import numpy as np
import pytest

from genface.errors import WeightError
from genface.weights.ubjson import read_ubjson


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"Z", None),
        (b"NNT", True),
        (b"i\xff", -1),
        (b"U\xff", 255),
        (b"l\x00\x01\x00\x00", 65536),
        (b"D" + struct.pack(">d", 0.1), 0.1),
        (b"Si\x05hello", "hello"),
        (b"[i\x01Si\x01aF]", [1, "a", False]),
        (b"[#i\x02TF", [True, False]),
        (b"{i\x01aT" + b"L" + struct.pack(">q", 1) + b"b[]}", {"a": True, "b": []}),
        (b"{$i#i\x01i\x01k\x07", {"k": 7}),
    ],
)
def test_values(content, expected):
    assert read_ubjson(content) == expected


def test_arrays_of_one_type_are_numpys():
    values = np.float32([1.5, -2, 3])
    found = read_ubjson(b"[$d#U\x03" + values.astype(">f4").tobytes())
    np.testing.assert_array_equal(found, values)
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"?",
        b"[",
        b"[i\x01",
        b"Si\xff",
        b"SL" + struct.pack(">q", 1 << 60),
        b"[$d#i\x03\x00\x00",
        b"[$d]",
        b"[$Z#L" + struct.pack(">q", 1 << 40),
        b"[" * 100,
        b"Si\x01\xff",
        b"l\x00",
    ],
)
def test_damaged_files_are_refused(content):
    with pytest.raises(WeightError):
        read_ubjson(content)
