"""What the URL of /predict may ask for: top_k, and who answers."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from api.options import NAMED_VERSIONS
from api.versions import MAX_WAITING
from models.errors import ModelCorruptError, ModelNotFoundError
from models.predictor import ScorerPredictor
from models.records import ModelVersion
from models.taxonomy import Label

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

TEXTS = {"texts": ["$TSLA shares surge 9%", "Fed holds rates"]}


async def answers(client: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    response = await client.post(f"/predict{query}", json=TEXTS)
    assert response.status_code == httpx.codes.OK, response.text
    found: list[dict[str, Any]] = response.json()["predictions"]
    return [answer | {"classified_at": ""} for answer in found]


@pytest.mark.parametrize("top_k", [1, 7, 20])
async def test_as_many_labels_are_named_as_are_asked_for_and_nothing_else_changes(
    real: httpx.AsyncClient, top_k: int
) -> None:
    usual = await answers(real, "")
    asked = await answers(real, f"?top_k={top_k}")

    for three, answer in zip(usual, asked, strict=True):
        scores = list(answer["labels"].values())
        assert len(scores) == top_k
        assert scores == sorted(scores, reverse=True)
        common = min(3, top_k)
        assert list(answer["labels"].items())[:common] == list(three["labels"].items())[:common]
        assert answer | {"labels": {}} == three | {"labels": {}}


async def test_explained_answers_name_as_many_labels_as_are_asked_for(real: httpx.AsyncClient) -> None:
    explained = await answers(real, "?explain=true&top_k=5")

    assert [len(answer["labels"]) for answer in explained] == [5, 5]
    assert all(answer["explanation"]["label"]["answer"] == answer["label"] for answer in explained)


@pytest.mark.parametrize("value", ["0", "21", "-1", "+1", "", "1.0", "1e1", "01x", "٣", "9" * 5000, "NaN"])
async def test_top_k_that_is_no_number_from_1_to_20_is_a_problem(client: httpx.AsyncClient, value: str) -> None:
    response = await client.post("/predict", params={"top_k": value}, json=TEXTS)

    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert response.json()["detail"] == f"top_k is {value[:100]!r}: send a whole number from 1 to 20"


@pytest.mark.parametrize("model", ["champion", "batch", "pretrained"])
async def test_the_registered_model_is_named_by_a_word_or_its_version(
    real: httpx.AsyncClient, shipped: ScorerPredictor, model: str
) -> None:
    asked = await answers(real, f"?model={shipped.model.version if model == 'pretrained' else model}")

    assert asked == await answers(real, "")


async def test_a_registered_version_answers_for_itself(
    client: httpx.AsyncClient, versions: Any, make_fixed_predictor: Callable[..., Any]
) -> None:
    versions.held["3"] = make_fixed_predictor(ModelVersion("fixed", "3"), {Label.IPO: 0.5})

    old = await answers(client, "?model=3")
    now = await answers(client, "")

    assert {answer["model"]["version"] for answer in old} == {"3"}
    assert {answer["label"] for answer in old} == {"IPO"}
    assert {answer["model"]["version"] for answer in now} == {"7"}


@pytest.mark.parametrize(
    "model", ["8", "", "Champion", "../x", "3/../7", "%00", "٣", "-3", "3 ", "9" * 5000, "latest\r\nx: y", "challenger"]
)
async def test_an_unknown_model_is_told_what_there_is(client: httpx.AsyncClient, versions: Any, model: str) -> None:
    versions.held = dict.fromkeys(("6", "7"))

    response = await client.post("/predict", params={"model": model}, json=TEXTS)

    assert response.status_code == httpx.codes.NOT_FOUND
    assert response.json()["detail"] == f"there is no model {model[:100]!r}: there are champion, batch, 6, 7"
    assert versions.loaded == []


async def test_online_is_unknown_while_nothing_was_learned(client: httpx.AsyncClient) -> None:
    response = await client.post("/predict?model=online", json=TEXTS)

    assert response.status_code == httpx.codes.NOT_FOUND
    assert response.json()["detail"] == (
        "there is no model 'online', as nothing was learned yet: there are champion, batch, 7"
    )


async def test_a_large_registry_is_not_told_whole(client: httpx.AsyncClient, versions: Any) -> None:
    versions.held = {str(number): None for number in range(1, 101)}

    detail = (await client.post("/predict?model=x", json=TEXTS)).json()["detail"]

    assert detail.endswith(f"99, 100 and {100 - NAMED_VERSIONS} older ones")
    assert detail.count(", ") == NAMED_VERSIONS + 1


@pytest.mark.parametrize("where", ["listing", "loading", "damaged"])
async def test_a_version_that_can_not_be_had_now_is_503_and_the_champion_goes_on(
    client: httpx.AsyncClient, versions: Any, where: str
) -> None:
    if where == "listing":
        versions.failure = ModelNotFoundError("inner address")
    versions.held["8"] = ModelCorruptError("inner path") if where == "damaged" else ModelNotFoundError("inner path")

    response = await client.post("/predict?model=8", json=TEXTS)

    assert response.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert response.headers["retry-after"] == "1"
    assert "inner" not in response.text
    assert len(await answers(client, "")) == 2


async def test_an_unknown_word_is_unknown_also_while_the_registry_is_away(
    client: httpx.AsyncClient, versions: Any
) -> None:
    versions.failure = ModelNotFoundError("away")

    response = await client.post("/predict?model=x", json=TEXTS)

    assert response.status_code == httpx.codes.NOT_FOUND
    assert response.json()["detail"] == "there is no model 'x': there are champion, batch, 7"


async def test_what_was_learned_is_not_explained(client: httpx.AsyncClient) -> None:
    response = await client.post("/predict?model=online&explain=true", json=TEXTS)

    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert response.json()["detail"].startswith("explain is 'true' with model 'online'")


async def test_a_wrong_body_for_a_version_does_not_hide_that_the_version_is_unknown(client: httpx.AsyncClient) -> None:
    response = await client.post("/predict?model=8", content=b"{", headers={"content-type": "application/json"})

    assert response.status_code == httpx.codes.NOT_FOUND


async def test_the_champion_answers_while_a_registry_hangs_and_waiting_requests_hold_no_slot(
    serve_ready: Serve, versions: Any, predictor: Any
) -> None:
    may_answer = threading.Event()
    versions.versions = lambda: may_answer.wait(30) and ("8",)
    versions.held["8"] = predictor

    async with serve_ready(max_requests=1) as client:
        waiting = [asyncio.create_task(client.post("/predict?model=8", json=TEXTS)) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0.05)
        meanwhile = [await answers(client, "") for _ in range(5)]
        refused = await client.post("/predict?model=8", json=TEXTS)
        may_answer.set()
        late = [await one for one in waiting]

    assert [len(found) for found in meanwhile] == [2] * 5
    assert (refused.status_code, refused.headers["retry-after"]) == (httpx.codes.SERVICE_UNAVAILABLE, "1")
    assert {answer.status_code for answer in late} == {httpx.codes.OK}
