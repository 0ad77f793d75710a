"""Workers learn from feedback, hand it on to each other, and answer with what was learned."""

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from kafka import KafkaProducer

from config.settings import TopicSettings
from models.feedback import LabelledTweet, ToLabel, Why
from models.online.snapshot import batch_sha256
from models.predictor import pretrained_predictor
from models.taxonomy import LABELS, Label
from stream.codecs import encode
from stream.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics

pytestmark = pytest.mark.integration

Learning = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
StartWorker = Callable[..., Any]
MakeFeedback = Callable[..., bytes]

QUICK = {"ONLINE_SNAPSHOT_SECONDS": 0.2}
SMALL_STEPS = {"STREAM_CHUNK_SIZE_TWEETS": 50}
NEW_WORDS = "zorblax quenfrit ships now"
UNCORRECTABLE_WORKER = """
import argparse, sys
from types import SimpleNamespace
from stream import app
from stream.commands import worker

load = app.load_predictor
app.load_predictor = lambda store: SimpleNamespace(model=load(store).model)
sys.exit(worker.run(argparse.Namespace(quality=None)))
"""


def many(make_feedback: MakeFeedback, count: int, *, start: int = 0) -> list[bytes]:
    return [
        make_feedback(number, label=LABELS[number % 20], text=f"$AAPL beats Q{number} zorblax{number % 50} estimates")
        for number in range(start, start + count)
    ]


def answer_to(learning: Learning, text: str) -> Any:
    """Let a worker classify a tweet."""
    before = learning.cluster.answered()
    ((partition, offset),) = learning.cluster.publish([(b"1", json.dumps({"id": "1", "text": text}).encode())])
    learning.cluster.wait_until_answered(before + 1)
    (row,) = [
        row
        for row in learning.cluster.read(learning.topics.classified.name)
        if row.headers["ce_id"].decode() == f"{learning.topics.raw.name}-{partition}-{offset}"
    ]
    return json.loads(row.value)


def holds_feedback(worker: Any) -> bool:
    """Tell by its log whether a worker is the one that learns."""
    return worker.log.rfind("feedback_held") > worker.log.rfind("feedback_let_go")


