"""Frozen settings groups, one environment prefix each; with the modules beside it the sole reader of the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from config.group import SettingsGroup, TopicName, UserPath


class ProjectSettings(SettingsGroup):
    """Where things lie on this machine, and how the processes log."""

    model_config = SettingsConfigDict(env_prefix="TICKERTAPE_")

    home: UserPath = Path(".tickertape")
    """Folder for what the project writes while it runs: Kafka's data, logs, the MLflow store."""
    data_dir: UserPath = Path("data")
    """Folder with the labelled tweets; `tickertape fetch-data` writes here."""
    hub_url: str = "https://huggingface.co"
    """The public hub that `tickertape fetch-data` downloads the labelled tweets from."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe log level that is written."""
    log_json: bool = False
    """Write one JSON object a line instead of text."""


class KafkaSettings(SettingsGroup):
    """How every process reaches Kafka."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_")

    bootstrap_servers: Annotated[str, Field(min_length=1)] = "127.0.0.1:9092"
    """Comma-separated host:port list. When it is set, nothing starts an embedded broker."""

    @property
    def is_given(self) -> bool:
        """True when the environment names a cluster, so that none is embedded."""
        return "bootstrap_servers" in self.model_fields_set


class BrokerSettings(SettingsGroup):
    """The embedded Apache Kafka for development, demo and tests."""

    model_config = SettingsConfigDict(env_prefix="BROKER_")

    heap_mb: Annotated[int, Field(ge=128, le=65536)] = 512
    """Java heap limit, in MiB."""
    cache_dir: UserPath = Path("~/.cache/tickertape").expanduser()
    """Folder for the downloaded jars and Java's start-up cache, shared by all checkouts."""
    maven_repository: str = ""
    """URL of a Maven repository to use instead of Maven Central."""
    jars_dir: UserPath | None = None
    """Folder that already holds the jars; nothing is downloaded then."""


class TopicSettings(SettingsGroup):
    """Topic names, partitions and retention."""

    model_config = SettingsConfigDict(env_prefix="TOPICS_")

    prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{0,50}$")] = ""
    """Put before every topic name, so that several installations can share a cluster."""
    raw: TopicName = "tweets.raw"
    """Input: tweets in X API v2 shape."""
    classified: TopicName = "tweets.classified"
    """Output: one classified tweet for each input tweet."""
    sentiment: TopicName = "tweets.sentiment"
    """Output: sentiment only, small."""
    dead_letter: TopicName = "tweets.dead-letter"
    """Output: what could not be read, with the reason."""
    redriven: TopicName = "tweets.redriven"
    """Output: which dead letters were sent through the stream again."""
    metrics: TopicName = "tweets.metrics"
    """Output: each change of the model that answers, or its refusal."""
    to_label: TopicName = "tweets.to-label"
    """Output: tweets whose label is worth having."""
    feedback: TopicName = "tweets.feedback"
    """Input: labels and sentiments that people give to tweets."""
    labelled: TopicName = "tweets.labelled"
    """Output: the feedback that was learned, with its texts."""
    online: TopicName = "models.online"
    """Output: snapshots of the online model."""
    drift: TopicName = "tweets.drift"
    """Output: what became of each window of tweets that was compared with the reference."""
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 4
    """Partitions of a topic that is created."""
    replication_factor: Annotated[int, Field(ge=1, le=10)] = 1
    """Copies of each partition of a topic that is created."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 7
    """Days that created topics keep tweets and answers."""
    dead_letter_retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days that the dead-letter topic keeps what could not be read."""
    metrics_retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days that the metrics topic keeps changes of the model."""
    drift_retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days that the drift topic keeps what became of windows."""


class StreamSettings(SettingsGroup):
    """The worker."""

    model_config = SettingsConfigDict(env_prefix="STREAM_")

    delivery: Annotated[Literal["at_least_once", "exactly_once"], Field(validation_alias="DELIVERY")] = "at_least_once"
    """What a crash may cost: `at_least_once` repeats some outputs, each with the same `ce_id`; `exactly_once` sends outputs
    and offsets in Kafka transactions, and consumers that read only what is committed see each tweet once."""
    group: Annotated[str, Field(min_length=1, max_length=200)] = "tickertape"
    """Consumer group: workers of one group share the partitions."""
    chunk_size_tweets: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Most tweets that are classified and delivered as one step."""
    compiled: bool = True
    """Read and write tweets in compiled passes; the plain way, record by record, gives the same bytes."""
    buffer_chunks: Annotated[int, Field(ge=1, le=1000)] = 8
    """Most chunks that wait in memory for the classifier."""
    chunks_in_flight: Annotated[int, Field(ge=1, le=1000)] = 4
    """Most chunks whose outputs are on their way to Kafka while the next is classified; twelve times as many with
    `DELIVERY=exactly_once`."""
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = "none"
    """How outputs are compressed: less to send and to keep, for processor time."""
    batch_max_bytes: Annotated[int, Field(ge=1024, le=8_388_608)] = 917_504
    """Most bytes sent to a partition at once; less where an output topic's `max.message.bytes` is smaller."""
    fetch_max_bytes: Annotated[int, Field(ge=65_536, le=104_857_600)] = 1_048_576
    """Most bytes a fetch brings from one partition."""
    fetch_max_wait_ms: Annotated[int, Field(ge=1, le=1500)] = 20
    """Longest time the broker holds an empty fetch, in milliseconds."""
    session_timeout_seconds: Annotated[float, Field(ge=6, le=300)] = 10.0
    """After this silence of a worker its partitions go to another."""
    isolation_level: Literal["read_committed", "read_uncommitted"] = "read_committed"
    """Whether tweets of an upstream transaction that was aborted are read."""
    top_k: Annotated[int, Field(ge=1, le=20)] = 3
    """Labels with their probability in each output record."""
    stall_seconds: Annotated[float, Field(ge=1, le=3600)] = 25.0
    """A worker that has lag and answers nothing for so long, though Kafka is well, starts itself again."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port on which a worker shows its metrics to Prometheus, and whether it gets on, on all addresses; 0 for none."""


