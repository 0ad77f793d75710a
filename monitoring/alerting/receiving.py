"""Where messages are posted: one HTTP server, whose address is a secret."""

import http.client
import ssl
import urllib.error
import urllib.parse
import urllib.request
from http import HTTPStatus
from typing import NamedTuple

from models.errors import WebhookError

TIMEOUT_SECONDS = 5.0
_ADVICE = "give the whole address, as in https://hooks.example.com/services/..., or leave it empty"


class Answer(NamedTuple):
    """What became of one try.

    Attributes:
        reason: `delivered`, or why not: `status`, `timeout`, `no_connection`, `untrusted_certificate`.
        status: of the answer; None where none came.
        may_pass: whether another try makes sense; never after `delivered`.
        retry_after_seconds: how long to wait before it, if the receiver says so.
    """

    reason: str
    status: int | None = None
    may_pass: bool = True
    retry_after_seconds: float = 0.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like another: what is told must not go to who was not named."""

    def redirect_request(self, *_: object) -> None:
        """Make no request."""


class Receiver:
    """The server at an address. TLS certificates are verified; proxies are those of the environment.

    Args:
        url: http or https; its path may hold a token, so it is in no log line, error or representation.
        timeout_seconds: longest silence before a try counts as failed.

    Raises:
        WebhookError: the address is none.
    """

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        _check(url)
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._opener = urllib.request.build_opener(
            _NoRedirects, urllib.request.HTTPSHandler(context=ssl.create_default_context())
        )

    def post(self, body: bytes) -> Answer:
        """Post JSON once."""
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked
            self._url, data=body, headers={"Content-Type": "application/json", "User-Agent": "tickertape"}
        )
        try:
            with self._opener.open(request, timeout=self._timeout_seconds) as response:
                return Answer("delivered", response.status, may_pass=False)
        except urllib.error.HTTPError as exc:
            exc.close()
            return _refused(exc)
        except TimeoutError:
            return Answer("timeout")
        except urllib.error.URLError as exc:
            return _not_connected(exc.reason)
        except (OSError, http.client.HTTPException):
            return Answer("no_connection")


def _check(url: str) -> None:
    """Refuse what is no address, without saying what it was."""
    try:
        parts = urllib.parse.urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        is_address = parts.scheme in {"http", "https"} and bool(host) and parts.port != 0
    except ValueError:  # half an IPv6 address, a port that is no number, or a host with too long a part
        is_address = False
    if not is_address:
        raise WebhookError(f"DRIFT_WEBHOOK_URL is no http or https address with a host: {_ADVICE}") from None
    if "@" in parts.netloc:
        raise WebhookError("DRIFT_WEBHOOK_URL holds a user or password before its host: take an address without")
    if not (url.isascii() and url.isprintable() and " " not in url):
        raise WebhookError("DRIFT_WEBHOOK_URL holds a space or a letter that is not ASCII: write it percent-encoded")


def _refused(exc: urllib.error.HTTPError) -> Answer:
    may_pass = exc.code >= HTTPStatus.INTERNAL_SERVER_ERROR or exc.code == HTTPStatus.TOO_MANY_REQUESTS
    wanted = exc.headers.get("Retry-After", "")  # as a date it is as good as none: the usual pause then
    return Answer("status", exc.code, may_pass, float(wanted) if wanted.isascii() and wanted.isdigit() else 0.0)


def _not_connected(reason: object) -> Answer:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Answer("untrusted_certificate", may_pass=False)
    return Answer("timeout" if isinstance(reason, TimeoutError) else "no_connection")
