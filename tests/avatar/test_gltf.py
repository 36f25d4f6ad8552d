"""GLB files: they hold the rig; damage is told; nothing outside is followed."""

import json
import os
import re
import shutil
import struct
import subprocess
from fractions import Fraction

import numpy as np
import pytest

from genface.avatar import Motion, Rig, write_glb
from genface.avatar.gltf import read_glb
from genface.errors import InputError

FEAT = (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43)
TYPES = {5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


def motion(count=300, numbers=FEAT, gaze=True, sides=(), seed=0) -> Motion:
    """Smooth waves of AUs, of head and gaze; ``sides`` adds one-sided columns."""
    rng = np.random.default_rng(seed)
    names = (*(f"AU{n:02d}" for n in numbers), *sides)
    times = np.arange(count) / 30
    waves = np.sin(np.outer(times, rng.uniform(1.5, 4, len(names))) + rng.uniform(0, 6))
    aus = np.clip(waves - rng.uniform(0, 0.6, len(names)), 0, 1)
    turns = [0.15 * np.sin(times), 0.1 * np.cos(times), 0.3 * np.sin(2 * times)]
    look = np.stack([0.3 * np.sin(1.3 * times), 0.4 * np.sin(0.9 * times)])
    seen = np.ones(count, bool)
    return Motion(
        times,
        Fraction(30),
        names,
        aus,
        np.stack(turns, axis=1),
        look.T if gaze else None,
        seen,
        ~seen,
    )


class Decoded:
    """A GLB read by the letter of the specification, apart from the package."""

    def __init__(self, path):
        data = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON"
        self.json = json.loads(data[20 : 20 + size])
        rest, kind = struct.unpack_from("<I4s", data, 20 + size)
        assert kind == b"BIN\0"
        self.binary = data[28 + size : 28 + size + rest]
        assert len(self.binary) == self.json["buffers"][0]["byteLength"]

    def view(self, index, offset, kind, count):
        view = self.json["bufferViews"][index]
        start = view["byteOffset"] + offset
        assert start % np.dtype(kind).itemsize == 0
        stop = start + count * np.dtype(kind).itemsize
        assert stop <= view["byteOffset"] + view["byteLength"]
        return np.frombuffer(self.binary[start:stop], kind)

    def accessor(self, index):
        accessor = self.json["accessors"][index]
        kind, width = TYPES[accessor["componentType"]], WIDTH[accessor["type"]]
        count = accessor["count"]
        values = np.zeros((count, width), kind)
        if "bufferView" in accessor:
            offset = accessor.get("byteOffset", 0)
            flat = self.view(accessor["bufferView"], offset, kind, count * width)
            values = flat.reshape(count, width)
        if "sparse" in accessor:
            sparse, values = accessor["sparse"], values.copy()
            where, what, n = sparse["indices"], sparse["values"], sparse["count"]
            rows = self.view(
                where["bufferView"],
                where["byteOffset"],
                TYPES[where["componentType"]],
                n,
            )
            assert (np.diff(rows.astype(int)) > 0).all()
            changed = self.view(what["bufferView"], what["byteOffset"], kind, n * width)
            values[rows] = changed.reshape(n, width)
        if "min" in accessor:
            assert np.array_equal(values.min(0), np.float32(accessor["min"]))
            assert np.array_equal(values.max(0), np.float32(accessor["max"]))
        return values

    def node(self, name):
        return next(n for n in self.json["nodes"] if n["name"] == name)

    def mesh(self, name):
        return self.json["meshes"][self.node(name)["mesh"]]

    def channel(self, name, path):
        """Times (T,) and values of the animation of a node; None if it has none."""
        (clip,) = self.json["animations"]
        for channel in clip["channels"]:
            target = channel["target"]
            node = self.json["nodes"][target["node"]]
            if (node["name"], target["path"]) == (name, path):
                sampler = clip["samplers"][channel["sampler"]]
                times = self.accessor(sampler["input"])[:, 0]
                return times, self.accessor(sampler["output"])
        return None

    def points(self, name, frames):
        """Morphed vertices (F, P, 3) of a node's mesh, in its own space."""
        primitive = self.mesh(name)["primitives"][0]
        rest = self.accessor(primitive["attributes"]["POSITION"]).astype(float)
        targets = primitive.get("targets", [])
        moved = np.repeat(rest[None], len(frames), axis=0)
        found = self.channel(name, "weights")
        if found is not None:
            weights = found[1].reshape(len(found[0]), len(targets))[frames]
            for k, target in enumerate(targets):
                delta = self.accessor(target["POSITION"]).astype(float)
                moved += weights[:, k, None, None] * delta
        return moved

    def turned(self, name, points, frames):
        """Points moved by the node's rotation and translation."""
        node = self.node(name)
        found = self.channel(name, "rotation")
        if found is not None:
            x, y, z, w = found[1][frames].T.astype(float)
            u, v = np.stack([x, y, z], axis=1)[:, None], points
            cross = np.cross(u, v)
            points = v + 2 * (w[:, None, None] * cross + np.cross(u, cross))
        return points + node.get("translation", [0, 0, 0])


def head_vertices(decoded, rig, frames):
    """The rig's vertices (F, V, 3) from the nodes of the file; NaN where not drawn."""
    turning = np.concatenate([np.asarray(rows) for rows in rig.eyes]).astype(int)
    own = np.setdiff1d(np.arange(len(rig.neutral)), turning)
    result = np.full((len(frames), len(rig.neutral), 3), np.nan)
    face = decoded.points("face", frames) + decoded.node("face")["translation"]
    result[:, own] = decoded.turned("head", face, frames)[:, : len(own)]
    for side, rows in zip(("eye_R", "eye_L"), rig.eyes, strict=True):
        drawn = np.isin(rig.triangles, rows).all(axis=1)
        used = np.unique(rig.triangles[drawn])
        eye = decoded.turned(side, decoded.points(side, frames), frames)
        result[:, used] = decoded.turned("head", eye, frames)
    return result


@pytest.fixture(scope="module")
def rig():
    return Rig.default()


@pytest.fixture(scope="module")
def clip():
    return motion(120, sides=("AU12_L", "AU45_R"))


@pytest.fixture(scope="module")
def written(rig, clip, tmp_path_factory):
    path = tmp_path_factory.mktemp("glb") / "clip.glb"
    assert write_glb(path, rig, clip) == ()
    return path


def test_the_sum_of_targets_and_turns_is_the_rig(rig, clip, written):
    frames = np.arange(0, 120, 5)
    expected = rig.vertices(
        clip.aus[frames], clip.pose[frames], clip.gaze[frames], clip.au_names
    )
    found = head_vertices(Decoded(written), rig, frames)
    drawn = ~np.isnan(found[0, :, 0])
    assert drawn[:468].all() and drawn.sum() > 600
    assert np.abs(found - expected)[:, drawn].max() < 1e-5


def test_contact_of_lips_and_lids_is_part_of_that_sum(rig, clip, written):
    weights = rig.morph_weights(clip.aus[::8], clip.gaze[::8], clip.au_names)
    linear = rig.neutral + np.einsum("ts,svc->tvc", weights, rig.morphs.deltas)
    whole = rig.vertices(clip.aus[::8], None, clip.gaze[::8], clip.au_names)
    correction = np.abs(whole - linear)[:, :468].max()
    names = Decoded(written).mesh("face")["extras"]["targetNames"]
    assert correction > 0.05
    assert any(name.startswith("contact_") for name in names)


def test_names_are_kept_and_only_what_is_used_is_written(rig, clip, written):
    names = Decoded(written).mesh("face")["extras"]["targetNames"]
    assert {"AU12_L", "AU12_R", "AU04", "AU45_R"} <= set(names)  # alike sides are one
    assert not {"AU18", "AU45_L", "AU27"} & set(names)
    assert len(set(names)) == len(names)


def test_times_are_those_of_the_motion(clip, written):
    times, weights = Decoded(written).channel("face", "weights")
    assert np.allclose(times, clip.times, atol=1e-6)
    assert np.isfinite(weights).all()


def test_normals_have_length_one_and_follow_the_shape(rig, written):
    decoded = Decoded(written)
    primitive = decoded.mesh("face")["primitives"][0]
    normals = decoded.accessor(primitive["attributes"]["NORMAL"])
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    names = decoded.mesh("face")["extras"]["targetNames"]
    turned = decoded.accessor(primitive["targets"][names.index("AU26")]["NORMAL"])
    # Against the normals of the triangles around points of the moved chin.
    moved = rig.neutral + rig.morphs["AU26_L"] + rig.morphs["AU26_R"]
    for chin in (199, 200, 18):
        around = rig.triangles[(rig.triangles == chin).any(axis=1)]
        a, b, c = moved[around].transpose(1, 0, 2)
        expected = np.cross(b - a, c - a).sum(axis=0)
        expected /= np.linalg.norm(expected)
        assert np.allclose(normals[chin] + turned[chin], expected, atol=0.01)
        assert np.abs(turned[chin]).max() > 0.05


@pytest.mark.parametrize(("normals", "limit"), [(False, 200_000), (True, 320_000)])
def test_300_frames_of_20_targets_are_small(rig, tmp_path, normals, limit):
    path = tmp_path / "clip.glb"
    numbers = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23)
    write_glb(path, rig, motion(numbers=numbers, gaze=False), normals=normals)
    assert len(Decoded(path).mesh("face")["extras"]["targetNames"]) >= 20
    assert path.stat().st_size <= limit


