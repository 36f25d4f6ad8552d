"""The report page: whole, self-contained, in plain order."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from genface.behavior import BehaviorModel, select
from genface.facs import AU_NAMES
from genface.pipelines.page import Section, write_report
from genface.pipelines.report import run_report
from genface.realism import compare
from genface.video import write_clip


class Page(HTMLParser):
    """Collects tags, links to outside and captions; counts what is left open."""

    def __init__(self, text):
        super().__init__()
        self.open, self.captions, self.sources, self.titles = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href"):
                self.sources.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "figcaption":
            self.captions.append(data)
        if self.open and self.open[-1] == "h2":
            self.titles.append(data)


def face_table(n=120, seed=0):
    rng = np.random.default_rng(seed)
    levels = np.repeat(rng.beta(1, 2, (n // 10, 3)), 10, axis=0)
    aus = np.clip(levels + 0.03 * rng.standard_normal((n, 3)), 0, 1)
    table = pd.DataFrame(aus, columns=["AU01", "AU06", "AU12"])
    table["input"], table["frame"] = "a<b>.mp4", np.arange(n)
    table["time"], table["face_id"], table["status"] = table["frame"] / 25, 0.0, "ok"
    table.attrs = {
        "fps": 25.0,
        "au_scale": "intensity",
        "unseen_aus": ["AU04"],
        "source_sha256": {"clip.mp4": "c0ffee"},
    }
    return table


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    real = face_table()
    names = [n for n in AU_NAMES if n in real.columns]
    X = real[names].to_numpy()
    found = select(X, columns=names, states=(2, 3), restarts=1)
    model = BehaviorModel.from_selection(found, X, fps=25, au_scale="intensity")
    fake = pd.DataFrame(model.sample(80, 0, X), columns=names)
    fake["frame"], fake["face_id"] = np.arange(80), 0
    fake["time"] = fake["frame"] / 25
    fake.attrs = {"fps": 25.0, "au_scale": "intensity"}
    sides = [table[names] for table in (real, fake)]
    for side in sides:
        side.attrs = {"fps": 25.0, "au_scale": "intensity"}
    card = compare(*sides, model=model)
    write_clip(folder / "moving.gif", [np.zeros((8, 8, 3), np.uint8)] * 2, 10)
    path = run_report(
        real, model, fake, card, folder / "moving.gif", folder / "report.html",
        {"seed": 7},
    )  # fmt: skip
    return path.read_text(encoding="utf-8")


def test_the_page_is_whole_and_asks_nobody(page):
    parsed = Page(page)
    assert parsed.open == []
    for source in parsed.sources:
        assert source.startswith(("data:image/", "#")), source[:60]
    assert "http" not in re.sub(r"base64,[^\"]+", "", page)
    assert 'name="viewport"' in page


def test_sections_come_in_the_order_of_the_story(page):
    assert Page(page).titles == [
        "In short",
        "What was found",
        "Action Units",
        "States",
        "Choice of the model",
        "Forecast",
        "Real against synthetic",
        "The numbers",
        "Between floor and ceiling",
        "What each measure is",
        "Notes",
        "What this does not show",
        "Provenance",
    ]


def test_each_figure_has_one_sentence(page):
    captions = Page(page).captions
    assert len(captions) == page.count("<figure>") >= 10
    for caption in captions:
        assert caption.endswith(".") and len(caption) > 40


def test_provenance_holds_hashes_parameters_and_licences(page):
    for fact in ("c0ffee", "jax", "Apache", "intensity", "seed"):
        assert fact in page
    assert "AU04 cannot be seen" in page


def test_names_from_files_are_escaped(page):
    assert "a&lt;b&gt;.mp4" in page and "a<b>" not in page


def test_the_same_page_has_the_same_bytes(tmp_path):
    def drawn():
        figure = Figure()
        figure.subplots().plot([1, 2])
        return Section("A").figure(figure, "Look here.").text("x < y").notes(["one"])

    one = write_report(tmp_path / "1.html", "T", "lead", [drawn()])
    two = write_report(tmp_path / "2.html", "T", "lead", [drawn()])
    assert one.read_bytes() == two.read_bytes()
    assert "x &lt; y" in one.read_text()


def test_a_marked_row_stands_out(tmp_path):
    section = Section("A").table(["a", "b"], [["1", "2"], ["3", "4"]], marked=[1])
    assert section.parts[0].count('<tr class="marked">') == 1
