"""What is read back from the topics of learners before, and what the learner writes to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiokafka.record.memory_records import MemoryRecords

from config.settings import TopicSettings
from models.errors import BrokerError, MalformedRecordError
from models.feedback import LabelledTweet, ToLabel, Why
from models.online.corrections import StoredSnapshot
from models.records import ModelVersion
from models.taxonomy import Label
from stream.codecs import decode_labelled
from stream.dead_letters import DeadLetter
from stream.framing import Outputs
from stream.kafka.connection import KafkaConnection
from stream.learning.archive import latest_snapshots
from stream.learning.following import SnapshotFollower
from stream.learning.sent_out import SentOutTopic
from stream.learning.writing import write_snapshot, write_verdicts
from stream.topics import declare_topics

Make = Callable[..., Any]
TOPICS = declare_topics(TopicSettings())
TO_LABEL = ToLabel("20", "as published", Why.DISPUTED, 0.5)


@dataclass
class ReadRecord:
    """A record as a reader gives it."""

    value: bytes | None
    key: bytes | None = b"sha"
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    topic: str = "topic"
    offset: int = 0


@dataclass
class GrowingTopic:
    """Stands for `stream.kafka.topic_reader.TopicReader`: gives what was added since the last look."""

    new: list[ReadRecord] = field(default_factory=list)
    looks: int = 0

    def read_to_end(self) -> Iterator[ReadRecord]:
        self.looks += 1
        while self.new:
            yield self.new.pop(0)


def snapshot(offset: bytes | None, *, key: bytes | None = b"sha", value: bytes | None = b"content") -> ReadRecord:
    return ReadRecord(value, key, [("feedback-offset", offset)])


def sent(**fields: Any) -> ReadRecord:
    return ReadRecord(msgspec.json.encode(msgspec.to_builtins(TO_LABEL) | fields))


def test_snapshot_of_most_feedback_counts_for_each_batch_model_wherever_it_stands() -> None:
    records = [snapshot(b"5"), snapshot(b"9"), snapshot(b"7", key=b"other"), snapshot(b"6")]

    assert latest_snapshots(records) == [
        StoredSnapshot("sha", 9, b"content"),
        StoredSnapshot("other", 7, b"content"),
    ]


def test_of_two_snapshots_with_the_same_feedback_the_second_counts() -> None:
    assert latest_snapshots([snapshot(b"5", value=b"damaged"), snapshot(b"5", value=b"made anew")]) == [
        StoredSnapshot("sha", 5, b"made anew")
    ]


@pytest.mark.parametrize(
    "record",
    [
        ReadRecord(b"content"),
        snapshot(None),
        snapshot(b""),
        snapshot(b"-1"),
        snapshot(b"x"),
        snapshot(b"9" * 19),
        snapshot(b"9" * 5_000),
        snapshot(b"5", key=None),
        snapshot(b"5", value=None),
    ],
)
def test_record_that_is_no_snapshot_is_passed_over_with_a_warning(
    record: ReadRecord, caplog: pytest.LogCaptureFixture
) -> None:
    assert latest_snapshots([record, snapshot(b"3")]) == [StoredSnapshot("sha", 3, b"content")]

    assert [record.getMessage() for record in caplog.records] == ["snapshot_unreadable"]


class CorrectedPredictor:
    """Keeps the snapshots that it gets."""

    def __init__(self) -> None:
        self.snapshots: list[StoredSnapshot] = []
        self.model = ModelVersion("tickertape", "7")

    def correct(self, one: StoredSnapshot) -> None:
        self.snapshots.append(one)


def test_follower_hands_on_the_snapshot_of_most_feedback(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor: Any = CorrectedPredictor()
    topic = GrowingTopic([snapshot(b"9"), snapshot(b"6")])
    follower = SnapshotFollower(KafkaConnection("127.0.0.1:9"), "models.online", predictor=predictor)
    monkeypatch.setattr(follower, "_reader", topic)

    follower.poll()
    topic.new.append(snapshot(b"12"))
    follower.poll()

    assert [one.offset for one in predictor.snapshots] == [9, 12]


def test_snapshots_that_can_not_be_read_are_asked_for_seldom(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="stream.learning.following")
    predictor: Any = CorrectedPredictor()
    now, asked = [100.0], list[float]()

    class RefusingTopic:
        """Stands for `stream.kafka.topic_reader.TopicReader`."""

        def read_to_end(self) -> None:
            asked.append(now[0])
            raise BrokerError("not let in")

    follower = SnapshotFollower(
        KafkaConnection("127.0.0.1:9"), "models.online", predictor=predictor, clock=lambda: now[0]
    )
    monkeypatch.setattr(follower, "_reader", RefusingTopic())

    for _ in range(12):
        follower.poll()
        now[0] += 1

    assert asked == [100.0, 105.0, 110.0]
    told = [(record.getMessage(), vars(record)["error"]) for record in caplog.records]
    assert told == [("snapshots_unreachable", "not let in")]


def test_tweet_that_was_sent_out_is_found() -> None:
    sent_out = SentOutTopic(GrowingTopic([sent()]), kept_tweets=10)  # type: ignore[arg-type]  # a stand-in

    assert sent_out.find(["20", "21"]) == {"20": TO_LABEL}


def test_topic_is_glanced_at_once_a_second_and_read_all_the_same_for_what_must_be_found() -> None:
    topic, now = GrowingTopic([sent()]), [100.0]
    sent_out = SentOutTopic(topic, kept_tweets=10, clock=lambda: now[0])  # type: ignore[arg-type]  # a stand-in

    first = sent_out.glance(["20", "21"])
    topic.new.append(sent(id="21"))
    at_once = sent_out.glance(["21"])
    now[0] += 1.5
    later = sent_out.glance(["21"])
    topic.new.append(sent(id="22"))
    must = sent_out.find(["22"])

    assert (first.keys(), at_once.keys(), later.keys(), must.keys()) == ({"20"}, set(), {"21"}, {"22"})


def test_topic_is_read_to_its_end_before_an_id_is_called_unknown_and_not_for_known_ones() -> None:
    topic = GrowingTopic([sent()])
    sent_out = SentOutTopic(topic, kept_tweets=10)  # type: ignore[arg-type]  # a stand-in
    sent_out.find(["20"])

    known, looks = sent_out.find(["20"]), topic.looks
    topic.new.append(sent(id="21"))
    late = sent_out.find(["21"])

    assert (looks, topic.looks) == (1, 2)
    assert (known.keys(), late.keys()) == ({"20"}, {"21"})


def test_tweet_that_was_sent_out_twice_is_the_first() -> None:
    topic = GrowingTopic([sent(), sent(text="another", probability=1)])

    assert SentOutTopic(topic, kept_tweets=10).find(["20"]) == {"20": TO_LABEL}  # type: ignore[arg-type]  # a stand-in


def test_only_the_latest_tweets_that_were_sent_out_are_kept() -> None:
    topic = GrowingTopic([sent(id=str(number)) for number in range(100)])

    found = SentOutTopic(topic, kept_tweets=3).find(map(str, range(100)))  # type: ignore[arg-type]  # a stand-in

    assert found.keys() == {"97", "98", "99"}


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"[]",
        b'{"id":"20"}',
        sent(id="x").value,
        sent(id="").value,
        sent(id="1" * 20).value,
        sent(why="because").value,
        sent(probability=0).value,
        sent(probability=-0.5).value,
        sent(probability=1.5).value,
        sent(probability="0.5").value,
    ],
)
def test_record_that_nobody_sent_out_is_passed_over_with_a_warning(
    value: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    topic = GrowingTopic([ReadRecord(value), sent()])

    found = SentOutTopic(topic, kept_tweets=10).find(["20"])  # type: ignore[arg-type]  # a stand-in

    assert found == {"20": TO_LABEL}
    assert [(record.getMessage(), vars(record)["records"]) for record in caplog.records] == [
        ("sent_out_tweets_unreadable", 1)
    ]


LABELLED = LabelledTweet("20", "text", Label.IPO, None, "desk", "2026-01-02T03:04:05Z", None, 1.0, 7)
LETTER = DeadLetter(b"k", b"{", "invalid_json", "no JSON", "tweets.feedback", 0, 8, 1.0)


def headers_of(outputs: Outputs) -> dict[str, bytes]:
    (batch,) = outputs.batches(timestamp_ms=1, max_bytes=1_000_000)
    (record,) = MemoryRecords(batch.content).next_batch()
    return dict(record.headers)


def test_what_became_of_feedback_names_its_record() -> None:
    labelled, letters = write_verdicts([LABELLED, LETTER], topics=TOPICS, partition=0)

    assert (labelled.topic, labelled.keys) == ("tweets.labelled", [b"20"])
    assert decode_labelled(labelled.values[0]) == LABELLED
    assert (letters.topic, letters.keys, letters.values) == ("tweets.dead-letter", [b"k"], [b"{"])
    assert headers_of(labelled)["ce_id"] == b"tweets.feedback-0-7"
    assert headers_of(labelled)["ce_type"] == b"tickertape.tweet.labelled.v1"
    assert headers_of(letters)["ce_id"] == b"tweets.feedback-0-8"
    assert headers_of(letters)["reason"] == b"invalid_json"


def test_topics_without_any_record_are_left_out() -> None:
    assert write_verdicts([], topics=TOPICS, partition=0) == []
    assert [outputs.topic for outputs in write_verdicts([LETTER], topics=TOPICS, partition=0)] == ["tweets.dead-letter"]


def test_snapshot_that_is_written_is_the_one_that_is_read() -> None:
    stored = StoredSnapshot("sha", 12, b"content")

    outputs = write_snapshot(stored, topics=TOPICS)

    record = ReadRecord(outputs.values[0], outputs.keys[0], list(headers_of(outputs).items()))
    assert latest_snapshots([record]) == [stored]


@pytest.mark.parametrize(
    "changed",
    [{"id": "x"}, {"probability": 0}, {"feedback_offset": -1}, {"label": "Weather"}],
    ids=lambda changed: next(iter(changed)),
)
def test_labelled_tweet_that_would_stop_the_learner_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecordError):
        decode_labelled(msgspec.json.encode(msgspec.to_builtins(LABELLED) | changed))
