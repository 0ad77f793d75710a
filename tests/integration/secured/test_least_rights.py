"""No right that the documentation lists can be left out: without it, its part ends, and says so."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaProducer

from tests.integration.secured.documented import documented_rights

pytestmark = [pytest.mark.integration, pytest.mark.slow]

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
Allow = Callable[..., None]
Tickertape = Callable[..., subprocess.CompletedProcess[str]]
TWEET = {"id": "1", "text": "$AAPL raises its dividend"}
LABEL = {
    "tweet_id": "1",
    "label": "Dividend",
    "text": "$AAPL raises its dividend",
    "labelled_at": "2026-01-31T09:31:00Z",
}
COMMANDS = {
    "worker": ["worker"],
    "exactly-once": ["worker"],
    "drift": ["drift"],
    "produce": ["produce", "-"],
    "label": ["label", "-"],
    "tail": ["tail", "--from-beginning", "--count", "1"],
    "diff": ["diff", "pretrained", "pretrained", "--from", "0:0"],
    "verify": ["verify", "--from", "0:0", "--to", "0:0"],
    "dead-letters": ["dead-letters", "redrive", "--all"],
}
STANDARD_INPUT = {"produce": json.dumps(TWEET), "label": json.dumps(LABEL)}
RIGHTS = [
    pytest.param(part, name, operation, id=f"{part} {operation} {name}")
    for part in COMMANDS
    for _, name, operations in documented_rights(part)
    for operation in operations
]


def publish_letters(cluster: Cluster) -> None:
    """Write a dead letter of each topic that one can come from, and that some other was sent again."""
    producer = KafkaProducer(bootstrap_servers=cluster.servers)
    for origin in (cluster.topics.raw.name, cluster.topics.feedback.name):
        told = {"reason": "invalid_json", "error": "it is none", "topic": origin, "partition": "0", "offset": "0"}
        headers = [(name, value.encode()) for name, value in (told | {"attempt": "1"}).items()]
        producer.send(cluster.topics.dead_letter.name, value=b"{", partition=0, headers=headers)
    producer.close()
    cluster.publish([(b"another", b"{}")], topic=cluster.topics.redriven.name)


@pytest.mark.parametrize(("part", "name", "operation"), RIGHTS)
def test_part_without_one_of_its_rights_ends_and_says_that_it_is_missing(
    cluster: Cluster, allow: Allow, tickertape: Tickertape, part: str, name: str, operation: str
) -> None:
    publish_letters(cluster)
    if part == "exactly-once":
        allow("worker")
    allow(part, but=name, operation=operation)

    done = tickertape(
        *COMMANDS[part],
        given=STANDARD_INPUT.get(part, ""),
        DELIVERY="exactly_once" if part == "exactly-once" else "at_least_once",
    )

    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "right" in done.stderr.splitlines()[-1] or "does not give this user" in done.stderr.splitlines()[-1]
