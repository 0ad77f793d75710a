"""The files that settings name: certificates and the password."""

from pathlib import Path

import pytest

from models.errors import SettingsError
from stream.commands.cluster import kafka_of_settings


@pytest.fixture
def password_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "password"
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "worker")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD_FILE", str(path))
    return path


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_password_is_the_only_line_of_its_file(password_file: Path, end: str) -> None:
    password_file.write_bytes(f" blanks count {end}".encode())

    sasl = kafka_of_settings().sasl

    assert sasl is not None
    assert sasl.password == " blanks count "  # noqa: S105  # a secret of nobody


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"", "does not hold one line"),
        (b"\n", "does not hold one line"),
        (b"one\ntwo\n", "does not hold one line"),
        (b"x" * 65_537, "does not hold one line"),
        (b"\xff\xfe", "is no text in UTF-8"),
        (None, "can't be read (No such file or directory)"),
    ],
)
def test_file_without_a_password_is_an_error_that_names_the_setting(
    password_file: Path, content: bytes | None, seen: str
) -> None:
    if content is not None:
        password_file.write_bytes(content)

    with pytest.raises(SettingsError) as caught:
        kafka_of_settings()

    assert f"KAFKA_SASL_PASSWORD_FILE={password_file} {seen}" in str(caught.value)


@pytest.mark.parametrize("name", ["KAFKA_SSL_CAFILE", "KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE"])
def test_certificate_that_is_not_there_is_an_error_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    there = tmp_path / "there.pem"
    there.touch()
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("KAFKA_SSL_CERTFILE", str(there))
    monkeypatch.setenv("KAFKA_SSL_KEYFILE", str(there))
    monkeypatch.setenv(name, str(tmp_path / "missing.pem"))

    with pytest.raises(SettingsError, match=rf"{name}=.*missing\.pem can't be read \(No such file or directory\)"):
        kafka_of_settings()


@pytest.mark.parametrize(
    ("names", "seen"),
    [
        (["KAFKA_SSL_CAFILE"], "KAFKA_SSL_CAFILE=.* holds no certificate in PEM form"),
        (
            ["KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE"],
            "are no certificate and its key in PEM form, or KAFKA_SSL_KEYFILE",
        ),
    ],
)
def test_file_that_is_no_certificate_is_an_error_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, names: list[str], seen: str
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no certificate")
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SSL")
    for name in names:
        monkeypatch.setenv(name, str(path))

    with pytest.raises(SettingsError, match=seen):
        kafka_of_settings()


def test_folder_in_place_of_a_file_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("KAFKA_SSL_CAFILE", str(tmp_path))

    with pytest.raises(SettingsError, match="can't be read \\(Is a directory\\)"):
        kafka_of_settings()


@pytest.mark.parametrize(("given", "is_checked"), [("true", True), ("false", False)])
def test_name_of_the_broker_is_checked_unless_switched_off(
    monkeypatch: pytest.MonkeyPatch, given: str, *, is_checked: bool
) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("KAFKA_SSL_CHECK_HOSTNAME", given)

    tls = kafka_of_settings().tls

    assert tls is not None
    assert (tls.check_hostname, tls.verify_mode.name) == (is_checked, "CERT_REQUIRED")
