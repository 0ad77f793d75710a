"""Whether a cluster lets us in, asked once before a client asks; and what to do where it does not.

The clients know why they are refused, but try again and again, and then say that nobody answered. Asked here, a wrong
password or certificate is told at once, and counts once where a cluster locks users out.
"""

import asyncio
import ssl

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from models.errors import BrokerError
from stream.kafka.connection import KafkaConnection, Sasl

ANSWER_MS = 3_000  # of each address; a broker answers in milliseconds
_NAME_DIFFERS = {62, 64}  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH
_OUT_OF_DATE = {9, 10}  # its X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED


def check_authentication(kafka: KafkaConnection) -> None:
    """Do nothing where the cluster lets us in, or no address answers: its clients wait for one.

    Must not be called where an event loop runs; there is `refusal`.

    Raises:
        BrokerError: it does not let us in; says why, and what to do.
    """
    if kafka.security_protocol != "PLAINTEXT" and (why := asyncio.run(refusal(kafka))):
        raise BrokerError(why)


async def refusal(kafka: KafkaConnection) -> str:
    """Say why the cluster does not let us in; nothing where it does, or where no address answers."""
    if kafka.security_protocol == "PLAINTEXT":
        return ""
    why = ""
    try:
        hosts = collect_hosts(kafka.servers)
    except ValueError:  # no list of host:port, which the clients say
        return ""
    for host, port, _ in hosts:
        try:
            connection = await create_conn(host, port, request_timeout_ms=ANSWER_MS, **kafka.security)
        except (KafkaError, OSError, ValueError) as exc:  # a TimeoutError is an OSError
            why = why or _told(kafka, f"{host}:{port}", exc)
        else:
            await connection.close()
            return ""
    return why


def _told(kafka: KafkaConnection, address: str, exc: BaseException) -> str:
    """Say what a failure to connect has to do with certificates and passwords; nothing where it has not."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"the certificate of Kafka at {address} is refused ({exc.verify_message}): {_remedy(exc.verify_code)}"
    alert = exc if isinstance(exc, ssl.SSLError) else exc.__cause__
    if isinstance(alert, ssl.SSLError) and "ALERT" in (alert.reason or ""):  # what the other side says of ours
        return (
            f"Kafka at {address} refuses the certificate that it was shown, or wants one ({alert.reason}): "
            "check KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE"
        )
    return "" if kafka.sasl is None else _password_told(kafka.sasl, address, exc, is_encrypted=kafka.tls is not None)


def _password_told(sasl: Sasl, address: str, exc: BaseException, *, is_encrypted: bool) -> str:
    if isinstance(exc, SaslAuthenticationFailed | ValueError):  # aiokafka's ValueError: it does not know the password
        return (
            f"Kafka at {address} refuses the user {sasl.username!r} or its password: check KAFKA_SASL_USERNAME, "
            "KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE, and KAFKA_SASL_MECHANISM"
        )
    if isinstance(exc, UnsupportedSaslMechanismError):
        return f"Kafka at {address} does not take KAFKA_SASL_MECHANISM={sasl.mechanism}: set one that it takes"
    if isinstance(exc, IllegalSaslStateError):
        protocol = "SSL" if is_encrypted else "PLAINTEXT"
        return f"Kafka at {address} asks for no password: set KAFKA_SECURITY_PROTOCOL={protocol}, or take another port"
    return ""


def _remedy(code: int) -> str:
    if code in _NAME_DIFFERS:
        return "name it in KAFKA_BOOTSTRAP_SERVERS as its certificate does, or set KAFKA_SSL_CHECK_HOSTNAME=false"
    if code in _OUT_OF_DATE:
        return "have it renewed, or set this machine's clock"
    return "set KAFKA_SSL_CAFILE to the certificate of the authority that signed it"
