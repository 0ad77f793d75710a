"""Topics are created where they are missing, and left alone where they are not."""

from dataclasses import replace

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from config.settings import TopicSettings
from models.errors import BrokerError
from stream.kafka.connection import KafkaConnection
from stream.topics import TopicState, declare_topics, ensure_topics

pytestmark = pytest.mark.integration

DAY_MS = 86_400_000


def settings_of(servers: str, topic: str) -> dict[str, str]:
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        (described,) = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]).values()
        return {name: entry["value"] for name, entry in described[topic].items()}
    finally:
        admin.close()


def test_missing_topics_get_their_partitions_and_retention(kafka_servers: str, topic_prefix: str) -> None:
    topics = declare_topics(
        TopicSettings(prefix=topic_prefix, partitions=3, retention_days=2, dead_letter_retention_days=5)
    )

    states = ensure_topics(KafkaConnection(kafka_servers), topics.all)

    assert states == {
        f"{topic_prefix}tweets.raw": TopicState(3, 1_048_588),
        f"{topic_prefix}tweets.classified": TopicState(3, 1_048_588),
        f"{topic_prefix}tweets.sentiment": TopicState(3, 1_048_588),
        f"{topic_prefix}tweets.dead-letter": TopicState(3, 2_097_152),
        f"{topic_prefix}tweets.redriven": TopicState(1, 1_048_588),
        f"{topic_prefix}tweets.metrics": TopicState(3, 1_048_588),
        f"{topic_prefix}tweets.to-label": TopicState(3, 1_048_588),
        f"{topic_prefix}tweets.feedback": TopicState(1, 1_048_588),
        f"{topic_prefix}tweets.labelled": TopicState(1, 1_048_588),
        f"{topic_prefix}models.online": TopicState(1, 8_388_608),
        f"{topic_prefix}tweets.drift": TopicState(1, 1_048_588),
    }
    assert settings_of(kafka_servers, topics.drift.name)["retention.ms"] == str(90 * DAY_MS)
    assert settings_of(kafka_servers, topics.redriven.name)["retention.ms"] == str(5 * DAY_MS)
    assert settings_of(kafka_servers, topics.feedback.name)["retention.ms"] == "-1"
    assert settings_of(kafka_servers, topics.online.name)["cleanup.policy"] == "compact"
    assert settings_of(kafka_servers, topics.raw.name)["retention.ms"] == str(2 * DAY_MS)
    dead_letter = settings_of(kafka_servers, topics.dead_letter.name)
    assert (dead_letter["retention.ms"], dead_letter["max.message.bytes"]) == (str(5 * DAY_MS), "2097152")
    assert settings_of(kafka_servers, topics.feedback.name)["retention.ms"] == "-1"
    assert settings_of(kafka_servers, topics.online.name)["cleanup.policy"] == "compact"


def test_existing_topic_is_left_as_it_is(kafka_servers: str, topic_prefix: str) -> None:
    topic = declare_topics(TopicSettings(prefix=topic_prefix, partitions=2)).raw
    ensure_topics(KafkaConnection(kafka_servers), (topic,))

    states = ensure_topics(KafkaConnection(kafka_servers), (replace(topic, partitions=9, retention_ms=DAY_MS),))

    assert states == {topic.name: TopicState(2, 1_048_588)}
    assert settings_of(kafka_servers, topic.name)["retention.ms"] == str(7 * DAY_MS)


def test_topic_that_can_not_be_created_is_a_clear_error(kafka_servers: str, topic_prefix: str) -> None:
    topic = replace(declare_topics(TopicSettings(prefix=topic_prefix)).raw, replication_factor=3)

    with pytest.raises(BrokerError, match=r"refused to create or describe a topic: .*create .*tweets\.raw by hand"):
        ensure_topics(KafkaConnection(kafka_servers), (topic,))


@pytest.mark.parametrize("servers", ["127.0.0.1:1", "no such host:9092", "nonsense"])
def test_cluster_that_does_not_answer_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, servers: str, topic_prefix: str
) -> None:
    monkeypatch.setattr("stream.kafka.clients.CONNECT_TIMEOUT_MS", 500)  # nobody will answer, however long it waits
    topics = declare_topics(TopicSettings(prefix=topic_prefix)).all

    with pytest.raises(BrokerError, match=r"no Kafka answers at .*: start one with `tickertape broker`"):
        ensure_topics(KafkaConnection(servers), topics)
