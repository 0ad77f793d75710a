"""Both clients over a transport of the test's own: what is sent, and what becomes of every kind of answer."""

import json
from collections.abc import Iterable

import httpx
import pytest

from api.live.examples import TICKER
from tests.unit.client.server import (
    ACCEPTED,
    PROBLEM,
    Ask,
    Server,
    predictions,
    problem,
)
from tickertape.client import (
    AsyncClient,
    Client,
    InvalidRequestError,
    KeyRefusedError,
    NotExplainableError,
    NotFoundError,
    ProblemError,
    ServerFaultError,
    TooManyRequestsError,
    UnavailableError,
    UnexpectedAnswerError,
    WrongInputError,
)
from tickertape.client.errors import Problem


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
