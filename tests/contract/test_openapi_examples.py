"""Every example of the OpenAPI document is executed: requests are sent to the API, answers fit their schemas."""

from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:openapi"
GOOD = ("200", "202")
NEEDS_KAFKA = {"/live", "/tickers/{symbol}"}  # tests of integration ask for these


def examples_of(described: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The examples of a body, with their names."""
    if "example" in described:
        yield "example", described["example"]
    for name, shown in described.get("examples", {}).items():
        yield name, shown["value"]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def requests(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    """Every request that the document shows: a method, a path without parameters, its operation, a body or None."""
    for method, path, operation in operations(document):
        if path in NEEDS_KAFKA:
            continue
        filled = path
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                filled = filled.replace(f"{{{parameter['name']}}}", str(parameter["schema"]["examples"][0]))
        bodies = operation.get("requestBody", {}).get("content", {"": {"example": None}})
        for described in bodies.values():
            for _, body in examples_of(described):
                yield method, filled, operation, body


def queries(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every example of a parameter of a query, with its path."""
    for _, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                yield from ((path, {parameter["name"]: shown}) for shown in parameter["schema"].get("examples", []))


def answers(document: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Every answer that the document shows: where, its schema, the example."""
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            for media_type, described in answer.get("content", {}).items():
                for name, shown in examples_of(described):
                    yield f"{method} {path} {status} {media_type} {name}", described.get("schema", {}), shown


def misfits(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value by a schema of the document."""
    registry = Registry().with_resource(DOCUMENT, Resource(document, DRAFT202012))
    absolute = {"$ref": DOCUMENT + schema["$ref"]} if "$ref" in schema else schema
    validator = jsonschema.Draft202012Validator(absolute, registry=registry)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def good_answer(operation: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    (status,) = [status for status in operation["responses"] if status in GOOD]
    return status, operation["responses"][status]


def test_every_request_that_the_document_shows_gets_the_status_and_the_answer_that_it_shows(served: Any) -> None:
    shown = list(requests(served.document))
    wrong = []
    for method, path, operation, body in shown:
        response = httpx.request(method, f"{served.url}{path}", json=body)
        status, answer = good_answer(operation)
        media_type = response.headers["content-type"].partition(";")[0]
        if str(response.status_code) != status or media_type not in answer["content"]:
            wrong.append(f"{method} {path}: {response.status_code} {media_type} {response.text[:200]}")
        elif media_type == "application/json" and response.content.strip():
            schema = answer["content"][media_type].get("schema", {})
            wrong += [f"{method} {path}: {misfit}" for misfit in misfits(served.document, schema, response.json())]

    assert wrong == []
    assert len(shown) >= len([path for _, path, _ in operations(served.document) if path not in NEEDS_KAFKA]) + 8


def test_every_parameter_that_the_document_shows_is_taken(served: Any) -> None:
    shown = list(queries(served.document))

    statuses = {}
    for path, query in shown:
        body = None if path != "/predict" else {"text": "up"}
        method = "GET" if body is None else "POST"
        response = httpx.request(method, f"{served.url}{path}", params=query, json=body)
        statuses[str(response.url)] = response.status_code

    assert set(statuses.values()) == {200}, statuses
    assert len(statuses) >= 5


def test_every_answer_that_the_document_shows_fits_its_schema(served: Any) -> None:
    shown = list(answers(served.document))

    wrong = {where: found for where, schema, value in shown if (found := misfits(served.document, schema, value))}

    assert wrong == {}
    assert len(shown) > 60


def test_every_json_answer_but_mlflows_empty_line_has_a_schema(served: Any) -> None:
    without = [
        f"{method} {path} {status}"
        for method, path, operation in operations(served.document)
        for status, answer in operation["responses"].items()
        for media_type, described in answer.get("content", {}).items()
        if "json" in media_type and not described.get("schema")
    ]

    assert without == ["get /ping 200", "get /health 200"]


@pytest.mark.parametrize("value", [{"accepted": "2"}, {}, {"accepted": 2.5}, None])
def test_answer_that_does_not_fit_is_noticed(served: Any, value: Any) -> None:
    assert misfits(served.document, {"$ref": "#/components/schemas/FeedbackAnswer"}, value)
