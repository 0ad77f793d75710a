"""Show everything at once: a real Kafka, a worker, the API, a feed of made-up tweets, and the answers as they come.

Needs no account, no Docker and no installed Java. Ends on Ctrl-C, or by itself after DEMO_SECONDS, and leaves nothing
running. With KAFKA_BOOTSTRAP_SERVERS set it uses that cluster, with topics of its own (prefix `demo.`).
"""

import argparse
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from config.api import ApiSettings
from config.commands import DONE, configure_logging
from config.kafka import KafkaSecuritySettings
from config.settings import (
    BrokerSettings,
    DemoSettings,
    KafkaSettings,
    ProjectSettings,
    TopicSettings,
    child_environment,
)
from models.errors import SettingsError
from stream.broker import BrokerOptions, EmbeddedKafka, show_progress
from stream.broker.probe import is_free
from stream.commands.cluster import kafka_of_settings
from stream.commands.home import home_folder
from stream.demo import Tally, count_outputs, running_parts, show
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics

DEMO_PREFIX = "demo."  # keeps made-up tweets out of the topics of a cluster that others use
DEMO_GROUP = "tickertape-demo"

EXAMPLE = '{"texts": [{"text": "$AAPL beats estimates and raises its dividend"}]}'
LABEL = (
    '{"feedback": [{"tweet_id": "1", "label": "Dividend", "text": "$AAPL beats estimates and raises its dividend"}]}'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The demo takes its few settings from the environment: DEMO_SECONDS, DEMO_RATE."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C or the end of its time."""
    del arguments
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    console = Console(highlight=False, emoji=False, markup=False)
    demo, settings = DemoSettings(), KafkaSettings()
    configure_logging("WARNING", as_json=ProjectSettings().log_json)  # the screen tells what goes well
    folder = home_folder("demo")
    tally = None
    try:
        with _kafka(settings, folder, console) as kafka:
            topic_settings = TopicSettings()
            if settings.is_given and not topic_settings.prefix:
                topic_settings = TopicSettings(prefix=DEMO_PREFIX)
            topics = declare_topics(topic_settings)
            ensure_topics(kafka, topics.all)
            tally = count_outputs(kafka, topics, started=started)
            variables = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TOPICS_PREFIX": topic_settings.prefix}
            environment = child_environment(**variables, STREAM_GROUP=DEMO_GROUP)
            console.print("starting worker and API (the first start on a machine compiles for a minute) ...")
            port = ApiSettings().port
            with running_parts(
                environment=environment, folder=folder, api_port=port if is_free(port) else 0, rate=demo.rate
            ) as (parts, url):
                _explain(console, url, variables, seconds=demo.seconds, after_seconds=time.monotonic() - started)
                show(tally, parts, console=console, seconds=demo.seconds)
    except KeyboardInterrupt:
        pass
    _sum_up(console, tally)
    return DONE


@contextmanager
def _kafka(settings: KafkaSettings, folder: Path, console: Console) -> Iterator[KafkaConnection]:
    if settings.is_given:
        console.print(f"using Kafka at {settings.bootstrap_servers}")
        yield kafka_of_settings()
        return
    if (protocol := KafkaSecuritySettings().security_protocol) != "PLAINTEXT":
        raise SettingsError(
            f"KAFKA_SECURITY_PROTOCOL={protocol} is for a cluster of yours: set KAFKA_BOOTSTRAP_SERVERS to it, or unset both "
            "for an embedded Kafka"
        )
    broker = BrokerSettings()
    options = BrokerOptions(
        data_dir=folder / "kafka",
        cache_dir=broker.cache_dir,
        heap_mb=broker.heap_mb,
        maven_repository=broker.maven_repository,
        jars_dir=broker.jars_dir,
    )
    console.print("starting a real Apache Kafka ...")
    with show_progress(console) as progress, EmbeddedKafka(options, progress=progress) as kafka:
        console.print(f"Kafka {kafka.version} answers at {kafka.bootstrap_servers}")
        yield KafkaConnection(kafka.bootstrap_servers)


def _explain(console: Console, url: str, variables: dict[str, str], *, seconds: float, after_seconds: float) -> None:
    words = " ".join(f"{name}={value}" for name, value in variables.items() if value)
    console.print(f"all parts are ready after {after_seconds:.1f} s; the feed starts. In another terminal, try:\n")
    console.print(f"  open {url}/       the stream as it comes, in a browser")
    console.print(f"  open {url}/docs   the API")
    console.print(f"  curl -s {url}/predict -H 'Content-Type: application/json' -d '{EXAMPLE}'", soft_wrap=True)
    console.print(f"  curl -s {url}/feedback -H 'Content-Type: application/json' -d '{LABEL}'", soft_wrap=True)
    console.print(f"  {words} .venv/bin/tickertape tail\n", soft_wrap=True)
    console.print(f"It ends {f'after {seconds:g} s, or ' if seconds else ''}with Ctrl-C.\n")


def _sum_up(console: Console, tally: Tally | None) -> None:
    if tally is None or tally.first_after_seconds is None:
        console.print("ended before the first tweet was classified; nothing is left running")
        return
    console.print(
        f"{tally.classified:,} tweets classified, {tally.dead_letters:,} dead letters, "
        f"the first answer {tally.first_after_seconds:.1f} s after the start; "
        "everything is stopped, nothing is left running",
        soft_wrap=True,
    )
