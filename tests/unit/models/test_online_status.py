"""Who answers which head, and what is told when that changes."""

from typing import Any

import pytest

from models.online.learner import OnlineLearner
from models.online.predictor import OnlinePredictor
from models.online.scores import OnlineScorer
from models.online.status import answering_changes, answering_of
from models.predictor import ScorerPredictor
from models.records import ModelVersion
from models.scorer import Scorer


@pytest.fixture(scope="module")
def batch(pretrained_scorer: Scorer) -> ScorerPredictor:
    return ScorerPredictor(pretrained_scorer, ModelVersion("tickertape", "7"), 3)


def online(batch: ScorerPredictor, *answering: str, version: int = 30) -> Any:
    scorer = OnlineScorer(batch.scorer, OnlineLearner(batch.scorer).weights)
    return OnlinePredictor(batch, scorer, version=version, answering=(answering[0], answering[1]))


def test_batch_model_answers_both_heads_where_nothing_was_learned(batch: ScorerPredictor) -> None:
    assert answering_of(batch) == {"topic": "batch", "sentiment": "batch"}


def test_contest_says_who_answers_which_head(batch: ScorerPredictor) -> None:
    assert answering_of(online(batch, "batch", "online")) == {"topic": "batch", "sentiment": "online"}


def test_change_names_head_both_models_and_how_much_was_learned(
    batch: ScorerPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.online.status.time.time", lambda: 1_767_225_600.25)

    (change,) = answering_changes(online(batch, "online", "online"), online(batch, "online", "batch", version=31))

    assert (change.head, change.answers, change.before, change.online_version) == ("sentiment", "batch", "online", 31)
    assert change.time == "2026-01-01T00:00:00.250Z"


def test_nothing_is_told_where_the_same_models_answer(batch: ScorerPredictor) -> None:
    assert answering_changes(online(batch, "online", "batch"), online(batch, "online", "batch", version=31)) == []
