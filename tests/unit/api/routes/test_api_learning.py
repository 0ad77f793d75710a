"""GET /models and GET /performance/online, of a process that follows model and snapshots."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx

from models.feedback import LabelledTweet
from models.following import FollowedPredictor
from models.online.corrections import StoredSnapshot
from models.online.training import OnlineTraining
from models.predictor import pretrained_predictor
from models.records import ModelChange
from models.taxonomy import Label, Sentiment

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

PREDICTOR = pretrained_predictor(3)
TEXT = "$ZZZZ is what we call a dividend here"


def learned(*labels: Label, sentiment: Sentiment | None = None) -> StoredSnapshot:
    """A snapshot of who learned that a text has these labels, one after the other."""
    training = OnlineTraining(PREDICTOR.scorer, remembered_labels=100)
    training.learn(
        [
            LabelledTweet(str(place), TEXT, label, sentiment, "desk", "2026-01-02T03:04:05Z", None, 1.0, place)
            for place, label in enumerate(labels)
        ]
    )
    return StoredSnapshot(training.batch_sha256, training.offset, training.snapshot())


def following(snapshots: Sequence[StoredSnapshot], changes: Sequence[ModelChange] = ()) -> Any:
    def follow(predictor: FollowedPredictor, report: Callable[[ModelChange], None]) -> list[Any]:
        for snapshot in snapshots:
            predictor.correct(snapshot)
        for change in changes:
            report(change)
        return []

    return follow


async def get(serve: Serve, path: str, follow: Any) -> httpx.Response:
    async with serve(lambda: PREDICTOR, follow=follow) as client:
        while (await client.get("/health/ready")).status_code != httpx.codes.OK:  # noqa: ASYNC110  # as a client does
            await asyncio.sleep(0.001)
        return await client.get(path)


async def test_batch_model_answers_alone_where_nothing_was_learned(serve: Serve) -> None:
    models = (await get(serve, "/models", following([]))).json()

    assert models == {
        "model": {"name": "tickertape", "version": PREDICTOR.model.version, "online_version": 0},
        "answering": {"topic": "batch", "sentiment": "batch"},
        "answering_changes": [],
        "model_changes": [],
    }


async def test_change_of_who_answers_is_told_with_its_version(serve: Serve) -> None:
    models = (await get(serve, "/models", following([learned(Label.DIVIDEND), learned(*[Label.DIVIDEND] * 3)]))).json()

    assert models["model"]["online_version"] == 3
    assert models["answering"] == {"topic": "online", "sentiment": "online"}
    assert [
        (one["head"], one["answers"], one["before"], one["online_version"]) for one in models["answering_changes"]
    ] == [
        ("topic", "online", "batch", 1),
        ("sentiment", "online", "batch", 1),
    ]


async def test_versions_that_the_alias_named_are_told_the_last_twenty(serve: Serve) -> None:
    changes = [ModelChange("refused", "tickertape", str(number), "7", ("it fails",), "now") for number in range(25)]

    models = (await get(serve, "/models", following([], changes))).json()

    assert [one["version"] for one in models["model_changes"]] == [str(number) for number in range(5, 25)]
    assert models["model_changes"][0]["reasons"] == ["it fails"]


async def test_figures_of_the_labels_that_came_are_told_by_head_and_answerer(serve: Serve) -> None:
    wrong = PREDICTOR.scorer.answers([TEXT], top_k=20)
    unlikely = list(Label)[int(wrong.labels[0, -1])]

    online = (await get(serve, "/performance/online", following([learned(*[unlikely] * 40)]))).json()

    window = online["heads"]["topic"]["window"]
    assert (online["online_version"], list(online["heads"])) == (40, ["topic"])
    assert (window["batch"]["accuracy"]["value"], window["batch"]["labels"]) == (0.0, 40.0)
    assert window["served"]["accuracy"]["value"] > 0.5
    assert window["served"]["f1"][unlikely] > 0.5


async def test_figures_of_a_model_for_which_nothing_was_learned_are_not_found(serve: Serve) -> None:
    response = await get(serve, "/performance/online", following([]))

    assert response.status_code == httpx.codes.NOT_FOUND
    assert response.json()["detail"].startswith("nothing was learned yet for tickertape pretrained-")


async def test_nothing_is_told_before_the_model_is_loaded(serve: Serve) -> None:
    def load() -> Any:
        raise RuntimeError("no model")

    async with serve(load) as client:
        statuses = [(await client.get(path)).status_code for path in ("/models", "/performance/online")]

    assert statuses == [httpx.codes.SERVICE_UNAVAILABLE] * 2
