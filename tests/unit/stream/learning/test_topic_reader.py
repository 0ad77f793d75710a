"""How the topics of learners before are read to their end, and what is said where that fails; Kafka's client is a stand-in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from kafka import TopicPartition
from kafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, KafkaError

from models.errors import BrokerAwayError, BrokerError
from models.feedback import LabelledTweet
from models.online.corrections import StoredSnapshot
from models.taxonomy import Label
from stream.kafka.connection import KafkaConnection
from stream.kafka.topic_reader import TopicReader, end_offset
from stream.learning.archive import TopicArchive

KAFKA = KafkaConnection("kafka.example:9092")
LABELLED = LabelledTweet("20", "text", Label.IPO, None, "desk", "2026-01-02T03:04:05Z", None, 1.0, 7)


@dataclass
class StoredRecord:
    """A record as kafka-python gives it."""

    value: bytes | None
    offset: int = 0
    key: bytes | None = b"sha"
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    topic: str = "topic"


@dataclass
class Cluster:
    """What is in the topics, by name and partition; makes stand-ins of kafka-python's consumer, and keeps them."""

    topics: dict[str, list[list[Any]]]
    refusal: KafkaError | None = None
    is_position_known: bool = True
    opened: list["TopicConsumer"] = field(default_factory=list)
    asked_rights: list[list[str]] = field(default_factory=list)
    max_partition_bytes: list[int | None] = field(default_factory=list)

    def connect(self, kafka: KafkaConnection, *, max_partition_bytes: int | None = None) -> "TopicConsumer":
        assert kafka is KAFKA
        self.max_partition_bytes.append(max_partition_bytes)
        self.opened.append(TopicConsumer(self))
        return self.opened[-1]

    def check_rights(self, kafka: KafkaConnection, *, reads: list[str]) -> None:
        assert kafka is KAFKA
        self.asked_rights.append(reads)


@dataclass
class TopicConsumer:
    """Gives one record a poll, from where it stands."""

    cluster: Cluster
    positions: dict[TopicPartition, int | None] = field(default_factory=dict)
    closings: list[dict[str, Any]] = field(default_factory=list)

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(len(self.cluster.topics.get(topic, []))))

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.positions = dict.fromkeys(partitions)

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def seek_to_beginning(self) -> None:
        self.positions = dict.fromkeys(self.positions, 0)

    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.cluster.refusal is not None:
            raise self.cluster.refusal
        return {tp: len(self.cluster.topics[tp.topic][tp.partition]) for tp in partitions}

    def position(self, partition: TopicPartition, *, timeout_ms: int) -> int | None:
        assert timeout_ms == 5_000
        return self.positions[partition] if self.cluster.is_position_known else None

    def poll(self, *, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        assert timeout_ms == 500
        for tp, position in self.positions.items():
            records = self.cluster.topics[tp.topic][tp.partition]
            if position is not None and position < len(records):
                self.positions[tp] = position + 1
                return {tp: [records[position]]}
        return {}

    def close(self, **options: Any) -> None:
        self.closings.append(options)
        if self.cluster.refusal is not None:
            raise self.cluster.refusal


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster({"numbers": [["a", "b"], ["c"]]})
    monkeypatch.setattr("stream.kafka.topic_reader.open_consumer", made.connect)
    monkeypatch.setattr("stream.kafka.topic_reader.check_rights", made.check_rights)
    return made


def test_topic_is_read_from_its_beginning_to_what_it_holds_and_goes_on_from_there(cluster: Cluster) -> None:
    reader = TopicReader(KAFKA, "numbers")

    first = list(reader.read_to_end())
    cluster.topics["numbers"][1].append("d")

    assert first == ["a", "b", "c"]
    assert list(reader.read_to_end()) == ["d"]
    assert list(reader.read_to_end()) == []
    assert len(cluster.opened) == 1
    assert cluster.max_partition_bytes == [16_777_216]


def test_what_comes_while_a_topic_is_read_is_left_for_the_next_time(cluster: Cluster) -> None:
    cluster.topics = {"numbers": [["a"]]}
    coming = TopicReader(KAFKA, "numbers").read_to_end()

    first = next(coming)
    cluster.topics["numbers"][0].append("b")

    assert (first, list(coming)) == ("a", [])


def test_reader_that_is_closed_begins_anew(cluster: Cluster) -> None:
    reader = TopicReader(KAFKA, "numbers")
    list(reader.read_to_end())

    reader.close()
    reader.close()

    assert [consumer.closings for consumer in cluster.opened] == [[{"autocommit": False, "timeout_ms": 5_000}]]
    assert list(reader.read_to_end()) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [(KafkaConnectionError("away"), BrokerAwayError), (GroupAuthorizationFailedError(), BrokerError)],
)
def test_topic_that_can_not_be_read_is_an_error_that_names_it_and_the_next_read_begins_anew(
    cluster: Cluster, refusal: KafkaError, kind: type[BrokerError]
) -> None:
    reader = TopicReader(KAFKA, "numbers")
    cluster.refusal = refusal

    with pytest.raises(BrokerError, match=r"^can't read numbers at kafka\.example:9092: ") as raised:
        list(reader.read_to_end())
    cluster.refusal = None

    assert type(raised.value) is kind
    assert len(cluster.opened[0].closings) == 1
    assert list(reader.read_to_end()) == ["a", "b", "c"]


