import errno
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from genface import weights
from genface.errors import WeightError
from genface.weights import (
    Asset,
    Local,
    Member,
    Url,
    Wheel,
    pip_download,
    wheel_members,
)
from genface.weights.cache import original_path

CONTENT = b"a network, so to speak" * 40


def silent(line, done, total):
    pass


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("GENFACE_CACHE", str(folder))
    monkeypatch.delenv("GENFACE_OFFLINE", raising=False)
    return folder


def test_the_cache_is_one_place_from_wherever_a_program_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for given, place in (("cache", "cache"), ("~/cache", "home/cache")):
        monkeypatch.setenv("GENFACE_CACHE", given)
        assert weights.cache_dir() == (tmp_path / place).resolve()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of wheels that is all that pip can see."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def copied(index, monkeypatch):
    """The folder of wheels, from which a copy takes the place of pip (a second)."""

    def copy(wheel, folder, report):
        return Path(shutil.copy(index / wheel.filename, folder))

    monkeypatch.setattr(wheel_members, "download", copy)
    return index


def make_wheel(folder, members=None, cut=None):
    """A wheel of the distribution toynet, and what the registry would say of it."""
    path = folder / "toynet-1.0-py3-none-any.whl"
    members = {"toynet/a.tflite": CONTENT, "toynet/b.tflite": CONTENT[::-1]} | (
        members or {}
    )
    info = "toynet-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: toynet\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{info}/RECORD", "")
    if cut:
        path.write_bytes(path.read_bytes()[:cut])
    return Wheel(
        distribution="toynet",
        version="1.0",
        filename=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size=path.stat().st_size,
    )


def make_assets(wheel):
    def entry(name, content):
        return Asset(
            name=name,
            purpose="a test",
            kind="tflite",
            sources={
                "file": Member(
                    wheel,
                    f"toynet/{name}.tflite",
                    hashlib.sha256(content).hexdigest(),
                    len(content),
                )
            },
            licence="MIT",
            commercial_use=True,
            input="nothing",
            signs="",
        )

    return {"a": entry("a", CONTENT), "b": entry("b", CONTENT[::-1])}


def file_names(assets):
    return [original_path(entry, "file").name for entry in assets.values()]


def left_in(cache):
    """Every file in the cache, hidden ones too."""
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


def test_ensure_pulls_once_and_keeps_only_the_members(cache, index):
    assets = make_assets(make_wheel(index))
    said = []
    path = weights.ensure("a", progress=lambda *args: said.append(args), assets=assets)
    assert path.read_bytes() == CONTENT
    assert left_in(cache) == sorted(file_names(assets))
    assert "toynet 1.0" in said[0][0] and said[-1][1] == said[-1][2]
    for file in index.iterdir():
        file.unlink()
    # What is there needs no index any more; "b" came with the same wheel.
    assert weights.ensure("b", assets=assets).read_bytes() == CONTENT[::-1]
    assert weights.verify(assets=assets) == [("a", "ok"), ("b", "ok")]


