"""What several tests need: the reference folder, and pulled weights."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[2] / "shared"


def pytest_configure(config: pytest.Config) -> None:
    """Take Ctrl-C also where a background shell has it ignored: tests raise it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of reference data beside the checkout; not part of the project."""
    if not SHARED.is_dir():
        pytest.skip("the reference folder ../shared is not here")
    return SHARED


@pytest.fixture(scope="session")
def weights_cached() -> Path:
    """Cache folder with the embedded default's weights in it, pulled if need be."""
    from genface import weights
    from genface.errors import WeightError

    try:
        for name in weights.FACEMESH_ASSETS:
            weights.ensure(name)
    except WeightError as error:
        if os.environ.get("GENFACE_REQUIRE_WEIGHTS"):
            raise
        pytest.skip(f"the weights are not cached and cannot be pulled: {error}")
    return weights.cache_dir()


@pytest.fixture(scope="session")
def mtcnn_cached(user_cache: Path) -> Path:
    """Cache folder with MTCNN's own weights in it, converted; pulled if need be."""
    from genface import nets
    from genface.errors import WeightError

    try:
        nets.pull(["mtcnn"])
    except WeightError as error:
        if os.environ.get("GENFACE_REQUIRE_WEIGHTS"):
            raise
        pytest.skip(f"MTCNN is not cached and cannot be pulled: {error}")
    return user_cache


@pytest.fixture(scope="session")
def user_cache() -> Path:
    """The cache that holds while no test has chosen another."""
    from genface import weights
    from genface.compilation import keep_compiled

    keep_compiled()  # in this cache, once for all tests
    return weights.cache_dir()


@pytest.fixture
def loopback_hub(
    user_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """An empty model hub on this machine, and empty caches of the hub and of ours."""
    from loopback_hub import Hub

    with Hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))
        monkeypatch.setenv("GENFACE_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        for name in ("HF_HUB_CACHE", "HF_TOKEN", "HF_HUB_OFFLINE", "GENFACE_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv("GENFACE_COMMERCIAL", raising=False)
        yield hub


@pytest.fixture(scope="session")
def seeded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files of key-seeded weights are kept for a run of the tests."""
    return tmp_path_factory.mktemp("seeded")


@pytest.fixture
def seeded_hub(
    user_cache: Path, seeded_folder: Path, loopback_hub: Any
) -> Callable[..., Any]:
    """``seeded_hub("pose_mlp_v2", ...)``: a hub that serves key-seeded files of these.

    Pinned files that the user's cache has are in the empty one, too.
    """
    from seeded_files import write_seeded

    from genface import nets, weights

    kept = weights.cache_dir() / "assets"
    kept.mkdir(parents=True)
    for path in (user_cache / "assets").glob("*"):
        (kept / path.name).symlink_to(path)

    def serve(*names: str) -> Any:
        for name in names:
            sources = weights.asset(name).sources
            files = write_seeded(name, seeded_folder)
            if all(isinstance(source, weights.Hub) for source in sources.values()):
                for role, source in sources.items():
                    loopback_hub.add(source.repo, source.path, files[role])
            else:
                nets.convert(name, list(files.values()))
        return loopback_hub

    return serve
