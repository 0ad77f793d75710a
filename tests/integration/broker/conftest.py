"""Embedded brokers on a folder of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import BrokerSettings
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.broker.jars import install_jars
from tests.integration.broker.asking import NOWHERE


@pytest.fixture(scope="module")
def cache_dir() -> Path:
    """The user's own cache, filled: the jars are downloaded at most once."""
    settings = BrokerSettings()
    folder = settings.cache_dir.resolve()
    install_jars(folder / "kafka-4.3.1" / "jars", repository=settings.maven_repository)
    return folder


@pytest.fixture
def start(tmp_path: Path, cache_dir: Path) -> Iterator[Callable[..., EmbeddedKafka]]:
    """Start brokers on one data folder, one after the other; the last one is stopped at the end."""
    started: list[EmbeddedKafka] = []

    def _start(**overrides: object) -> EmbeddedKafka:
        options = {
            "data_dir": tmp_path / "kafka",
            "cache_dir": cache_dir,
            "maven_repository": NOWHERE,
            "fast_start_after_seconds": None,
        } | overrides
        kafka = EmbeddedKafka(BrokerOptions(**options))  # type: ignore[arg-type]  # a test's own overrides
        started.append(kafka)
        kafka.start()
        return kafka

    yield _start
    for kafka in started:
        kafka.stop()