class OnlineSettings(SettingsGroup):
    """The online model, which learns from labels while the worker runs."""

    model_config = SettingsConfigDict(env_prefix="ONLINE_")

    enabled: bool = True
    """Whether workers learn from feedback, and worker and API answer with what was learned."""
    snapshot_seconds: Annotated[float, Field(ge=0.1, le=60)] = 2.0
    """Least time between two snapshots of what was learned; labels count for all workers after the next one."""
    remembered_labels: Annotated[int, Field(ge=1, le=100_000)] = 20_000
    """Labelled tweets that the learner knows by their ids, to find duplicates and contradictions; the latest ones."""


class LabellingSettings(SettingsGroup):
    """Which tweets a worker sends out for labelling."""

    model_config = SettingsConfigDict(env_prefix="LABELLING_")

    per_minute: Annotated[float, Field(ge=0, le=100_000)] = 10.0
    """Most tweets that one worker sends out in a minute, on average; 0 for none."""
    random_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of the tweets that is drawn at random; half of the budget at most."""
    uncertain_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of the tweets that is sent because the model is least sure of them; disputed ones come beside them."""
    kept_tweets: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    """Tweets sent out that the learner keeps in memory until their labels come; the latest ones."""


class RegistrySettings(SettingsGroup):
    """The MLflow model registry."""

    model_config = SettingsConfigDict(env_prefix="MLFLOW_")

    tracking_uri: str = ""
    """MLflow store; empty means `sqlite:///` with `mlflow.db` in TICKERTAPE_HOME."""
    model_name: Annotated[str, Field(min_length=1)] = "tickertape"
    """Name of the registered model."""
    model_alias: Annotated[str, Field(min_length=1)] = "champion"
    """Alias of the version that answers."""
    poll_seconds: Annotated[float, Field(ge=0, le=3600)] = 5.0
    """Time between two looks at the aliases by worker and API; 0 keeps the version that they started with, and compares
    no challenger."""

    def uri(self, home: Path) -> str:
        """Give the store's URI; without a setting, the sqlite file under the project's home."""
        return self.tracking_uri or f"sqlite:///{(home / 'mlflow.db').absolute()}"


class ModelSettings(SettingsGroup):
    """What worker and API make of a model's probabilities."""

    model_config = SettingsConfigDict(env_prefix="MODEL_")

    abstain_below: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The label is `other` where no topic is at least this probable; 0 never abstains."""
    target_error_rate: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Abstain so often that about this share of the other labels is wrong; 0 sets no target."""

    quality: Literal["fast", "careful"] = "fast"
    """Who answers: the fast model alone, or also its teacher where the fast one is least sure."""
    careful_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of tweets that the teacher is to see, of tweets like those the model was measured on."""
    careful_tweets_per_second: Annotated[float, Field(ge=1, le=100_000)] = 100.0
    """Most tweets that the teacher of one process sees in a second; the fast model answers the others alone."""
    careful_wait_ms: Annotated[float, Field(gt=0, le=10_000)] = 100.0
    """Longest time that one chunk or request waits for the teacher, in milliseconds."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.abstain_below and self.target_error_rate:
            raise ValueError("MODEL_ABSTAIN_BELOW and MODEL_TARGET_ERROR_RATE are both set: set one of them")
        return self


class DemoSettings(SettingsGroup):
    """`tickertape demo`."""

    model_config = SettingsConfigDict(env_prefix="DEMO_")

    seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    """Seconds after which the demo ends by itself; 0 means at Ctrl-C."""
    rate: Annotated[float, Field(gt=0, le=10_000)] = 200.0
    """Tweets a second that the generator publishes."""


def set_for_this_process(**variables: str) -> None:
    """Set variables of the environment, for this process and those that it starts."""
    os.environ.update(variables)


def child_environment(**variables: str) -> dict[str, str]:
    """Give this process's environment with some variables set, for a process that it starts."""
    return {**os.environ, **variables}
