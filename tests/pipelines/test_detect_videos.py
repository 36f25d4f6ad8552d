"""Several inputs become one table, the same as from the detector itself."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from genface.cli.main import app
from genface.detect import Detector
from genface.errors import InputError, MediaError
from genface.facs import AU_NAMES
from genface.fex import read_fex
from genface.nets.au_model import load_au_model
from genface.pipelines import detect_videos
from genface.video import write_clip


@pytest.fixture(scope="module")
def face(shared):
    return shared / "data" / "media" / "single_face.jpg"


@pytest.fixture
def inputs(face, tmp_path):
    """A face, a wall, a cut-off clip of it, and what is none of these."""
    Image.new("RGB", (96, 64), "grey").save(tmp_path / "wall.png")
    noise = np.random.default_rng(0).integers(90, 166, (20, 64, 96, 3), np.uint8)
    clip = write_clip(tmp_path / "wall.mp4", noise, 10)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size * 2 // 3])
    (tmp_path / "words.mp4").write_text("not a film")
    return [tmp_path / "words.mp4", tmp_path / "wall.png", clip, face]


@pytest.mark.usefixtures("weights_cached")
def test_several_inputs_are_one_table_with_the_facts_of_all(inputs, tmp_path):
    stages = []
    with pytest.warns(UserWarning, match="what was read is kept|no face was found"):
        found = detect_videos(
            inputs, tmp_path / "o", progress=lambda stage, *_: stages.append(stage)
        )
    assert list(dict.fromkeys(stages)) == [
        "detect wall.png",
        "detect wall.mp4",
        "detect single_face.jpg",
    ]
    (failure,) = found.failures
    assert "words.mp4" in failure
    assert [line.split(":")[1].strip() for line in found.lines[:3]] == [
        "wall.png",
        "wall.mp4",
        "single_face.jpg",
    ]
    assert "wall.mp4" in found.lines[3] and "what was read is kept" in found.lines[3]
    facts = found.fex.attrs
    assert list(facts["source_sha256"]) == [str(path) for path in inputs[1:]]
    assert facts["neutral"] == {"video": "person", "image": "average"}
    assert "wall.mp4" in facts["problem"]
    with pytest.warns(UserWarning, match="what was read is kept|no face was found"):
        same = Detector().detect(inputs[1:], progress=False)
    pd.testing.assert_frame_equal(found.fex, same)
    assert set(same.attrs) <= set(facts)
    pictures = found.fex[found.fex["input"] != str(inputs[2])]
    assert pictures["frame"].tolist() == [0, 1]


@pytest.mark.usefixtures("weights_cached")
def test_after_a_failure_the_next_run_tries_again(inputs, tmp_path):
    both, out = [inputs[0], inputs[3]], tmp_path / "o"
    for _ in range(2):
        assert len(detect_videos(both, out).failures) == 1
    (out / "faces.parquet").write_text("mine")
    with pytest.raises(InputError, match="--force"):
        detect_videos(both, out)


@pytest.mark.usefixtures("weights_cached")
def test_inputs_of_one_name_are_told_apart_and_the_same_one_is_refused(tmp_path):
    walls = [tmp_path / folder / "wall.png" for folder in "ab"]
    for wall in walls:
        wall.parent.mkdir()
        Image.new("RGB", (96, 64), "grey").save(wall)
    again = tmp_path / "b" / ".." / "a" / "wall.png"
    with pytest.raises(InputError, match=r"a/wall\.png is named 2 times"):
        detect_videos([*walls, again], tmp_path / "o")
    loop = tmp_path / "loop.mp4"
    loop.symlink_to(loop)
    with pytest.raises(MediaError, match=r"loop\.mp4"):
        detect_videos([loop], tmp_path / "o")
    with pytest.warns(UserWarning, match="no face was found"):
        lines = detect_videos(walls, tmp_path / "o").lines
    assert [str(w) in line for w, line in zip(walls, lines, strict=True)] == [True] * 2


@pytest.mark.usefixtures("weights_cached")
def test_a_single_bad_input_raises_and_several_bad_ones_too(inputs, tmp_path):
    with pytest.raises(MediaError, match="words.mp4: not a readable video"):
        detect_videos(inputs[:1], tmp_path / "o")
    with pytest.raises(MediaError, match="none of 2 inputs could be read: .*words.mp4"):
        detect_videos([inputs[0], tmp_path / "absent.mp4"], tmp_path / "o")
    assert not (tmp_path / "o").exists()


@pytest.mark.usefixtures("weights_cached")
def test_all_aus_are_written_on_the_command_line(face, tmp_path):
    seen = len(load_au_model().seen)
    assert seen < len(AU_NAMES)
    for out, options, written in (("a", [], seen), ("b", ["--all-aus"], len(AU_NAMES))):
        words = ["detect", str(face), "-o", str(tmp_path / out), *options]
        assert CliRunner().invoke(app, words).exit_code == 0
        fex = read_fex(tmp_path / out / "faces.csv")
        assert fex[list(AU_NAMES)].notna().any().sum() == written
