from typing import Any

import pytest

from config.group import InvalidSettingsError
from config.kafka import KafkaSecuritySettings

PASSWORD = "the-secret-of-this-test"  # noqa: S105  # a user's that does not exist
USER = {"sasl_username": "worker", "sasl_password": PASSWORD}


def settings_of(monkeypatch: pytest.MonkeyPatch, **values: str) -> KafkaSecuritySettings:
    for name, value in values.items():
        monkeypatch.setenv(f"KAFKA_{name.upper()}", value)
    return KafkaSecuritySettings()


def test_nothing_is_encrypted_and_nobody_asked_unless_set() -> None:
    assert KafkaSecuritySettings().security_protocol == "PLAINTEXT"


@pytest.mark.parametrize(
    "values",
    [
        {"security_protocol": "SSL"},
        {"security_protocol": "SSL", "ssl_cafile": "ca.pem", "ssl_certfile": "c.pem", "ssl_keyfile": "c.key"},
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", **USER},
        {"security_protocol": "SASL_SSL", "sasl_username": "worker", "sasl_password_file": "password"},
        {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-256", **USER},
    ],
)
def test_settings_that_fit_together_are_taken(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    settings = settings_of(monkeypatch, **values)

    assert settings.model_fields_set == set(values)


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        ({"security_protocol": "SASL_SSL"}, "SASL_SSL needs KAFKA_SASL_USERNAME"),
        (
            {"security_protocol": "SASL_SSL", "sasl_username": "worker"},
            "needs one of KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE, and neither is set",
        ),
        ({"security_protocol": "SASL_SSL", "sasl_password_file": "password", **USER}, "and both are set"),
        (
            {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", **USER},
            "KAFKA_SASL_MECHANISM=PLAIN would show the password to the whole network",
        ),
        ({"security_protocol": "SSL", **USER}, "KAFKA_SECURITY_PROTOCOL=SSL has none: set that to SASL_SSL"),
        ({"sasl_username": "worker"}, "KAFKA_SECURITY_PROTOCOL=PLAINTEXT has none"),
        ({"sasl_password_file": "password"}, "KAFKA_SECURITY_PROTOCOL=PLAINTEXT has none"),
        ({"ssl_cafile": "ca.pem"}, "KAFKA_SSL_CAFILE is set, but KAFKA_SECURITY_PROTOCOL=PLAINTEXT has no TLS"),
        (
            {"security_protocol": "SASL_PLAINTEXT", "ssl_keyfile": "c.key", **USER},
            "KAFKA_SSL_KEYFILE is set, but KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT has no TLS",
        ),
        ({"security_protocol": "SSL", "ssl_certfile": "c.pem"}, "KAFKA_SSL_CERTFILE is set without KAFKA_SSL_KEYFILE"),
        ({"security_protocol": "SSL", "ssl_keyfile": "c.key"}, "KAFKA_SSL_KEYFILE is set without KAFKA_SSL_CERTFILE"),
        (
            {"security_protocol": "SSL", "ssl_keyfile_password": PASSWORD},
            "KAFKA_SSL_KEYFILE_PASSWORD is set without KAFKA_SSL_KEYFILE",
        ),
        ({"security_protocol": "TLS"}, "Input should be 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT' or 'SASL_SSL'"),
        ({"security_protocol": "SASL_SSL", "sasl_mechanism": "GSSAPI", **USER}, "Input should be 'SCRAM-SHA-512'"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], seen: str
) -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        settings_of(monkeypatch, **values)

    assert seen in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_no_text_of_the_settings_holds_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    key: dict[str, Any] = {"ssl_certfile": "c.pem", "ssl_keyfile": "c.key", "ssl_keyfile_password": PASSWORD}

    settings = settings_of(monkeypatch, security_protocol="SASL_SSL", **USER, **key)

    assert PASSWORD not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
