import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from api.predict import INLINE_BODY_BYTES, answer_to
from models.contracts import Predictor
from models.records import Tweet

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


async def test_a_text_is_answered_with_all_fields_of_the_stream(client: httpx.AsyncClient) -> None:
    response = await client.post("/predict", json={"texts": [{"text": "Fed cuts, $SPY up", "id": "7"}]})

    [answer] = response.json()["predictions"]
    assert response.status_code == httpx.codes.OK
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer.pop("classified_at"))
    assert answer == {
        "id": "7",
        "text": "Fed cuts, $SPY up",
        "created_at": None,
        "tickers": ["SPY"],
        "label": "Macro",
        "label_score": 0.75,
        "labels": {"Macro": 0.75, "Markets": 0.125},
        "sentiment": "bullish",
        "sentiment_score": 0.5,
        "answered_by": "batch",
        "model": {"name": "fixed", "version": "7", "online_version": 2},
    }


@pytest.mark.parametrize("characters", [1, INLINE_BODY_BYTES])
async def test_answers_are_in_the_order_of_the_texts_inline_and_in_the_thread(
    client: httpx.AsyncClient, asked: list[Tweet], characters: int
) -> None:
    texts = [f"{position} {'x' * characters}" for position in range(20)]

    response = await client.post("/predict", json={"texts": [{"text": text} for text in texts]})

    assert [answer["text"] for answer in response.json()["predictions"]] == texts
    assert asked == [Tweet(text=text) for text in texts]


async def test_a_request_with_one_wrong_text_reaches_no_model(client: httpx.AsyncClient, asked: list[Tweet]) -> None:
    response = await client.post("/predict", json={"texts": [{"text": "fine"}, {"text": ""}]})

    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert asked == []


async def test_a_request_before_the_model_is_there_gets_503_and_when_to_come_back(serve: Serve) -> None:
    async with serve(_never_loaded) as client:
        response = await client.post("/predict", json={"texts": [{"text": "x"}]})

    assert response.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert response.headers["retry-after"] == "1"
    assert response.json()["detail"] == "the model is being loaded: try again in a moment"


def test_one_request_has_one_time_for_all_its_answers(predictor: Predictor) -> None:
    answer = httpx.Response(
        200, content=answer_to(b'{"texts":[{"text":"a"},{"text":"b"}]}', predictor=predictor, max_texts=2)
    )

    first, second = answer.json()["predictions"]

    assert first["classified_at"] == second["classified_at"]


def _never_loaded() -> Predictor:
    raise FileNotFoundError
