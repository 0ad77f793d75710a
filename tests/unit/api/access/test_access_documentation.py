from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx

from api.access.accounts import Accounts, Rate, Unit
from api.access.documentation import NO_KEY, ROLE_MISSING, TOO_MUCH
from api.openapi.schemas import Problem

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


async def documented(serve_ready: Serve, access: Any) -> dict[str, Any]:
    async with serve_ready(access=access) as client:
        document: dict[str, Any] = (await client.get("/openapi.json")).json()
    return document


def limits() -> Accounts:
    return Accounts((Rate(Unit.TEXTS, 1.0, 10.0, "API_X"),))


async def test_without_keys_the_document_speaks_of_none(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()

    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert "securitySchemes" not in document["components"]
    assert [operation for operation in operations if "security" in operation] == []
    assert {"401", "403", "429"} & {status for operation in operations for status in operation["responses"]} == set()


async def test_with_keys_every_operation_says_which_role_it_needs(serve_ready: Serve, keys: Any) -> None:
    document = await documented(serve_ready, keys.access())

    paths = document["paths"]
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header"}
    assert paths["/predict"]["post"]["security"] == [{"bearer": ["predict"]}, {"header": ["predict"]}]
    assert paths["/v2/models/{name}"]["get"]["security"] == [
        {"bearer": ["predict"]},
        {"header": ["predict"]},
        {"bearer": ["read"]},
        {"header": ["read"]},
    ]
    free = {path for path, operations in paths.items() if any("security" not in one for one in operations.values())}
    assert free == {"/health", "/health/live", "/health/ready", "/ping", "/v2/health/live", "/v2/health/ready"}


async def test_refusals_are_described_in_the_shape_they_have(serve_ready: Serve, keys: Any) -> None:
    document = await documented(serve_ready, keys.access(accounts=limits()))

    predict = document["paths"]["/predict"]["post"]["responses"]
    infer = document["paths"]["/v2/models/{name}/infer"]["post"]["responses"]
    assert {"401", "403", "429"} <= set(predict)
    assert predict["401"]["content"]["application/problem+json"]["example"]["instance"] == "/predict"
    assert infer["429"]["content"]["application/json"]["example"] == {"error": TOO_MUCH["detail"]}
    assert set(predict["429"]["headers"]) == {"Retry-After", "RateLimit", "RateLimit-Policy"}


async def test_the_examples_are_what_is_answered(serve_ready: Serve, keys: Any) -> None:
    async with serve_ready(access=keys.access()) as client:
        without = (await client.post("/predict")).json()
        wrong = (await client.post("/predict", headers=keys.bearer("read"))).json()

    assert without == NO_KEY | {"request_id": without["request_id"]}
    assert wrong == ROLE_MISSING | {"request_id": wrong["request_id"]}
    assert Problem.model_validate(TOO_MUCH, strict=False).model_dump(exclude_none=True) == TOO_MUCH


async def test_the_reference_names_every_status_of_a_refusal() -> None:
    reference = (Path(__file__).parents[4] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")

    assert [status for status in ("401", "403", "421", "429", "431") if f"| {status} |" not in reference] == []
