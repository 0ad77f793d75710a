"""Open a client of kafka-python, and say what is wrong where that fails, or where it is refused something later."""

from functools import partial
from typing import Any, TypeVar

from kafka.errors import KafkaError, RetriableError
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

from models.errors import BrokerAwayError, BrokerError
from stream.kafka.authentication import check_admission, reason
from stream.kafka.connection import KafkaConnection

CONNECT_TIMEOUT_MS = 5_000  # a broker on this machine answers in milliseconds, a remote one within a second

Client = TypeVar("Client")


class NotLetInError(KafkaError):  # type: ignore[misc]  # kafka-python has no usable types
    """The cluster does not let us in any more; its first argument says why, and what to do."""


class _Connections(KafkaConnectionManager):  # type: ignore[misc]  # as above
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
                check_admission(self.kafka)
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
    check_admission(kafka)
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


def refused(what: str, kafka: KafkaConnection, exc: Exception) -> BrokerError:
    """Give the error for what Kafka did not do: a `BrokerAwayError` where it may do it later.

    Args:
        what: could not be done, as in "can't read tweets.raw".
        kafka: where.
        exc: the client's own error.
    """
    if isinstance(exc, NotLetInError):
        return BrokerError(str(exc.args[0]))
    kind = BrokerAwayError if isinstance(exc, RetriableError) else BrokerError
    return kind(f"{what} at {kafka.bootstrap_servers}: {reason(exc)}")
