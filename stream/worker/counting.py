"""Counts a chunk once its answers are delivered."""

import time
from typing import Any

from monitoring.recording import record_chunk
from stream.worker.classify import Answer


class CountedChunk:
    """Implements `stream.transport.delivery.Event`: the event of a chunk, which is counted when it is acknowledged.

    Args:
        event: of a `stream.batching.ChunkMessage`.
        answer: what became of the chunk.
    """

    __slots__ = ("_answer", "_event")

    def __init__(self, event: Any, answer: Answer) -> None:  # noqa: ANN401  # faust has no usable types
        self._event = event
        self._answer = answer

    def ack(self) -> None:
        """Acknowledge the chunk and count it."""
        self._event.ack()
        message, answer = self._event.message, self._answer
        now = time.time()
        first_ms: int | None = message.value[0].timestamp
        record_chunk(
            classified=answer.classified,
            refused=answer.refused,
            scorer_seconds=answer.scorer_seconds,
            chunk_seconds=max(0.0, now - message.fetched_at),
            latency_seconds=None if first_ms is None or first_ms < 0 else now - first_ms / 1000,
        )

    def leave(self) -> None:
        """Let go of the chunk, which counts where it is classified again."""
        self._event.ack()