def test_partition_whose_place_nobody_tells_is_an_error(cluster: Cluster) -> None:
    cluster.is_position_known = False

    with pytest.raises(BrokerError, match=r"can't read numbers .* no offset of partition [01] in 5000 ms"):
        list(TopicReader(KAFKA, "numbers").read_to_end())


def test_topic_that_is_not_there_is_an_error_after_rights_were_looked_at(cluster: Cluster) -> None:
    with pytest.raises(BrokerError, match=r"^there is no topic letters at kafka\.example:9092: start a worker again$"):
        list(TopicReader(KAFKA, "letters").read_to_end())

    assert cluster.asked_rights == [["letters"]]


def test_end_of_a_topic_is_the_offset_after_the_last_record_of_its_first_partition(cluster: Cluster) -> None:
    assert end_offset(KAFKA, "numbers") == 2
    assert cluster.opened[0].closings == [{"autocommit": False, "timeout_ms": 5_000}]


def test_end_of_a_topic_that_nobody_tells_is_an_error(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.refusal = KafkaConnectionError("away")
    monkeypatch.setattr(TopicConsumer, "close", lambda *_args, **_options: None)

    with pytest.raises(BrokerAwayError, match=r"^can't read numbers at kafka\.example:9092: "):
        end_offset(KAFKA, "numbers")


@pytest.fixture
def archive(cluster: Cluster) -> Iterator[TopicArchive]:
    cluster.topics = {
        "online": [
            [
                StoredRecord(b"old", headers=[("feedback-offset", b"5")]),
                StoredRecord(b"new", headers=[("feedback-offset", b"9")]),
            ]
        ],
        "labelled": [[StoredRecord(msgspec.json.encode(LABELLED)), StoredRecord(b"{", 1), StoredRecord(None, 2)]],
    }
    yield TopicArchive(KAFKA, online="online", labelled="labelled")
    assert [len(consumer.closings) for consumer in cluster.opened] == [1] * len(cluster.opened)


def test_archive_gives_the_last_snapshot(archive: TopicArchive) -> None:
    assert archive.snapshots() == [StoredSnapshot("sha", 9, b"new")]


def test_archive_gives_labelled_tweets_and_tells_how_many_it_could_not_read(
    archive: TopicArchive, caplog: pytest.LogCaptureFixture
) -> None:
    assert list(archive.labelled()) == [LABELLED]

    (record,) = caplog.records
    assert record.getMessage() == "labelled_tweets_unreadable"
    assert (vars(record)["records"], vars(record)["last_offset"]) == (2, 2)


def test_archive_of_labelled_tweets_that_are_all_read_says_nothing(
    archive: TopicArchive, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.topics["labelled"] = [[StoredRecord(msgspec.json.encode(LABELLED))]]

    assert list(archive.labelled()) == [LABELLED]
    assert caplog.records == []
