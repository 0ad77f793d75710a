"""Kafka's client as the drift process uses it: Ctrl-C never cuts one of its calls, and none takes long."""

from collections.abc import Callable
from typing import Any

from stream.kafka.interrupts import Interrupts

CALL_MS = 1_500  # a broker answers in some ms; a call that takes longer would hold up Ctrl-C
CLOSE_MS = 200


class HeldClient:
    """Has the methods of a consumer or a producer of kafka-python, and holds interrupts back in each call.

    Args:
        client: the consumer or producer.
        interrupts: are raised after a call in which they came.
    """

    def __init__(self, client: Any, interrupts: Interrupts) -> None:  # noqa: ANN401  # kafka-python has no usable types
        self._client, self._interrupts = client, interrupts

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Give the client's method of this name."""
        method = getattr(self._client, name)

        def call(*positional: Any, **named: Any) -> Any:  # noqa: ANN401  # as above
            with self._interrupts.held():
                return method(*positional, **named)

        return call
