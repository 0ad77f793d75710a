import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.openapi import examples
from api.openapi.documentation import assets_folder
from api.openapi.drift_schemas import DriftEvents
from api.openapi.schemas import PredictAnswer, Problem

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


async def document_of(client: httpx.AsyncClient) -> dict[str, Any]:
    document: dict[str, Any] = (await client.get("/openapi.json")).json()
    return document


async def test_the_page_loads_only_files_of_this_server_and_they_are_there(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text

    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    answers = {source: await client.get(f"/{source}") for source in sources}

    assert sorted(sources) == [
        "docs/assets/favicon.png",
        "docs/assets/start.js",
        "docs/assets/swagger-ui-bundle.js",
        "docs/assets/swagger-ui.css",
        "openapi.json",
    ]
    assert {answer.status_code for answer in answers.values()} == {httpx.codes.OK}


async def test_the_page_allows_no_script_of_its_own_or_of_others(client: httpx.AsyncClient) -> None:
    response = await client.get("/docs")

    policy = response.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert not re.search(r"<script>|https?:", response.text)


def test_swagger_ui_is_new_enough_for_openapi_3_1() -> None:
    bundle = (assets_folder() / "swagger-ui-bundle.js").read_text(encoding="utf-8")

    assert re.search(r'PACKAGE_VERSION:"5\.', bundle)


@pytest.mark.parametrize("path", ["..%2Fcore.py", "redoc.standalone.js", "%2e%2e/core.py"])
async def test_no_other_file_is_given(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(f"/docs/assets/{path}")

    assert response.status_code == httpx.codes.NOT_FOUND


async def test_every_reference_of_the_document_leads_to_a_schema(client: httpx.AsyncClient) -> None:
    response = await client.get("/openapi.json")

    referenced = set(re.findall(r'"#/components/schemas/(\w+)"', response.text))
    assert response.json()["openapi"] == "3.1.0"
    assert referenced - set(response.json()["components"]["schemas"]) == set()
    assert {"PredictRequest", "PredictAnswer", "FeedbackRequest", "FeedbackAnswer", "Problem"} <= referenced


async def test_the_document_states_the_limit_that_is_set(serve_ready: Serve) -> None:
    async with serve_ready(max_texts=12) as client:
        document = await document_of(client)

    schemas = document["components"]["schemas"]
    assert schemas["Texts"]["properties"]["texts"]["maxItems"] == 12
    assert schemas["FeedbackRequest"]["properties"]["feedback"]["maxItems"] == 12


async def test_every_request_example_of_the_document_is_answered(client: httpx.AsyncClient) -> None:
    document = await document_of(client)
    shown = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"]

    answers = {name: await client.post("/predict", json=example["value"]) for name, example in shown.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        ("one", "many", "many-with-ids", "tweet"), 200
    )
    assert answers["tweet"].json()["predictions"][0]["tickers"] == ["AAPL"]
    assert answers["tweet"].json()["predictions"][0].keys() == examples.ANSWER["predictions"][0].keys()


async def test_every_feedback_example_of_the_document_is_taken(client: httpx.AsyncClient, publisher: Any) -> None:
    document = await document_of(client)
    shown = document["paths"]["/feedback"]["post"]["requestBody"]["content"]["application/json"]["examples"]

    answers = {name: await client.post("/feedback", json=example["value"]) for name, example in shown.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == {"sent-out": 202, "many": 202}
    assert answers["many"].json() == examples.FEEDBACK_ANSWER
    assert publisher.published[1][1].source == "desk-7"


async def test_every_feedback_problem_names_the_path(client: httpx.AsyncClient) -> None:
    document = await document_of(client)
    answers = document["paths"]["/feedback"]["post"]["responses"]

    shown = [
        answer["content"]["application/problem+json"]["example"]["instance"]
        for status, answer in answers.items()
        if status != "202"
    ]

    assert shown == ["/feedback"] * 7


async def test_the_example_of_wrong_feedback_is_what_is_answered(client: httpx.AsyncClient) -> None:
    wrong = {"feedback": [{"tweet_id": "1", "label": "IPO"}, {"tweet_id": "2", "sentiment": "up"}]}

    response = await client.post("/feedback", json=wrong, headers={"x-request-id": examples.REQUEST_ID})

    assert response.json() == examples.INVALID_FEEDBACK


@pytest.mark.parametrize(
    ("shown", "headers", "content"),
    [
        (examples.MALFORMED, {"content-type": "application/json"}, b'{"texts"'),
        (examples.TOO_LARGE, {"content-type": "application/json"}, b" " * 4_194_305),
        (examples.UNSUPPORTED, {"content-type": "text/plain"}, b"x"),
        (examples.INVALID, {"content-type": "application/json"}, b'{"texts": [{"text": "x"}, {"text": ""}]}'),
    ],
)
async def test_every_problem_example_is_what_is_answered(
    client: httpx.AsyncClient, shown: dict[str, Any], headers: dict[str, str], content: bytes
) -> None:
    headers = headers | {"x-request-id": examples.REQUEST_ID}

    response = await client.post("/predict", headers=headers, content=content)

    assert response.json() == shown


def test_the_examples_fit_the_schemas() -> None:
    problems = [value for name, value in vars(examples).items() if name.isupper() and "status" in value]

    answer = PredictAnswer.model_validate(examples.ANSWER, strict=False)

    drift = DriftEvents.model_validate(examples.DRIFT_EVENTS, strict=False)

    assert answer.model_dump(mode="json") == examples.ANSWER
    assert drift.model_dump(mode="json") == examples.DRIFT_EVENTS
    assert len(problems) == 18
    assert [Problem.model_validate(problem, strict=False).model_dump(exclude_none=True) for problem in problems] == (
        problems
    )


async def test_the_reference_names_every_route_and_status_of_the_document(client: httpx.AsyncClient) -> None:
    reference = (Path(__file__).parents[4] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")

    document = await document_of(client)

    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"`{method.upper()} {path}`" in reference
            assert [status for status in operation["responses"] if f"| {status} |" not in reference] in (
                ["200"],
                ["202"],
            )
