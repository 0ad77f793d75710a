import ssl

import pytest

from stream.kafka.connection import KafkaConnection, Sasl
from stream.transport.credentials import broker_credentials

PASSWORD = "the-secret-of-this-test"  # noqa: S105  # a user's that does not exist
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SASL = Sasl("SCRAM-SHA-512", "worker", PASSWORD)


@pytest.mark.parametrize(
    ("tls", "sasl", "protocol"),
    [
        (None, None, "PLAINTEXT"),
        (TLS, None, "SSL"),
        (None, SASL, "SASL_PLAINTEXT"),
        (TLS, SASL, "SASL_SSL"),
    ],
)
def test_clients_are_told_no_more_than_the_protocol_needs(
    tls: ssl.SSLContext | None, sasl: Sasl | None, protocol: str
) -> None:
    told = KafkaConnection("a:1, b:2", tls, sasl).arguments

    expected = {"bootstrap_servers": ["a:1", "b:2"], "security_protocol": protocol}
    expected |= {"ssl_context": tls} if tls else {}
    if sasl:
        expected |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": "worker",
            "sasl_plain_password": PASSWORD,
        }
    assert told == expected


@pytest.mark.parametrize(
    ("tls", "sasl", "protocol"),
    [(TLS, None, "SSL"), (None, SASL, "SASL_PLAINTEXT"), (TLS, SASL, "SASL_SSL")],
)
def test_faust_is_told_the_same(tls: ssl.SSLContext | None, sasl: Sasl | None, protocol: str) -> None:
    credentials = broker_credentials(KafkaConnection("a:1", tls, sasl))

    assert credentials.protocol.value == protocol
    assert PASSWORD not in repr(credentials)


def test_faust_is_told_nothing_where_nobody_is_asked() -> None:
    assert broker_credentials(KafkaConnection("a:1")) is None


def test_no_text_of_a_connection_holds_the_password() -> None:
    kafka = KafkaConnection("a:1", TLS, SASL)

    assert PASSWORD not in f"{kafka} {kafka!r}"
