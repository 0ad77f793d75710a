"""What both clients have in common: where the API is, the key, how long to wait."""

from typing import Any

import httpx

from config.client import ClientSettings
from tickertape.client.errors import NoAnswerError, WrongInputError

CONNECT_SECONDS = 5.0  # a server that is there accepts within a second


def connection_options(url: str | None, *, api_key: str | None, timeout_seconds: float) -> dict[str, Any]:
    """Give what `httpx.Client` and `httpx.AsyncClient` are made with.

    Args:
        url: of the API; None for TICKERTAPE_API_URL.
        api_key: None for TICKERTAPE_API_KEY; empty for none.
        timeout_seconds: longest wait for a part of an answer.

    Raises:
        WrongInputError: the URL or the time is none, or the key can't stand in a header.
    """
    if not timeout_seconds > 0:
        raise WrongInputError(f"timeout_seconds is {timeout_seconds}: it must be above 0")
    settings = ClientSettings()
    url = settings.api_url if url is None else url
    key = settings.api_key.get_secret_value() if api_key is None else api_key
    headers = {"user-agent": "tickertape-client"}
    if key:
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise WrongInputError("the API key has other characters than visible ASCII; it was not copied whole")
        headers["authorization"] = f"Bearer {key}"
    return {
        "base_url": _checked(url),
        "headers": headers,
        "timeout": httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds)),
    }


def no_answer(exc: httpx.RequestError, url: httpx.URL) -> NoAnswerError:
    """Say what became of a request without an answer."""
    if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
        return NoAnswerError(f"no API answers at {url}: start one with `tickertape serve`, or set TICKERTAPE_API_URL")
    return NoAnswerError(f"no whole answer came from {url}: {type(exc).__name__}: {exc}".rstrip(": "))


def _checked(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise WrongInputError(f"the API's URL is none: {exc}") from exc
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.query or parsed.userinfo:
        raise WrongInputError("the API's URL must be like http://127.0.0.1:8000, without user, query and fragment")
    return parsed
