"""Open a client of kafka-python, and say what is wrong where that fails."""

from functools import partial
from typing import Any, TypeVar

from kafka import KafkaConsumer
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

from models.errors import BrokerAwayError, BrokerError
from stream.kafka.authentication import check_authentication
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import NotLetInError

CONNECT_TIMEOUT_MS = 5_000  # a broker on this machine answers in milliseconds, a remote one within a second
POLL_MS = 500  # how long a poll waits; Ctrl-C is heard at once
FETCH_WAIT_MS = 100  # how long the broker holds an empty fetch
METADATA_MS = 30_000  # new partitions are known after so long

Client = TypeVar("Client")


class _Connections(KafkaConnectionManager):  # type: ignore[misc]  # kafka-python has no usable types
    """Asks why, where a connection can't be opened, and tells a refusal to whoever wants one, in place of trying again.

    kafka-python means to do so, but reads the end of a connection before what was said last (3.0.12): it then tries
    many times a second.
    """

    kafka: KafkaConnection
    _refused: NotLetInError | None = None

    def get_connection(self, node_id: Any, **options: Any) -> Any:  # noqa: ANN401  # as above
        """Give a connection, which may still be on its way.

        Raises:
            NotLetInError: an earlier one was refused.
        """
        if self._refused is not None:
            raise self._refused
        connection = super().get_connection(node_id, **options)
        if not connection.init_future.is_done:
            connection.init_future.add_errback(self._ask)
        return connection

    def _ask(self, _: Exception) -> None:
        if self._refused is None and not self.closed:
            try:
                check_authentication(self.kafka)
            except BrokerError as exc:
                self._refused = NotLetInError(str(exc))


def _net_client(kafka: KafkaConnection, **config: Any) -> KafkaNetClient:  # noqa: ANN401  # as above
    net = NetworkSelector(**config)
    connections = _Connections(net, **config)
    connections.kafka = kafka
    return KafkaNetClient(net=net, manager=connections)


def open_client(kind: type[Client], kafka: KafkaConnection, **options: Any) -> Client:  # noqa: ANN401  # kafka-python has no usable types
    """Open a client of kafka-python.

    Args:
        kind: its class.
        kafka: how to reach the cluster.
        options: its other settings; without `bootstrap_timeout_ms` it waits `CONNECT_TIMEOUT_MS` for a broker.

    Raises:
        BrokerAwayError: no broker answers.
        BrokerError: it does not let us in.
    """
    check_authentication(kafka)
    try:
        return kind(
            **{
                "bootstrap_timeout_ms": CONNECT_TIMEOUT_MS,
                "kafka_client": partial(_net_client, kafka),
                **kafka.arguments,
                **options,
            }
        )
    except (KafkaError, ValueError, OSError) as exc:
        raise BrokerAwayError(
            f"no Kafka answers at {kafka.bootstrap_servers}: start one with `tickertape broker`, "
            "or set KAFKA_BOOTSTRAP_SERVERS to yours, and KAFKA_SECURITY_PROTOCOL if it wants TLS or a password"
        ) from exc


def open_consumer(
    kafka: KafkaConnection,
    *,
    isolation_level: str = "read_committed",
    max_partition_bytes: int = KafkaConsumer.DEFAULT_CONFIG["max_partition_fetch_bytes"],
    group: str | None = None,
) -> KafkaConsumer:
    """Make a consumer that is given its partitions by hand.

    Args:
        kafka: how to reach the cluster.
        isolation_level: `read_committed` or `read_uncommitted`.
        max_partition_bytes: most that one fetch brings from a partition.
        group: whose offsets it may commit; it does not join it.

    Raises:
        BrokerError: no broker answers.
    """
    return open_client(
        KafkaConsumer,
        kafka,
        enable_auto_commit=False,
        allow_auto_create_topics=False,
        isolation_level=isolation_level,
        auto_offset_reset="earliest",  # only where retention removed what was to be read next
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=max_partition_bytes,
        group_id=group,
        metadata_max_age_ms=METADATA_MS,
        metrics_enabled=False,
    )
