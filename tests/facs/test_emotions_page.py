"""The page on emotions: its code runs, and its names exist."""

import re
from pathlib import Path

import numpy as np
import pytest

import genface.facs
from genface.facs import TABLES, EmotionSpace

PAGE = Path(__file__).parents[2] / "docs" / "emotions.md"


@pytest.fixture(scope="module")
def page() -> str:
    if not PAGE.is_file():
        pytest.skip("the docs are not part of this copy")
    return PAGE.read_text(encoding="utf-8")


def test_its_code_runs(page):
    names: dict = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(code, names)
    assert names["aus"].max() == pytest.approx(0.7)
    assert names["error"].shape == (1,) and np.isfinite(names["error"]).all()
    assert not np.array_equal(names["aus"], names["other"])
    assert names["again"].error[0] < 1e-9


def test_its_table_of_ones_own_is_one(page, tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.S)
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    sides = [f"AU{number}_{side}" for number in (12, 14) for side in "LR"]
    assert len(EmotionSpace.from_toml(path, sides).subspaces["Contempt"]) == 2


def test_what_it_names_is_there(page):
    for name in TABLES:
        assert f"`{name}`" in page
    for name in re.findall(r"`(\w+)\((?:\w|, |\[)*\)", page):
        assert hasattr(genface.facs, name) or hasattr(EmotionSpace, name), name
