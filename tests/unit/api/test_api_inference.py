"""The Open Inference Protocol v2: shapes as its specification says, and answers as /predict gives them."""

import base64
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from api.protocols import examples as protocol_examples
from api.protocols.inference_codecs import OUTPUTS
from api.protocols.schemas import InferenceAnswer, InferenceRequest, ModelMetadata
from models.records import ModelVersion
from models.taxonomy import Label

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

TEXTS = ["$TSLA shares surge 9%", "Fed holds rates"]
INFER = "/v2/models/fixed/infer"
JSON = {"content-type": "application/json"}


def tensor(data: list[Any], shape: list[Any] | None = None, **members: Any) -> dict[str, Any]:
    return {
        "name": "text",
        "shape": [len(data)] if shape is None else shape,
        "datatype": "BYTES",
        "data": data,
    } | members


def request(data: list[Any], **members: Any) -> dict[str, Any]:
    return {"inputs": [tensor(data)], **members}


def columns_of(answer: httpx.Response) -> dict[str, list[Any]]:
    assert answer.status_code == httpx.codes.OK, answer.text
    return {output["name"]: output["data"] for output in answer.json()["outputs"]}


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
async def test_server_says_its_name_version_and_that_it_has_no_extensions(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.json().keys() == {"name", "version", "extensions"}
    assert (answer.json()["name"], answer.json()["extensions"]) == ("tickertape", [])


async def test_health_is_told_before_and_after_the_model_is_there(serve: Serve, client: httpx.AsyncClient) -> None:
    async with serve(_never_loaded) as loading:
        early = [await loading.get(f"/v2/health/{kind}") for kind in ("live", "ready")]

    later = [await client.get(f"/v2/health/{kind}") for kind in ("live", "ready")]

    assert [answer.status_code for answer in (*early, *later)] == [200, 503, 200, 200]
    assert early[1].json() == {"error": "the model is being loaded: try again in a moment"}
    assert [answer.json() for answer in later] == [{"live": True}, {"live": True, "ready": True}]


async def test_model_says_its_versions_and_tensors(client: httpx.AsyncClient, versions: Any) -> None:
    versions.held = dict.fromkeys(("5", "6"))

    answer = await client.get("/v2/models/fixed")

    assert answer.json() == {
        "name": "fixed",
        "versions": ["5", "6", "7"],
        "platform": "tickertape_weights",
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [-1]},
            {"name": "label_score", "datatype": "FP64", "shape": [-1]},
            {"name": "sentiment", "datatype": "BYTES", "shape": [-1]},
            {"name": "sentiment_score", "datatype": "FP64", "shape": [-1]},
            {"name": "labels", "datatype": "BYTES", "shape": [-1, -1]},
            {"name": "label_scores", "datatype": "FP64", "shape": [-1, -1]},
        ],
    }
    assert ModelMetadata.model_validate_json(answer.content)


@pytest.mark.parametrize("path", ["/v2/models/fixed/ready", "/v2/models/fixed/versions/7/ready"])
async def test_model_and_version_are_ready(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).json() == {"name": "fixed", "ready": True}


async def test_texts_are_answered_by_a_tensor_for_each_field(client: httpx.AsyncClient) -> None:
    answer = await client.post(INFER, json=request(TEXTS, id="42"))

    assert answer.json() == {
        "model_name": "fixed",
        "model_version": "7",
        "parameters": {"online_version": 2},
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["Macro", "Macro"]},
            {"name": "label_score", "datatype": "FP64", "shape": [2], "data": [0.75, 0.75]},
            {"name": "sentiment", "datatype": "BYTES", "shape": [2], "data": ["bullish", "bullish"]},
            {"name": "sentiment_score", "datatype": "FP64", "shape": [2], "data": [0.5, 0.5]},
            {"name": "labels", "datatype": "BYTES", "shape": [2, 2], "data": ["Macro", "Markets"] * 2},
            {"name": "label_scores", "datatype": "FP64", "shape": [2, 2], "data": [0.75, 0.125] * 2},
        ],
        "id": "42",
    }
    assert InferenceAnswer.model_validate_json(answer.content)


