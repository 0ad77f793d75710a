"""What the errors of Kafka's clients mean, and what to do."""

from kafka.errors import KafkaError, RetriableError

from models.errors import BrokerAwayError, BrokerError
from stream.kafka.connection import KafkaConnection

_RIGHTS = {
    "TopicAuthorizationFailedError": "the topic",
    "GroupAuthorizationFailedError": "the consumer group",
    "ClusterAuthorizationFailedError": "the cluster",
    "TransactionalIdAuthorizationFailedError": "the transactional id",  # of kafka-python
    "TransactionalIdAuthorizationFailed": "the transactional id",  # of aiokafka
}


class NotLetInError(KafkaError):  # type: ignore[misc]  # kafka-python has no usable types
    """The cluster does not let us in any more; its first argument says why, and what to do."""


def broker_error(what: str, kafka: KafkaConnection, exc: Exception) -> BrokerError:
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


def reason(exc: BaseException) -> str:
    """Say what a client's error means; where a right is missing or a clock is wrong, what to do.

    >>> from kafka.errors import GroupAuthorizationFailedError
    >>> reason(GroupAuthorizationFailedError("desk")).partition(" (")[0]
    'this user lacks a right on the consumer group'
    """
    name = type(exc).__name__
    said = f"{name}: {exc}"
    if name in {"SaslAuthenticationFailedError", "SaslAuthenticationFailed"}:  # of kafka-python, of aiokafka
        return f"this user or its password is refused: check KAFKA_SASL_USERNAME and the password ({said})"
    if name == "InvalidTimestampError":
        return f"Kafka takes no record of so late or early a time: set this machine's clock, or Kafka's ({said})"
    if name not in _RIGHTS:
        return said
    return f"this user lacks a right on {_RIGHTS[name]} ({said}): give it, see docs/how-to/secure-kafka.md"
