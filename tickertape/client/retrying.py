"""When a request is sent again: only where the server says that it did nothing, and when to come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True)
class Retries:
    """How often and how long to wait for a server that asks for it with `Retry-After`.

    Attributes:
        most: times that one request is sent again; 0 for never.
        longest_wait_seconds: before one of them; a server that asks for more time is not asked again.
    """

    most: int = 4
    longest_wait_seconds: float = 30.0


def wait_seconds(status: int, headers: Mapping[str, str], *, retries: Retries) -> float | None:
    """Give how long to wait before a request is sent again; None where its answer is final.

    Args:
        status: of the answer.
        headers: of the answer; names in lower case.
        retries: what is allowed.

    >>> wait_seconds(503, {"retry-after": "2"}, retries=Retries())
    2.0
    """
    if status not in AGAIN:
        return None
    asked = _seconds(headers.get("retry-after", ""))
    return asked if asked is not None and asked <= retries.longest_wait_seconds else None


def _seconds(value: str) -> float | None:
    """Read seconds or a date (RFC 9110, 10.2.3); None for what is neither."""
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(tz=UTC)).total_seconds())