def test_what_is_pulled_is_said_on_stderr(cache, copied, capsys):
    weights.pull(["a"], assets=make_assets(make_wheel(copied)))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Pulling a, b (") and captured.err.count("\n") == 1


def test_an_altered_file_is_pulled_anew_and_offline_it_is_an_error(cache, copied):
    assets = make_assets(make_wheel(copied))
    path = weights.ensure("a", progress=silent, assets=assets)
    path.write_bytes(b"x" + CONTENT[1:])
    assert weights.verify(["a"], assets=assets) == [("a", "altered")]
    with pytest.raises(WeightError, match="a: altered .*genface weights pull --force"):
        weights.ensure("a", offline=True, assets=assets)
    assert weights.ensure("a", progress=silent, assets=assets).read_bytes() == CONTENT


def test_offline_says_what_is_missing_and_what_to_run(cache, monkeypatch):
    with pytest.raises(WeightError, match="iris: not in the cache .* pull iris`"):
        weights.ensure("iris", offline=True)
    monkeypatch.setenv("GENFACE_OFFLINE", "1")
    with pytest.raises(WeightError, match="offline"):
        weights.ensure("iris")
    assert not cache.exists()
    monkeypatch.setenv("GENFACE_OFFLINE", "0")
    assert not weights.is_offline()


def test_the_hubs_offline_mode_is_the_hubs_only(cache, copied, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assets = make_assets(make_wheel(copied))
    assert weights.ensure("a", progress=silent, assets=assets).is_file()


def test_an_unknown_name_lists_the_known_ones(cache):
    with pytest.raises(WeightError, match="'irs'; there are blazeface_short"):
        weights.ensure("irs")


def test_a_wheel_with_another_hash_is_refused(cache, index):
    wheel = replace(make_wheel(index), sha256="0" * 64)
    with pytest.raises(WeightError, match="another sha256") as caught:
        weights.pull(progress=silent, assets=make_assets(wheel))
    assert "\n" not in str(caught.value)
    assert left_in(cache) == []


@pytest.mark.parametrize("content", [b"another network" * 9, CONTENT.upper()])
def test_a_member_with_another_hash_is_refused(cache, copied, content):
    wheel = make_wheel(copied, {"toynet/b.tflite": content})
    with pytest.raises(WeightError, match=r"toynet/b\.tflite .* not the pinned file"):
        weights.pull(progress=silent, assets=make_assets(wheel))
    assert left_in(cache) == []


def test_a_member_that_is_not_there_is_named(cache, copied):
    wheel = make_wheel(copied)
    assets = make_assets(wheel)
    elsewhere = replace(assets["a"].source, path="toynet/c.tflite")
    assets["c"] = replace(assets["a"], name="c", sources={"file": elsewhere})
    with pytest.raises(WeightError, match=r"no member toynet/c\.tflite"):
        weights.pull(progress=silent, assets=assets)
    assert left_in(cache) == []


def test_a_truncated_wheel_is_one_line(cache, index):
    wheel = make_wheel(index, cut=700)
    with pytest.raises(WeightError) as caught:
        weights.pull(progress=silent, assets=make_assets(wheel))
    assert "toynet" in str(caught.value) and "\n" not in str(caught.value)
    assert left_in(cache) == []
    path = index / wheel.filename
    with pytest.raises(WeightError, match="not a whole zip file"):
        wheel_members.read_member(path, make_assets(wheel)["a"].source)


def test_no_network_is_one_line_with_what_to_run(cache, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(WeightError, match="no connection .*refused.*weights pull") as c:
        weights.pull(["iris"], progress=silent)
    assert "\n" not in str(c.value) and len(str(c.value)) < 250
    assert left_in(cache) == []


def test_a_full_disk_says_so(cache, copied, monkeypatch):
    def full(*paths):
        raise OSError(errno.ENOSPC, "No space left on device")

    assets = make_assets(make_wheel(copied))
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WeightError, match="No space left.*GENFACE_CACHE"):
        weights.pull(progress=silent, assets=assets)
    assert left_in(cache) == []
    pip_says = "ERROR: Could not install: [Errno 28] No space left on device\n"
    message = pip_download.explain(weights.ASSETS["iris"].source.wheel, pip_says)
    assert message.startswith("the disk is full: mediapipe")
    message = pip_download.explain(
        weights.ASSETS["iris"].source.wheel, "Exception:", True
    )
    assert message.startswith("the disk is full: mediapipe")


def test_pip_errors_keep_their_last_meaningful_line():
    wheel = weights.ASSETS["iris"].source.wheel
    output = "Collecting x\n  noise\nERROR: first\nERROR: No matching distribution\n\n"
    assert pip_download.explain(wheel, output) == (
        "pip could not download mediapipe 0.10.21: No matching distribution"
    )
    assert "said nothing" in pip_download.explain(wheel, "")


def test_without_pip_it_says_how_to_get_it(cache, index, monkeypatch):
    assets = make_assets(make_wheel(index))
    monkeypatch.setattr(pip_download.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightError, match="ensurepip"):
        weights.pull(progress=silent, assets=assets)
    assert left_in(cache) == []


def test_an_interrupt_leaves_nothing_and_stops_pip(cache, index, monkeypatch):
    assets = make_assets(make_wheel(index))
    children = []
    start = subprocess.Popen

    def popen(command, **options):
        waiting = [sys.executable, "-c", "import time; time.sleep(60)"]
        children.append(start(waiting, **options))
        return children[0]

    monkeypatch.setattr(subprocess, "Popen", popen)

    def interrupt(line, done, total):
        if children:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        weights.pull(["a"], progress=interrupt, assets=assets)
    assert children[0].poll() is not None
    assert left_in(cache) == []


def test_two_processes_may_pull_at_once(cache, index):
    wheel = make_wheel(index)
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_pull import make_assets, silent\n"
        "from genface import weights\n"
        f"assets = make_assets(weights.Wheel(**{vars(wheel)!r}))\n"
        "print(weights.ensure('a', progress=silent, assets=assets).read_bytes()[:9])"
    )
    here = os.path.dirname(__file__)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", program, here],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out.strip()) == (0, "b'a network'"), err
    assert left_in(cache) == sorted(file_names(make_assets(wheel)))


def test_every_asset_says_what_a_reader_needs():
    assert set(weights.FACEMESH_ASSETS) < set(weights.ASSETS)
    for name, entry in weights.ASSETS.items():
        assert entry.name == name and entry.purpose and entry.input and entry.licence
        for source in entry.sources.values():
            if isinstance(source, Member):
                assert len(source.sha256) == len(source.wheel.sha256) == 64
                assert source.wheel.filename.endswith(".whl")
                assert source.size < source.wheel.size
    names = [
        original_path(entry, role).name
        for entry in weights.ASSETS.values()
        for role in entry.sources
    ]
    assert len(set(names)) == len(names)


def elsewhere(name, source):
    return Asset(name, "a test", "network", {"weights": source}, "MIT", True, "x", "")


def test_a_file_behind_an_address(loopback_hub):
    loopback_hub.add("some/where", "net.pth", CONTENT * 9)
    address = f"{loopback_hub.address}/some/where/resolve/main/net.pth"
    assets = {"u": elsewhere("u", Url(address))}
    said = []
    path = weights.ensure("u", progress=lambda *args: said.append(args), assets=assets)
    assert path.read_bytes() == CONTENT * 9
    assert address in said[0][0] and said[-1][1:] == (len(CONTENT) * 9,) * 2
    loopback_hub.broken = True
    assert weights.ensure("u", progress=silent, assets=assets) == path
    assert weights.ensure("u", offline=True, assets=assets) == path
    with pytest.raises(WeightError, match=r"net\.pth could not .*Unavailable"):
        weights.pull(["u"], force=True, progress=silent, assets=assets)
    assert left_in(weights.cache_dir()) == ["u.pth"]


def test_a_file_behind_an_address_that_does_not_come_whole(loopback_hub):
    loopback_hub.add("some/where", "net.pth", CONTENT)
    for address, message in (
        (f"{loopback_hub.address}/some/where/resolve/main/other", "Not Found"),
        ("http://127.0.0.1:9/net.pth", "refused"),
        ("http://", "no host given"),
    ):
        assets = {"u": elsewhere("u", Url(address))}
        with pytest.raises(WeightError, match=f"could not be downloaded .*{message}"):
            weights.pull(["u"], progress=silent, assets=assets)
    assert left_in(weights.cache_dir()) == []


def test_what_is_nowhere_says_how_to_give_it(cache):
    assets = {"l": elsewhere("l", Local("net.pth"))}
    with pytest.raises(WeightError, match=r"give net\.pth to `genface weights conv"):
        weights.pull(["l"], progress=silent, assets=assets)
    with pytest.raises(WeightError, match="was never pulled"):
        weights.digests("l", assets)
