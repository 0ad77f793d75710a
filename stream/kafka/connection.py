"""How Kafka is reached: the one place that knows what its clients are told of addresses, TLS and passwords."""

import ssl
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sasl:
    """A user of the cluster.

    Attributes:
        mechanism: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
        username: as the cluster knows it.
        password: never shown.
    """

    mechanism: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class KafkaConnection:
    """How a cluster is reached, by every client of this project.

    Attributes:
        bootstrap_servers: comma-separated host:port list.
        tls: whom to trust, and which certificate to show; None for a connection that is not encrypted.
        sasl: who asks; None where no password is asked for.
    """

    bootstrap_servers: str
    tls: ssl.SSLContext | None = None
    sasl: Sasl | None = None

    @property
    def servers(self) -> list[str]:
        """The addresses one by one."""
        return [server.strip() for server in self.bootstrap_servers.split(",")]

    @property
    def security_protocol(self) -> str:
        """Kafka's name of what `tls` and `sasl` say.

        >>> KafkaConnection("127.0.0.1:9092").security_protocol
        'PLAINTEXT'
        """
        encryption = "PLAINTEXT" if self.tls is None else "SSL"
        return encryption if self.sasl is None else f"SASL_{encryption}"

    @property
    def arguments(self) -> dict[str, Any]:
        """What the clients of kafka-python and of aiokafka both take, by name."""
        return {"bootstrap_servers": self.servers, **self.security}

    @property
    def security(self) -> dict[str, Any]:
        """The same without the addresses."""
        told: dict[str, Any] = {"security_protocol": self.security_protocol}
        if self.tls is not None:
            told["ssl_context"] = self.tls
        if self.sasl is not None:
            told["sasl_mechanism"] = self.sasl.mechanism
            told["sasl_plain_username"] = self.sasl.username
            told["sasl_plain_password"] = self.sasl.password
        return told
