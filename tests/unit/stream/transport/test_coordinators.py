"""A producer asks for its coordinators again where its question was lost, and not where it is refused."""

import pytest
from aiokafka.errors import (
    CoordinatorNotAvailableError,
    KafkaConnectionError,
    KafkaError,
    TransactionalIdAuthorizationFailed,
)

from stream.transport.coordinators import keep_looking


class Client:
    """Looks coordinators up as aiokafka's client does, and fails if it is told to."""

    def __init__(self, failure: KafkaError | None = None) -> None:
        self._failure = failure

    async def coordinator_lookup(self, kind: int, key: str) -> tuple[int, str]:
        if self._failure is not None:
            raise self._failure
        return kind, key


async def test_question_that_is_lost_counts_as_answered_with_none() -> None:
    client = Client(KafkaConnectionError("closed"))
    keep_looking(client)

    with pytest.raises(CoordinatorNotAvailableError):
        await client.coordinator_lookup(1, "id")


async def test_refusal_stays_one() -> None:
    client = Client(TransactionalIdAuthorizationFailed("id"))
    keep_looking(client)

    with pytest.raises(TransactionalIdAuthorizationFailed):
        await client.coordinator_lookup(1, "id")


async def test_answer_is_passed_on() -> None:
    client = Client()
    keep_looking(client)

    assert await client.coordinator_lookup(1, "id") == (1, "id")
