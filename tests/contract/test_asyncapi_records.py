"""The AsyncAPI document says what the processes really write and read, to the byte."""

import json
from typing import Any

import msgspec
import pytest

from api.publisher import SOURCE
from models.contest_records import ChallengerLead, ContestDecision, DriftAlarm
from models.errors import MalformedRecordError
from models.evaluation.intervals import Interval
from models.events import event_headers
from models.feedback import EVENT_TYPE, Feedback, LabelledTweet, Why
from models.online.corrections import StoredSnapshot
from models.online.prequential import Figure, HeadStandings, Standing
from models.online.report import LearningEvent, LearningReport
from models.records import ModelChange
from models.selection import Selection
from models.taxonomy import Label, Sentiment
from monitoring.drift.records import Cause, DriftEvent, Kind
from stream.asyncapi.messages import MESSAGES
from stream.codecs import encode
from stream.dead_letters import dead_letter_of
from stream.drift.event_log import drift_headers
from stream.learning.writing import write_events, write_report, write_snapshot, write_verdicts
from stream.redrive.marks import Mark, mark_headers
from stream.worker.classify import classify
from stream.worker.model_changes import change_headers
from tests.contract.asyncapi_records import (
    DOCUMENT,
    GOLDEN,
    HEADERS,
    NOW,
    OF_JSON,
    PAYLOADS,
    TOPICS,
    Record,
    message_of,
    misfits,
    read_back,
    texts,
)

FIGURE = Figure(0.5, Interval(0.25, 0.75))
STANDING = Standing(20.0, FIGURE, FIGURE, FIGURE, {"Macro": 0.5, "IPO": None})
EVENTS = (
    ContestDecision("topic", "online", "batch", "it is better", 40),
    DriftAlarm("sentiment", 0.75, 0.5, 12.5, 41),
    ChallengerLead("topic", "online", "it is better", 42, "8"),
)
CAUSE = Cause(Kind.TEXT, "term", "tariff", "short", 0.002, 0.084, 3.1, (3.82, Interval(3.2, 4.41)), ("1",))


@pytest.fixture
def written(make_record: Any, make_raw_record: Any, fixed_predictor: Any, make_drift_event: Any) -> list[Record]:
    """At least one record of every message, as the processes write it."""
    tweet = make_record(41, headers=[("traceparent", b"00-" + b"ab" * 16 + b"-" + b"cd" * 8 + b"-01")])
    raw = Record("raw", b"1", tweet.value, texts(tweet.headers))
    answer = classify(
        [tweet, make_raw_record(value=b"{", offset=42)],
        partition=3,
        topics=TOPICS,
        predictor=fixed_predictor,
        time=1_767_225_600.25,
        selection=Selection(per_minute=100_000, random_share=1, uncertain_share=0),
    )
    given = Feedback("1", "desk-7", "2026-01-31T09:35:00Z", Label.EARNINGS, Sentiment.BULLISH)
    labelled = LabelledTweet("1", "up", Label.IPO, None, "desk-7", "2026-01-31T09:35:00Z", Why.RANDOM, 0.5, 7)
    unknown = dead_letter_of(
        make_raw_record(value=encode(given), offset=8),
        MalformedRecordError("unknown_tweet", "it has no text"),
        topic=TOPICS.feedback.name,
        partition=0,
        time=1_767_225_600.25,
    )
    events = [LearningEvent("tickertape", "7", 40, event, NOW) for event in EVENTS]
    standings = HeadStandings({"batch": STANDING}, {"batch": STANDING})
    report = LearningReport("tickertape", "7", 40, {"topic": "online"}, {"topic": standings}, NOW)
    window: DriftEvent = make_drift_event(42, causes=(CAUSE,), opened=("term=tariff",))
    changes = [
        ModelChange(outcome, "tickertape", "8", "7", reasons, NOW)  # type: ignore[arg-type]  # both are outcomes
        for outcome, reasons in (("swapped", ()), ("refused", ("it fails",)))
    ]
    return [
        raw,
        *read_back(answer.outputs),
        Record("feedback", b"1", encode(given), texts(event_headers(source=SOURCE, kind=EVENT_TYPE))),
        *read_back(write_verdicts([labelled, unknown], topics=TOPICS, partition=0)),
        *read_back([write_snapshot(StoredSnapshot("ab12", 7, b"NumPy"), topics=TOPICS)]),
        *(Record("metrics", b"tickertape", encode(change), texts(change_headers(change))) for change in changes),
        Record(
            "redriven",
            b"tweets.raw-3-42",
            encode(Mark("3:0", "invalid_json", 2, NOW)),
            texts(mark_headers("tweets.raw-3-42", attempt=2)),
        ),
        *read_back(write_events(events, topics=TOPICS)),
        *read_back([write_report(report, topics=TOPICS)]),
        Record("drift", window.reference.encode(), encode(window), texts(drift_headers(window))),
    ]


