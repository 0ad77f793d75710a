import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from api.dependencies import INLINE_BODY_BYTES
from api.openapi.schemas import PredictAnswer
from api.routes.predict import EXPLAINED_TERMS, answer_to
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
        "sentiment_answered_by": "batch",
        "opinions": {},
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


async def test_explanation_stands_beside_the_fields_that_are_answered_without_it(real: httpx.AsyncClient) -> None:
    texts = {"texts": [{"text": "$TSLA shares surge 9%"}, {"text": "Crude oil falls"}]}

    plain = (await real.post("/predict?explain=false", json=texts)).json()["predictions"]
    response = await real.post("/predict?explain=true", json=texts)

    PredictAnswer.model_validate_json(response.content)
    for without, answer in zip(plain, response.json()["predictions"], strict=True):
        explanation = answer.pop("explanation")
        assert answer | {"classified_at": ""} == without | {"classified_at": ""}
        assert explanation["label"]["answer"] == answer["label"]
        assert explanation["sentiment"]["answer"] == answer["sentiment"]
        assert 1 <= len(explanation["label"]["terms"]) <= EXPLAINED_TERMS


async def test_a_wrong_text_is_refused_with_explanation_as_without(real: httpx.AsyncClient) -> None:
    answers = [
        await real.post(path, json={"texts": [{"text": ""}]}, headers={"x-request-id": "1"})
        for path in ("/predict", "/predict?explain=true")
    ]

    assert answers[0].status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert answers[1].json() == answers[0].json()


@pytest.mark.parametrize("value", ["", "1", "True", "yes"])
async def test_explain_that_is_neither_true_nor_false_is_a_problem(client: httpx.AsyncClient, value: str) -> None:
    response = await client.post(f"/predict?explain={value}", json={"texts": [{"text": "x"}]})

    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert response.json()["detail"] == f"explain is {value!r}: send true or false"


async def test_a_model_that_is_no_sum_over_terms_is_not_explained(client: httpx.AsyncClient) -> None:
    response = await client.post("/predict?explain=true", json={"texts": [{"text": "x"}]})

    assert response.status_code == httpx.codes.NOT_IMPLEMENTED
    assert response.json()["detail"].startswith("the answers of fixed 7 are not those of a linear scorer")


def test_one_request_has_one_time_for_all_its_answers(predictor: Predictor) -> None:
    answer = httpx.Response(
        200, content=answer_to(b'{"texts":[{"text":"a"},{"text":"b"}]}', predictor=predictor, max_texts=2)
    )

    first, second = answer.json()["predictions"]

    assert first["classified_at"] == second["classified_at"]


def _never_loaded() -> Predictor:
    raise FileNotFoundError