def test_a_rig_alone_has_every_target_and_no_animation(rig, tmp_path):
    write_glb(tmp_path / "rig.glb", rig, normals=False)
    decoded = Decoded(tmp_path / "rig.glb")
    assert "animations" not in decoded.json
    assert tuple(decoded.mesh("face")["extras"]["targetNames"]) == rig.morphs.names


def test_equal_input_gives_equal_bytes(rig, clip, written, tmp_path):
    write_glb(tmp_path / "again.glb", rig, clip)
    assert (tmp_path / "again.glb").read_bytes() == written.read_bytes()


def test_eight_targets_do_better_than_the_eight_largest(rig, clip, written, tmp_path):
    (note,) = write_glb(tmp_path / "few.glb", rig, clip, max_targets=8)
    few, whole, frames = Decoded(tmp_path / "few.glb"), Decoded(written), np.arange(120)
    assert len(few.mesh("face")["extras"]["targetNames"]) == 8
    every = whole.points("face", frames)
    error = np.linalg.norm(few.points("face", frames) - every, axis=2)
    said = [float(word) for word in re.findall(r"([\d.]+) mm", note)]
    assert said[0] == pytest.approx(10 * error.max(), rel=0.1)
    primitive = whole.mesh("face")["primitives"][0]
    weights = whole.channel("face", "weights")[1].reshape(120, -1)
    deltas = [whole.accessor(t["POSITION"]) for t in primitive["targets"]]
    parts = [
        np.einsum("t,vc->tvc", w, d) for w, d in zip(weights.T, deltas, strict=True)
    ]
    left = sorted(parts, key=lambda part: (part**2).sum())[:-8]
    assert (error**2).sum() < 0.5 * (sum(left) ** 2).sum()


