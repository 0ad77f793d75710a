"""What a worker that learns refuses at its start."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from kafka import KafkaProducer

from config.settings import TopicSettings
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics

pytestmark = pytest.mark.integration

Learning = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
StartWorker = Callable[..., Any]
MakeFeedback = Callable[..., bytes]

QUICK = {"ONLINE_SNAPSHOT_SECONDS": 0.2}
UNCORRECTABLE_WORKER = """
import argparse, sys
from types import SimpleNamespace
from stream import app
from stream.commands import worker

load = app.load_predictor
app.load_predictor = lambda store: SimpleNamespace(model=load(store).model)
sys.exit(worker.run(argparse.Namespace(quality=None)))
"""


def test_snapshot_of_feedback_that_is_gone_is_refused_at_the_start(
    learning: Learning, start_worker: StartWorker, make_feedback: MakeFeedback
) -> None:
    producer = KafkaProducer(bootstrap_servers=learning.cluster.servers)
    producer.send(learning.topics.online.name, key=b"sha", value=b"?", headers=[("feedback-offset", b"3")])
    producer.close()
    learning.say([make_feedback(number, label="IPO", text=f"shop {number}") for number in range(3)])

    with pytest.raises(
        AssertionError, match=r"(?s)ended with 1:.*up to offset 3, but .* ends before 3: it was made anew"
    ):
        start_worker(**QUICK)
    learning.say([make_feedback(0, label="IPO", text="shop 0")])

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


def test_model_that_can_not_be_corrected_is_refused_at_the_start(start_worker: StartWorker) -> None:
    with pytest.raises(AssertionError, match=r"(?s)ended with 1:.*can't be corrected: set ONLINE_ENABLED=false"):
        start_worker(command=("-c", UNCORRECTABLE_WORKER))
