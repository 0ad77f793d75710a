import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from api.dependencies import INLINE_BODY_BYTES
from api.request_errors import FeedbackNotDeliveredError
from models.contracts import Predictor
from models.feedback import Feedback
from models.taxonomy import Label, Sentiment

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

ONE = {"tweet_id": "7", "label": "IPO"}


async def test_feedback_is_published_and_its_number_is_answered(client: httpx.AsyncClient, publisher: Any) -> None:
    full = {
        "tweet_id": "8",
        "sentiment": "bullish",
        "text": "up",
        "source": "desk",
        "labelled_at": "2026-01-31T09:30:00Z",
    }

    response = await client.post("/feedback", json={"feedback": [ONE, full]})

    [[first, second]] = publisher.published
    assert (response.status_code, response.json()) == (httpx.codes.ACCEPTED, {"accepted": 2})
    assert (first.tweet_id, first.label, first.sentiment, first.text) == ("7", Label.IPO, None, None)
    assert first.source == "api"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.labelled_at)
    assert second == Feedback("8", "desk", "2026-01-31T09:30:00Z", sentiment=Sentiment.BULLISH, text="up")


@pytest.mark.parametrize("characters", [1, INLINE_BODY_BYTES])
async def test_feedback_keeps_its_order_inline_and_in_the_thread(
    client: httpx.AsyncClient, publisher: Any, characters: int
) -> None:
    given = [{"tweet_id": str(number), "label": "IPO", "text": "x" * characters} for number in range(20)]

    await client.post("/feedback", json={"feedback": given})

    assert [one.tweet_id for one in publisher.published[0]] == [str(number) for number in range(20)]


async def test_a_request_with_one_wrong_element_publishes_nothing(client: httpx.AsyncClient, publisher: Any) -> None:
    response = await client.post("/feedback", json={"feedback": [ONE, {"tweet_id": "8", "label": "Nonsense"}]})

    [problem] = response.json()["errors"]
    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert (problem["field"], problem["reason"]) == ("feedback[1].label", "unknown_label")
    assert publisher.published == []


async def test_more_elements_than_allowed_are_refused(serve_ready: Serve) -> None:
    async with serve_ready(max_texts=2) as client:
        response = await client.post("/feedback", json={"feedback": [ONE] * 3})

    assert response.json()["detail"] == "feedback: feedback has 3 elements, 1 to 2 are allowed (API_MAX_TEXTS)"


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"content-type": "text/plain"}, b"{}", 415),
        ({"content-type": "application/json"}, b"{", 400),
        ({"content-type": "application/json"}, b" " * 4_194_305, 413),
    ],
)
async def test_a_body_that_is_no_json_is_a_problem_as_for_predictions(
    client: httpx.AsyncClient, headers: dict[str, str], content: bytes, status: int
) -> None:
    response = await client.post("/feedback", headers=headers, content=content)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


async def test_feedback_that_is_not_delivered_is_a_503_that_says_what_to_do(
    client: httpx.AsyncClient, publisher: Any
) -> None:
    publisher.failure = FeedbackNotDeliveredError("Kafka acknowledged 1 of 2: send all again")

    refused = await client.post("/feedback", json={"feedback": [ONE, ONE]})
    publisher.failure = None
    later = await client.post("/feedback", json={"feedback": [ONE]})

    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert refused.json()["detail"] == "Kafka acknowledged 1 of 2: send all again"
    assert refused.headers["retry-after"] == "1"
    assert later.status_code == httpx.codes.ACCEPTED


async def test_feedback_that_waits_for_kafka_holds_up_no_prediction(serve_ready: Serve, publisher: Any) -> None:
    publisher.may_end.clear()
    async with serve_ready(max_requests=1) as client:
        waiting = asyncio.create_task(client.post("/feedback", json={"feedback": [ONE]}))
        await asyncio.sleep(0.01)
        predicted = await client.post("/predict", json={"texts": [{"text": "x"}]})
        refused = await client.post("/feedback", json={"feedback": [ONE]})
        publisher.may_end.set()
        answered = await waiting

    assert predicted.status_code == httpx.codes.OK
    assert refused.json()["detail"] == "1 requests are in progress (API_MAX_REQUESTS): try again in a moment"
    assert answered.status_code == httpx.codes.ACCEPTED


async def test_feedback_needs_no_model(serve: Serve, publisher: Any) -> None:
    def never_loaded() -> Predictor:
        raise FileNotFoundError

    async with serve(never_loaded) as client:
        response = await client.post("/feedback", json={"feedback": [ONE]})

    assert response.status_code == httpx.codes.ACCEPTED
    assert len(publisher.published) == 1


async def test_the_publisher_is_closed_with_the_application(serve_ready: Serve, publisher: Any) -> None:
    async with serve_ready():
        was_closed = publisher.is_closed

    assert (was_closed, publisher.is_closed) == (False, True)
