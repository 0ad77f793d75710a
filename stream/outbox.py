"""Whether a producer waits for Kafka, or Kafka for the producer."""

from typing import Any


def awaited_topics(producer: Any) -> list[str]:  # noqa: ANN401  # faust has no usable types
    """Give the topics whose records Kafka has not acknowledged yet; ask in the producer's own event loop.

    Args:
        producer: Faust's; one whose sender has died waits for nothing.
    """
    sending = producer._producer  # noqa: SLF001  # faust and aiokafka have no seam for it
    if sending is None or sending._sender.sender_task is None or sending._sender.sender_task.done():  # noqa: SLF001  # as above
        return []
    accumulated = sending._message_accumulator  # noqa: SLF001  # as above
    on_their_way = {batch.tp for batch in accumulated._pending_batches}  # noqa: SLF001  # as above
    queued = {tp for tp, batches in accumulated._batches.items() if batches}  # noqa: SLF001  # as above
    return sorted({tp.topic for tp in on_their_way | queued})
