"""Which snapshot corrects which batch model, and what happens to those that fit none."""

from collections.abc import Callable

import numpy as np
import pytest

from models.contracts import Predictor
from models.feedback import LabelledTweet
from models.following import FollowedPredictor
from models.online.corrections import KEPT_SNAPSHOTS, Corrections, StoredSnapshot, later
from models.online.predictor import OnlinePredictor
from models.online.training import OnlineTraining
from models.predictor import ScorerPredictor
from models.records import ModelVersion, Tweet
from models.scorer import Scorer
from models.taxonomy import Label, Sentiment

TEXT = "zorblax quenfrit ships now"
Snapshot = Callable[..., StoredSnapshot]


@pytest.fixture
def make_snapshot() -> Snapshot:
    """Learn one text as a label a number of times; gives the snapshot."""

    def make(scorer: Scorer, offset: int = 29, *, label: Label = Label.ENERGY_OIL) -> StoredSnapshot:
        training = OnlineTraining(scorer, remembered_labels=10)
        said = (TEXT, label, Sentiment.BEARISH, "desk", "2026-01-02T03:04:05Z", None, 1.0)
        training.relearn([LabelledTweet(str(number), *said, number) for number in range(30)])
        return StoredSnapshot(training.batch_sha256, offset, training.snapshot())

    return make


@pytest.fixture
def batch(pretrained_scorer: Scorer) -> ScorerPredictor:
    return ScorerPredictor(pretrained_scorer, ModelVersion("tickertape", "1"), 3)


@pytest.fixture
def other(other_scorer: Scorer) -> ScorerPredictor:
    return ScorerPredictor(other_scorer, ModelVersion("tickertape", "2"), 3)


def said(predictor: Predictor) -> tuple[str, str, int]:
    (prediction,) = predictor.predict([Tweet(TEXT)])
    return prediction.label, prediction.answered_by, prediction.model.online_version


def numbered(batch: int, offset: int, content: bytes = b"") -> StoredSnapshot:
    return StoredSnapshot(str(batch), offset, content)


def test_snapshot_of_more_feedback_is_the_later_one_and_of_equal_ones_the_second() -> None:
    old, new, anew = numbered(1, 5), numbered(1, 6), numbered(1, 5, b"made anew")

    assert (later(old, new), later(new, old), later(old, anew)) == (new, new, anew)


def test_older_snapshot_never_replaces_a_newer_one() -> None:
    corrections = Corrections()

    assert [corrections.keep(numbered(1, offset)) for offset in (5, 9, 7, 10)] == [True, True, False, True]


def test_snapshot_with_the_same_feedback_replaces_one_that_was_refused(
    batch: ScorerPredictor, pretrained_scorer: Scorer, make_snapshot: Snapshot, caplog: pytest.LogCaptureFixture
) -> None:
    good = make_snapshot(pretrained_scorer)
    followed = FollowedPredictor(batch)

    followed.correct(StoredSnapshot(good.batch_sha256, good.offset, good.content[:-100]))
    refused = said(followed)
    followed.correct(good)

    assert refused[1:] == ("batch", 0)
    assert said(followed) == ("Energy | Oil", "online", 30)
    assert [record.getMessage() for record in caplog.records] == ["snapshot_refused"]


def test_snapshots_of_many_batch_models_are_bounded() -> None:
    corrections = Corrections()

    for number in range(100):
        corrections.keep(numbered(number, 5))

    assert len(corrections._snapshots) == KEPT_SNAPSHOTS


def test_batch_model_without_a_snapshot_answers_alone(
    batch: ScorerPredictor, other_scorer: Scorer, make_snapshot: Snapshot
) -> None:
    corrections = Corrections()
    corrections.keep(make_snapshot(other_scorer))

    assert corrections.corrected(batch) is batch


def test_predictor_without_weights_is_left_as_it_is(fixed_predictor: Predictor) -> None:
    assert Corrections().corrected(fixed_predictor) is fixed_predictor


def test_corrected_predictor_names_the_number_of_feedback_records_behind_it(
    batch: ScorerPredictor, pretrained_scorer: Scorer, make_snapshot: Snapshot
) -> None:
    corrections = Corrections()
    corrections.keep(make_snapshot(pretrained_scorer, offset=29))

    corrected = corrections.corrected(batch)

    assert isinstance(corrected, OnlinePredictor)
    assert corrected.model == ModelVersion("tickertape", "1", 30)


def test_swap_and_rollback_answer_with_the_snapshot_of_the_batch_model_that_answers(
    batch: ScorerPredictor, other: ScorerPredictor, pretrained_scorer: Scorer, make_snapshot: Snapshot
) -> None:
    followed = FollowedPredictor(batch)
    followed.correct(make_snapshot(pretrained_scorer))

    before = said(followed)
    followed.swap(other)
    without = said(followed)
    followed.correct(make_snapshot(other.scorer, label=Label.IPO))
    its_own = said(followed)
    followed.swap(batch)
    rolled_back = said(followed)

    assert before == rolled_back == ("Energy | Oil", "online", 30)
    assert without[1:] == ("batch", 0)
    assert its_own == ("IPO", "online", 30)
    assert followed.batch is batch


def test_snapshot_of_a_batch_model_that_does_not_answer_changes_nothing(
    batch: ScorerPredictor, other_scorer: Scorer, make_snapshot: Snapshot
) -> None:
    followed = FollowedPredictor(batch)

    followed.correct(make_snapshot(other_scorer))

    assert followed.current is batch


def test_answer_of_a_call_is_of_one_snapshot_whatever_comes_meanwhile(
    batch: ScorerPredictor, pretrained_scorer: Scorer, make_snapshot: Snapshot
) -> None:
    followed = FollowedPredictor(batch)
    before = followed.predict([Tweet(TEXT)])

    followed.correct(make_snapshot(pretrained_scorer))

    assert before[0].model == ModelVersion("tickertape", "1")
    assert before[0].label_score == batch.predict([Tweet(TEXT)])[0].label_score
    assert np.isfinite(before.columns.label_scores).all()
