"""Classifier two-sample test: sklearn's rule, chance under the null, and its misuse."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score

from genface.realism import classifier
from genface.realism.measure import Context


def context(A, seed=0):
    names = tuple(f"AU{i:02d}" for i in range(A))
    return Context(names, np.full(A, 0.5), np.ones(A), 25.0, seed)


def clips(rng, n, T=60, A=20):
    """One process; each clip has a level of its own, as people and topics have."""
    return [rng.standard_normal(A) + rng.standard_normal((T, A)) for _ in range(n)]


def test_rules_equal_sklearns():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 6)), np.repeat([0.0, 1.0], [15, 25])
    weights = np.vstack([np.ones(40), rng.integers(0, 3, 40)]).astype(float)
    found = classifier.logistic(X, y, weights)
    for w, beta in zip(weights, found, strict=True):
        rule = LogisticRegression(C=1 / classifier.PENALTY, tol=1e-10, max_iter=1000)
        rule.fit(X, y, sample_weight=w)
        np.testing.assert_allclose(beta[:-1], rule.coef_[0], atol=1e-5)
        assert beta[-1] == pytest.approx(rule.intercept_[0], abs=1e-5)


def test_reading_equals_folds_by_hand():
    rng = np.random.default_rng(1)
    given = clips(rng, 12, A=3)
    given[6:] = [clip + 0.8 for clip in given[6:]]
    table = classifier.items(given, context(3))
    found = classifier.two_sample(table, np.arange(6), np.arange(6, 12))
    sides = [[c for c in table.deal if c in range(*ends)] for ends in ((0, 6), (6, 12))]
    fold = {c: i % 5 for side in sides for i, c in enumerate(side)}
    ordered, pairs, hits = 0.0, 0, 0
    for f in range(5):
        seen = [c for c in fold if fold[c] != f]
        rule = LogisticRegression(C=1 / classifier.PENALTY, tol=1e-10, max_iter=1000)
        rule.fit(table.rows[seen], [c >= 6 for c in seen])
        held = [c for c in fold if fold[c] == f]
        score = rule.decision_function(table.rows[held])
        label = np.array([c >= 6 for c in held])
        n = label.sum() * (~label).sum()
        ordered += n * roc_auc_score(label, score)
        pairs += n
        hits += ((score > 0) == label).sum()
    assert found.value == pytest.approx(ordered / pairs)
    assert found.parts["accuracy"] == pytest.approx(hits / 12)
    coin = binomtest(int(hits), 12, 0.5, alternative="greater")
    assert found.parts["binomial_p"] == pytest.approx(coin.pvalue)


def test_clips_are_at_chance_where_shuffled_frames_seem_to_differ():
    rng = np.random.default_rng(2)
    by_clip, by_frame = [], []
    for _ in range(12):
        given = clips(rng, 20, T=40)
        table = classifier.items(given, context(20))
        reading = classifier.two_sample(table, np.arange(10), np.arange(10, 20))
        by_clip.append(reading.parts["accuracy"])
        frames, label = np.concatenate(given), np.repeat([0, 1], 400)
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        rule = LogisticRegression(max_iter=1000, C=0.1)
        by_frame.append(cross_val_score(rule, frames, label, cv=folds).mean())
    assert np.mean(by_clip) == pytest.approx(0.5, abs=0.08)
    assert min(by_frame) > 0.6


def test_the_au_that_differs_has_the_largest_weight():
    rng = np.random.default_rng(3)
    given = clips(rng, 30, A=5)
    for clip in given[15:]:
        clip[:, 3] *= 2.5
    table = classifier.items(given, context(5))
    found = classifier.two_sample(table, np.arange(15), np.arange(15, 30))
    assert found.value > 0.9 and found.parts["binomial_p"] < 0.001
    assert found.per_au.argmax() == 3
    assert found.per_au.sum() == pytest.approx(1)


def test_slow_and_shuffled_frames_are_told_apart():
    rng = np.random.default_rng(4)
    given = [np.cumsum(c, axis=0) / 8 for c in clips(rng, 24, A=4)]
    given[12:] = [rng.permuted(clip, axis=0) for clip in given[12:]]
    table = classifier.items(given, context(4))
    assert classifier.two_sample(table, np.arange(12), np.arange(12, 24)).value > 0.95


def test_copies_stay_in_one_fold_and_sides_weigh_the_same():
    rng = np.random.default_rng(5)
    values = []
    for _ in range(60):  # copies on both sides of a fold would be recognised
        table = classifier.items(clips(rng, 16, A=6), context(6))
        a, b = rng.choice(8, 8), 8 + rng.choice(8, 8)
        values.append(classifier.two_sample(table, a, b).value)
    error = np.nanstd(values) / np.sqrt(60)
    assert np.nanmean(values) < 0.5 + 3 * error
    a, b = np.arange(8), np.arange(8, 16)
    once = classifier.two_sample(table, a, b)
    twice = classifier.two_sample(table, np.tile(a, 2), b)
    assert twice.value == pytest.approx(once.value)


def test_too_few_clips_have_no_value():
    table = classifier.items(clips(np.random.default_rng(6), 6), context(20))
    assert np.isnan(classifier.two_sample(table, np.array([0, 0]), np.arange(2)).value)
    still = classifier.items([np.zeros((9, 2))] * 6, context(2))
    assert np.isnan(classifier.two_sample(still, np.arange(3), np.arange(3, 6)).value)
