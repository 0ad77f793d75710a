"""MLflow's scoring protocol: every way to write a table, and what is wrong with others."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from api.protocols import examples as protocol_examples
from api.protocols.schemas import InvocationsAnswer, InvocationsRequest

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["text"], "data": [["a"], ["b"]]}},
        {"dataframe_split": {"index": [7, 8], "columns": ["n", "text"], "data": [[1, "a"], [None, "b"]]}},
        {"dataframe_records": [{"text": "a"}, {"text": "b", "n": 1}]},
        {"instances": ["a", "b"]},
        {"instances": [{"text": "a"}, {"text": "b"}]},
        {"inputs": ["a", "b"]},
        {"inputs": {"text": ["a", "b"]}},
        {"inputs": [{"text": "a"}, {"text": "b"}], "params": {"temperature": 1}, "unknown": []},
    ],
)
async def test_every_way_to_write_two_texts_is_read_alike(
    client: httpx.AsyncClient, asked: list[Any], body: dict[str, Any]
) -> None:
    answer = await client.post("/invocations", json=body)

    row = {"label": "Macro", "label_score": 0.75, "sentiment": "bullish", "sentiment_score": 0.5}
    assert answer.json() == {
        "predictions": [row, row],
        "model": {"name": "fixed", "version": "7", "online_version": 2},
    }
    assert [tweet.text for tweet in asked] == ["a", "b"]
    assert InvocationsAnswer.model_validate_json(answer.content)


@pytest.mark.parametrize("body", [{"inputs": "a"}, {"inputs": {"text": "a"}}, {"instances": "a"}])
async def test_one_text_is_one_row(client: httpx.AsyncClient, asked: list[Any], body: dict[str, Any]) -> None:
    answer = await client.post("/invocations", json=body)

    assert len(answer.json()["predictions"]) == 1
    assert [tweet.text for tweet in asked] == ["a"]


async def test_answers_are_those_of_predict(real: httpx.AsyncClient) -> None:
    texts = ["$TSLA shares surge 9%", "Fed holds rates"]
    predicted = (await real.post("/predict", json={"texts": texts})).json()["predictions"]

    invoked = (await real.post("/invocations", json={"inputs": texts})).json()["predictions"]

    assert invoked == [{field: answer[field] for field in invoked[0]} for answer in predicted]


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "", "missing_field"),
        ([], "", "not_an_object"),
        ({"inputs": ["a"], "instances": ["b"]}, "inputs", "mixed_input"),
        ({"inputs": None}, "inputs", "wrong_type"),
        ({"inputs": 1}, "inputs", "wrong_type"),
        ({"inputs": []}, "inputs", "wrong_count"),
        ({"inputs": ["a"] * 1001}, "inputs", "wrong_count"),
        ({"inputs": {"text": ["a"] * 1001}}, "inputs.text", "wrong_count"),
        ({"inputs": {"text": []}}, "inputs.text", "wrong_count"),
        ({"inputs": {}}, "inputs.text", "missing_field"),
        ({"inputs": {"text": ["a", 1]}}, "inputs.text[1]", "wrong_type"),
        ({"inputs": ["a", None]}, "inputs[1]", "wrong_type"),
        ({"inputs": ["a", {"text": "b"}]}, "inputs[1]", "wrong_type"),
        ({"inputs": [{"text": "a"}, "b"]}, "inputs[1]", "not_an_object"),
        ({"inputs": [["a"]]}, "inputs[0]", "not_an_object"),
        ({"inputs": " "}, "inputs", "empty_text"),
        ({"instances": [{"text": ""}]}, "instances[0]", "empty_text"),
        ({"instances": ["x" * 25_001]}, "instances[0]", "text_too_long"),
        ({"dataframe_records": {"text": "a"}}, "dataframe_records", "wrong_type"),
        ({"dataframe_records": ["a"]}, "dataframe_records[0]", "not_an_object"),
        ({"dataframe_records": [{"txt": "a"}]}, "dataframe_records[0].text", "missing_field"),
        ({"dataframe_records": [{"text": None}]}, "dataframe_records[0].text", "wrong_type"),
        ({"dataframe_split": []}, "dataframe_split", "wrong_type"),
        ({"dataframe_split": {"data": [["a"]]}}, "dataframe_split.columns", "missing_field"),
        ({"dataframe_split": {"columns": ["a"], "data": [["a"]]}}, "dataframe_split.columns", "missing_field"),
        (
            {"dataframe_split": {"columns": ["text", "text"], "data": [["a", "b"]]}},
            "dataframe_split.columns",
            "missing_field",
        ),
        ({"dataframe_split": {"columns": ["text"], "data": []}}, "dataframe_split.data", "wrong_count"),
        ({"dataframe_split": {"columns": ["text"], "data": [["a", "b"]]}}, "dataframe_split.data[0]", "wrong_count"),
        ({"dataframe_split": {"columns": ["text"], "data": [["a"], "b"]}}, "dataframe_split.data[1]", "wrong_type"),
        ({"dataframe_split": {"columns": ["text"], "data": [[5]]}}, "dataframe_split.data[0]", "wrong_type"),
    ],
)
async def test_a_wrong_table_is_a_problem_that_names_the_field(
    client: httpx.AsyncClient, asked: list[Any], body: Any, field: str, reason: str
) -> None:
    answer = await client.post("/invocations", json=body)

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert [(one["field"], one["reason"]) for one in answer.json()["errors"]] == [(field, reason)]
    assert asked == []


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b'{"inputs": [NaN]}', JSON, 400),
        (b'{"inputs": ["\xff"]}', JSON, 400),
        (b'{"inputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON, 400),
        (b"text\nup\n", {"content-type": "text/csv"}, 415),
        (b"x", {"content-type": "application/vnd.apache.parquet"}, 415),
    ],
)
async def test_a_body_that_is_not_read_is_a_problem(
    client: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/invocations", content=content, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/ping", "/health"])
async def test_health_is_told_before_and_after_the_model_is_there(
    serve: Serve, client: httpx.AsyncClient, path: str
) -> None:
    async with serve(_never_loaded) as loading:
        early = await loading.get(path)

    later = await client.get(path)

    assert early.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert (later.status_code, later.text, later.headers["content-type"]) == (200, "\n", "application/json")


async def test_every_example_of_the_document_is_answered(real: httpx.AsyncClient) -> None:
    document = (await real.get("/openapi.json")).json()
    operation = document["paths"]["/invocations"]["post"]
    shown = operation["requestBody"]["content"]["application/json"]["examples"]

    answers = [(await real.post("/invocations", json=example["value"])).json() for example in shown.values()]

    assert len(answers) == 4
    assert answers == [answers[0]] * 4
    assert [row["label"] for row in answers[0]["predictions"]] == ["Analyst Update", "Dividend"]


def test_the_examples_fit_the_schemas() -> None:
    for example in protocol_examples.INVOCATIONS.values():
        InvocationsRequest.model_validate_json(json.dumps(example["value"]))

    answer = InvocationsAnswer.model_validate(protocol_examples.INVOCATIONS_ANSWER, strict=False)

    assert answer.model_dump(mode="json") == protocol_examples.INVOCATIONS_ANSWER


def _never_loaded() -> Any:
    raise FileNotFoundError
