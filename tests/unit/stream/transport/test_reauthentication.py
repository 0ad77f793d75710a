from typing import Any

import pytest

from models.errors import BrokerError
from stream.kafka.connection import KafkaConnection, Sasl
from stream.transport.reauthentication import watch_authentication

KAFKA = KafkaConnection("127.0.0.1:1", sasl=Sasl("SCRAM-SHA-512", "worker", "x"))
WHY = "Kafka at 127.0.0.1:1 refuses the user"


class Client:
    """Stands for aiokafka's client: connects or not, and counts how often it was asked to."""

    def __init__(self, connection: object = None) -> None:
        self.connection, self.asked = connection, 0

    async def _get_conn(self, node: int, **_: Any) -> Any:
        del node
        self.asked += 1
        return self.connection


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the cluster answers who asks whether it is let in; an answer is used once."""
    answers = [WHY]

    async def refusal(_: KafkaConnection) -> str:
        return answers.pop()

    monkeypatch.setattr("stream.transport.reauthentication.refusal", refusal)
    monkeypatch.setattr("stream.transport.reauthentication.REFUSED_PAUSE_SECONDS", 0.0)
    return answers


async def test_client_that_is_refused_is_told_of_once_and_tries_no_more(asked: list[str]) -> None:
    client, told = Client(), list[BrokerError]()
    watch_authentication(client, KAFKA, told.append)

    found = [await client._get_conn(1) for _ in range(5)]

    assert ([str(error) for error in told], found, client.asked, asked) == ([WHY], [None] * 5, 1, [])


async def test_client_goes_on_where_kafka_is_only_away(asked: list[str]) -> None:
    asked[:] = ["", "", ""]
    client, told = Client(), list[BrokerError]()
    watch_authentication(client, KAFKA, told.append)

    found = [await client._get_conn(1) for _ in range(3)]
    client.connection = "connected"

    assert (found, await client._get_conn(1), told, client.asked) == ([None] * 3, "connected", [], 4)


async def test_client_that_connects_asks_nothing(asked: list[str]) -> None:
    client = Client("connected")
    watch_authentication(client, KAFKA, list[BrokerError]().append)

    assert (await client._get_conn(1), asked) == ("connected", [WHY])