def test_a_single_frame_and_a_face_at_rest_are_files_too(rig, tmp_path):
    still = motion(count=1, gaze=False)
    still.aus[:] = 0
    still.pose[:] = 0
    write_glb(tmp_path / "rest.glb", rig, still)
    assert "animations" not in Decoded(tmp_path / "rest.glb").json


def test_read_glb_gives_back_shape_and_targets(rig, tmp_path):
    write_glb(tmp_path / "rig.glb", rig, normals=False, body=False)
    shape = read_glb(tmp_path / "rig.glb")
    assert shape.names == rig.morphs.names
    count = len(rig.neutral) - sum(len(rows) for rows in rig.eyes)
    turning = np.concatenate([np.asarray(rows) for rows in rig.eyes])
    own = np.setdiff1d(np.arange(len(rig.neutral)), turning)
    assert np.allclose(100 * shape.positions[:count], rig.neutral[own], atol=1e-5)
    assert np.allclose(
        100 * shape.deltas[:, :count], rig.morphs.deltas[:, own], atol=2e-6
    )
    assert {"skin", "mouth", "eye_R", "eye_L", "hair"} <= set(shape.parts)


# ---- Files of others: small, sound and not -------------------------------------------


def glb(change=None, binary=None, text=None) -> bytes:
    """A triangle with one named target, changed by a function of its JSON."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4")
    moved = np.array([[0, 0, 1]], "<f4")
    data = points.tobytes() + np.arange(3, dtype="<u2").tobytes() + b"\0\0"
    data += np.array([2], "<u2").tobytes() + b"\0\0" + moved.tobytes()
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"children": [1], "translation": [0, 0, 5]},
            {"mesh": 0, "scale": [2, 2, 2]},
        ],
        "meshes": [
            {
                "name": "m",
                "extras": {"targetNames": ["smile"]},
                "primitives": [
                    {
                        "attributes": {"POSITION": 0},
                        "indices": 1,
                        "targets": [{"POSITION": 2}],
                    }
                ],
            }
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
            {
                "componentType": 5126,
                "count": 3,
                "type": "VEC3",
                "sparse": {
                    "count": 1,
                    "indices": {"bufferView": 2, "componentType": 5123},
                    "values": {"bufferView": 3},
                },
            },
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 36},
            {"buffer": 0, "byteOffset": 36, "byteLength": 6},
            {"buffer": 0, "byteOffset": 44, "byteLength": 2},
            {"buffer": 0, "byteOffset": 48, "byteLength": 12},
        ],
        "buffers": [{"byteLength": 60}],
    }
    if change is not None:
        change(document)
    text = json.dumps(document).encode() if text is None else text
    text += b" " * (-len(text) % 4)
    data = data if binary is None else binary
    body = struct.pack("<I", len(text)) + b"JSON" + text
    body += struct.pack("<I", len(data)) + b"BIN\0" + data
    return b"glTF" + struct.pack("<II", 2, 12 + len(body)) + body


def test_transforms_of_nodes_are_applied(tmp_path):
    (tmp_path / "a.glb").write_bytes(glb())
    shape = read_glb(tmp_path / "a.glb")
    assert shape.positions.tolist() == [[0, 0, 5], [2, 0, 5], [0, 2, 5]]
    assert shape.deltas[0].tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 2]]
    assert shape.triangles.tolist() == [[0, 1, 2]] and shape.names == ("smile",)


def set_(*path, value):
    def change(document):
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return change


DAMAGED = {
    "no mesh has named": set_("meshes", 0, "extras", value={}),
    "not supported": set_("extensionsRequired", value=["KHR_draco_mesh_compression"]),
    "outside of the file": set_("buffers", 0, "uri", value="../../etc/passwd"),
    "outside of the data": set_("bufferViews", 0, "byteLength", value=10**12),
    "too large": set_("accessors", 0, "count", value=10**11),
    "longer than its view": set_("accessors", 0, "count", value=10**6),
    "in a circle": set_("nodes", 1, "children", value=[0]),
    "has no vertex": set_("bufferViews", 1, "byteOffset", value=54),
    "a reference or value": set_("accessors", 0, "bufferView", value=-1),
    "it is wrong": set_("meshes", 0, "primitives", 0, "attributes", value={}),
    "has 4 vertices": set_("accessors", 2, "count", value=4),
    "is not a list": set_("nodes", value={"0": {}}),
    "wrong": set_("scene", value=7),
    "more changes": set_("accessors", 2, "sparse", "count", value=9),
    "no triangles": set_("meshes", 0, "primitives", 0, "mode", value=1),
}


@pytest.mark.parametrize("message", DAMAGED)
def test_damage_is_told_in_one_line(tmp_path, message):
    (tmp_path / "bad.glb").write_bytes(glb(DAMAGED[message]))
    with pytest.raises(InputError, match=message) as caught:
        read_glb(tmp_path / "bad.glb")
    assert "\n" not in str(caught.value) and "bad.glb" in str(caught.value)


def test_other_files_are_told_apart(tmp_path):
    whole = glb()
    for data, message in (
        (b"", "not a GLB"),
        (b'{"asset": {}}' + bytes(20), "not a GLB"),
        (whole[:100], "cut off"),
        (whole[:4] + struct.pack("<I", 1) + whole[8:], "only version 2"),
        (glb(text=b"{" * 100_000), "JSON cannot be read"),
        (glb(text=b"[]"), "not an object"),
        (glb(binary=bytes(8)), "outside of the data"),
    ):
        (tmp_path / "bad.glb").write_bytes(data)
        with pytest.raises(InputError, match=message):
            read_glb(tmp_path / "bad.glb")
    with pytest.raises(InputError, match="cannot be read"):
        read_glb(tmp_path / "none.glb")


def test_random_damage_never_raises_anything_else(tmp_path):
    rng = np.random.default_rng(0)
    whole = glb()
    for _ in range(300):
        data = bytearray(whole)
        for place in rng.integers(12, len(data), 3):
            data[place] = rng.integers(256)
        (tmp_path / "bad.glb").write_bytes(data)
        try:
            read_glb(tmp_path / "bad.glb")
        except InputError:
            pass


def test_nothing_is_left_where_nothing_can_be_written(rig, tmp_path):
    with pytest.raises(InputError, match="max_targets"):
        write_glb(tmp_path / "a.glb", rig, motion(count=3), max_targets=0)
    unknown = motion(count=3, numbers=(1, 12))
    object.__setattr__(unknown, "au_names", ("AU01", "AU99"))
    with pytest.raises(InputError, match="AU99"):
        write_glb(tmp_path / "a.glb", rig, unknown)
    assert list(tmp_path.iterdir()) == []


# ---- Khronos' validator --------------------------------------------------------------

REPORT = """
const validator = require("gltf-validator"), fs = require("fs");
validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))
  .then((report) => console.log(JSON.stringify(report.issues)));
