"""The settings of a Kafka with TLS or passwords; a group like those of `config.settings`."""

from typing import Literal, Self

from pydantic import SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from config.group import SettingsGroup, UserPath

_TLS = ("SSL", "SASL_SSL")
_SASL = ("SASL_PLAINTEXT", "SASL_SSL")


class KafkaSecuritySettings(SettingsGroup):
    """How every process makes itself known to Kafka, and Kafka to it."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", hide_input_in_errors=True)

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Whether the connection is encrypted (`SSL`) and opened with a password (`SASL`)."""
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """How the password is shown to the broker; `PLAIN` sends it as it is, and so only over TLS."""
    sasl_username: str = ""
    """User name, where the protocol has a password."""
    sasl_password: SecretStr = SecretStr("")
    """Its password; this or the file."""
    sasl_password_file: UserPath | None = None
    """File that holds the password and nothing else; read at the start."""
    ssl_cafile: UserPath | None = None
    """PEM file of the authorities whose certificates brokers may show; unset takes those of this machine."""
    ssl_certfile: UserPath | None = None
    """PEM file of the certificate that this process shows, with the chain to its authority."""
    ssl_keyfile: UserPath | None = None
    """PEM file of the key of that certificate."""
    ssl_keyfile_password: SecretStr = SecretStr("")
    """What that key is encrypted with; empty for a key that is not."""
    ssl_check_hostname: bool = True
    """Refuse a broker whose certificate has another name than it was asked for by."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if problem := self._tls_problem() or self._sasl_problem():
            raise ValueError(problem)
        return self

    def _tls_problem(self) -> str:
        given = [name for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile") if getattr(self, name) is not None]
        if given and self.security_protocol not in _TLS:
            return (
                f"KAFKA_{given[0].upper()} is set, but KAFKA_SECURITY_PROTOCOL={self.security_protocol} has no TLS: "
                "set that to SSL or SASL_SSL"
            )
        if self.ssl_certfile is not None and self.ssl_keyfile is None:
            return "KAFKA_SSL_CERTFILE is set without KAFKA_SSL_KEYFILE: a certificate needs its key"
        if self.ssl_keyfile is not None and self.ssl_certfile is None:
            return "KAFKA_SSL_KEYFILE is set without KAFKA_SSL_CERTFILE: a key needs its certificate"
        if self.ssl_keyfile_password.get_secret_value() and self.ssl_keyfile is None:
            return "KAFKA_SSL_KEYFILE_PASSWORD is set without KAFKA_SSL_KEYFILE"
        return ""

    def _sasl_problem(self) -> str:
        passwords = bool(self.sasl_password.get_secret_value()) + (self.sasl_password_file is not None)
        if self.security_protocol not in _SASL:
            if not (passwords or self.sasl_username):
                return ""
            return (
                "KAFKA_SASL_USERNAME or a password is set, but "
                f"KAFKA_SECURITY_PROTOCOL={self.security_protocol} has none: set that to SASL_SSL"
            )
        if not self.sasl_username:
            return f"KAFKA_SECURITY_PROTOCOL={self.security_protocol} needs KAFKA_SASL_USERNAME"
        if passwords != 1:
            return (
                f"KAFKA_SECURITY_PROTOCOL={self.security_protocol} needs one of KAFKA_SASL_PASSWORD and "
                f"KAFKA_SASL_PASSWORD_FILE, and {'both are' if passwords else 'neither is'} set"
            )
        if self.security_protocol == "SASL_PLAINTEXT" and self.sasl_mechanism == "PLAIN":
            return (
                "KAFKA_SASL_MECHANISM=PLAIN would show the password to the whole network, as "
                "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT does not encrypt: set SASL_SSL, or another mechanism"
            )
        return ""
