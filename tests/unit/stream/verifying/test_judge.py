"""Where a range ends that nobody gave an end."""

import pytest

from config.settings import TopicSettings
from models.errors import BrokerError
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics
from stream.verifying.judge import Judge


@pytest.fixture
def judge() -> Judge:
    topics = declare_topics(TopicSettings(prefix="desk."))
    return Judge(KafkaConnection("127.0.0.1:1"), topics, group="workers", isolation_level="read_committed")


def test_range_ends_at_what_is_committed_of_the_partitions_that_it_begins_in(judge: Judge) -> None:
    assert judge._committed_end({1: 3}, {0: 5, 1: 7}) == {1: 7}
    assert judge._committed_end(None, {0: 5, 1: 7}) == {0: 5, 1: 7}


@pytest.mark.parametrize(
    ("committed", "seen"),
    [({0: 5}, "workers has committed nothing of partition 1 of desk.tweets.raw"), ({}, "nothing of desk.tweets.raw")],
)
def test_partition_of_which_nothing_is_committed_is_told(judge: Judge, committed: dict[int, int], seen: str) -> None:
    with pytest.raises(BrokerError, match=f"{seen}: start a worker, or say with --to what to judge"):
        judge._committed_end({0: 0, 1: 0}, committed)
