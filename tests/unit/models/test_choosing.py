"""Who answers one request: parts of a followed predictor, and predictors that name more labels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.calibration import FloatArray
from models.careful.predictor import Care, CarefulPredictor
from models.choosing import batch_of, online_of, with_top_k
from models.contracts import Predictor
from models.feedback import LabelledTweet
from models.following import FollowedPredictor
from models.online.corrections import StoredSnapshot
from models.online.training import OnlineTraining
from models.predictor import ScorerPredictor, pretrained_predictor
from models.records import Tweet
from models.taxonomy import LABELS, Label, Sentiment
from models.weights import COLUMNS

TEXT = "$ZZZZ is what we call a dividend here"
TWEETS = [Tweet(TEXT), Tweet("Fed holds rates")]


class SureTeacher:
    """Is sure that every text is of the eighth topic and bearish, and may be asked about every text."""

    doubts = np.zeros(101)

    def probabilities(self, _text: str) -> FloatArray:
        sure = np.zeros(COLUMNS)
        sure[[7, len(LABELS)]] = 1.0
        return sure


@pytest.fixture(scope="module")
def table() -> ScorerPredictor:
    return pretrained_predictor(3)


@pytest.fixture(scope="module")
def snapshot(table: ScorerPredictor) -> StoredSnapshot:
    """A snapshot of who learned sixty times that a text is of another topic and sentiment."""
    training = OnlineTraining(table.scorer, remembered_labels=100)
    training.learn(
        [
            LabelledTweet(
                str(place), TEXT, Label.ENERGY_OIL, Sentiment.BEARISH, "desk", "2026-01-02T03:04:05Z", None, 1.0, place
            )
            for place in range(60)
        ]
    )
    return StoredSnapshot(training.batch_sha256, training.offset, training.snapshot())


def careful(table: ScorerPredictor) -> CarefulPredictor:
    return CarefulPredictor(table, SureTeacher(), Care(1.0, 1000, 10, lambda *_: None))


@pytest.mark.parametrize("make", [lambda table: table, careful], ids=["fast", "careful"])
def test_batch_is_the_registered_model_alone_and_online_it_with_what_was_learned(
    table: ScorerPredictor, snapshot: StoredSnapshot, make: Callable[[ScorerPredictor], Predictor]
) -> None:
    followed = FollowedPredictor(make(table))
    before = online_of(followed)
    followed.correct(snapshot)

    batch, online = batch_of(followed), online_of(followed)

    assert before is None
    assert batch is table
    assert online is not None
    answer = online.predict(TWEETS)[0]
    assert (answer.label, answer.sentiment) == (Label.ENERGY_OIL, Sentiment.BEARISH)
    assert (answer.answered_by, answer.sentiment_answered_by) == ("online", "online")
    assert answer.model == followed.model
    assert batch.predict(TWEETS)[0].label != Label.ENERGY_OIL


@pytest.mark.parametrize("top_k", [1, 20])
@pytest.mark.parametrize("make", [lambda table: table, careful], ids=["fast", "careful"])
@pytest.mark.parametrize("is_learned", [False, True])
def test_number_of_named_labels_changes_no_answer(
    table: ScorerPredictor,
    snapshot: StoredSnapshot,
    make: Callable[[ScorerPredictor], Predictor],
    is_learned: bool,  # noqa: FBT001  # a parameter of the test
    top_k: int,
) -> None:
    followed = FollowedPredictor(make(table))
    if is_learned:
        followed.correct(snapshot)
    usual = list(followed.predict(TWEETS))

    named = list(with_top_k(followed, top_k).predict(TWEETS))

    for three, answer in zip(usual, named, strict=True):
        common = min(3, top_k)
        assert len(answer.labels) == top_k
        assert list(answer.labels.items())[:common] == list(three.labels.items())[:common]
        assert (answer.label, answer.label_score, answer.sentiment, answer.sentiment_score) == (
            three.label,
            three.label_score,
            three.sentiment,
            three.sentiment_score,
        )
        assert (answer.answered_by, answer.opinions, answer.model) == (three.answered_by, three.opinions, three.model)
    assert [len(answer.labels) for answer in followed.predict(TWEETS)] == [3, 3]


def test_predictor_of_another_kind_is_refused(fixed_predictor: Any) -> None:
    with pytest.raises(TypeError, match="FixedPredictor"):
        with_top_k(fixed_predictor, 5)
