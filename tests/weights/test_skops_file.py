"""Skops files: models as records, and files that mean harm."""

import io
import json
import zipfile

import numpy as np
import pytest
from skops_writer import array, mapping, node, npy, text

from genface.errors import WeightError
from genface.weights import skops_file
from genface.weights.skops_file import Record, TypeName, read_skops


@pytest.fixture
def write(tmp_path):
    def write(schema, compression=zipfile.ZIP_STORED, **files):
        path = tmp_path / "model.skops"
        schema = schema if isinstance(schema, str) else json.dumps(schema)
        with zipfile.ZipFile(path, "w", compression) as archive:
            archive.writestr("schema.json", schema)
            for name, content in files.items():
                archive.writestr(name.replace("_", "."), content)
        return path

    return write


def test_objects_are_records_and_data_is_data(write):
    inside = mapping({"mean_": array("a.npy"), "whiten": text(False)})
    fitted = node("ObjectNode", "sklearn.decomposition.PCA", content=inside)
    numbers = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    content = {
        "pca": fitted | {"__id__": 5},
        "again": {"__loader__": "CachedNode", "__id__": 5},
        "list": node("ListNode", "list", content=[text("x"), text(None), text(2.5)]),
        "bytes": node("BytearrayNode", "bytearray", file="b.bin"),
        "type": node("TypeNode", "numpy.float32"),
        "numbers": mapping({"3": text("three")}, "int"),
        "empty": node("ObjectNode", "some.Thing", content=None),
    }
    found = read_skops(write(mapping(content), a_npy=npy(numbers), b_bin=b"xyz"))
    assert found["pca"].type == "sklearn.decomposition.PCA"
    np.testing.assert_array_equal(found["pca"].attributes["mean_"], numbers)
    assert found["pca"].attributes["whiten"] is False
    assert found["again"] is found["pca"]
    assert found["list"] == ["x", None, 2.5]
    assert found["bytes"] == b"xyz"
    assert found["type"] == TypeName("numpy.float32")
    assert found["numbers"] == {3: "three"}
    assert found["empty"] == Record("some.Thing", {})


@pytest.mark.parametrize(
    "loader",
    ["FunctionNode", "MethodNode", "PartialNode", "OperatorFuncNode", "ReduceNode"],
)
def test_whatever_could_call_is_refused(write, loader):
    harm = node(loader, "os.system", content=text("touch x"))
    with pytest.raises(WeightError, match=rf"type {loader} \(os.system\)"):
        read_skops(write(mapping({"a": harm})))


def test_arrays_of_objects_are_refused(write):
    objects = np.array([{}, None], object)
    stream = io.BytesIO()
    np.lib.format.write_array(stream, objects, allow_pickle=True)
    with pytest.raises(WeightError, match="not of numbers"):
        read_skops(write(array("a.npy"), a_npy=stream.getvalue()))
    listed = node("NdArrayNode", "numpy.ndarray", type="json", content=[])
    with pytest.raises(WeightError, match="array of objects"):
        read_skops(write(listed))


def test_arrays_shorter_than_they_say_are_refused(write):
    header = npy(np.zeros(4)).replace(b"(4,), }", b"(9999999999999,), }")
    for content in (npy(np.zeros(4))[:-8], header, b"", b"\x93NUMPY\x01\x00"):
        with pytest.raises(WeightError):
            read_skops(write(array("a.npy"), a_npy=content))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "schema.jso"])
def test_files_outside_of_the_archive_are_not_read(write, name):
    with pytest.raises(WeightError, match="is not in it"):
        read_skops(write(array(name)))


def test_bombs_are_not_unpacked(write, monkeypatch):
    monkeypatch.setattr(skops_file, "MOST_BYTES", 100_000)
    large = npy(np.zeros(20_000))
    bomb = write(array("a.npy"), zipfile.ZIP_DEFLATED, a_npy=large)
    assert bomb.stat().st_size < 5000
    with pytest.raises(WeightError, match="unpacked"):
        read_skops(bomb)
    many = node("ListNode", "list", content=[array("a.npy")] * 20)
    with pytest.raises(WeightError, match="to read"):
        read_skops(write(many, a_npy=npy(np.zeros(1000))))


def test_deep_long_and_damaged_schemas_are_refused(write, monkeypatch, tmp_path):
    deep = text(1)
    for _ in range(150):
        deep = node("ListNode", "list", content=[deep])
    broken = ["", "[", "[]", "{}", "[" * 100_000, '{"__loader__": "JsonNode"}']
    cycle = node(
        "ListNode", "list", content=[{"__loader__": "CachedNode", "__id__": 1}]
    )
    for schema in (deep, *broken, cycle | {"__id__": 1}):
        with pytest.raises(WeightError):
            read_skops(write(schema))
    monkeypatch.setattr(skops_file, "MOST_NODES", 10)
    with pytest.raises(WeightError, match="too long"):
        read_skops(write(node("ListNode", "list", content=[text(1)] * 20)))
    whole = write(text(1)).read_bytes()
    path = tmp_path / "broken.skops"
    for content in (whole[:-20], whole[20:], b"no zip"):
        path.write_bytes(content)
        with pytest.raises(WeightError, match="whole|damaged|schema"):
            read_skops(path)
    with pytest.raises(WeightError, match="no such file"):
        read_skops(tmp_path / "none")


def test_what_is_named_again_counts_again(write, monkeypatch):
    listed = node("ListNode", "list", content=[text(1)], __id__=0)
    content = [listed]
    for place in range(1, 21):
        twice = [{"__loader__": "CachedNode", "__id__": place - 1}] * 2
        content.append(node("ListNode", "list", content=twice, __id__=place))
    monkeypatch.setattr(skops_file, "MOST_NODES", 100_000)
    with pytest.raises(WeightError, match="too long"):
        read_skops(write(node("ListNode", "list", content=content)))
    few = node(
        "ListNode", "list", content=[node("ListNode", "list", content=content[:10])]
    )
    keys = node("DictNode", "dict", content={"a": text(1)}, key_types=few)
    with pytest.raises(WeightError, match="keys of the type list; not read") as told:
        read_skops(write(keys))
    assert len(str(told.value)) < 300


@pytest.mark.parity
def test_reads_what_skops_writes(tmp_path):
    skops = pytest.importorskip("skops.io")
    from sklearn.decomposition import PCA
    from sklearn.svm import LinearSVC

    x = np.random.default_rng(0).normal(size=(40, 5))
    models = {"pca": PCA(2).fit(x), "svm": {1: LinearSVC().fit(x, x[:, 0] > 0)}}
    skops.dump(models, tmp_path / "m.skops", compression=zipfile.ZIP_DEFLATED)
    found = read_skops(tmp_path / "m.skops")
    components = found["pca"].attributes["components_"]
    np.testing.assert_array_equal(components, models["pca"].components_)
    coefficients = found["svm"][1].attributes["coef_"]
    np.testing.assert_array_equal(coefficients, models["svm"][1].coef_)
