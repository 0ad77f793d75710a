"""Bytewax: whole batches through one step, one sink for both outputs, which flushes each batch; recovery is on."""

import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from peers.answering import Place, answerer, task

from config.settings import ProjectSettings

BATCH_TWEETS = 2_000
EPOCH = timedelta(seconds=1)  # how often what is done is noted


def create_flow() -> Dataflow:
    """Wire source, step and sink."""
    its_task = task()
    topics, answer = its_task.topics, answerer(its_task.topics)

    def classify(records: list[Any]) -> Iterable[KafkaSinkMessage[bytes, bytes]]:
        places = [Place(record.partition, record.offset) for record in records]
        for output in answer([record.value for record in records], places):
            # The sink has no say in the partition: the key chooses it.
            yield KafkaSinkMessage(output.key, output.classified, topics.classified.name, output.classified_headers)
            yield KafkaSinkMessage(output.key, output.sentiment, topics.sentiment.name, output.sentiment_headers)

    flow = Dataflow("classify")
    servers = [its_task.servers]
    source = KafkaSource(servers, [topics.raw.name], batch_size=BATCH_TWEETS)
    outputs = op.flat_map_batch("classify", op.input("read", flow, source), classify)
    sending = {"linger.ms": "5", "batch.size": "1000000", "queue.buffering.max.messages": "1000000"}
    op.output("write", outputs, KafkaSink(servers, None, add_config=sending))
    return flow


def main() -> None:
    """Answer until stopped."""
    # Inside the run's own folder, which the referee removes: SIGTERM ends this process at once.
    with tempfile.TemporaryDirectory(dir=ProjectSettings().home) as folder:
        init_db_dir(Path(folder), 1)
        cli_main(create_flow(), epoch_interval=EPOCH, recovery_config=RecoveryConfig(folder))


if __name__ == "__main__":
    main()
