"""One try, against a real server; and addresses that are none."""

import datetime as dt
import http.server
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from models.errors import WebhookError
from monitoring.alerting.receiving import Answer, Receiver

Site = Any  # the fixture's own class stands in conftest.py, which tests can't import


def with_headers(status: int, **headers: str) -> Callable[[http.server.BaseHTTPRequestHandler], None]:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def hang_up(request: http.server.BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def test_json_is_posted_to_the_path(site: Site) -> None:
    answer = Receiver(site.url).post(b'{"a": 1}')

    assert answer == Answer("delivered", 200, may_pass=False)
    assert site.posted == [b'{"a": 1}']
    assert site.requests == [("/services/TOKEN", "application/json")]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_answer_of_success_is_one(site: Site, status: int) -> None:
    site.answers = [status]

    assert Receiver(site.url).post(b"{}").reason == "delivered"


@pytest.mark.parametrize(
    ("status", "may_pass"),
    [(500, True), (503, True), (429, True), (400, False), (403, False), (404, False), (410, False)],
)
def test_only_a_fault_of_the_server_or_too_many_requests_may_pass(site: Site, status: int, may_pass: bool) -> None:  # noqa: FBT001  # a column of the table
    site.answers = [status]

    assert Receiver(site.url).post(b"{}") == Answer("status", status, may_pass)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-1", 0.0), ("٣", 0.0)]
)
def test_wait_that_the_receiver_asks_for_is_taken_in_seconds(site: Site, header: str, seconds: float) -> None:
    site.answers = [with_headers(429, Retry_After=header.encode().decode("latin-1"))]

    assert Receiver(site.url).post(b"{}").retry_after_seconds == seconds


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(site: Site, status: int) -> None:
    site.answers = [with_headers(status, Location=site.url + "/elsewhere"), 200]

    answer = Receiver(site.url).post(b"{}")

    assert answer == Answer("status", status, may_pass=False)
    assert len(site.posted) == 1


def test_receiver_that_does_not_answer_in_time_may_later(site: Site) -> None:
    may_end = threading.Event()
    site.answers = [lambda _: may_end.wait(30)]

    answer = Receiver(site.url, timeout_seconds=0.05).post(b"{}")
    may_end.set()

    assert answer == Answer("timeout")


def test_connection_that_breaks_off_may_hold_later(site: Site) -> None:
    site.answers = [hang_up]

    assert Receiver(site.url).post(b"{}") == Answer("no_connection")


@pytest.mark.usefixtures("run_site")
def test_connection_that_is_refused_may_be_taken_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert Receiver(f"http://127.0.0.1:{port}/").post(b"{}") == Answer("no_connection")


def test_certificate_that_nobody_vouches_for_is_refused_and_nothing_is_told(
    run_site: Callable[..., AbstractContextManager[Site]], self_signed: ssl.SSLContext
) -> None:
    with run_site(tls=self_signed) as site:
        answer = Receiver(site.url).post(b'{"secret": 1}')

    assert answer == Answer("untrusted_certificate", may_pass=False)
    assert site.posted == []


def test_server_that_speaks_no_tls_is_no_connection(site: Site) -> None:
    assert Receiver(site.url.replace("http://", "https://")).post(b"{}") == Answer("no_connection")
    assert site.posted == []


@pytest.mark.parametrize(
    "url",
    [
        "hooks.example.com/TOKEN",
        "ftp://hooks.example.com/TOKEN",
        "file:///TOKEN",
        "https://",
        "https:///TOKEN",
        "https://[::1/TOKEN",
        "https://hooks.example.com:0/TOKEN",
        "https://hooks.example.com:port/TOKEN",
        "https://hooks.example.com:99999/TOKEN",
        "https://user:TOKEN@hooks.example.com/",
        "https://hooks.example.com/TOKEN with space",
        "https://hooks.example.com/TOKEN\n",
        "https://hooks.example.com/TOKEN\r\nX: y",
        "https://höoks.example.com/TOKEN",
        f"https://{'a' * 70}.example.com/TOKEN",
        " ",
        "",
    ],
)
def test_address_that_is_none_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(WebhookError, match="DRIFT_WEBHOOK_URL") as refused:
        Receiver(url)

    assert "TOKEN" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_address_is_in_no_representation() -> None:
    receiver = Receiver("https://hooks.example.com/TOKEN")

    assert "TOKEN" not in repr(receiver) + str(receiver)
    assert "example" not in repr(receiver)


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's TLS with a certificate of its own for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(tz=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
