"""What Faust is told of TLS and passwords."""

from faust.auth import Credentials, SASLCredentials, SSLCredentials

from stream.kafka.connection import KafkaConnection


def broker_credentials(kafka: KafkaConnection) -> Credentials | None:
    """Give the credentials of a Faust app; None for a cluster that asks for none."""
    if kafka.sasl is not None:
        return SASLCredentials(
            username=kafka.sasl.username,
            password=kafka.sasl.password,
            mechanism=kafka.sasl.mechanism,
            ssl_context=kafka.tls,
        )
    return None if kafka.tls is None else SSLCredentials(kafka.tls)
