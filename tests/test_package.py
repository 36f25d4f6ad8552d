"""What a user gets by installing and importing genface."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import genface

ROOT = Path(__file__).parents[1]
HEAVY = ("jax", "pandas", "matplotlib", "sklearn", "statsmodels", "hmmlearn", "scipy")
HEAVY += ("av", "pyarrow")


def loaded_after(statement: str) -> set[str]:
    """Top-level packages that a fresh interpreter holds after a statement."""
    program = (
        f"import sys; {statement}; print(*{{m.split('.')[0] for m in sys.modules}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_genface_imports_nothing_heavy():
    assert not loaded_after("import genface") & set(HEAVY)


def test_the_command_line_imports_nothing_heavy():
    assert not loaded_after("import genface.cli.main") & set(HEAVY)


@pytest.mark.parametrize("name", sorted(set(genface.__all__) - {"__version__"}))
def test_every_public_name_resolves(name):
    assert callable(getattr(genface, name))
    assert name in dir(genface)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_thing"):
        genface.no_such_thing  # noqa: B018


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> dict[str, int]:
    """Names and sizes of the files in the wheel that this checkout builds."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: entry.file_size for entry in archive.infolist()}


def test_the_wheel_holds_only_the_package(wheel):
    top = {name.split("/")[0] for name in wheel}
    assert top == {"genface", f"genface-{genface.__version__}.dist-info"}


def test_the_wheel_holds_every_module_and_shipped_array(wheel):
    sources = [p.relative_to(ROOT) for p in (ROOT / "genface").rglob("*.py")]
    assert {str(p) for p in sources if "_models" not in p.parts} <= set(wheel)
    arrays = [p.relative_to(ROOT / "models") for p in (ROOT / "models").rglob("*.npz")]
    assert arrays, "no shipped arrays found"
    assert {f"genface/_models/{p}" for p in arrays} <= set(wheel)
    assert "genface/py.typed" in wheel


def test_the_wheel_is_small(wheel):
    assert sum(wheel.values()) < 3_000_000
