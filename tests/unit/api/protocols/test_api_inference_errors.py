"""What the Open Inference Protocol says of requests that can't be answered."""

from typing import Any

import httpx
import pytest

from tests.unit.api.protocols.tensors import INFER, request, tensor

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("models/other", "there is no model 'other': there is fixed"),
        ("models/other/infer", "there is no model 'other': there is fixed"),
        ("models/fixed/versions/9", "there is no model '9': there are champion, batch, 7"),
        ("models/fixed/versions/9/ready", "there is no model '9': there are champion, batch, 7"),
        ("models/fixed/versions/..%2e/infer", "there is no model '...': there are champion, batch, 7"),
        ("models/fixed/versions/..%2Fx/infer", "no such path: "),
        ("models", "no such path: "),
    ],
)
async def test_what_is_not_there_is_the_protocols_error(client: httpx.AsyncClient, path: str, error: str) -> None:
    method = "POST" if path.endswith("infer") else "GET"

    answer = await client.request(method, f"/v2/{path}", json=request(["x"]))

    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"error"}
    assert answer.json()["error"].startswith(error)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "inputs: this field is required"),
        ([], "the body: Expected `object`, got `array`"),
        ({"inputs": {}}, "inputs: Expected `array`, got `object`"),
        ({"inputs": []}, "inputs: there is one input, 'text': send it and no other"),
        ({"inputs": [tensor(["a"]), tensor(["b"])]}, "inputs: there is one input, 'text': send it and no other"),
        ({"inputs": [tensor(["a"], name="x")]}, "inputs: there is one input, 'text': send it and no other"),
        ({"inputs": [tensor(["a"], datatype="FP32")]}, "inputs[0].datatype: a text is BYTES"),
        ({"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES"}]}, "inputs[0].data: this field is required"),
        ({"inputs": [tensor([], [0])]}, "inputs[0].data: inputs[0].data has 0 elements, 1 to 1000 are allowed"),
        ({"inputs": [tensor(["a"] * 1001)]}, "inputs[0].data: inputs[0].data has 1001 elements, 1 to 1000 are allowed"),
        ({"inputs": [tensor(["a", "b"], [1])]}, "inputs[0].shape: data has 2 elements: its shape is [2] or [2, 1]"),
        ({"inputs": [tensor(["a"], [-1])]}, "inputs[0].shape[0]: Expected `int` >= 0"),
        ({"inputs": [tensor(["a"], [1.5])]}, "inputs[0].shape[0]: Expected `int`, got `float`"),
        ({"inputs": [tensor(["a"], [1, 1, 1])]}, "inputs[0].shape: Expected `array` of length <= 2"),
        ({"inputs": [tensor(["a"], [10**30])]}, "inputs[0].shape: data has 1 elements"),
        ({"inputs": [tensor(["a", 5])]}, "inputs[0].data[1]: Expected `str | array`, got `int`"),
        ({"inputs": [tensor(["a", None])]}, "inputs[0].data[1]: Expected `str | array`, got `null`"),
        ({"inputs": [tensor(["a", " "])]}, "inputs[0].data[1]: text must hold more than white space"),
        ({"inputs": [tensor([["a"]])]}, "inputs[0].data[0]: an element is one string"),
        ({"inputs": [tensor([["a", "b"]], [1, 1])]}, "inputs[0].data[0]: an element is one string"),
        ({"inputs": [tensor([[]], [1, 1])]}, "inputs[0].data[0]: an element is one string"),
        ({"inputs": [tensor([[["a"]]], [1, 1])]}, "inputs[0].data[0][0]: Expected `str`, got `array`"),
        ({"inputs": [tensor(["?"], parameters={"content_type": "base64"})]}, "inputs[0].data[0]: this is no base64"),
        ({"inputs": [tensor(["/w=="], parameters={"content_type": "base64"})]}, "inputs[0].data[0]: this is no base64"),
        ({"inputs": [tensor(["ü"], parameters={"content_type": "base64"})]}, "inputs[0].data[0]: this is no base64"),
        ({"inputs": [tensor([""], parameters={"content_type": "base64"})]}, "inputs[0].data[0]: text must hold more"),
        ({"inputs": [tensor(["a"], parameters={"content_type": "np"})]}, "inputs[0].parameters.content_type: Invalid"),
        (
            {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 5}}]},
            "inputs[0].parameters.binary_data_size: binary tensors are not read",
        ),
        (request(["a"], parameters={"top_k": 0}), "parameters.top_k: Expected `int` >= 1"),
        (request(["a"], parameters={"top_k": 10**30}), "parameters.top_k: "),
        (request(["a"], parameters={"top_k": True}), "parameters.top_k: Expected `int | null`, got `bool`"),
        (request(["a"], parameters=[]), "parameters: Expected `object | null`, got `array`"),
        (request(["a"], outputs=[{"name": "x"}]), "outputs[0].name: there is no such output: there are label,"),
        (request(["a"], outputs=[{"name": "label"}] * 65), "outputs: Expected `array` of length <= 64"),
        (request(["a"], id=7), "id: Expected `str | null`, got `int`"),
    ],
)
async def test_a_wrong_request_names_the_field_in_the_protocols_error(
    client: httpx.AsyncClient, asked: list[Any], body: Any, error: str
) -> None:
    answer = await client.post(INFER, json=body)

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"].startswith(error), answer.json()["error"]
    assert asked == []


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", JSON, 400),
        (b'{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": [NaN]}]}', JSON, 400),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "inputs": []}', JSON, 400),
        (b'{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["\xff"]}]}', JSON, 400),
        (b"{}", {"content-type": "application/octet-stream"}, 415),
        (b"{}", JSON | {"content-encoding": "gzip"}, 415),
        (b" " * 4_194_305, JSON, 413),
    ],
)
async def test_a_body_that_is_not_read_is_the_protocols_error_too(
    client: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await client.post(INFER, content=content, headers=headers)

    assert answer.status_code == status
    assert answer.json().keys() == {"error"}
    assert answer.headers["x-request-id"]


async def test_data_that_is_nested_deeply_is_the_protocols_error(client: httpx.AsyncClient) -> None:
    deep = b'{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ['
    deep += b"[" * 100_000 + b"]" * 100_000 + b"]}]}"

    answer = await client.post(INFER, content=deep, headers=JSON)

    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json() == {"error": "the body's JSON is nested too deeply"}


async def test_a_method_that_is_not_allowed_is_the_protocols_error(client: httpx.AsyncClient) -> None:
    answer = await client.get(INFER)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json() == {"error": f"{INFER} does not take GET, it takes POST"}


async def test_a_path_that_only_begins_alike_has_its_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v2x")

    assert answer.headers["content-type"] == "application/problem+json"
