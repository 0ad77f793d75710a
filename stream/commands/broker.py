"""Start a real Apache Kafka on this machine, without Docker or an installed Java.

The first start downloads Kafka's jars (45 MB) into the cache folder; later ones need no network. It runs until Ctrl-C
or SIGTERM. Topics are kept in the data folder. For development, demo and tests; see docs/how-to/kafka.md.
"""

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from config.commands import configure_logging
from config.settings import BrokerSettings, KafkaSettings, ProjectSettings
from models.errors import BrokerError
from stream.broker import BrokerOptions, EmbeddedKafka, show_progress

HIGHEST_PORT = 65_535
LEAST_HEAP_MB = 128


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add port, folders, memory and the form of the answer."""
    parser.add_argument(
        "--port", type=_port, metavar="N", help="port on 127.0.0.1 (default: 9092 if it is free, else any free one)"
    )
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="folder of topics and log (default: kafka in TICKERTAPE_HOME)"
    )
    parser.add_argument("--jars", type=Path, metavar="DIR", help="folder that holds the jars; nothing is downloaded")
    parser.add_argument(
        "--heap-mb", type=_heap_mb, metavar="N", help="limit of the Java heap in MiB (default: BROKER_HEAP_MB, 512)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object when Kafka is ready")


def run(arguments: argparse.Namespace) -> int:
    """Run the broker until it is told to stop; 0 when that was in order."""
    project, kafka_settings = ProjectSettings(), KafkaSettings()
    configure_logging(project.log_level, as_json=project.log_json)
    options = _options(arguments, project, BrokerSettings())
    console = Console(stderr=True, quiet=arguments.json)
    with _stopped_by_signals(), show_progress(console) as progress, EmbeddedKafka(options, progress=progress) as kafka:
        others = kafka_settings.bootstrap_servers
        answer = _as_json(kafka) if arguments.json else _as_text(kafka, others, is_given=kafka_settings.is_given)
        _announce(answer)
        kafka.wait()
    return 0


def _announce(answer: str) -> None:
    try:
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise BrokerError(f"Kafka is stopped again, since standard output can't be written ({exc.strerror})") from exc


def _options(arguments: argparse.Namespace, project: ProjectSettings, broker: BrokerSettings) -> BrokerOptions:
    return BrokerOptions(
        data_dir=arguments.data_dir or project.home / "kafka",
        cache_dir=broker.cache_dir,
        port=arguments.port,
        heap_mb=arguments.heap_mb or broker.heap_mb,
        maven_repository=broker.maven_repository,
        jars_dir=arguments.jars or broker.jars_dir,
    )


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the block in order.

    Both are set, also where SIGINT is ignored, as for a background job of a shell script. A second signal while Kafka
    stops makes it stop at once.
    """
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _as_text(kafka: EmbeddedKafka, others: str, *, is_given: bool) -> str:
    if others == kafka.bootstrap_servers:
        pointing = "The other commands find it by themselves."
    elif is_given:
        pointing = f"The others still use KAFKA_BOOTSTRAP_SERVERS={others}: set it to {kafka.bootstrap_servers}."
    else:
        pointing = f"Point the others at it: export KAFKA_BOOTSTRAP_SERVERS={kafka.bootstrap_servers}"
    return (
        f"Kafka {kafka.version} is ready at {kafka.bootstrap_servers} (data {_short(kafka.data_dir)}, "
        f"log {_short(kafka.log_file)}; Ctrl-C stops it). {pointing}"
    )


def _as_json(kafka: EmbeddedKafka) -> str:
    return json.dumps(
        {
            "bootstrap_servers": kafka.bootstrap_servers,
            "version": kafka.version,
            "pid": kafka.pid,
            "data_dir": str(kafka.data_dir),
            "log_file": str(kafka.log_file),
        }
    )


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to {HIGHEST_PORT}")
    return int(text)


def _heap_mb(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < LEAST_HEAP_MB:
        raise argparse.ArgumentTypeError(f"{text!r} is no heap in MiB: {LEAST_HEAP_MB} or more")
    return int(text)
