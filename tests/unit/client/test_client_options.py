"""What a client is made with: URL, key, time and size of a request."""

from typing import Any

import httpx
import pytest

from tests.unit.client.server import VERSION, Ask, Server, predictions
from tickertape.client import (
    AsyncClient,
    Client,
    WrongInputError,
)


def test_key_is_sent_as_a_bearer_token(ask: Ask) -> None:
    server = Server(httpx.Response(200, json=VERSION))

    ask(server, "version", api_key="tt_abc")

    assert server.requests[0].headers["authorization"] == "Bearer tt_abc"


def test_no_key_is_sent_where_there_is_none(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKERTAPE_API_KEY", "tt_of_the_environment")
    server = Server(httpx.Response(200, json=VERSION))

    ask(server, "version", api_key="")

    assert "authorization" not in server.requests[0].headers


def test_url_and_key_of_the_environment_count_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKERTAPE_API_URL", "http://desk.test/ticker/")
    monkeypatch.setenv("TICKERTAPE_API_KEY", "tt_of_the_environment")
    server = Server(httpx.Response(200, json=VERSION))

    with Client(transport=httpx.MockTransport(server)) as api:
        api.version()

    assert str(server.requests[0].url) == "http://desk.test/ticker/version"
    assert server.requests[0].headers["authorization"] == "Bearer tt_of_the_environment"


@pytest.mark.parametrize("key", ["tt abc", "tt\n", "schlüssel", "\x00"])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_key_that_can_stand_in_no_header_is_refused_and_not_shown(kind: Any, key: str) -> None:
    with pytest.raises(WrongInputError) as raised:
        kind("http://api.test", api_key=key)

    assert key not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["", "api.test", "ftp://api.test", "http://", "http://u:p@api.test", "http://a?b", "http://a:x"]
)
def test_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(WrongInputError, match="the API's URL"):
        Client(url)


def test_url_of_the_environment_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKERTAPE_API_URL", "")

    with pytest.raises(WrongInputError, match="the API's URL"):
        Client()


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(WrongInputError, match="timeout_seconds is"):
        Client("http://api.test", timeout_seconds=seconds)


def test_requests_of_no_texts_are_refused(ask: Ask) -> None:
    server = Server(predictions("1"))

    with pytest.raises(WrongInputError, match="max_texts is 0"):
        ask(server, "predict", "up", max_texts=0)

    assert server.requests == []