def test_feedback_changes_the_answers_to_later_tweets_and_both_opinions_are_told(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    start_worker(**QUICK)
    before = answer_to(learning, NEW_WORDS)
    learning.say([make_feedback(n, label="Energy | Oil", sentiment="bearish", text=NEW_WORDS) for n in range(30)])
    learning.wait_until_committed(30)

    learning.wait_until(lambda: answer_to(learning, NEW_WORDS)["model"]["online_version"] == 30)
    after = answer_to(learning, NEW_WORDS)

    assert (before["answered_by"], before["opinions"], before["model"]["online_version"]) == ("batch", {}, 0)
    assert before["label"] != "Energy | Oil"
    assert (after["answered_by"], after["sentiment_answered_by"]) == ("online", "online")
    assert (after["label"], after["sentiment"]) == ("Energy | Oil", "bearish")
    assert after["opinions"]["online"]["label"] == "Energy | Oil"
    assert after["opinions"]["batch"]["label"] == before["label"]
    assert after["model"]["version"] == before["model"]["version"]


def test_worker_that_starts_answers_with_the_last_snapshot_at_once(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    first = start_worker(**QUICK)
    learning.say(many(make_feedback, 40))
    learning.wait_until_committed(40)
    first.stop()

    start_worker(**QUICK)

    assert answer_to(learning, NEW_WORDS)["model"]["online_version"] == 40


def test_feedback_without_text_is_joined_with_the_tweet_that_was_sent_out(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    start_worker(**QUICK)
    learning.say([make_feedback(0, label="IPO", text="makes the learner read the topic before it has anything")])
    learning.wait_until_committed(1)
    tweet = ToLabel("77", "as published", Why.UNCERTAIN, 0.25)
    learning.cluster.publish([(b"77", encode(tweet)), (b"78", b"{")], topic=learning.topics.to_label.name)

    learning.say([make_feedback(77, label="IPO", text=None), make_feedback(78, label="IPO")])
    learning.wait_until_committed(3)

    (_, joined) = learning.labelled()
    assert (joined.id, joined.text, joined.why, joined.probability) == ("77", "as published", Why.UNCERTAIN, 0.25)
    assert learning.letters() == {(2, "unknown_tweet"): 1}


def test_feedback_that_teaches_nothing_becomes_dead_letters_with_their_reasons(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    start_worker(**QUICK)
    said = {"label": "IPO", "text": "$ABC prices its IPO"}

    learning.say(
        [
            make_feedback(1, **said),
            make_feedback(1, **said),
            make_feedback(1, **said | {"label": "Macro"}),
            make_feedback(1, sentiment="bullish", **said),
            make_feedback(2, **said | {"label": "Weather"}),
            b"{",
            None,
        ]
    )
    learning.wait_until_committed(7)

    assert [(tweet.feedback_offset, tweet.label, tweet.sentiment) for tweet in learning.labelled()] == [
        (0, Label.IPO, None),
        (3, None, "bullish"),
    ]
    assert learning.letters() == {
        (1, "duplicate"): 1,
        (2, "contradiction"): 1,
        (4, "unknown_label"): 1,
        (5, "invalid_json"): 1,
        (6, "null_value"): 1,
    }


def test_nothing_is_written_while_nobody_says_anything(learning: Learning, start_worker: StartWorker) -> None:
    start_worker(ONLINE_SNAPSHOT_SECONDS=0.1)
    for _ in range(5):
        answer_to(learning, NEW_WORDS)

    assert learning.snapshots() == {}
    assert learning.accounted() == 0


@pytest.mark.slow
def test_clean_stop_under_load_loses_and_repeats_nothing_however_seldom_snapshots_are_made(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    settings = SMALL_STEPS | {"ONLINE_SNAPSHOT_SECONDS": 60}
    worker = start_worker(**settings)
    with learning.saying(many(make_feedback, 10_000), per_second=1_000):
        learning.wait_until(lambda: learning.accounted() > 100)

        assert worker.stop(signal.SIGTERM) == 0
        accounted_when_stopped = learning.accounted()
        assert learning.committed() == accounted_when_stopped
        second = start_worker(**settings)
    learning.wait_until(lambda: learning.accounted() >= 10_000)
    assert second.stop(signal.SIGTERM) == 0

    labelled = learning.labelled()
    assert accounted_when_stopped < 10_000
    assert [tweet.feedback_offset for tweet in labelled] == list(range(10_000))
    assert learning.committed() == 10_000
    learning.assert_learned(labelled, offset=9_999)


def test_feedback_that_moves_between_workers_as_they_come_and_go_is_learned_once(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    workers = [start_worker(**QUICK)]
    with learning.saying(many(make_feedback, 1_200), per_second=120):
        learning.wait_until(lambda: learning.accounted() > 50)
        workers.append(start_worker(**QUICK))
        learning.wait_until(lambda: any(map(holds_feedback, workers)))
        holder = next(worker for worker in workers if holds_feedback(worker))
        other = next(worker for worker in workers if worker is not holder)
        assert holder.stop(signal.SIGTERM) == 0
        learning.wait_until(lambda: holds_feedback(other))
    learning.wait_until_committed(1_200)
    assert other.stop(signal.SIGTERM) == 0

    labelled = learning.labelled()
    assert [tweet.feedback_offset for tweet in labelled] == list(range(1_200))
    learning.assert_learned(labelled, offset=1_199)


@pytest.mark.slow
def test_another_worker_goes_on_when_the_one_that_learns_is_killed(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    settings = QUICK | {"STREAM_SESSION_TIMEOUT_SECONDS": 6}
    workers = [start_worker(**settings), start_worker(**settings)]
    learning.wait_until(lambda: any(map(holds_feedback, workers)))
    with learning.saying(many(make_feedback, 800), per_second=100):
        learning.wait_until(lambda: learning.accounted() > 100)
        holder = next(worker for worker in workers if holds_feedback(worker))
        other = next(worker for worker in workers if worker is not holder)
        holder.stop(signal.SIGKILL)
        learning.wait_until(lambda: holds_feedback(other))
    learning.wait_until_committed(800)

    by_offset = {tweet.feedback_offset: tweet for tweet in learning.labelled()}
    assert sorted(by_offset) == list(range(800))
    learning.assert_learned([by_offset[offset] for offset in range(800)], offset=799)


def test_snapshot_that_is_damaged_is_refused_and_made_anew(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    first = start_worker(**QUICK)
    learning.say(many(make_feedback, 50))
    learning.wait_until_committed(50)
    first.stop()
    labelled = learning.labelled()
    producer = KafkaProducer(bootstrap_servers=learning.cluster.servers)
    sha256 = batch_sha256(pretrained_predictor(1).scorer.weights)
    damaged = {"key": sha256.encode(), "value": b"PK damaged", "headers": [("feedback-offset", b"49")]}
    producer.send(learning.topics.online.name, **damaged)
    producer.send(learning.topics.online.name, key=b"foreign", value=b"?")
    producer.close()

    second = start_worker(**QUICK)
    learning.wait_until(lambda: answer_to(learning, NEW_WORDS)["answered_by"] == "online")

    assert "snapshot_refused" in second.log
    assert "snapshot_refused_relearning" in second.log
    assert "snapshot_unreadable" in second.log
    learning.assert_learned(labelled, offset=49)
    assert learning.labelled() == labelled


def test_snapshot_of_feedback_that_is_gone_is_refused_at_the_start(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    producer = KafkaProducer(bootstrap_servers=learning.cluster.servers)
    producer.send(learning.topics.online.name, key=b"sha", value=b"?", headers=[("feedback-offset", b"3")])
    producer.close()
    learning.say(many(make_feedback, 3))

    with pytest.raises(
        AssertionError, match=r"(?s)ended with 1:.*up to offset 3, but .* ends before 3: it was made anew"
    ):
        start_worker(**QUICK)
    learning.say(many(make_feedback, 1))

    assert start_worker(**QUICK).process.poll() is None


@pytest.mark.parametrize(
    "name", ["feedback", *(pytest.param(name, marks=pytest.mark.slow) for name in ("labelled", "online"))]
)
def test_topic_of_the_learner_with_several_partitions_is_refused_at_the_start(
    start_worker: StartWorker, kafka_servers: str, topic_prefix: str, name: str
) -> None:
    wide = declare_topics(TopicSettings(prefix=topic_prefix, **{name: "wide"}))
    ensure_topics(KafkaConnection(kafka_servers), (replace(getattr(wide, name), partitions=3),))

    refused = (
        rf"(?s)ended with 1:.*{topic_prefix}wide has 3 partitions, and one learner needs one.*ONLINE_ENABLED=false"
    )
    with pytest.raises(AssertionError, match=refused):
        start_worker(**{f"TOPICS_{name.upper()}": "wide"})


def test_worker_that_shall_not_learn_leaves_feedback_alone_and_answers_with_the_batch_model(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    first = start_worker(**QUICK)
    learning.say(many(make_feedback, 40))
    learning.wait_until_committed(40)
    first.stop()
    learning.say(many(make_feedback, 10, start=40))

    start_worker(ONLINE_ENABLED="false", **QUICK)
    answer = answer_to(learning, NEW_WORDS)

    assert (answer["answered_by"], answer["opinions"], answer["model"]["online_version"]) == ("batch", {}, 0)
    assert (learning.committed(), learning.accounted()) == (40, 40)


def test_frozen_worker_that_wakes_up_after_another_took_over_changes_nothing(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    settings = {"ONLINE_SNAPSHOT_SECONDS": 1, "STREAM_SESSION_TIMEOUT_SECONDS": 6}
    frozen = start_worker(**settings)
    learning.say(many(make_feedback, 100))
    learning.wait_until_committed(100)
    learning.say(many(make_feedback, 100, start=100))
    learning.wait_until(lambda: learning.accounted() > 100)
    frozen.process.send_signal(signal.SIGSTOP)
    try:
        other = start_worker(**settings)
        learning.say(many(make_feedback, 100, start=200))
        learning.wait_until_committed(300)
    finally:
        frozen.process.send_signal(signal.SIGCONT)
    learning.say(many(make_feedback, 100, start=300))
    learning.wait_until_committed(400)
    assert [other.stop(), frozen.stop()] == [0, 0]

    by_offset: dict[int, LabelledTweet] = {tweet.feedback_offset: tweet for tweet in learning.labelled()}
    assert sorted(by_offset) == list(range(400))
    learning.assert_learned([by_offset[offset] for offset in range(400)], offset=399)


def test_model_that_can_not_be_corrected_is_refused_at_the_start(start_worker: StartWorker) -> None:
    with pytest.raises(AssertionError, match=r"(?s)ended with 1:.*can't be corrected: set ONLINE_ENABLED=false"):
        start_worker(command=("-c", UNCORRECTABLE_WORKER))
