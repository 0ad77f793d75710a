"""Whether this user may what it is about to do: asked once at the start, so that all that is missing is told together."""

from collections.abc import Iterable
from contextlib import closing

from kafka.admin import KafkaAdminClient
from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
)

from models.errors import BrokerError
from stream.kafka.clients import open_client
from stream.kafka.connection import KafkaConnection

PAGE = "docs/how-to/secure-kafka.md"


def check_rights(
    kafka: KafkaConnection,
    *,
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    group: str | None = None,
    transactional_ids: Iterable[str] = (),
) -> None:
    """Do nothing where this user may all that; a topic that is not there yet is passed over if it could be seen.

    Args:
        kafka: how to reach the cluster.
        reads: topics to be read.
        writes: topics to be written.
        group: whose offsets are to be committed.
        transactional_ids: of producers; Kafka tells no more than whether they may be described, which who may write may.

    Raises:
        BrokerError: no broker answers, it does not let us in, or a right is missing; says which.
    """
    asked = {"READ": sorted(reads), "WRITE": sorted(writes)}
    with closing(open_client(KafkaAdminClient, kafka)) as admin:
        lacking = _lacking_on_topics(admin, asked)
        if group is not None and not _may_use(admin, group):
            lacking.append(f"Read on the group {group}")
        lacking += [
            f"Write on the transactional id {one}" for one in transactional_ids if not _may_describe(admin, one)
        ]
    if lacking:
        raise missing(kafka, lacking)


def missing(kafka: KafkaConnection, rights: list[str]) -> BrokerError:
    """Give the error for rights that are missing, each with its resource."""
    return BrokerError(
        f"Kafka at {kafka.bootstrap_servers} does not give this user {', '.join(rights)}: add what is missing, see {PAGE}"
    )


def _lacking_on_topics(admin: KafkaAdminClient, asked: dict[str, list[str]]) -> list[str]:
    names = sorted({name for topics in asked.values() for name in topics})
    may = {}
    for topic in admin.describe_topics(names) if names else ():
        if topic["error_code"] == TopicAuthorizationFailedError.errno:
            may[topic["name"]] = frozenset[str]()
        elif not topic["error_code"] and topic["authorized_operations"] is not None:  # an old broker tells none
            may[topic["name"]] = frozenset(topic["authorized_operations"])
    return [
        f"{operation.capitalize()} on the topic {name}"
        for operation, topics in asked.items()
        for name in topics
        if operation not in may.get(name, {operation})
    ]


def _may_use(admin: KafkaAdminClient, group: str) -> bool:
    try:
        told = admin.describe_groups([group], include_authorized_operations=True)[group]
    except GroupAuthorizationFailedError:
        return False
    except KafkaError:  # a new cluster has no coordinator yet
        return True
    may = told.get("authorized_operations")
    return may is None or "READ" in may


def _may_describe(admin: KafkaAdminClient, transactional_id: str) -> bool:
    try:
        admin.describe_transactions([transactional_id])
    except TransactionalIdAuthorizationFailedError:
        return False
    except KafkaError:  # it was never used, or a new cluster has no coordinator yet
        return True
    return True
