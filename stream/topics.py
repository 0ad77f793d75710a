"""The topics of the stream: their names, and how they are created where they are missing."""

import contextlib
import time
from dataclasses import dataclass
from functools import partial

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from config.settings import TopicSettings
from models.errors import BrokerError
from stream.kafka.clients import open_client
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import reason
from stream.kafka.rights import missing

MS_PER_DAY = 86_400_000
FOR_EVER = -1
LATEST_OF_KEY = -2
"""Of each key, the last record is kept for ever (a compacted topic)."""
# Kafka's own limit for a message is 1 MiB. A dead letter is a message of that size and some headers more, and must
# never be refused, or one oversized tweet would stop the worker for good.
DEAD_LETTER_MAX_BYTES = 2_097_152
COMPACTED_SEGMENT_BYTES = 33_554_432
SPREAD_SECONDS = 5.0  # until all brokers of a busy cluster know of a topic
SPREAD_LOOK_SECONDS = 0.05
SNAPSHOT_MAX_BYTES = 8_388_608  # all that the online model can learn is 6 MB before it is compressed


@dataclass(frozen=True)
class TopicSpec:
    """How a topic is created; one that exists is left as it is.

    Attributes:
        retention_ms: milliseconds that records are kept, `FOR_EVER`, or `LATEST_OF_KEY`.
        max_message_bytes: largest record batch, or None for the broker's own limit.
    """

    name: str
    partitions: int
    replication_factor: int
    retention_ms: int
    max_message_bytes: int | None = None


@dataclass(frozen=True)
class TopicState:
    """A topic as it is on the cluster.

    Attributes:
        max_message_bytes: largest record batch that it takes.
    """

    partitions: int
    max_message_bytes: int


@dataclass(frozen=True)
class Cluster:
    """The Kafka cluster as the worker found it.

    Attributes:
        kafka: how to reach it.
        topics: each topic as it is, by name.
        datadir: folder that Faust may write to.
    """

    kafka: KafkaConnection
    topics: dict[str, TopicState]
    datadir: str

    def most_bytes(self, *, besides: str) -> int:
        """Give the size of a batch that every topic takes but one; one that is refused would stop the worker."""
        return min(topic.max_message_bytes for name, topic in self.topics.items() if name != besides)


@dataclass(frozen=True)
class Topics:
    """Every topic of the stream, with its prefix."""

    raw: TopicSpec
    classified: TopicSpec
    sentiment: TopicSpec
    dead_letter: TopicSpec
    redriven: TopicSpec
    metrics: TopicSpec
    to_label: TopicSpec
    feedback: TopicSpec
    labelled: TopicSpec
    online: TopicSpec
    drift: TopicSpec

    @property
    def all(self) -> tuple[TopicSpec, ...]:
        """The topics in the order of the flow."""
        return (
            self.raw,
            self.classified,
            self.sentiment,
            self.dead_letter,
            self.redriven,
            self.metrics,
            self.to_label,
            self.feedback,
            self.labelled,
            self.online,
            self.drift,
        )


def declare_topics(settings: TopicSettings) -> Topics:
    """Give the topics that the settings describe; nothing is created."""

    def spec(
        name: str, *, retention_ms: int, partitions: int = settings.partitions, max_message_bytes: int | None = None
    ) -> TopicSpec:
        return TopicSpec(
            name=settings.prefix + name,
            partitions=partitions,
            replication_factor=settings.replication_factor,
            retention_ms=retention_ms,
            max_message_bytes=max_message_bytes,
        )

    of_one = partial(spec, partitions=1)  # where there is one writer, and its order counts
    retention_ms = settings.retention_days * MS_PER_DAY
    return Topics(
        raw=spec(settings.raw, retention_ms=retention_ms),
        classified=spec(settings.classified, retention_ms=retention_ms),
        sentiment=spec(settings.sentiment, retention_ms=retention_ms),
        dead_letter=spec(
            settings.dead_letter,
            retention_ms=settings.dead_letter_retention_days * MS_PER_DAY,
            max_message_bytes=DEAD_LETTER_MAX_BYTES,
        ),
        redriven=of_one(settings.redriven, retention_ms=settings.dead_letter_retention_days * MS_PER_DAY),
        metrics=spec(settings.metrics, retention_ms=settings.metrics_retention_days * MS_PER_DAY),
        to_label=spec(settings.to_label, retention_ms=retention_ms),
        feedback=of_one(settings.feedback, retention_ms=FOR_EVER),
        labelled=of_one(settings.labelled, retention_ms=FOR_EVER),
        online=of_one(settings.online, retention_ms=LATEST_OF_KEY, max_message_bytes=SNAPSHOT_MAX_BYTES),
        drift=of_one(settings.drift, retention_ms=settings.drift_retention_days * MS_PER_DAY),
    )


