"""The verdict: no model is called realistic that a classifier tells apart."""

from dataclasses import dataclass

import pytest

from genface.realism.verdict import judge


@dataclass
class Line:
    key: str
    value: float | None = 0.0
    null: float = 0.0
    interval: tuple[float, float] | None = None
    p: float | None = 1.0

    @property
    def label(self):
        return self.key


def verdict(auc=(0.55, 0.4, 0.7), p=0.6, novel=0.5, tested=True, same=False):
    value, low, high = auc
    rows = [
        Line("ks", 0.1, p=p),
        Line("c2st", value, 0.5, (low, high), 0.3),
        Line("authenticity", novel, 0.6),
    ]
    return judge(rows, tested, same)


@pytest.mark.parametrize("auc", [(0.8, 0.51, 0.9), (0.3, 0.1, 0.49), (1.0, 1.0, 1.0)])
def test_an_interval_that_excludes_chance_is_never_realistic(auc):
    found = verdict(auc)
    assert found.kind == "told apart" and found.realistic is False
    assert "excludes .5" in found.reasons[0]


def test_an_auc_below_chance_is_explained():
    assert "made from a real one" in verdict((0.3, 0.1, 0.49)).reasons[1]
    assert "made from" not in " ".join(verdict((0.8, 0.51, 0.9)).reasons)


def test_one_joint_p_is_enough_to_be_told_apart():
    assert verdict(p=0.05).kind == "told apart"
    assert "1 of 3 measures differ" in verdict(p=0.05).reasons[1]
    assert verdict(p=0.051).realistic is True


def test_copies_are_not_realistic_however_near():
    assert verdict(novel=0.1).kind == "copies" and verdict(novel=0.1).realistic is False
    assert verdict(same=True).kind == "copies"


def test_what_was_not_tested_is_not_judged():
    assert verdict(tested=False).realistic is None
    assert judge([Line("ks")], True, False).kind == "not judged"
