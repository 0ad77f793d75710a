"""The cluster that the settings name, for the doors."""

import ssl
from pathlib import Path

from config.kafka import KafkaSecuritySettings
from config.settings import KafkaSettings
from models.errors import SettingsError
from stream.kafka.connection import KafkaConnection, Sasl

MAX_PASSWORD_BYTES = 65_536  # whatever is larger is another file


def kafka_of_settings() -> KafkaConnection:
    """Give how to reach the cluster; reads the files of certificates and of the password.

    Raises:
        SettingsError: a file is not there, can't be read, or does not hold what it should.
    """
    security = KafkaSecuritySettings()
    return KafkaConnection(
        KafkaSettings().bootstrap_servers,
        tls=_tls(security) if security.security_protocol in {"SSL", "SASL_SSL"} else None,
        sasl=_sasl(security) if security.security_protocol in {"SASL_PLAINTEXT", "SASL_SSL"} else None,
    )


def _sasl(security: KafkaSecuritySettings) -> Sasl:
    password = security.sasl_password.get_secret_value()
    if security.sasl_password_file is not None:
        password = _password(security.sasl_password_file)
    return Sasl(security.sasl_mechanism, security.sasl_username, password)


def _password(path: Path) -> str:
    name = "KAFKA_SASL_PASSWORD_FILE"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PASSWORD_BYTES + 1)
        password = content.decode().removesuffix("\n").removesuffix("\r")
    except OSError as exc:
        raise _unreadable(name, path, exc) from exc
    except UnicodeDecodeError:
        raise SettingsError(f"{name}={path} is no text in UTF-8: it must hold the password and nothing else") from None
    if not password or "\n" in password or len(content) > MAX_PASSWORD_BYTES:
        raise SettingsError(f"{name}={path} does not hold one line, the password, and nothing else")
    return password


def _tls(security: KafkaSecuritySettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = security.ssl_check_hostname
    if security.ssl_cafile is None:
        context.load_default_certs()
    else:
        _check_readable("KAFKA_SSL_CAFILE", security.ssl_cafile)
        try:
            context.load_verify_locations(security.ssl_cafile)
        except ssl.SSLError as exc:
            raise SettingsError(f"KAFKA_SSL_CAFILE={security.ssl_cafile} holds no certificate in PEM form") from exc
    if security.ssl_certfile is not None and security.ssl_keyfile is not None:
        _show(context, security.ssl_certfile, security.ssl_keyfile, security.ssl_keyfile_password.get_secret_value())
    return context


def _show(context: ssl.SSLContext, certificate: Path, key: Path, password: str) -> None:
    _check_readable("KAFKA_SSL_CERTFILE", certificate)
    _check_readable("KAFKA_SSL_KEYFILE", key)
    try:
        context.load_cert_chain(certificate, key, password=password)  # an empty one, as else it would ask the terminal
    except (ssl.SSLError, ValueError) as exc:
        raise SettingsError(
            f"KAFKA_SSL_CERTFILE={certificate} and KAFKA_SSL_KEYFILE={key} are no certificate and its key in PEM form, "
            "or KAFKA_SSL_KEYFILE_PASSWORD is not what the key is encrypted with"
        ) from exc


def _check_readable(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as exc:
        raise _unreadable(name, path, exc) from exc


def _unreadable(name: str, path: Path, exc: OSError) -> SettingsError:
    return SettingsError(f"{name}={path} can't be read ({exc.strerror}): name a file that is there")
