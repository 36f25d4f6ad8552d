"""Networks pulled from a hub on this machine, converted once, and loaded."""

import errno
import json
import socket
import subprocess
import sys

import numpy as np
import pytest
from loopback_hub import LARGE
from PIL import Image
from safetensors.numpy import save_file
from seeded_files import HOG, MULTITASK, head_points, seeded_state, write_seeded
from seeded_ports import uniform
from skops_writer import write_skops
from torch_writer import tensor, zipped

from genface import nets, weights
from genface.errors import WeightError
from genface.facs import AU_NAMES
from genface.files import sha256
from genface.nets import conversion, published, pulled
from genface.nets.hog_classifiers import of_record
from genface.nets.ported import PORTS
from genface.weights.lz4_frame import read_lz4
from genface.weights.records import arrays_path, record_of
from genface.weights.skops_file import Record, read_skops
from genface.weights.state_files import read_safetensors

POSE = ("pose_mlp_v2.json", "pose_mlp_v2.safetensors")
REPO = "py-feat/pose_mlp_v2"
WEIGHTS = (REPO, "pose_mlp_v2.safetensors")


def silent(line, done, total):
    pass


def left_in(folder):
    """Names of the files in a cache, without the pinned ones that came before."""
    return sorted(
        path.name
        for path in folder.rglob("*")
        if path.is_file() and "assets" not in path.parts
    )


def blobs(tmp_path):
    """Files that the hub's own client keeps; older ones also what they may resume."""
    folder = tmp_path / "huggingface"
    names = sorted(path.name for path in folder.rglob("blobs/*"))
    return [name for name in names if not name.endswith(".incomplete")]


def load(**options):
    return nets.load_ported("pose_mlp_v2", **{"progress": silent} | options)


def refused(**options):
    """The one line with which the pose network cannot be loaded."""
    with pytest.raises(WeightError) as caught:
        load(**options)
    assert "\n" not in str(caught.value)
    assert not arrays_path(weights.asset("pose_mlp_v2")).exists()
    return str(caught.value)


def forced():
    """The same where it is pulled whatever was there."""
    with pytest.raises(WeightError) as caught:
        nets.pull(["pose_mlp_v2"], force=True, progress=silent)
    assert not arrays_path(weights.asset("pose_mlp_v2")).exists()
    return str(caught.value)


def test_a_network_is_pulled_converted_and_loaded_once(seeded_hub):
    hub = seeded_hub("pose_mlp_v2")
    x = uniform(3, 136) - 0.5
    expected = nets.from_torch("pose_mlp_v2", seeded_state("pose_mlp_v2"))(x)["out"]
    np.testing.assert_array_equal(load()(x)["out"], expected)
    count, hub.broken = len(hub.requests), True
    np.testing.assert_array_equal(load()(x)["out"], expected)
    assert len(hub.requests) == count
    assert weights.verify(["pose_mlp_v2"]) == [("pose_mlp_v2", "ok")]
    assert left_in(weights.cache_dir()) == sorted(POSE)
    arrays, record = (weights.cache_dir() / "networks" / name for name in POSE)
    assert arrays.stat().st_mode == record.stat().st_mode


def test_the_commit_and_the_hashes_are_recorded(seeded_hub, seeded_folder):
    hub = seeded_hub("pose_mlp_v2")
    load()
    original = record_of(weights.asset("pose_mlp_v2")).originals["weights"]
    assert original.revision == hub.commit
    assert REPO in original.place
    written = write_seeded("pose_mlp_v2", seeded_folder)["weights"]
    assert original.sha256 == weights.digests("pose_mlp_v2")["weights"]
    assert original.sha256 == sha256(written)


@pytest.mark.parametrize("name", ["mobilefacenet", "pfld", "mp_blendshapes"])
def test_archives_of_torch_are_read(seeded_hub, name):
    seeded_hub(name)
    [made] = nets.pull([name], progress=silent)
    kept = read_safetensors(made).arrays
    model = PORTS[name].build()
    port = PORTS[name]
    state = seeded_state(name)
    conversion.load_torch(model, state, port.unused, port.renames)
    expected = conversion.arrays_of(model)
    assert kept.keys() == expected.keys()
    for key, array in expected.items():
        np.testing.assert_array_equal(kept[key], array)


