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
from tests.unit.api.protocols.tensors import INFER, request, tensor

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

TEXTS = ["$TSLA shares surge 9%", "Fed holds rates"]


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