def ensure_topics(kafka: KafkaConnection, topics: tuple[TopicSpec, ...]) -> dict[str, TopicState]:
    """Create the topics that are missing.

    Args:
        kafka: how to reach the cluster.
        topics: what must be there; an existing topic keeps its own partitions and settings.

    Returns:
        Each topic as it is then, by name.

    Raises:
        BrokerError: no broker answers, or it refuses to create or to describe a topic.
    """
    names = [topic.name for topic in topics]
    admin = open_client(KafkaAdminClient, kafka)
    try:
        there = _partitions(admin)
        absent = [topic for topic in topics if topic.name not in there]
        for topic in absent:
            _create(admin, topic)
        admin.wait_for_topics([topic.name for topic in absent])
        states = _states(admin, names)
    except KafkaError as exc:
        raise BrokerError(
            f"Kafka at {kafka.bootstrap_servers} refused to create or describe a topic: {reason(exc)}; "
            f"create {', '.join(names)} by hand and give this user the right to describe them"
        ) from exc
    finally:
        admin.close()
    if hidden := [name for name in names if name not in states]:
        raise missing(kafka, [f"DescribeConfigs on the topic {name}" for name in hidden])
    return states


def _states(admin: KafkaAdminClient, names: list[str]) -> dict[str, TopicState]:
    """Describe the topics that can be seen; waits a while for the others, as brokers learn of a topic one after the other."""
    deadline = time.monotonic() + SPREAD_SECONDS
    while True:
        partitions, limits = _partitions(admin), _max_message_bytes(admin, names)
        states = {name: TopicState(partitions[name], limits[name]) for name in partitions.keys() & limits.keys()}
        if states.keys() >= set(names) or time.monotonic() > deadline:
            return states
        time.sleep(SPREAD_LOOK_SECONDS)


def _partitions(admin: KafkaAdminClient) -> dict[str, int]:
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}


def _max_message_bytes(admin: KafkaAdminClient, names: list[str]) -> dict[str, int]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    (described,) = admin.describe_configs(resources, config_filter="all").values()
    return {
        name: int(configs["max.message.bytes"]["value"])
        for name, configs in described.items()
        if "max.message.bytes" in configs  # Kafka tells nothing where the right is missing
    }


def _create(admin: KafkaAdminClient, topic: TopicSpec) -> None:
    configs = {"retention.ms": str(topic.retention_ms)}
    if topic.retention_ms == LATEST_OF_KEY:
        # Kafka compacts closed segments only: small ones, so that a process that starts reads little.
        configs = {
            "cleanup.policy": "compact",
            "segment.bytes": str(COMPACTED_SEGMENT_BYTES),
            "segment.ms": str(MS_PER_DAY),
            "min.cleanable.dirty.ratio": "0.1",
        }
    if topic.max_message_bytes is not None:
        configs["max.message.bytes"] = str(topic.max_message_bytes)
    options = {
        "num_partitions": topic.partitions,
        "replication_factor": topic.replication_factor,
        "configs": configs,
    }
    with contextlib.suppress(TopicAlreadyExistsError):  # another process may make it between our look and this call
        admin.create_topics({topic.name: options})