"""


@pytest.fixture(scope="module")
def validate(tmp_path_factory):
    """Khronos' validator from npm, found or installed into a folder of the test."""
    if not shutil.which("node"):
        pytest.skip("node is not installed, so Khronos' validator cannot run")
    folder = tmp_path_factory.mktemp("npm")
    probe = ["node", "-e", "require.resolve('gltf-validator')"]
    if subprocess.run(probe, cwd=folder, capture_output=True).returncode:
        npm = shutil.which("npm") or pytest.skip("npm is not installed")
        command = [npm, "install", "--no-save", "--no-audit", "--no-fund",
                   "--fetch-retries=0", "--fetch-timeout=10000", "--prefix",
                   str(folder), "gltf-validator@2.0.0-dev.3.10"]  # fmt: skip
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
        if done.returncode:
            pytest.skip("npm cannot install gltf-validator here")

    def run(path):
        command = ["node", "-e", REPORT, str(path)]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True,
            env=os.environ,
        )  # fmt: skip
        return json.loads(done.stdout)

    return run


@pytest.mark.network
def test_khronos_validator_has_nothing_to_say(validate, rig, clip, written, tmp_path):
    write_glb(tmp_path / "few.glb", rig, clip, max_targets=8, normals=False)
    write_glb(tmp_path / "rig.glb", rig)
    for path in (written, tmp_path / "few.glb", tmp_path / "rig.glb"):
        assert validate(path)["messages"] == []
