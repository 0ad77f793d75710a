"""Both clients over a transport of the test's own: what is sent, and what becomes of every kind of answer."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from api.live.examples import TICKER
from tickertape.client import (
    AsyncClient,
    Client,
    InvalidRequestError,
    KeyRefusedError,
    NoAnswerError,
    NotExplainableError,
    NotFoundError,
    ProblemError,
    Retries,
    ServerFaultError,
    TooManyRequestsError,
    UnavailableError,
    UnexpectedAnswerError,
    WrongInputError,
)
from tickertape.client.errors import Problem

PROBLEM = {"content-type": "application/problem+json"}
VERSION = {"name": "tickertape", "package": "0.1.0", "api": "1", "model": None}
ACCEPTED = httpx.Response(202, json={"accepted": 1})


class Server:
    """Answers with what it is told, one after the other, the last again and again; keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


Ask = Callable[..., Any]


def ask_waiting(server: Server, method: str, *words: Any, **options: Any) -> Any:
    keywords = options.pop("keywords", {})
    with Client("http://api.test", transport=httpx.MockTransport(server), sleep=server.waits.append, **options) as api:
        return getattr(api, method)(*words, **keywords)


def ask_async(server: Server, method: str, *words: Any, **options: Any) -> Any:
    keywords = options.pop("keywords", {})

    async def ask() -> Any:
        transport = httpx.MockTransport(server)
        async with AsyncClient("http://api.test", transport=transport, sleep=server.sleep, **options) as api:
            return await getattr(api, method)(*words, **keywords)

    result: list[Any] = []

    def run() -> None:  # a loop of its own, whatever the test runs in
        try:
            result.append(asyncio.run(ask()))
        except Exception as exc:  # noqa: BLE001  # it is raised again where the test waits
            result.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]


