"""The page in a browser: it plays, scrubs, and its sliders move the rig's vertices."""

import re
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from chromium import Page

from genface.avatar import Motion, Rig, write_page
from genface.errors import InputError

HOSTILE = "</script><script>document.title='broken'</script><b>&amp;\"'"
TEXT = "document.getElementById"
FEAT = (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43)


def motion(count=300) -> Motion:
    rng = np.random.default_rng(1)
    names = (*(f"AU{n:02d}" for n in FEAT), "AU12_L")
    times = np.arange(count) / 30
    waves = np.sin(np.outer(times, rng.uniform(0.5, 3, len(names))) + rng.uniform(0, 6))
    aus = np.clip(waves - rng.uniform(0, 0.6, len(names)), 0, 1)
    pose = 0.2 * np.sin(np.outer(times, [1.0, 0.7, 0.5]))
    gaze = 0.4 * np.sin(np.outer(times, [1.3, 0.9]))
    away = np.zeros(count, bool)
    away[-5:] = True
    return Motion(
        times, Fraction(30), names, aus, pose, gaze, ~away, away, (f"note {HOSTILE}",)
    )


@pytest.fixture(scope="module")
def clip() -> Motion:
    return motion()


@pytest.fixture(scope="module")
def path(clip, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "face.html"
    write_page(path, Rig.default(), clip, title=HOSTILE)
    return path


def test_300_frames_are_less_than_a_megabyte(path):
    assert path.stat().st_size < 1_000_000


def test_the_page_needs_nothing_else_and_keeps_text_as_text(path):
    text = path.read_text(encoding="utf-8")
    linked = re.findall(r"(?:src|href)=.([^\"']*)", text)
    assert linked == ["data:,"]
    assert "http:" not in text and "https:" not in text
    assert text.count("<script") == 2 and text.count("</script>") == 2
    assert "<b>" not in text
    assert "default-src 'none'" in text


def test_equal_input_gives_equal_bytes(path, clip, tmp_path):
    write_page(tmp_path / "again.html", Rig.default(), clip, title=HOSTILE)
    assert (tmp_path / "again.html").read_bytes() == path.read_bytes()


def test_an_unknown_au_leaves_no_page(clip, tmp_path):
    wrong = replace(clip, au_names=(*clip.au_names[:-1], "AU99"))
    with pytest.raises(InputError, match="AU99"):
        write_page(tmp_path / "a.html", None, wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def page(path, tmp_path_factory):
    page = Page(tmp_path_factory.mktemp("profile"))
    page.open(path)
    yield page
    page.close()


def vertices(page) -> np.ndarray:
    """The rig's vertices (V, 3) as the page has them, before eyes and head turn."""
    return np.array(page("Array.from(viewer.vertices)")).reshape(-1, 3)


@pytest.mark.browser
def test_it_plays_by_itself(page):
    before = page("viewer.state.time")
    deadline = time.monotonic() + 30
    while page("viewer.state.time") <= before:
        assert time.monotonic() < deadline, "the clip does not play"
        time.sleep(0.1)
    page("document.getElementById('play').click()")
    assert page("viewer.state.playing") is False


@pytest.mark.browser
def test_scrubbing_shows_the_rig_of_that_frame(page, clip):
    rig = Rig.default()
    turning = np.concatenate([np.asarray(rows) for rows in rig.eyes])
    still = np.setdiff1d(np.arange(len(rig.neutral)), turning)
    for frame in (0, 77, 200, 299):
        page(
            f"var s=document.getElementById('scrub'); s.value={frame};"
            "s.dispatchEvent(new Event('input'))"
        )
        expected = rig.vertices(
            clip.aus[[frame]], None, clip.gaze[[frame]], clip.au_names
        )[0]
        assert np.abs(vertices(page) - expected)[still].max() < 2e-3  # cm
        assert f"{frame + 1}/300" in page(
            "document.getElementById('clock').textContent"
        )
    assert "no face" in page("document.getElementById('message').textContent")


@pytest.mark.browser
def test_eyes_and_head_turn_as_in_the_rig(page, clip):
    rig = Rig.default()
    page("viewer.play(false); viewer.seek(77)")
    expected = rig.vertices(
        clip.aus[[77]], clip.pose[[77]], clip.gaze[[77]], clip.au_names
    )[0]
    # Vertices of the eyes are drawn as they are, those of the skin as a smooth surface.
    drawn = np.array(page("Array.from(viewer.points)")).reshape(-1, 3)
    for rows in rig.eyes:
        used = np.unique(rig.triangles[np.isin(rig.triangles, rows).all(axis=1)])
        gap = np.linalg.norm(drawn[None] - expected[used][:, None], axis=2).min(axis=1)
        assert gap.max() < 2e-3
    nose = np.linalg.norm(drawn - expected[1], axis=1).min()
    assert nose < 0.15


@pytest.mark.browser
def test_sliders_move_vertices_and_the_clip_comes_back(page, clip):
    rig = Rig.default()
    page("viewer.play(false); viewer.seek(77)")
    before = vertices(page)
    page(
        "var s=document.getElementById('au-AU26'); s.value=1;"
        "s.dispatchEvent(new Event('input')); viewer.refresh()"
    )
    after = vertices(page)
    assert after[152, 1] < before[152, 1] - 1  # the chin, in cm
    aus = clip.aus[[77]].copy()
    aus[0, clip.au_names.index("AU26")] = 1
    expected = rig.vertices(aus, None, clip.gaze[[77]], clip.au_names)[0]
    assert np.abs(after - expected)[:468].max() < 2e-3
    page("document.getElementById('back').click()")
    deadline = time.monotonic() + 30
    while page("viewer.state.leaving"):
        assert time.monotonic() < deadline, "the clip does not come back"
        time.sleep(0.1)
    page("viewer.refresh()")
    assert np.abs(vertices(page) - before).max() < 1e-6


@pytest.mark.browser
def test_something_like_a_face_is_drawn(page):
    page("viewer.front(); viewer.seek(0); viewer.refresh()")
    red, green, blue = np.array(
        page(
            "(()=>{const c=document.getElementById('view'),g=c.getContext('webgl2'),"
            "p=new Uint8Array(4); g.readPixels(c.width/2, c.height*0.45,1,1,g.RGBA,"
            "g.UNSIGNED_BYTE,p); return Array.from(p.slice(0,3))})()"
        )
    )
    assert red > green > blue and red > 120  # skin in the middle
    before = page("document.getElementById('view').toDataURL().length")
    page("viewer.orbit.yaw = 1; viewer.refresh()")
    assert page("document.getElementById('view').toDataURL().length") != before


@pytest.mark.browser
def test_it_asked_for_nothing_and_complained_of_nothing(page, path):
    assert page.errors == []
    own = path.as_uri()[:80]
    assert {url for url in page.requests if not url.startswith("data:")} == {own}
    assert page("document.title") == HOSTILE


@pytest.mark.browser
def test_without_a_motion_it_is_for_making_faces(tmp_path):
    write_page(tmp_path / "still.html")
    page = Page(tmp_path / "profile")
    try:
        page.open(tmp_path / "still.html")
        page("viewer.set('AU12', 1); viewer.refresh()")
        expected = Rig.default().vertices([[1.0]], au_names=["AU12"])[0]
        assert np.abs(vertices(page) - expected).max() < 2e-3
        lids = {"AU12": 0, "AU05": 0.6, "AU43": 0.7, "AU45": 0.5}
        for name, value in lids.items():
            page(f"viewer.set('{name}', {value})")
        page("viewer.refresh()")
        expected = Rig.default().vertices([[*lids.values()]], au_names=[*lids])[0]
        assert np.abs(vertices(page) - expected).max() < 2e-3
        assert page("document.getElementById('bar').hidden") is True
        assert page.errors == []
    finally:
        page.close()
