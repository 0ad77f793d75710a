"""Quix Streams, as its guide has it: one function a message, two outputs; a checkpoint waits for all deliveries."""

from typing import Any

from peers.answering import Answer, Headers, Place, answerer, task
from quixstreams import Application, message_context


def main() -> None:
    """Answer until stopped."""
    its_task = task()
    topics, answer = its_task.topics, answerer(its_task.topics)
    app = Application(
        broker_address=its_task.servers,
        consumer_group=its_task.group,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        loglevel="WARNING",
        producer_extra_config={"linger.ms": 5, "batch.size": 1_000_000},
    )
    raw = app.topic(topics.raw.name, value_deserializer="bytes")
    classified = app.topic(topics.classified.name, value_serializer="bytes")
    sentiment = app.topic(topics.sentiment.name, value_serializer="bytes")

    def classify(value: bytes) -> Answer:
        context = message_context()
        return answer([value], [Place(context.partition, context.offset)])[0]

    answers = app.dataframe(raw).apply(classify)
    answers.set_headers(_classified_headers).apply(lambda output: output.classified).to_topic(classified)
    answers.set_headers(_sentiment_headers).apply(lambda output: output.sentiment).to_topic(sentiment)
    app.run()


def _classified_headers(output: Answer, _key: Any, _timestamp: int, _headers: Any) -> Headers:
    return output.classified_headers


def _sentiment_headers(output: Answer, _key: Any, _timestamp: int, _headers: Any) -> Headers:
    return output.sentiment_headers


if __name__ == "__main__":
    main()