@pytest.fixture(params=[ask_waiting, ask_async], ids=["Client", "AsyncClient"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Give a function that makes a client of either kind and calls one of its methods."""
    found: Ask = request.param
    return found


def problem(status: int, title: str = "No", detail: str = "why", **more: Any) -> httpx.Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": "/x", **more}
    return httpx.Response(status, headers=PROBLEM, json=body)


def busy(status: int, retry_after: str) -> httpx.Response:
    return httpx.Response(
        status, headers=PROBLEM | {"retry-after": retry_after}, json=json.loads(problem(status).content)
    )


def predictions(*tweet_ids: str) -> httpx.Response:
    answer = {
        "text": "up",
        "created_at": None,
        "tickers": [],
        "label": "other",
        "label_score": 0.5,
        "labels": {"Macro": 0.5},
        "sentiment": "bullish",
        "sentiment_score": 0.5,
        "answered_by": "batch",
        "sentiment_answered_by": "batch",
        "opinions": {},
        "model": {"name": "tickertape", "version": "7", "online_version": 0},
        "classified_at": "2026-01-31T09:30:00.412Z",
    }
    return httpx.Response(200, json={"predictions": [{"id": one, **answer} for one in tweet_ids]})


def test_texts_are_sent_in_several_requests_and_answered_in_order(ask: Ask) -> None:
    server = Server(predictions("1", "2"), predictions("3", "4"), predictions("5"))

    answers = ask(server, "predict_many", ["up"] * 5, max_texts=2, keywords={"top_k": 5, "model": "batch"})

    assert [answer.id for answer in answers] == ["1", "2", "3", "4", "5"]
    assert [len(json.loads(request.content)["texts"]) for request in server.requests] == [2, 2, 1]
    assert {str(request.url) for request in server.requests} == {"http://api.test/predict?top_k=5&model=batch"}
    assert server.requests[0].headers["content-type"] == "application/json"


def test_nothing_is_sent_for_no_text(ask: Ask) -> None:
    server = Server(predictions())

    assert ask(server, "predict_many", []) == []
    assert ask(server, "feedback_many", []) == 0
    assert server.requests == []


def test_number_of_accepted_labels_is_that_of_all_requests(ask: Ask) -> None:
    from tickertape.client import Feedback  # noqa: PLC0415  # the name that the documentation uses

    server = Server(ACCEPTED)

    accepted = ask(server, "feedback_many", [Feedback(str(number), label="IPO") for number in range(3)], max_texts=1)

    assert accepted == 3
    assert [json.loads(request.content) for request in server.requests] == [
        {"feedback": [{"tweet_id": str(number), "label": "IPO"}]} for number in range(3)
    ]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, KeyRefusedError),
        (403, KeyRefusedError),
        (404, NotFoundError),
        (413, InvalidRequestError),
        (415, InvalidRequestError),
        (422, InvalidRequestError),
        (429, TooManyRequestsError),
        (500, ServerFaultError),
        (501, NotExplainableError),
        (503, UnavailableError),
        (507, ServerFaultError),
    ],
)
def test_every_problem_is_an_exception_of_its_kind_with_what_the_api_says(
    ask: Ask, status: int, kind: type[ProblemError]
) -> None:
    wrong = [{"field": "texts[1]", "reason": "empty_text", "detail": "it is empty"}]
    server = Server(problem(status, "Because", "it is so", request_id="desk-7", errors=wrong))

    with pytest.raises(kind) as raised:
        ask(server, "version")

    assert type(raised.value) is kind
    assert (raised.value.status, raised.value.title, raised.value.detail) == (status, "Because", "it is so")
    assert str(raised.value) == f"{status} Because: it is so"
    assert raised.value.problem.request_id == "desk-7"
    assert raised.value.problem.errors[0].field == "texts[1]"
    assert len(server.requests) == 1


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


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>a proxy</html>"),
        httpx.Response(200, content=b"\xff"),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(200, json={"name": "other", "package": "1", "api": "1", "model": None}),
        httpx.Response(200, json=[]),
        httpx.Response(204),
        httpx.Response(302, headers={"location": "http://elsewhere.test/"}),
        httpx.Response(502, text="<html>a proxy</html>"),
        httpx.Response(404, json={"error": "no"}),
        httpx.Response(500, headers=PROBLEM, content=b"{"),
        httpx.Response(500, headers=PROBLEM, json={"title": "no status"}),
    ],
)
def test_answer_that_is_none_of_the_api_is_told(ask: Ask, answer: httpx.Response) -> None:
    with pytest.raises(UnexpectedAnswerError):
        ask(Server(answer), "version")


@pytest.mark.parametrize("answered", [(), ("1", "2")])
def test_another_number_of_answers_than_texts_is_told(ask: Ask, answered: Iterable[str]) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"1 texts got \d answers"):
        ask(Server(predictions(*answered)), "predict", "up")


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


def test_part_of_a_path_can_not_lead_elsewhere(ask: Ask) -> None:
    server = Server(problem(404))

    for name in ("../version", "a/b?c#d", "..", ".", ""):
        with pytest.raises(NotFoundError):
            ask(server, "argument", name)

    assert [request.url.raw_path for request in server.requests] == [
        b"/args/..%2Fversion",
        b"/args/a%2Fb%3Fc%23d",
        b"/args/%2E%2E",
        b"/args/%2E",
        b"/args/",
    ]


def test_part_of_a_path_that_is_no_text_is_refused(ask: Ask) -> None:
    server = Server(problem(404))

    with pytest.raises(WrongInputError, match="lone surrogate"):
        ask(server, "ticker", "\ud800")

    assert server.requests == []


def test_a_ticker_is_told_with_its_windows_and_tweets(ask: Ask) -> None:
    server = Server(httpx.Response(200, json=TICKER))

    told = ask(server, "ticker", "$brk.b")

    assert server.requests[0].url.raw_path == b"/tickers/%24brk.b"
    assert (told.ticker, [window.seconds for window in told.windows]) == ("AAPL", [60, 300, 900])
    assert (told.windows[0].bearish, told.windows[0].sentiment_score) == (17, -0.21)
    assert [(tweet.label, tweet.tickers) for tweet in told.tweets] == [("Analyst Update", ("AAPL",))]


def test_both_clients_have_the_same_methods_with_the_same_arguments() -> None:
    import inspect  # noqa: PLC0415

    def surface(kind: type) -> dict[str, str]:
        return {
            name: str(inspect.signature(method))
            for name, method in vars(kind).items()
            if inspect.isfunction(method) and not name.startswith("_") and name not in {"close", "aclose", "live"}
        }

    assert surface(Client) == surface(AsyncClient)
    assert len(surface(Client)) == 19


def test_problem_without_its_optional_members_is_one() -> None:
    assert Problem("Not Found", 404, "no").errors == ()