@pytest.mark.parametrize("name", ["xgb_au", "svm_au", "svm_emo"])
def test_classifiers_are_those_of_their_file(seeded_hub, seeded_folder, name):
    seeded_hub(name)
    found = nets.load_classifiers(name, progress=silent)
    path = write_seeded(name, seeded_folder)["weights"]
    models, outputs = published.CLASSIFIERS[name]
    expected = of_record(read_skops(path), models)
    hog, points = uniform(4, HOG), 112 * uniform(4, 68, 2)
    np.testing.assert_array_equal(found(hog, points), expected(hog, points))
    assert found(hog, points).shape == (4, len(outputs))
    assert nets.config_of(name)["outputs"] == list(outputs)


def test_outputs_of_classifiers_are_in_the_tables_order():
    models, outputs = published.CLASSIFIERS["xgb_au"]
    assert outputs is AU_NAMES
    assert models[:3] == ["AU1", "AU2", "AU4"] and models[-1] == "AU43"


def test_facts_come_with_the_weights(seeded_hub):
    seeded_hub("pose_mlp_v2")
    facts = nets.config_of("pose_mlp_v2", progress=silent)
    config = facts["config"]["architecture"]["output_normalization"]
    assert facts["y_mean"] == config["mean"] and len(facts["y_std"]) == 6


def test_facts_of_img2pose(seeded_folder):
    from seeded_files import config

    facts = published._facts("img2pose", config("img2pose"))
    np.testing.assert_array_equal(facts["points"], head_points())
    assert (facts["min_side"], facts["max_side"]) == (400, 1400)


def test_a_configuration_that_lacks_something_is_named(seeded_hub):
    hub = seeded_hub("pose_mlp_v2")
    for config in ({}, {"architecture": 3}, {"architecture": {"x": [1]}}):
        hub.add(REPO, "pose_mlp_v2.json", json.dumps(config).encode())
        hub.commit = f"{len(str(config)):040d}"
        assert "pose_mlp_v2: its configuration has no architecture.o" in forced()
    hub.add(REPO, "pose_mlp_v2.json", b"[1]")
    hub.commit = "1" * 40
    assert "expected a JSON object" in forced()
    del hub.repos[REPO]["pose_mlp_v2.json"]
    hub.commit = "2" * 40
    assert "pose_mlp_v2.json: no such file at revision main" in forced()


def test_a_multitask_file_without_its_configuration_is_refused(tmp_path):
    path = tmp_path / "face_multitask_v28.safetensors"
    for texts in (None, {"config": "{"}, {"config": "3"}):
        save_file({"a": np.zeros(1)}, path, texts)
        state = published.read_state(path)
        with pytest.raises(WeightError, match="no configuration in its metadata"):
            published._config_in(path, state.texts)
    save_file({"a": np.zeros(1)}, path, {"config": json.dumps(MULTITASK)})
    assert published._config_in(path, published.read_state(path).texts)["n_au"] == 20


def test_bytes_that_are_not_those_stated_are_refused(seeded_hub, tmp_path):
    hub = seeded_hub("pose_mlp_v2")
    hub.stated[WEIGHTS] = "0" * 64
    assert "not those that the hub states" in refused()
    assert "0" * 64 not in blobs(tmp_path)
    hub.stated = {(REPO, "pose_mlp_v2.json"): "1" * 40}
    assert "pose_mlp_v2.json: the bytes that came" in refused()
    hub.stated = {}
    load()


def test_a_truncated_download_is_refused(seeded_hub, tmp_path):
    hub = seeded_hub("pose_mlp_v2")
    hub.sent[WEIGHTS] = LARGE
    assert "could not be downloaded" in refused()
    assert blobs(tmp_path) == [] and left_in(weights.cache_dir()) == []
    hub.sent = {}
    load()


def test_a_damaged_file_is_refused(seeded_hub):
    hub = seeded_hub("pose_mlp_v2")
    hub.add(*WEIGHTS, b"\x40\0\0\0\0\0\0\0{" + bytes(LARGE))
    assert "pose_mlp_v2.safetensors: not a whole safetensors file" in refused()
    hub.add(*WEIGHTS, b"PK" + bytes(LARGE))
    hub.commit = "2" * 40
    assert "pose_mlp_v2.safetensors: not a whole file (a zip" in refused()
    assert left_in(weights.cache_dir()) == []  # not even a hash that would be held up


