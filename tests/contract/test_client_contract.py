"""The client stays in step with the OpenAPI document, and speaks to the real API."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from api.openapi import examples
from models.explanations import ExplainedTweet
from models.records import ClassifiedTweet, Tweet
from models.taxonomy import Label, Sentiment
from tickertape.client import (
    AsyncClient,
    Client,
    Feedback,
    InvalidRequestError,
    NotFoundError,
    Retries,
    UnavailableError,
    calls,
)
from tickertape.client.calls import Call
from tickertape.client.errors import Problem

TEXT = "Goldman cuts $AAPL to neutral, target $195"
BODY = b'{"texts":[]}'
NEVER = Retries(most=0)
CALLS: dict[str, Call[Any]] = {
    "live": calls.LIVE,
    "ready": calls.READY,
    "version": calls.VERSION,
    "models": calls.MODELS,
    "online_performance": calls.ONLINE_PERFORMANCE,
    "arguments": calls.ARGUMENTS,
    "latest_drift": calls.LATEST_DRIFT,
    "predict": calls.predict(BODY, top_k=3, model="batch"),
    "explain": calls.explain(BODY, top_k=3, model="batch"),
    "feedback": calls.feedback(BODY),
    "performance": calls.performance("overall"),
    "argument": calls.argument("{arg}"),
    "drift": calls.drift(5),
    "drift_event": calls.drift_event("{id}"),
    "ticker": calls.ticker("{symbol}"),
}


def operation_of(document: dict[str, Any], call: Call[Any]) -> dict[str, Any]:
    path = call.path.replace("%7B", "{").replace("%7D", "}")
    operation: dict[str, Any] = document["paths"][path][call.method.lower()]
    return operation


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def differences(document: dict[str, Any], schema: dict[str, Any], kind: Any, place: str = "") -> list[str]:
    """Where a struct of the client and a schema of the document have other fields."""
    schema = resolved(document, schema)
    if isinstance(kind, msgspec.inspect.Metadata):
        return differences(document, schema, kind.type, place)
    if isinstance(kind, msgspec.inspect.UnionType):
        kinds = [one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType)]
        schemas = [one for one in schema["anyOf"] if one.get("type") != "null"]
        return [found for pair in zip(schemas, kinds, strict=True) for found in differences(document, *pair, place)]
    if isinstance(kind, msgspec.inspect.VarTupleType | msgspec.inspect.ListType):
        items = resolved(document, schema["items"])
        if "anyOf" in items:  # of `predictions`: with an explanation and without
            names = {field.encode_name for field in kind.item_type.fields}
            items = next(
                one for option in items["anyOf"] if set((one := resolved(document, option))["properties"]) == names
            )
        return differences(document, items, kind.item_type, f"{place}[]")
    if not isinstance(kind, msgspec.inspect.StructType):
        return []
    fields = {field.encode_name: field.type for field in kind.fields}
    if fields.keys() != schema["properties"].keys():
        return [f"{place}: {sorted(fields.keys() ^ schema['properties'].keys())}"]
    return [
        found
        for name, inner in fields.items()
        for found in differences(document, schema["properties"][name], inner, f"{place}.{name}")
    ]


@pytest.mark.parametrize("name", CALLS)
def test_every_call_is_a_path_of_the_document_with_its_parameters_and_fields(served: Any, name: str) -> None:
    call, document = CALLS[name], served.document

    operation = operation_of(document, call)

    named = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
    (answer,) = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    schema = answer["content"]["application/json"]["schema"]
    assert call.query.keys() <= named
    assert ("requestBody" in operation) == (call.body is not None)
    assert differences(document, schema, msgspec.inspect.type_info(call.result)) == []


def test_every_call_of_the_client_is_compared() -> None:
    made = {
        name.lower()
        for name, value in vars(calls).items()
        if isinstance(value, Call)
        or (inspect.isfunction(value) and "Call[" in str(inspect.signature(value).return_annotation))
    }

    assert made == CALLS.keys()


def test_problem_has_the_fields_of_the_document_but_its_type(served: Any) -> None:
    documented = served.document["components"]["schemas"]["Problem"]["properties"]

    assert documented.keys() - {"type"} == {field.name for field in msgspec.structs.fields(Problem)}


def test_a_field_that_the_client_does_not_know_is_noticed(served: Any) -> None:
    class Older(msgspec.Struct):
        status: str
        model: dict[str, Any]

    schema = {"$ref": "#/components/schemas/Ready"}

    assert differences(served.document, schema, msgspec.inspect.type_info(Older)) == [": ['last_refusal']"]


def ask_waiting(url: str, method: str, *words: Any, **keywords: Any) -> Any:
    with Client(url, api_key="", retries=NEVER) as api:
        return getattr(api, method)(*words, **keywords)


def ask_async(url: str, method: str, *words: Any, **keywords: Any) -> Any:
    async def ask() -> Any:
        async with AsyncClient(url, api_key="", retries=NEVER) as api:
            return await getattr(api, method)(*words, **keywords)

    return asyncio.run(ask())


Ask = Callable[..., Any]


@pytest.fixture(params=[ask_waiting, ask_async], ids=["Client", "AsyncClient"])
def ask(request: pytest.FixtureRequest, served: Any) -> Ask:
    """Give a function that calls a method of a client of the running API."""
    return lambda *words, **keywords: request.param(served.url, *words, **keywords)


def test_one_text_is_classified(ask: Ask) -> None:
    answer = ask("predict", TEXT)

    assert isinstance(answer, ClassifiedTweet)
    assert (answer.text, answer.label, answer.tickers) == (TEXT, Label.ANALYST_UPDATE, ("AAPL",))
    assert len(answer.labels) == 3


def test_texts_records_and_tweets_of_x_are_classified_together(ask: Ask) -> None:
    record = Tweet("up", id="7", created_at="2026-01-31T09:30:00Z", tickers=("XOM",))

    answers = ask("predict_many", [TEXT, record, examples.FULL_TWEET["texts"][0]], top_k=5, model="batch")

    assert [answer.id for answer in answers] == [None, "7", "1790000000000000002"]
    assert answers[1].tickers == ("XOM",)
    assert [(answer.answered_by, len(answer.labels)) for answer in answers] == [("batch", 5)] * 3


def test_answer_is_explained(ask: Ask) -> None:
    answer = ask("explain", TEXT, model="batch")

    assert isinstance(answer, ExplainedTweet)
    assert answer.explanation.label.answer == answer.label
    assert len(answer.explanation.label.terms) == 10


def test_labels_arrive(ask: Ask, served: Any) -> None:
    before = len(served.publisher.published)

    accepted = ask("feedback", "1", label=Label.IPO, text="up", source="desk-7")
    more = ask("feedback_many", [Feedback("2", sentiment="bearish"), Feedback("3", label="Macro")])

    first, second, _ = served.publisher.published[before:]
    assert (accepted, more) == (1, 2)
    assert (first.tweet_id, first.label, first.text, first.source) == ("1", Label.IPO, "up", "desk-7")
    assert (second.sentiment, second.source) == (Sentiment.BEARISH, "api")


def test_what_is_known_of_the_models_is_told(ask: Ask) -> None:
    ready, version, models, online = [ask(name) for name in ("ready", "version", "models", "online_performance")]

    assert ready.model == version.model == models.model
    assert (ready.last_refusal.version, models.model_changes[0].outcome) == ("8", "refused")
    assert models.answering_changes[0].head == "topic"
    assert online.online_version == models.model.online_version == 20
    assert online.heads["topic"]["window"]["served"]["accuracy"]["value"] >= 0
    assert (ask("is_live"), ask("is_ready")) == (True, True)


def test_report_of_the_champion_is_told(ask: Ask) -> None:
    overall = ask("performance", "overall").performance

    assert overall.keys() == ask("performance").performance.keys() == {"labels", "sentiments"}
    assert ask("argument", "seed").args == {"seed": ask("arguments").args["seed"]}


def test_drift_is_told(ask: Ask) -> None:
    events = ask("drift", limit=5)

    assert events == (ask("latest_drift"),) == (ask("drift_event", "0a1b2c3d-00000042"),)
    assert events[0].causes[0].name == "term=tariff"


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (NotFoundError, ("predict", TEXT, {"model": "99"})),
        (NotFoundError, ("argument", "speed", {})),
        (NotFoundError, ("drift_event", "0a1b2c3d-00000001", {})),
        (InvalidRequestError, ("predict", " ", {})),
        (InvalidRequestError, ("explain", TEXT, {"model": "online"})),
        (InvalidRequestError, ("predict", TEXT, {"top_k": 21})),
        (InvalidRequestError, ("performance", "speed", {})),
        (InvalidRequestError, ("feedback", "1", {})),
        (UnavailableError, ("ticker", "AAPL", {})),  # this API has no feed
    ],
)
def test_what_the_api_refuses_is_raised_with_its_reason(ask: Ask, kind: type[Exception], call: Any) -> None:
    method, word, keywords = call

    with pytest.raises(kind) as raised:
        ask(method, word, **keywords)

    assert len(raised.value.detail) > 10  # type: ignore[attr-defined]  # both are problems


def test_more_texts_than_one_request_takes_are_classified(served: Any) -> None:
    texts = [f"$AAPL up {number}%" for number in range(2500)]

    with Client(served.url, api_key="") as api:
        answers = api.predict_many(iter(texts))

    assert [answer.text for answer in answers] == texts


def test_many_coroutines_ask_one_client(served: Any) -> None:
    async def ask_together() -> list[ClassifiedTweet]:
        async with AsyncClient(served.url, api_key="") as api:
            return await asyncio.gather(*(api.predict(f"$AAPL up {number}%") for number in range(100)))

    assert [answer.text for answer in asyncio.run(ask_together())] == [f"$AAPL up {number}%" for number in range(100)]