async def test_answers_are_those_of_predict(real: httpx.AsyncClient) -> None:
    predicted = (await real.post("/predict?top_k=5", json={"texts": TEXTS})).json()["predictions"]

    columns = columns_of(await real.post("/v2/models/tickertape/infer", json=request(TEXTS, parameters={"top_k": 5})))

    for field in ("label", "label_score", "sentiment", "sentiment_score"):
        assert columns[field] == [answer[field] for answer in predicted]
    assert columns["labels"] == [label for answer in predicted for label in answer["labels"]]
    assert columns["label_scores"] == [score for answer in predicted for score in answer["labels"].values()]


async def test_outputs_that_are_named_are_answered_in_their_order(client: httpx.AsyncClient) -> None:
    outputs = [{"name": "sentiment", "parameters": {"binary_data": False}}, {"name": "label"}]

    answer = await client.post(INFER, json=request(TEXTS, outputs=outputs))

    assert list(columns_of(answer)) == ["sentiment", "label"]
    assert "id" not in answer.json()


@pytest.mark.parametrize(
    "sent",
    [
        tensor([["a"], ["b"]], [2, 1]),
        tensor(["a", "b"], [2, 1]),
        tensor(["a", "b"], parameters={"content_type": "str"}),
        tensor(["a", "b"], parameters=None),
        tensor(["YQ==", "Yg=="], parameters={"content_type": "base64"}),
        tensor([["YQ=="], ["Yg=="]], [2, 1], parameters={"content_type": "base64"}),
    ],
)
async def test_every_way_to_write_two_texts_is_read_alike(
    client: httpx.AsyncClient, asked: list[Any], sent: dict[str, Any]
) -> None:
    body = {"inputs": [sent], "id": None, "outputs": None, "parameters": None, "unknown": {"x": 1}}

    answer = await client.post(INFER, json=body)

    assert answer.status_code == httpx.codes.OK, answer.text
    assert [tweet.text for tweet in asked] == ["a", "b"]


async def test_base64_is_of_utf8(client: httpx.AsyncClient, asked: list[Any]) -> None:
    encoded = base64.b64encode("$TSLA \U0001f680".encode()).decode()

    await client.post(INFER, json={"inputs": [tensor([encoded], parameters={"content_type": "base64"})]})

    assert [(tweet.text, tweet.tickers) for tweet in asked] == [("$TSLA \U0001f680", ("TSLA",))]


async def test_a_version_answers_for_itself(
    client: httpx.AsyncClient, versions: Any, make_fixed_predictor: Callable[..., Any]
) -> None:
    versions.held["3"] = make_fixed_predictor(ModelVersion("fixed", "3"), {Label.IPO: 0.5})

    answer = await client.post("/v2/models/fixed/versions/3/infer", json=request(["x"]))

    assert answer.json()["model_version"] == "3"
    assert columns_of(answer)["label"] == ["IPO"]


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


async def test_every_example_of_the_document_is_answered(real: httpx.AsyncClient) -> None:
    document = (await real.get("/openapi.json")).json()
    operation = document["paths"]["/v2/models/{name}/infer"]["post"]
    shown = operation["requestBody"]["content"]["application/json"]["examples"]

    answers = {
        name: columns_of(await real.post("/v2/models/tickertape/infer", json=example["value"]))
        for name, example in shown.items()
    }

    assert {name: list(columns) for name, columns in answers.items()} == {
        "texts": list(OUTPUTS),
        "labels": ["labels", "label_scores"],
        "base64": ["label"],
    }
    assert len(answers["labels"]["labels"]) == 10


def test_the_examples_fit_the_schemas() -> None:
    for example in protocol_examples.INFERENCES.values():
        InferenceRequest.model_validate_json(json.dumps(example["value"]))

    answer = InferenceAnswer.model_validate(protocol_examples.INFERENCE_ANSWER)

    assert answer.model_dump(mode="json") == protocol_examples.INFERENCE_ANSWER


def _never_loaded() -> Any:
    raise FileNotFoundError
