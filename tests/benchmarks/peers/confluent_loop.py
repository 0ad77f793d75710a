"""The limit: a consumer, a producer and nothing between, by hand on librdkafka; batches, no dead letters, no rebalance."""

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from peers.answering import Place, answerer, task

BATCH_TWEETS = 2_000
COMMIT_EVERY_TWEETS = 100_000  # all acks are awaited before a commit, and the loop stands still meanwhile


def main() -> None:
    """Answer until stopped."""
    its_task = task()
    topics, answer = its_task.topics, answerer(its_task.topics)
    consumer = Consumer(
        {
            "bootstrap.servers": its_task.servers,
            "group.id": its_task.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.message.max.bytes": 1 << 20,
            "queued.min.messages": 100_000,
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": its_task.servers,
            "linger.ms": 5,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 1_000_000,
            "delivery.report.only.error": True,
            "on_delivery": stop,
        }
    )
    consumer.subscribe([topics.raw.name])
    uncommitted = 0
    while True:
        records = [record for record in consumer.consume(BATCH_TWEETS, timeout=0.5) if record.error() is None]
        places = [Place(record.partition(), record.offset()) for record in records]
        for place, output in zip(places, answer([record.value() for record in records], places), strict=True):
            key, partition = output.key, place.partition
            producer.produce(
                topics.classified.name,
                output.classified,
                key=key,
                partition=partition,
                headers=output.classified_headers,
            )
            producer.produce(
                topics.sentiment.name, output.sentiment, key=key, partition=partition, headers=output.sentiment_headers
            )
        producer.poll(0)
        uncommitted += len(records)
        if uncommitted >= COMMIT_EVERY_TWEETS or (uncommitted and not records):
            producer.flush()
            consumer.commit(asynchronous=True)
            uncommitted = 0


def stop(error: KafkaError | None, message: Message) -> None:
    """End at the first output that was not delivered."""
    del message
    if error is not None:
        raise KafkaException(error)


if __name__ == "__main__":
    main()
