"""The documented bodies and the records that are really read and written are the same."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from api import codecs
from api.codecs import decode_feedback, decode_request, encode_answer
from api.live import frames
from api.live import schemas as live_schemas
from api.openapi import drift_schemas, schemas
from api.openapi.schemas import (
    ClassifiedTweet,
    Entities,
    FeedbackRequest,
    ModelVersion,
    PredictAnswer,
    PredictRequest,
    Tweet,
)
from api.protocols import inference_codecs, invocations_codecs
from api.protocols import schemas as protocol_schemas
from api.request_errors import InvalidBodyError
from api.routes import drift
from models import explanations, feedback, records, tweets
from models.evaluation import intervals
from models.taxonomy import OTHER, Answer, Label, Sentiment
from monitoring.drift import records as drift_records

NOW = "2026-01-31T09:30:00.000Z"


@pytest.mark.parametrize(
    ("documented", "real"),
    [
        (ClassifiedTweet, records.ClassifiedTweet),
        (ModelVersion, records.ModelVersion),
        (schemas.ExplainedTweet, explanations.ExplainedTweet),
        (schemas.Explanation, explanations.Explanation),
        (schemas.AnswerExplanation, explanations.AnswerExplanation),
        (schemas.TermShare, explanations.TermShare),
        (schemas.Share, explanations.Share),
        (Tweet, tweets.TweetFields),
        (schemas.Feedback, feedback.FeedbackFields),
        (schemas.FeedbackAnswer, codecs.Accepted),
        (Entities, tweets.Entities),
        (drift_schemas.DriftEvents, drift.DriftEvents),
        (drift_schemas.DriftEvent, drift_records.DriftEvent),
        (drift_schemas.Span, drift_records.Span),
        (drift_schemas.Cause, drift_records.Cause),
        (drift_schemas.Interval, intervals.Interval),
        (live_schemas.LiveState, frames.State),
        (live_schemas.LiveTick, frames.Tick),
        (live_schemas.LiveLatency, frames.Latency),
        (live_schemas.LiveAccuracy, frames.Accuracy),
        (live_schemas.LiveHeadAccuracy, frames.HeadAccuracy),
        (live_schemas.LiveFigure, frames.Figure),
        (live_schemas.LiveDrift, frames.Drift),
        (live_schemas.LiveEvent, frames.Event),
        (live_schemas.TickerActivity, frames.TickerActivity),
        (live_schemas.HistoryPoint, frames.HistoryPoint),
        (live_schemas.TickerView, frames.TickerView),
        (live_schemas.TickerWindow, frames.TickerWindow),
        (protocol_schemas.InferenceAnswer, inference_codecs._InferenceAnswer),
        (protocol_schemas.OutputTensor, inference_codecs._Tensor),
        (protocol_schemas.AnswerParameters, inference_codecs._AnswerParameters),
        (protocol_schemas.TextTensor, inference_codecs._Input),
        (protocol_schemas.OutputName, inference_codecs._Output),
        (protocol_schemas.InferenceParameters, inference_codecs._Parameters),
        (protocol_schemas.InvocationsRequest, invocations_codecs._Body),
        (protocol_schemas.InvocationsAnswer, invocations_codecs._Answer),
        (protocol_schemas.Invoked, invocations_codecs.Invoked),
    ],
)
def test_a_documented_body_has_the_fields_of_its_record_in_their_order(
    documented: type[BaseModel], real: type[msgspec.Struct]
) -> None:
    assert list(documented.model_fields) == [field.encode_name for field in msgspec.structs.fields(real)]


@pytest.mark.parametrize(
    ("documented", "real"), [(Tweet, tweets.TweetFields), (schemas.Feedback, feedback.FeedbackFields)]
)
def test_the_same_fields_may_be_missing(documented: type[BaseModel], real: type[msgspec.Struct]) -> None:
    optional = {field.name for field in msgspec.structs.fields(real) if not field.required}

    assert {name for name, field in documented.model_fields.items() if not field.is_required()} == optional


@pytest.mark.parametrize("label", [Label.M_AND_A_INVESTMENTS, OTHER])
def test_every_written_answer_is_as_documented(label: Answer) -> None:
    answer = records.ClassifiedTweet(
        id="1",
        text="a\U0001f680",
        created_at="2026-01-31T09:30:00Z",
        tickers=("A", "B"),
        label=label,
        label_score=1.0,
        labels=dict.fromkeys(Label, 0.05),
        sentiment=Sentiment.BEARISH,
        sentiment_score=-1.0,
        answered_by="online",
        sentiment_answered_by="batch",
        opinions={name: records.Opinion(Label.IPO, 0.5, Sentiment.BEARISH, -0.5) for name in ("batch", "online")},
        model=records.ModelVersion(name="n", version="v", online_version=3),
        classified_at="2026-01-31T09:30:00.000Z",
    )

    written = encode_answer([answer])

    read = PredictAnswer.model_validate_json(written)
    assert (
        read.model_dump(mode="json")
        == json.loads(written)
        == {"predictions": [json.loads(msgspec.json.encode(answer))]}
    )


def test_every_written_drift_event_is_as_documented(make_drift_event: Callable[..., drift_records.DriftEvent]) -> None:
    odds = (3.5, intervals.Interval(3.0, 4.0))
    cause = drift_records.Cause(drift_records.Kind.TEXT, "term", "a", "long", 0.1, 0.2, 2.0, odds, ("1", "2"))
    plain = drift_records.Cause(drift_records.Kind.DATA, "text_characters", None, "short", 10, 20.5, 1.0)
    event = make_drift_event(3, "term=a", causes=(cause, plain), opened=("term=a",), closed=("hour=03",), report=None)

    written = codecs.encode(drift.DriftEvents((event,)))

    read = drift_schemas.DriftEvents.model_validate_json(written)
    assert read.model_dump(mode="json") == json.loads(written) == {"events": [json.loads(msgspec.json.encode(event))]}


def test_the_outputs_that_are_documented_are_those_that_can_be_named() -> None:
    named = protocol_schemas.OutputName.model_json_schema()["properties"]["name"]["enum"]

    assert named == list(inference_codecs.OUTPUTS)


def test_the_reasons_of_wrong_fields_are_those_of_dead_letters() -> None:
    raw = b'{"texts": [{"text": ""}, {"text": 1}, {}, 1, {"text": "x", "id": ""}, {"text": "x", "created_at": ""}]}'

    with pytest.raises(InvalidBodyError) as refused:
        decode_request(raw, max_texts=10)

    assert [reason for _, reason, _ in refused.value.fields] == [
        tweets.Reason.EMPTY_TEXT,
        tweets.Reason.WRONG_TYPE,
        tweets.Reason.MISSING_FIELD,
        tweets.Reason.NOT_AN_OBJECT,
        tweets.Reason.INVALID_ID,
        tweets.Reason.INVALID_CREATED_AT,
    ]


def test_the_reasons_of_wrong_feedback_are_those_of_dead_letters() -> None:
    raw = (
        b'{"feedback": [{"tweet_id": "1"}, {"tweet_id": "1", "label": "x"}, {"tweet_id": "1", "sentiment": "x"}, '
        b'{"tweet_id": "1", "label": "IPO", "source": ""}, {"tweet_id": "1", "label": "IPO", "labelled_at": ""}]}'
    )

    with pytest.raises(InvalidBodyError) as refused:
        decode_feedback(raw, max_texts=10, labelled_at=NOW)

    assert [reason for _, reason, _ in refused.value.fields] == [
        feedback.FeedbackReason.NO_LABEL,
        feedback.FeedbackReason.UNKNOWN_LABEL,
        feedback.FeedbackReason.UNKNOWN_SENTIMENT,
        feedback.FeedbackReason.INVALID_SOURCE,
        feedback.FeedbackReason.INVALID_LABELLED_AT,
    ]


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3))
_CASHTAGS = st.one_of(_SCALARS, st.lists(st.one_of(_SCALARS, st.fixed_dictionaries({"tag": _SCALARS})), max_size=2))
_FIELDS: dict[str, Any] = {
    "id": st.one_of(_SCALARS, st.from_regex(r"[0-9]{1,20}", fullmatch=True)),
    "entities": st.one_of(_SCALARS, st.fixed_dictionaries({}, optional={"cashtags": _CASHTAGS})),
    "lang": _SCALARS,
}
# What a schema can't say is left out: white space alone, and the form of `created_at`.
_TWEETS = st.fixed_dictionaries(
    {}, optional={"text": st.one_of(st.sampled_from(["x", "", "$A up"]), st.none(), st.integers()), **_FIELDS}
)
_ITEMS = st.one_of(_SCALARS, _TWEETS, st.fixed_dictionaries({"data": _TWEETS, "includes": _SCALARS}))


@given(st.fixed_dictionaries({"texts": st.one_of(_SCALARS, st.lists(_ITEMS, max_size=3))}))
def test_what_the_schema_takes_is_read_and_what_it_refuses_is_refused(body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()

    assert _is_read(raw) == _is_documented(raw)


# Left out besides: that a label or a sentiment is needed, the form of `labelled_at`.
_FEEDBACK = st.fixed_dictionaries(
    {"label": st.sampled_from([*Label])},
    optional={
        "tweet_id": st.one_of(_SCALARS, st.from_regex(r"[0-9]{1,20}", fullmatch=True)),
        "sentiment": st.one_of(_SCALARS, st.sampled_from([*Sentiment])),
        "text": st.one_of(st.sampled_from(["x", ""]), st.none(), st.integers()),
        "source": st.one_of(st.sampled_from(["x", "", "x" * 200, "x" * 201]), st.none(), st.integers()),
        "labelled_at": st.one_of(st.just(NOW), st.none(), st.integers()),
        "note": _SCALARS,
    },
)


@given(st.fixed_dictionaries({"feedback": st.one_of(_SCALARS, st.lists(st.one_of(_SCALARS, _FEEDBACK), max_size=3))}))
def test_feedback_is_read_where_the_schema_takes_it_and_refused_where_not(body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()

    assert _is_read(raw, decode=decode_any_feedback) == _is_documented(raw, model=FeedbackRequest)


def decode_any_feedback(raw: bytes, *, max_texts: int) -> list[feedback.Feedback]:
    return decode_feedback(raw, max_texts=max_texts, labelled_at=NOW)


def _is_documented(raw: bytes, *, model: type[BaseModel] = PredictRequest) -> bool:
    try:
        model.model_validate_json(raw)
    except ValidationError:
        return False
    return True


def _is_read(raw: bytes, *, decode: Callable[..., object] = decode_request) -> bool:
    try:
        decode(raw, max_texts=3)
    except InvalidBodyError:
        return False
    return True
