"""Model folders on disk: replaced whole, or left as they were."""

from pathlib import Path

import numpy as np
import pytest

from genface.behavior.storage import read_model, write_model
from genface.errors import InputError


def written(folder, value):
    return write_model(folder, {"value": value}, {"x": np.array([value])})


def test_a_model_is_replaced_and_nothing_else_is(tmp_path):
    folder = written(tmp_path / "m", 1)
    written(folder, 2)
    assert read_model(folder)[0]["value"] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not a model folder"):
        written(folder, 3)
    with pytest.raises(InputError, match="not a model folder"):
        written(folder / "notes.txt", 3)


def test_an_interrupt_between_the_two_renames_keeps_the_old_model(
    tmp_path, monkeypatch
):
    folder = written(tmp_path / "m", 1)
    rename = Path.rename

    def interrupted(self, target):
        if self.name == "new":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        written(folder, 2)
    assert read_model(folder)[0]["value"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