def test_every_message_is_written_as_documented(written: list[Record]) -> None:
    found = {message_of(record).name: misfits(record, message_of(record).name) for record in written}

    assert found == {message.name: [] for message in MESSAGES}


def test_the_bytes_of_every_message_are_those_of_the_golden_records(written: list[Record]) -> None:
    golden = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]

    assert [record.shown() for record in written] == golden


def test_every_golden_record_is_read_and_written_back_to_the_same_bytes() -> None:
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        golden = json.loads(line)
        record = Record(golden["channel"], None, golden["value"].encode(), golden["headers"])
        message = message_of(record)
        if message.record is not None and message.name != "tweet":
            assert encode(msgspec.json.decode(golden["value"], type=message.record)) == record.value


def test_record_without_one_of_its_fields_or_headers_is_refused(written: list[Record]) -> None:
    taken = []
    for record in written:
        name = message_of(record).name
        headers = DOCUMENT["components"]["messages"][name]["headers"]
        for header in headers.get("required", []):
            rest = {one: text for one, text in record.headers.items() if one != header}
            if not misfits(Record(record.channel, None, record.value, rest), name):
                taken.append(f"{name} without header {header}")
        if message_of(record).record is not None and name not in {"tweet", "feedback"}:
            fields = json.loads(record.value or b"")
            for field in fields:
                rest = {one: value for one, value in fields.items() if one != field}
                if PAYLOADS[name].is_valid(rest):
                    taken.append(f"{name} without {field}")

    assert taken == []


@pytest.mark.parametrize("value", [None, [], {}, "x", 1, {"id": None}, {"text": 1}, {"event": {"event": "none"}}])
@pytest.mark.parametrize("name", [message.name for message in OF_JSON])
def test_value_that_is_no_such_record_is_refused(name: str, value: Any) -> None:
    assert not PAYLOADS[name].is_valid(value)


@pytest.mark.parametrize(
    ("channel", "field", "value"),
    [
        ("classified", "label", "Sports"),
        ("classified", "label_score", 1.5),
        ("classified", "labels", {"Macro": -0.5}),
        ("classified", "sentiment", "up"),
        ("classified", "sentiment_score", -1.5),
        ("classified", "tickers", "AAPL"),
        ("classified", "classified_at", "yesterday"),
        ("sentiment", "sentiment_score", 2),
        ("to_label", "why", "because"),
        ("to_label", "probability", 0),
        ("feedback", "label", "Sports"),
        ("feedback", "source", " "),
        ("feedback", "tweet_id", "x"),
        ("feedback", "labelled_at", "2026-01-31"),
        ("labelled", "feedback_offset", -1),
        ("drift", "outcome", "maybe"),
        ("drift", "causes", [{}]),
        ("raw", "id", 7),
        ("raw", "text", " \n"),
        ("raw", "text", "x" * 25_001),
        ("raw", "created_at", "today"),
    ],
)
def test_hostile_value_of_a_field_is_refused(written: list[Record], channel: str, field: str, value: Any) -> None:
    record = next(record for record in written if record.channel == channel)
    fields = json.loads(record.value or b"") | {field: value}

    assert not PAYLOADS[message_of(record).name].is_valid(fields)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("ce_type", "tickertape.tweet.classified.v2"),
        ("ce_source", "/somebody"),
        ("ce_specversion", "0.3"),
        ("content-type", "text/plain"),
        ("traceparent", "00-ab-cd-01"),
    ],
)
def test_hostile_header_is_refused(written: list[Record], header: str, text: str) -> None:
    record = next(record for record in written if record.channel == "classified")

    assert not HEADERS["classified_tweet"].is_valid(record.headers | {header: text})


@pytest.mark.parametrize(("header", "text"), [("reason", "none"), ("offset", "-1"), ("attempt", "")])
def test_hostile_header_of_a_dead_letter_is_refused(written: list[Record], header: str, text: str) -> None:
    record = next(record for record in written if record.channel == "dead_letter")

    assert not HEADERS["dead_letter"].is_valid(record.headers | {header: text})
