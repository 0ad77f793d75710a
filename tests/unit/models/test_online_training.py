"""What the learner knows: the same feedback gives the same, wherever it goes on from."""

import numpy as np
import pytest

from config.settings import OnlineSettings
from models.errors import SnapshotRefusedError
from models.feedback import LabelledTweet
from models.online.snapshot import decode_progress, decode_snapshot
from models.online.training import OnlineTraining
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment
from stream.topics import SNAPSHOT_MAX_BYTES

LABELLED_AT = "2026-01-02T03:04:05Z"


@pytest.fixture(scope="module")
def tweets(tweet_texts: list[str]) -> list[LabelledTweet]:
    """Labels of one head or of both, some of less probable tweets."""
    chooser = np.random.default_rng(5)
    return [
        LabelledTweet(
            id=str(number),
            text=text,
            label=LABELS[chooser.integers(20)] if number % 3 else None,
            sentiment=SENTIMENTS[chooser.integers(3)] if number % 2 or not number % 3 else None,
            source="desk",
            labelled_at=LABELLED_AT,
            why=None,
            probability=float(chooser.choice([1, 0.25])),
            feedback_offset=2 * number,
        )
        for number, text in enumerate(tweet_texts)
    ]


def trained(scorer: Scorer, *parts: list[LabelledTweet]) -> OnlineTraining:
    training = OnlineTraining(scorer, remembered_labels=100)
    for part in parts:
        training.relearn(part)
    return training


def test_a_new_one_knows_nothing(pretrained_scorer: Scorer) -> None:
    training = OnlineTraining(pretrained_scorer, remembered_labels=100)

    assert (training.offset, len(training.memory), training.standings()) == (-1, 0, {})
    assert training.weights.learned.tolist() == [0, 0]


def test_labels_are_counted_by_head_and_the_offset_is_the_last_ones(
    pretrained_scorer: Scorer, tweets: list[LabelledTweet]
) -> None:
    training = trained(pretrained_scorer, tweets[:12])

    assert training.weights.learned.tolist() == [8, 8]
    assert training.offset == 22
    assert len(training.memory) == 12


@pytest.mark.parametrize("known", [0, 1, 200, 399])
def test_training_goes_on_from_a_snapshot_as_if_nothing_had_happened(
    pretrained_scorer: Scorer, tweets: list[LabelledTweet], known: int
) -> None:
    straight = trained(pretrained_scorer, tweets[:known], tweets[known:])

    restored = OnlineTraining.restored(
        pretrained_scorer, trained(pretrained_scorer, tweets[:known]).snapshot(), remembered_labels=100
    )
    restored.relearn(tweets[known:])

    assert restored.snapshot() == straight.snapshot()
    assert restored.standings() == straight.standings()


def test_standings_survive_the_snapshot(pretrained_scorer: Scorer, tweets: list[LabelledTweet]) -> None:
    training = trained(pretrained_scorer, tweets)

    restored = OnlineTraining.restored(pretrained_scorer, training.snapshot(), remembered_labels=100)

    assert restored.standings() == training.standings()
    assert restored.standings()["topic"].window["batch"].labels > 100


def test_repeats_are_learned_once(pretrained_scorer: Scorer, tweets: list[LabelledTweet]) -> None:
    once = trained(pretrained_scorer, tweets[:50])

    repeated = trained(pretrained_scorer, tweets[:30], tweets[10:30], [*tweets[:5], *tweets[20:50]], tweets[:50])

    assert all((array == other).all() for array, other in zip(repeated.weights, once.weights, strict=True))
    assert repeated.memory.arrays().ids.tolist() == once.memory.arrays().ids.tolist()
    assert repeated.offset == once.offset


def test_offset_that_is_passed_over_never_goes_back(pretrained_scorer: Scorer, tweets: list[LabelledTweet]) -> None:
    training = trained(pretrained_scorer, tweets[:3])

    training.pass_over(9)
    training.pass_over(2)

    assert training.offset == 9
    assert decode_progress(training.snapshot()).offset == 9


def test_snapshot_of_refused_feedback_alone_is_restored(pretrained_scorer: Scorer) -> None:
    training = trained(pretrained_scorer)
    training.pass_over(7)

    restored = OnlineTraining.restored(pretrained_scorer, training.snapshot(), remembered_labels=100)

    assert restored.offset == 7
    assert restored.snapshot() == training.snapshot()


def test_memory_shrinks_to_a_limit_that_is_lower_than_before(
    pretrained_scorer: Scorer, tweets: list[LabelledTweet]
) -> None:
    snapshot = trained(pretrained_scorer, tweets[:50]).snapshot()

    restored = OnlineTraining.restored(pretrained_scorer, snapshot, remembered_labels=10)

    assert restored.memory.arrays().ids.tolist() == list(range(40, 50))


def test_training_of_another_batch_model_is_not_gone_on_with(
    pretrained_scorer: Scorer, other_scorer: Scorer, tweets: list[LabelledTweet]
) -> None:
    snapshot = trained(pretrained_scorer, tweets[:5]).snapshot()

    with pytest.raises(SnapshotRefusedError, match="batch_sha256"):
        OnlineTraining.restored(other_scorer, snapshot, remembered_labels=100)


def test_what_reads_the_weights_can_not_change_the_training(
    pretrained_scorer: Scorer, tweets: list[LabelledTweet]
) -> None:
    training = trained(pretrained_scorer, tweets[:5])
    before = training.snapshot()

    training.weights.words[:] = 7

    assert training.snapshot() == before
    assert decode_snapshot(before, batch=pretrained_scorer.weights).words.max() < 7_000


def test_a_head_without_a_label_learns_nothing(pretrained_scorer: Scorer) -> None:
    def tweet(label: Label | None, sentiment: Sentiment | None) -> LabelledTweet:
        return LabelledTweet("1", "zorblax", label, sentiment, "desk", LABELLED_AT, None, 1.0, 0)

    topic = trained(pretrained_scorer, [tweet(Label.IPO, None)]).weights
    sentiment = trained(pretrained_scorer, [tweet(None, Sentiment.BEARISH)]).weights

    assert (topic.learned.tolist(), sentiment.learned.tolist()) == ([1, 0], [0, 1])
    assert not topic.sentiment_confusions.any()
    assert not sentiment.label_confusions.any()


def test_the_largest_snapshot_is_one_that_its_topic_takes(pretrained_scorer: Scorer) -> None:
    chooser = np.random.default_rng(1)
    most = next(limit.le for limit in OnlineSettings.model_fields["remembered_labels"].metadata if hasattr(limit, "le"))
    training = OnlineTraining(pretrained_scorer, remembered_labels=most)
    for tweet_id in chooser.integers(0, 10**19 - 1, most, dtype=np.uint64).tolist():
        training.memory.add(str(tweet_id), LABELS[tweet_id % 20], SENTIMENTS[tweet_id % 3])
    words = training._learner._weights.words
    words[:] = chooser.integers(-32_767, 32_767, words.shape)

    assert len(training.snapshot()) < SNAPSHOT_MAX_BYTES * 0.95
