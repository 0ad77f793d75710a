"""Plain Faust, event by event: the agent of its tutorial, with our headers. Faust flushes its producer before it commits."""

import sys
from typing import Any

import faust
from peers.answering import Place, answerer, task


def create_app() -> faust.App:
    """Wire one agent, with Faust's defaults but for the web server, which needs a port."""
    its_task = task()
    topics, answer = its_task.topics, answerer(its_task.topics)
    app = faust.App(
        its_task.group,
        broker=[f"kafka://{its_task.servers}"],
        store="memory://",
        topic_disable_leader=True,
        topic_allow_declare=False,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
    )
    as_bytes = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    raw, classified, sentiment = (
        app.topic(topic.name, **as_bytes) for topic in (topics.raw, topics.classified, topics.sentiment)
    )

    async def classify(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            [output] = answer([event.value], [Place(message.partition, message.offset)])
            await classified.send(
                key=output.key,
                value=output.classified,
                partition=message.partition,
                headers=output.classified_headers,
            )
            await sentiment.send(
                key=output.key, value=output.sentiment, partition=message.partition, headers=output.sentiment_headers
            )

    app.agent(raw, name="classify")(classify)
    return app


def main() -> None:
    """Answer until stopped."""
    worker = faust.Worker(create_app(), quiet=True, redirect_stdouts=False, loglevel="WARNING")
    worker.spinner = None
    worker.execute_from_commandline()


if __name__ == "__main__":
    sys.exit(main())
