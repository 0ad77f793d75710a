"""Which topics wait for Kafka to take the records that a worker has sent there."""

from typing import Any

from stream.transport.chunked_app import ChunkedApp


def awaited_topics(app: ChunkedApp) -> list[str]:
    """Give the topics whose records Kafka has not taken yet; ask in the app's own event loop."""
    in_transactions = set() if app.transactions is None else app.transactions.awaited_topics()
    return sorted(_unacknowledged(app.producer) | in_transactions)


def _unacknowledged(producer: Any) -> set[str]:  # noqa: ANN401  # faust has no usable types
    """Give the topics on the way of Faust's producer; one whose sender has died waits for nothing."""
    sending = producer._producer  # noqa: SLF001  # faust and aiokafka have no seam for it
    if sending is None or sending._sender.sender_task is None or sending._sender.sender_task.done():  # noqa: SLF001  # as above
        return set()
    accumulated = sending._message_accumulator  # noqa: SLF001  # as above
    on_their_way = {batch.tp for batch in accumulated._pending_batches}  # noqa: SLF001  # as above
    queued = {tp for tp, batches in accumulated._batches.items() if batches}  # noqa: SLF001  # as above
    return {tp.topic for tp in on_their_way | queued} | {topic for topic, calls in producer.queueing.items() if calls}
