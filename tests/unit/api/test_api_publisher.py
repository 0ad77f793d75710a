import asyncio
import logging
import socket
from collections.abc import Iterator

import pytest

from api.publisher import KafkaPublisher
from api.request_errors import FeedbackNotDeliveredError
from models.feedback import Feedback
from models.taxonomy import Label
from stream.kafka.connection import KafkaConnection

GIVEN = [Feedback("7", "desk", "2026-01-31T09:30:00Z", label=Label.IPO, text="the secret")]


@pytest.fixture
def silent_server() -> Iterator[str]:
    """host:port where connections are taken, by the system, and never answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


async def failure_of(servers: str, timeout_seconds: float) -> FeedbackNotDeliveredError:
    publisher = KafkaPublisher(kafka=KafkaConnection(servers), topic="t", timeout_seconds=timeout_seconds)
    try:
        with pytest.raises(FeedbackNotDeliveredError) as refused:
            await publisher.publish(GIVEN)
        return refused.value
    finally:
        await publisher.close()


@pytest.mark.parametrize("servers", ["127.0.0.1:9", "nonsense", "a:b:c", "127.0.0.1:9, 127.0.0.1:8"])
async def test_servers_that_are_no_kafka_are_told_with_what_to_do(
    servers: str, caplog: pytest.LogCaptureFixture
) -> None:
    refused = await failure_of(servers, timeout_seconds=30)

    [event] = [record for record in caplog.records if record.name == "api.publisher"]
    assert str(refused).startswith("no feedback was taken, as no Kafka answers: start one with `tickertape broker`")
    assert servers not in str(refused)
    assert (event.levelno, event.getMessage()) == (logging.WARNING, "feedback_not_delivered")
    assert (event.kafka, event.acknowledged, event.elements) == (servers, 0, 1)
    assert "the secret" not in caplog.text


async def test_a_server_that_never_answers_is_given_up(silent_server: str) -> None:
    refused = await failure_of(silent_server, timeout_seconds=0.05)

    assert str(refused).startswith("no feedback was taken, as no Kafka answers")


async def test_requests_that_wait_for_the_same_connection_are_all_given_up(silent_server: str) -> None:
    publisher = KafkaPublisher(kafka=KafkaConnection(silent_server), topic="t", timeout_seconds=0.05)
    outcomes = await asyncio.gather(*[publisher.publish(GIVEN) for _ in range(5)], return_exceptions=True)
    await publisher.close()

    assert [type(outcome) for outcome in outcomes] == [FeedbackNotDeliveredError] * 5


async def test_a_publisher_that_was_never_used_is_closed_without_a_connection() -> None:
    publisher = KafkaPublisher(kafka=KafkaConnection("nonsense"), topic="t")

    await publisher.close()

    assert publisher._producer is None
