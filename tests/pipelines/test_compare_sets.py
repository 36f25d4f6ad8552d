"""Comparing tables: the page, the card, who is a sample of what."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from genface.errors import GenfaceError, InputError
from genface.pipelines import compare_sets, report
from genface.table import write_table
from genface.video import write_clip

compare_module = sys.modules["genface.pipelines.compare_sets"]
QUICK = {"resamples": 20, "baselines": False}


def face_table(seed, n=60, faces=1, **facts):
    parts = []
    for face in range(faces):
        rng = np.random.default_rng([seed, face])
        levels = np.repeat(rng.beta(1, 2, (n // 10, 3)), 10, axis=0)
        aus = np.clip(levels + 0.05 * rng.standard_normal((n, 3)), 0, 1)
        part = pd.DataFrame(aus, columns=["AU01", "AU06", "AU12"])
        part["frame"], part["face_id"] = np.arange(n), face
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table["time"] = table["frame"] / 25
    table.attrs = {"fps": 25.0, "au_scale": "intensity", **facts}
    return table


def test_a_page_alone_or_with_its_card(tmp_path):
    sides = [face_table(i) for i in range(6)], [face_table(9 + i) for i in range(6)]
    page, card = tmp_path / "card.html", tmp_path / "sub" / "card.json"
    card.parent.mkdir()
    made = compare_sets(*sides, page, json=card, **QUICK)
    assert made.paths == (card, page)
    assert json.loads(card.read_text())["verdict"]["kind"] == made.card.verdict.kind
    text = page.read_text()
    for words in ("In short", "What each measure is", "Wasserstein distance", "floor"):
        assert words in text
    assert "What was found" in text and "http" not in text.split("base64,")[0]
    again = compare_sets(*sides, page, json=card, **QUICK)
    assert again.card is None and "up to date" in again.lines[0]
    alone = compare_sets(*sides, tmp_path / "other.html", **QUICK)
    assert alone.paths == (tmp_path / "other.html",)
    assert {p.name for p in tmp_path.iterdir() if p.name[0] != "."} == {
        "card.html", "other.html", "sub"
    }  # fmt: skip
    with pytest.raises(InputError, match="another job"):
        compare_sets(*sides, page, seed=1, **QUICK)


def test_a_folder_holds_both_and_names_of_other_files_are_refused(tmp_path):
    sides = face_table(0), face_table(1)
    made = compare_sets(*sides, tmp_path / "card", **QUICK)
    assert [p.name for p in made.paths] == ["card.json", "report.html"]
    for name in ("card.csv", "card.pdf"):
        with pytest.raises(InputError, match=r"expected a folder, or an \.html file"):
            compare_sets(*sides, tmp_path / name, **QUICK)
        assert not (tmp_path / name).exists()
    there = compare_sets(*sides, tmp_path / "card.v2", **QUICK)
    assert there.paths[1] == tmp_path / "card.v2" / "report.html"
    with pytest.raises(InputError, match="ends in .json"):
        compare_sets(*sides, tmp_path / "c", json=tmp_path / "card.txt", **QUICK)


def test_the_facts_of_a_table_that_is_read_are_not_written_over(tmp_path):
    table = face_table(0)
    write_table(table, tmp_path / "a.csv", table.attrs)
    facts = (tmp_path / "a.meta.json").read_text()
    sides = tmp_path / "a.csv", face_table(1)
    with pytest.raises(InputError, match="is read for this"):
        there = {"json": tmp_path / "a.meta.json", "force": True}
        compare_sets(*sides, tmp_path / "a.html", **there, **QUICK)
    assert (tmp_path / "a.meta.json").read_text() == facts


def test_the_last_line_says_how_it_stands(tmp_path):
    lines = compare_sets(face_table(0), face_table(1), tmp_path, **QUICK).lines
    assert "compare: not judged: Too few clips" in lines[-2]
    assert "within the range of real-versus-real; furthest:" in lines[-1]


def test_faces_of_as_many_tables_are_samples_of_their_clips(tmp_path):
    real = [face_table(i) for i in range(2)]
    fakes = [face_table(5 + i, faces=3) for i in range(2)]
    made = compare_sets(real, fakes, tmp_path / "a", **QUICK)
    assert made.card.n_synthetic == 6
    assert {"frcorr", "frdiv", "frvar"} <= {row.key for row in made.card.challenge}
    assert "Challenge metrics" in made.paths[1].read_text()
    both = pd.concat(fakes[:1] + [fakes[1].assign(face_id=fakes[1]["face_id"] + 3)])
    both.attrs = fakes[0].attrs
    free = compare_sets(real, both, tmp_path / "b", **QUICK)
    assert free.card.challenge == () and free.card.n_synthetic == 6


def test_speakers_and_the_clock_of_a_clip_reach_the_card(tmp_path):
    real = [face_table(i, 80) for i in range(2)]
    fakes = [face_table(5 + i, 80, time_locked="forecast") for i in range(2)]
    speakers = [face_table(8 + i, 80) for i in range(2)]
    made = compare_sets(real, fakes, tmp_path, speaker=speakers, **QUICK)
    keys = {row.key for row in made.card.challenge}
    assert {"p_fd", "rpcc", "frsyn", "l2", "sts"} <= keys


def test_names_of_files_reach_the_notes(tmp_path):
    a = tmp_path / "a.csv"
    face_table(0).to_csv(a, index=False)
    lines = compare_sets(a, a, tmp_path / "out", **QUICK).lines
    told = next(line for line in lines if "The same values on both sides" in line)
    assert "a.csv" in told


def test_the_page_counts_all_tables_and_says_which_is_drawn(tmp_path):
    real = [face_table(i, 60 + 10 * i, detector=f"d{i}") for i in range(3)]
    compare_sets(real, [face_table(7), face_table(8)], tmp_path, **QUICK)
    page = (tmp_path / "report.html").read_text()
    for words in (
        "3 clips, 210 frames, at least one face in 210 of them",
        "the figure shows the first clip, table 1",
        "those of the first clip of each side",
        "<td>table 3</td><td>80</td><td>1</td><td>80</td>",
        "<td>real table 2 detector</td><td>d1</td>",
        "<td>all real tables fps</td><td>25.0</td>",
    ):
        assert words in page, words


@pytest.mark.parametrize("ending", ["mp4", "gif", "webp", "apng"])
def test_a_clip_is_embedded_as_what_it_is(tmp_path, ending):
    pictures = [np.full((32, 32, 3), 40 * i, np.uint8) for i in range(3)]
    clip = write_clip(tmp_path / f"clip.{ending}", pictures, 10)
    section = report.found_section([pd.DataFrame()], clip)
    kind = "video" if ending == "mp4" else "image"
    assert f'src="data:{kind}/{ending};base64,' in section.parts[0]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("table.csv", "a page shows clips in .mp4"),
        ("table.mp4", "not a readable video"),
        ("clip.mp4", "holds gif, and browsers show h264"),
    ],
)
def test_what_browsers_cannot_show_is_refused_as_a_clip(tmp_path, name, problem):
    (tmp_path / "table.csv").write_text("AU12\n1\n")
    (tmp_path / "table.mp4").write_text("AU12\n1\n")
    moving = write_clip(tmp_path / "m.gif", [np.zeros((8, 8, 3), np.uint8)] * 2, 10)
    moving.rename(tmp_path / "clip.mp4")
    with pytest.raises(GenfaceError, match=problem):
        compare_sets(
            face_table(0), face_table(1), tmp_path / "c", clip=tmp_path / name, **QUICK
        )
    assert not (tmp_path / "c").exists()


def test_a_clip_too_large_for_the_page_is_named(tmp_path, monkeypatch):
    clip = write_clip(tmp_path / "m.gif", [np.zeros((8, 8, 3), np.uint8)] * 2, 10)
    for module in (compare_module, report):
        monkeypatch.setattr(module, "MAX_CLIP_BYTES", 10)
    sides = face_table(0), face_table(1)
    made = compare_sets(*sides, tmp_path / "c", clip=clip, **QUICK)
    assert any("too large for the page" in line for line in made.lines)
    assert "data:image/gif" not in made.paths[1].read_text()
