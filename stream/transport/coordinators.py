"""Look for a transaction's coordinator until one answers."""

from typing import Any

from aiokafka.errors import CoordinatorNotAvailableError, KafkaError


def keep_looking(client: Any) -> None:  # noqa: ANN401  # aiokafka has no types
    """Let a producer ask for its coordinators again where a connection breaks meanwhile.

    aiokafka does so where Kafka says that there is none, and ends the producer for good where its question is lost (0.14.0).

    Args:
        client: of a producer with transactions.
    """
    look_up = client.coordinator_lookup

    async def look_up_or_say_there_is_none(kind: Any, key: str) -> Any:  # noqa: ANN401  # as above
        try:
            return await look_up(kind, key)
        except KafkaError as exc:
            if exc.retriable:
                raise CoordinatorNotAvailableError from exc
            raise

    client.coordinator_lookup = look_up_or_say_there_is_none