def test_half_of_the_weights_are_listed(seeded_hub, tmp_path):
    hub = seeded_hub("pose_mlp_v2")
    state = seeded_state("pose_mlp_v2")
    half = dict(list(state.items())[: len(state) // 2])
    save_file(half, tmp_path / "half.safetensors")
    hub.add(*WEIGHTS, tmp_path / "half.safetensors")
    line = refused()
    assert "pose_mlp_v2: the state dict does not fit: missing:" in line
    assert list(state)[-2] in line


@pytest.mark.parametrize("value", ["NaN", "1e999", "[" * 500 + "]" * 500])
def test_a_configuration_that_is_not_plain_is_refused(seeded_folder, tmp_path, value):
    files = write_seeded("pose_mlp_v2", seeded_folder)
    text = json.dumps(json.loads(files["config"].read_text()) | {"loss": 8.125})
    path = tmp_path / "config.json"
    path.write_text(text.replace("8.125", value))
    with pytest.raises(WeightError, match="configuration holds infinite or missing"):
        nets.convert("pose_mlp_v2", [files["weights"], path])
    path.write_text("[" * 100_000)
    with pytest.raises(WeightError, match="nested too deep"):
        nets.convert("pose_mlp_v2", [files["weights"], path])


def test_a_file_with_other_keys_than_text_is_refused(tmp_path):
    path = zipped(tmp_path / "pfld.pth", {3: tensor()}, {"0": bytes(96)})
    with pytest.raises(WeightError, match="unknown: 3"):
        nets.convert("pfld", [path])


def test_classifiers_that_are_damaged_are_refused(tmp_path, seeded_folder):
    record = read_skops(write_seeded("svm_emo", seeded_folder)["weights"])
    lacking = dict(record.attributes)
    del lacking["scaler_full"]
    path = write_skops(tmp_path / "a.skops", Record(record.type, lacking))
    with pytest.raises(WeightError, match="other than fitted .*scaler_full"):
        nets.convert("svm_emo", [path])
    scaler = record.attributes["scaler_full"]
    means = scaler.attributes | {"mean_": scaler.attributes["mean_"] * np.nan}
    damaged = record.attributes | {"scaler_full": Record(scaler.type, means)}
    path = write_skops(tmp_path / "b.skops", Record(record.type, damaged))
    with pytest.raises(WeightError, match="not a number in full/centre"):
        nets.convert("svm_emo", [path])


def test_another_file_than_at_the_first_pull_is_refused_unless_forced(
    seeded_hub, tmp_path
):
    hub = seeded_hub("pose_mlp_v2")
    load()
    first = weights.digests("pose_mlp_v2")
    state = seeded_state("pose_mlp_v2")
    state["net.0.bias"] += 1
    save_file(state, tmp_path / "new.safetensors")
    hub.add(*WEIGHTS, tmp_path / "new.safetensors")
    hub.commit = "3" * 40
    load()  # the first is still here
    arrays_path(weights.asset("pose_mlp_v2")).unlink()
    assert "another file than at the first pull" in refused()
    assert weights.digests("pose_mlp_v2") == first
    nets.pull(["pose_mlp_v2"], force=True, progress=silent)
    assert weights.digests("pose_mlp_v2") != first
    load()


@pytest.mark.parametrize("half", ["cut", "unrecorded", "garbage"])
def test_a_half_converted_cache_is_made_anew(seeded_hub, half):
    seeded_hub("pose_mlp_v2")
    load()
    path = arrays_path(weights.asset("pose_mlp_v2"))
    if half == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif half == "unrecorded":
        path.with_suffix(".json").unlink()
    else:
        path.with_suffix(".json").write_text("{")
    assert weights.verify(["pose_mlp_v2"]) == [("pose_mlp_v2", "altered")]
    load()
    assert weights.verify(["pose_mlp_v2"]) == [("pose_mlp_v2", "ok")]


def test_an_interrupt_while_converting_leaves_nothing(seeded_hub, monkeypatch):
    import safetensors.numpy

    seeded_hub("pose_mlp_v2")

    def interrupted(arrays, path):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(safetensors.numpy, "save_file", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load()
    assert left_in(weights.cache_dir()) == []
    assert weights.verify(["pose_mlp_v2"]) == [("pose_mlp_v2", "missing")]
    load(offline=True)  # the original is here


def test_a_full_disk_says_so(seeded_hub, monkeypatch):
    import safetensors.numpy

    def full(arrays, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    seeded_hub("pose_mlp_v2")
    monkeypatch.setattr(safetensors.numpy, "save_file", full)
    assert "No space left on device); free some space" in refused()
    assert left_in(weights.cache_dir()) == []


def test_an_older_conversion_is_made_anew(seeded_hub, monkeypatch):
    seeded_hub("pose_mlp_v2")
    load()
    monkeypatch.setattr(pulled, "CONVERSION", pulled.CONVERSION + 1)
    load()
    made = record_of(weights.asset("pose_mlp_v2"))
    assert made.conversion == pulled.CONVERSION


@pytest.mark.parametrize(
    ("name", "total"),
    [("pose_mlp_v2", -10.2978), ("mobilefacenet", -125.2905), ("pfld", 41.7664)],
)
def test_other_arrays_are_another_conversion(name, total):
    """Raise CONVERSION, here too, where the same file becomes other arrays."""
    port, model = PORTS[name], PORTS[name].build()
    conversion.load_torch(model, seeded_state(name), port.unused, port.renames)
    found = 0.0
    for key, array in sorted(conversion.arrays_of(model).items()):
        found += np.cos(len(key) + np.arange(array.size)) @ np.ravel(array)
    assert pulled.CONVERSION == 2
    assert found == pytest.approx(total, abs=1e-3)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(WeightError, match="'arcfce'; there are .*arcface_iresnet50"):
        nets.load_ported("arcfce")
    with pytest.raises(WeightError, match="there are xgb_au, svm_au, svm_emo"):
        nets.load_classifiers("pfld")
    for name in ("iris", "xgb_au"):  # no ported network
        with pytest.raises(WeightError, match=name):
            nets.load_ported(name)


def test_non_commercial_weights_are_refused_where_that_matters(seeded_hub, monkeypatch):
    hub = seeded_hub("pose_mlp_v2")
    assert "not cleared for commercial use (card MIT" in refused(commercial=True)
    monkeypatch.setenv("GENFACE_COMMERCIAL", "1")
    assert "GENFACE_COMMERCIAL" in refused()
    assert hub.requests == []
    load(commercial=False)
    with pytest.raises(WeightError, match="not cleared"):  # though it is here now
        load()
    with pytest.raises(WeightError, match="not cleared"):
        weights.pull(["iris", "xgb_au"], progress=silent)


def test_the_licence_is_told_at_the_first_pull_only(seeded_hub, capsys):
    seeded_hub("pose_mlp_v2")
    nets.load_ported("pose_mlp_v2")
    told = capsys.readouterr()
    assert told.out == ""
    line = "pose_mlp_v2 is not cleared for commercial use: card MIT"
    assert told.err.count(line) == 1
    nets.load_ported("pose_mlp_v2")
    nets.pull(["pose_mlp_v2"], force=True)
    assert "cleared" not in capsys.readouterr().err


@pytest.mark.parametrize("variable", ["GENFACE_OFFLINE", "HF_HUB_OFFLINE", None])
def test_offline_with_an_empty_cache(seeded_hub, monkeypatch, variable):
    hub = seeded_hub("pose_mlp_v2")
    if variable:
        monkeypatch.setenv(variable, "1")
    line = refused(offline=None if variable else True)
    assert "pose_mlp_v2: not in the cache" in line
    assert "`genface weights pull pose_mlp_v2` online. `genface weights conv" in line
    assert hub.requests == [] and left_in(weights.cache_dir()) == []


def test_offline_takes_what_the_hubs_client_has(seeded_hub, monkeypatch, tmp_path):
    hub = seeded_hub("pose_mlp_v2")
    load()
    monkeypatch.setenv("GENFACE_CACHE", str(tmp_path / "other"))
    hub.requests.clear()
    load(offline=True)
    assert hub.requests == []


def test_a_hub_that_is_down(seeded_hub, monkeypatch):
    hub = seeded_hub("pose_mlp_v2")
    hub.broken = True
    assert f"{hub.address} answered 503" in refused()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setenv("HF_ENDPOINT", address)
    line = refused()
    assert f"could not be downloaded from {address}" in line
    assert line.endswith("`genface weights convert` takes a local file.")
    assert left_in(weights.cache_dir()) == []


def test_what_a_hub_does_not_give(seeded_hub):
    hub = seeded_hub("pose_mlp_v2")
    hub.gated.add(REPO)
    assert "the repository is gated; accept its terms at" in refused()
    hub.gated.clear()
    del hub.repos[REPO][WEIGHTS[1]]
    assert f"{REPO}/{WEIGHTS[1]}: no such file" in refused()
    del hub.repos[REPO]
    assert "no such repository" in refused()
    assert left_in(weights.cache_dir()) == []


def test_local_files_are_converted(loopback_hub, seeded_folder, tmp_path):
    files = write_seeded("pose_mlp_v2", seeded_folder)
    with pytest.raises(WeightError, match=r"safetensors, pose_m.*expected 2 of"):
        nets.convert("pose_mlp_v2", [files["weights"]])
    with pytest.raises(WeightError, match="none: no such file"):
        nets.convert("pose_mlp_v2", [files["weights"], tmp_path / "none"])
    assert nets.convert("pose_mlp_v2", list(files.values())).is_file()
    assert load(offline=True)(uniform(1, 136))["out"].shape == (1, 6)
    assert loopback_hub.requests == []


def test_others_than_the_pinned_files_need_force(
    loopback_hub, user_cache, mtcnn_cached, tmp_path
):
    sources = weights.asset("mtcnn").sources
    own = [tmp_path / f"{role}.joblib" for role in sources]
    for role, path in zip(sources, own, strict=True):
        original = next((user_cache / "assets").glob(f"mtcnn_{role}-*"))
        path.write_bytes(read_lz4(original.read_bytes()))  # the same, not packed
    with pytest.raises(WeightError, match=r"pnet.lz4 is another file than the pinned"):
        nets.convert("mtcnn", own)
    assert left_in(weights.cache_dir()) == []
    nets.convert("mtcnn", own, force=True)
    assert weights.digests("mtcnn") == {
        role: sha256(path) for role, path in zip(sources, own, strict=True)
    }


def test_mtcnn_finds_eyes_where_they_are(mtcnn_cached, shared):
    """All three of its networks on the face that the original found in a picture."""
    known = json.loads((shared / "reference/mtcnn.json").read_text())["single_face"][0]
    box, points = np.array(known[1:5]), np.array(known[6:]).reshape(2, 5).T
    side = max(box[2:] - box[:2])
    corner = (box[:2] + box[2:] - side) / 2
    picture = Image.open(shared / "data/media/single_face.jpg").convert("RGB")
    region = (*corner, *(corner + side))
    net = nets.load_ported("mtcnn", offline=True)

    def outputs(size):
        crop = picture.resize((size, size), Image.Resampling.BOX, region)
        return net((np.float32(crop)[None] - 127.5) / 128)

    assert outputs(12)["p_prob"][0, 1, 0, 0] > 0.6
    assert outputs(24)["r_prob"][0, 1] > 0.9
    found = outputs(48)
    assert found["o_prob"][0, 1] > 0.95
    seen = corner + side * found["o_pts"].reshape(2, 5).T
    np.testing.assert_allclose(seen, points, atol=0.03 * side)
    corrected = np.concatenate([corner, corner + side]) + side * found["o_reg"][0]
    np.testing.assert_allclose(corrected, box, atol=0.08 * side)


def test_loading_the_default_networks_imports_nothing_of_this():
    program = (
        "import sys, genface, genface.weights, genface.nets, genface.detect\n"
        "heavy = {'huggingface_hub', 'safetensors', 'flax'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *("arcface_iresnet50", "face_multitask_v25_likely", "face_multitask_v28"),
        *("faceboxes", "facenet", "img2pose", "l2cs", "mobilenet_gdconv"),
        *("resmasknet", "retinaface_r34"),
    ],
)
def test_every_other_network_is_pulled(seeded_hub, name):
    hub = seeded_hub(name)
    found = nets.load_ported(name, progress=silent)
    assert (found.name, bool(hub.requests)) == (name, name != "faceboxes")
    facts = nets.config_of(name)
    if name == "img2pose":
        np.testing.assert_array_equal(facts["points"], head_points())
    if "multitask" in name:
        assert facts["config"] == MULTITASK
