"""Open a client of kafka-python, and say what is wrong where that fails, or where it is refused something later."""

from typing import Any, TypeVar

from kafka.errors import KafkaError

from models.errors import BrokerError
from stream.admission import check_admission, reason
from stream.connection import KafkaConnection

CONNECT_TIMEOUT_MS = 5_000  # a broker on this machine answers in milliseconds, a remote one within a second

Client = TypeVar("Client")


def open_client(kind: type[Client], kafka: KafkaConnection, **options: Any) -> Client:  # noqa: ANN401  # kafka-python has no usable types
    """Open a client of kafka-python.

    Args:
        kind: its class.
        kafka: how to reach the cluster.
        options: its other settings; without `bootstrap_timeout_ms` it waits `CONNECT_TIMEOUT_MS` for a broker.

    Raises:
        BrokerError: no broker answers, or it does not let us in.
    """
    check_admission(kafka)
    try:
        return kind(**{"bootstrap_timeout_ms": CONNECT_TIMEOUT_MS, **kafka.arguments, **options})
    except (KafkaError, ValueError, OSError) as exc:
        raise BrokerError(
            f"no Kafka answers at {kafka.bootstrap_servers}: start one with `tickertape broker`, "
            "or set KAFKA_BOOTSTRAP_SERVERS to yours, and KAFKA_SECURITY_PROTOCOL if it wants TLS or a password"
        ) from exc


def refused(what: str, kafka: KafkaConnection, exc: Exception) -> BrokerError:
    """Give the error for what Kafka did not do.

    Args:
        what: could not be done, as in "can't read tweets.raw".
        kafka: where.
        exc: the client's own error.
    """
    return BrokerError(f"{what} at {kafka.bootstrap_servers}: {reason(exc)}")
