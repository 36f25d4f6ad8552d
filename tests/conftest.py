"""What several tests need: the reference folder, and pulled weights."""

import os
import signal
from pathlib import Path

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
