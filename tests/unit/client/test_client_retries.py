"""When a request is sent again, and what is told where no answer comes."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from tests.unit.client.server import ACCEPTED, VERSION, Ask, Server, busy
from tickertape.client import (
    NoAnswerError,
    ProblemError,
    Retries,
    UnavailableError,
)


def test_request_is_sent_again_when_the_server_says_so_and_after_that_time(ask: Ask) -> None:
    server = Server(busy(503, "2"), busy(429, "0"), httpx.Response(200, json=VERSION))

    version = ask(server, "version")

    assert version.package == "0.1.0"
    assert server.waits == [2.0, 0.0]
    assert len(server.requests) == 3


def test_the_same_body_is_sent_again(ask: Ask) -> None:
    server = Server(busy(503, "1"), ACCEPTED)

    assert ask(server, "feedback", "1", keywords={"label": "IPO"}) == 1
    assert server.requests[0].content == server.requests[1].content != b""


def test_retry_after_may_be_a_date(ask: Ask) -> None:
    late = format_datetime(datetime.now(tz=UTC) - timedelta(seconds=60), usegmt=True)
    server = Server(busy(503, late), httpx.Response(200, json=VERSION))

    ask(server, "version")

    assert server.waits == [0.0]


@pytest.mark.parametrize("retry_after", ["31", "soon", "", "-1", "1e3", "9" * 400, "Sat, 31 Jan 2099 09:30:00 GMT"])
def test_request_is_not_sent_again_after_too_long_a_time_or_none(ask: Ask, retry_after: str) -> None:
    server = Server(busy(503, retry_after))

    with pytest.raises(UnavailableError):
        ask(server, "version")

    assert (len(server.requests), server.waits) == (1, [])


@pytest.mark.parametrize("most", [0, 3])
def test_request_is_sent_again_only_so_often(ask: Ask, most: int) -> None:
    server = Server(busy(503, "1"))

    with pytest.raises(UnavailableError):
        ask(server, "version", retries=Retries(most=most))

    assert len(server.requests) == 1 + most


@pytest.mark.parametrize("status", [400, 404, 500, 502, 504])
def test_other_answers_are_final_whatever_they_say_of_later(ask: Ask, status: int) -> None:
    server = Server(busy(status, "0"))

    with pytest.raises(ProblemError):
        ask(server, "version")

    assert len(server.requests) == 1


def test_health_is_asked_once_and_told_at_once(ask: Ask) -> None:
    loading = Server(busy(503, "1"))
    ready = Server(httpx.Response(200, json={"status": "ready", "model": {"name": "n", "version": "7"}}))
    gone = Server(httpx.ConnectError("refused"))

    assert [ask(server, "is_ready") for server in (loading, ready, gone)] == [False, True, False]
    assert [ask(server, "is_live") for server in (Server(httpx.Response(200, json={"status": "live"})), gone)] == [
        True,
        False,
    ]
    assert ask(ready, "ready").model.version == "7"
    with pytest.raises(UnavailableError):
        ask(loading, "ready")
    assert (len(loading.requests), loading.waits) == (2, [])


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (httpx.ConnectError("refused"), "no API answers at http://api.test: start one with `tickertape serve`"),
        (httpx.ConnectTimeout(""), "no API answers at http://api.test"),
        (httpx.ReadTimeout("too slow"), "no whole answer came from http://api.test: ReadTimeout: too slow"),
        (httpx.RemoteProtocolError("cut"), "no whole answer came from http://api.test: RemoteProtocolError: cut"),
        (httpx.DecodingError("bad gzip"), "no whole answer came from http://api.test: DecodingError: bad gzip"),
    ],
)
def test_request_without_an_answer_is_told_and_not_sent_again(ask: Ask, failure: Exception, said: str) -> None:
    server = Server(failure)

    with pytest.raises(NoAnswerError) as raised:
        ask(server, "feedback", "1", keywords={"label": "IPO"})

    assert str(raised.value).startswith(said)
    assert len(server.requests) == 1
