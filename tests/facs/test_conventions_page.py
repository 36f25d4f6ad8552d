"""The page of conventions says what the code does."""

import re
from pathlib import Path

import pytest

from genface.facs import AU_NAMES, EMOTIONS
from genface.facs.calibration import NULL_FACES, NULL_SHARE
from genface.facs.cones import PRESENT
from genface.facs.shares import EXPRESSED

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"


@pytest.fixture(scope="module")
def page() -> str:
    if not PAGE.is_file():
        pytest.skip("the docs are not part of this copy")
    return " ".join(PAGE.read_text(encoding="utf-8").split())


def test_orders(page):
    listed = re.search(r"in this order: ((?:AU\d\d ?)+)", page)
    assert listed and tuple(listed[1].split()) == AU_NAMES
    assert ", ".join(f"`{name}`" for name in EMOTIONS) in page


def test_constants_of_the_emotion_scores(page):
    assert f"{NULL_FACES:,} random faces".replace(",", " ") in page
    assert f"shown with probability {NULL_SHARE}" in page
    assert f"where {EXPRESSED}, FACS level C" in page
    assert PRESENT == 0.25 and "a quarter of the face's strongest" in page
