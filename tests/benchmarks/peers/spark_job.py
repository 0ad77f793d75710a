"""Spark Structured Streaming: Arrow batches through one Python function, one Kafka sink for both outputs."""

import os
import sys
import tempfile
from pathlib import Path

from peers.answering import task
from peers.spark_batches import SCHEMA, classify
from pyspark.sql import SparkSession

from config.settings import ProjectSettings
from stream.broker.jars import Jar, install_jars

TWEETS_A_TRIGGER = "50000"  # of a micro-batch, whose outputs are all delivered before its offsets count
BATCH_TWEETS = "2000"
JARS = (  # Spark's own way to them, Ivy, knows neither the proxy of the environment nor hashes
    Jar(
        "org.apache.spark",
        "spark-sql-kafka-0-10_2.13",
        "4.1.1",
        "9c1ce986f548e6b1dcb0e2dfe2f253a0bc58f2232a32a0c9c6c674dd25a8570c",
        491_694,
    ),
    Jar(
        "org.apache.spark",
        "spark-token-provider-kafka-0-10_2.13",
        "4.1.1",
        "e510adc37b03d01d0a190d0dab472b5538e05eaa77454f7e9477156d7a6820ae",
        66_579,
    ),
    Jar(
        "org.apache.commons",
        "commons-pool2",
        "2.12.1",
        "5273c8bc8c0dca2211175c0d27efbd7228efae99689aac001a8e1ef8e872e9ef",
        152_289,
    ),
    Jar(
        "org.apache.kafka",
        "kafka-clients",
        "3.9.1",
        "7568b998572d256f0b7bc0afdc1b7a2588b8b08415c62ce314c864a6851ae9d9",
        9_215_194,
    ),
)


def main() -> None:
    """Answer until stopped."""
    its_task = task()
    os.environ["PYSPARK_PYTHON"] = sys.executable  # else Spark takes the first python3 in the PATH for its workers
    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.jars", ",".join(map(str, install_jars(Path(sys.prefix) / "spark-jars", jars=JARS))))
        .config("spark.ui.enabled", "false")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", BATCH_TWEETS)
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    server = {"kafka.bootstrap.servers": its_task.servers}
    raw = (
        spark.readStream.format("kafka")
        .options(**server, subscribe=its_task.topics.raw.name, startingOffsets="earliest")
        .option("maxOffsetsPerTrigger", TWEETS_A_TRIGGER)
        .load()
        .select("value", "partition", "offset")
    )
    # Inside the run's own folder, which the referee removes: SIGTERM ends this process at once.
    with tempfile.TemporaryDirectory(dir=ProjectSettings().home) as checkpoints:
        answers = raw.mapInArrow(classify, SCHEMA).writeStream.format("kafka")
        answers.options(**server, checkpointLocation=checkpoints).start().awaitTermination()


if __name__ == "__main__":
    main()
