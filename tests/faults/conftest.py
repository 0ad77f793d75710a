"""Faults on purpose, on a real Kafka."""

from tests.integration.conftest import (  # noqa: F401  # fixtures
    cluster,
    free_port,
    kafka_servers,
    make_free_port,
    start_worker,
    topic_prefix,
)
