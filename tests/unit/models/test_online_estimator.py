"""The River classifier keeps River's rules, and says to the billionth what the compiled code says."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from models.features import FEATURE_COUNT
from models.online.learner import OnlineLearner
from models.online.rules import HASTE_LABELS
from models.scorer import Scorer
from models.taxonomy import LABELS
from models.weights import LARGEST

checks = pytest.importorskip("river.checks", reason="River is not installed")
ResidualClassifier = pytest.importorskip("models.online.estimator").ResidualClassifier

TWEETS, MOVED_AT = 2_300, 2_000


@pytest.mark.parametrize("check", list(checks.yield_checks(ResidualClassifier())), ids=lambda check: check.__name__)
def test_river_finds_nothing_wrong(check: Any) -> None:
    check(ResidualClassifier())


def test_compiled_code_and_river_agree_over_thousands_of_labels(
    pretrained_scorer: Scorer, tweet_texts: list[str]
) -> None:
    chooser = np.random.default_rng(5)
    texts = [tweet_texts[place] for place in chooser.integers(0, len(tweet_texts), TWEETS)]
    classes = np.array([len(text) % len(LABELS) for text in texts])  # far from what the batch model says
    classes[MOVED_AT:] = (classes[MOVED_AT:] + 7) % len(LABELS)
    model, learner = ResidualClassifier(), OnlineLearner(pretrained_scorer)

    said = learner.learn(texts, np.column_stack([classes, np.full(TWEETS, -1)])).served

    for features, served, column in zip(river_features(pretrained_scorer, texts), said, classes, strict=True):
        shares = model.predict_proba_one(features)
        assert np.abs(served[: len(LABELS)] - [shares[label] for label in LABELS]).max() < 1e-9
        model.learn_one(features, LABELS[column])
    learned = slice(MOVED_AT - 500, MOVED_AT)
    assert (said[learned, : len(LABELS)].argmax(axis=1) == classes[learned]).mean() > 0.9  # there was much to agree on
    assert 0 < learner.weights.alarms[0, -1] < HASTE_LABELS  # and an alarm


def river_features(scorer: Scorer, texts: list[str]) -> list[dict[Any, float]]:
    """Name the batch model's probabilities, and each occurrence of a word by a number that ends in its feature id."""
    answers = scorer.answers(texts, top_k=1)
    squares = np.full(FEATURE_COUNT, LARGEST, dtype=np.float64)
    squares[scorer.weights.ids] = scorer.weights.table[:, -1]
    roots = np.sqrt(squares)
    rows = []
    for place, probabilities in enumerate(answers.probabilities):
        ids = answers.ids[answers.starts[place] : answers.starts[place + 1]].tolist()
        length = np.sqrt((roots[ids] ** 2).sum())
        features: dict[Any, float] = {f"batch: {label}": probabilities[column] for column, label in enumerate(LABELS)}
        occurrences: Counter[int] = Counter()
        for number in ids:
            features[number + occurrences[number] * FEATURE_COUNT] = roots[number] / length
            occurrences[number] += 1
        rows.append(features)
    return rows
