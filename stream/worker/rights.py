"""The rights that a worker needs, asked for at its start."""

from faust.types import TP

from stream.kafka.connection import KafkaConnection
from stream.kafka.rights import check_rights
from stream.topics import Cluster, Topics
from stream.transport.transactions import transactional_id


def check_topics_and_group(kafka: KafkaConnection, topics: Topics, *, group: str, learns: bool) -> None:
    """Do nothing where this user may read and write a worker's topics as one of its group.

    Args:
        kafka: how to reach the cluster.
        topics: the names.
        group: the consumer group.
        learns: whether the worker learns online, too.

    Raises:
        BrokerError: no broker answers, it does not let us in, or a right is missing; says which.
    """
    reads = {topics.raw}
    writes = {topics.classified, topics.sentiment, topics.dead_letter, topics.to_label, topics.metrics}
    if learns:
        reads |= {topics.feedback, topics.to_label, topics.labelled, topics.online}
        writes |= {topics.labelled, topics.online}
    check_rights(kafka, reads=[topic.name for topic in reads], writes=[topic.name for topic in writes], group=group)


def check_transactions(cluster: Cluster, topic: str, *, group: str) -> None:
    """Do nothing where this user may have the transactions of each partition of the input topic.

    Raises:
        BrokerError: as `check_topics_and_group`.
    """
    partitions = range(cluster.topics[topic].partitions)
    check_rights(cluster.kafka, transactional_ids=[transactional_id(group, TP(topic, number)) for number in partitions])
