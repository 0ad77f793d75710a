from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.live.frames import Accuracy, Event, event
from api.live.records import (
    CHANGE_TYPES,
    EVENT_TYPES,
    MOST_CAUSES,
    MOST_CHARACTERS,
    REPORT_TYPE,
    read_drift,
    read_metrics,
    read_reason,
    read_tweet,
)
from models.contest_records import ContestEvent
from models.evaluation.intervals import Interval
from models.online.prequential import Figure, HeadStandings, Standing
from models.online.report import LearningReport
from models.records import ClassifiedTweet
from monitoring.drift.records import Cause, DriftEvent, Kind
from stream.learning import writing
from stream.worker.model_changes import CHANGE_TYPE

Make = Callable[..., Any]


def test_a_tweet_is_read_as_the_worker_wrote_it(make_answer: Make) -> None:
    tweet = read_tweet(make_answer(id="42", label="other"))

    assert tweet is not None
    assert (tweet.id, tweet.label, tweet.tickers, tweet.sentiment) == ("42", "other", ("TSLA",), "bullish")


@pytest.mark.parametrize(
    "fields",
    [
        {"label": "Weather"},
        {"sentiment": "angry"},
        {"sentiment_score": 1.5},
        {"sentiment_score": "high"},
        {"labels": {"Weather": 0.5}},
        {"tickers": "TSLA"},
        {"text": None},
        {"model": "7"},
    ],
)
def test_a_tweet_of_another_shape_is_none(make_answer: Make, fields: dict[str, Any]) -> None:
    assert read_tweet(make_answer(**fields)) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"no json",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"id":"\\ud800"}',
        b"[" * 100_000,
        b'{"sentiment_score":1e999}',
    ],
)
def test_a_value_that_is_no_tweet_is_none_for_every_topic(make_told: Make, value: bytes | None) -> None:
    record = make_told(value or b"", ce_type=REPORT_TYPE)
    record.value = value

    assert (read_tweet(record), read_metrics(record), read_drift(record)) == (None, None, None)


def test_an_event_is_one_line_whatever_a_tweet_holds(make_answer: Make) -> None:
    record = make_answer(text="one\r\ntwo\n\ndata: three\x00\u2028")
    record.value = record.value.replace(b",", b" ,\r\n\n")  # JSON that somebody made pretty

    tweet = read_tweet(record)

    assert tweet is not None
    assert event("tick", 7, tweet).count(b"\n") == 4
    assert b"\r" not in event("tick", 7, tweet)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1, max_size=4))
def test_no_broken_bytes_make_an_exception(make_answer: Make, places: list[tuple[int, int]]) -> None:
    record = make_answer(tickers=["TSLA", "A"])
    broken = bytearray(record.value)
    for place, byte in places:
        broken[place % len(broken)] = byte
    record.value = bytes(broken)
    record.headers = (("ce_type", bytes(broken[:9])), ("ce_type", CHANGE_TYPES[0].encode()))

    tweet = read_tweet(record)

    assert tweet is None or isinstance(tweet, ClassifiedTweet)
    assert read_metrics(record) is None
    assert read_drift(record) is None
    assert read_reason(record) == "other"


def test_types_are_those_that_workers_write() -> None:
    assert tuple(CHANGE_TYPE.format(outcome=outcome) for outcome in ("swapped", "refused")) == CHANGE_TYPES
    kinds = [kind.__struct_config__.tag for kind in get_args(ContestEvent)]
    assert sorted(EVENT_TYPES) == sorted(writing.EVENT_TYPE.format(event=kind) for kind in kinds)
    assert REPORT_TYPE.encode() == writing.REPORT_TYPE


@pytest.mark.parametrize(
    ("outcome", "reasons", "text"),
    [
        ("swapped", [], "version 8 answers instead of 7"),
        ("refused", ["too slow", "no file"], "version 8 was refused, 7 goes on: too slow; no file"),
    ],
)
def test_a_change_of_the_model_is_a_sentence(make_told: Make, outcome: str, reasons: list[str], text: str) -> None:
    value = {
        "outcome": outcome,
        "name": "tickertape",
        "version": "8",
        "previous_version": "7",
        "reasons": reasons,
        "time": "2026-01-01T00:00:00.000Z",
    }

    told = read_metrics(make_told(value, ce_type=f"tickertape.model.{outcome}.v1"))

    assert told == Event(at="2026-01-01T00:00:00.000Z", type=outcome, text=text)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            {"event": "contest_decision", "answers": "batch", "before": "online", "reason": "why", "labels": 9},
            "topic: batch answers instead of online: why",
        ),
        (
            {"event": "challenger_lead", "over": "online", "reason": "why", "labels": 9, "challenger": "8"},
            "topic: challenger 8 is better than online: why",
        ),
        (
            {"event": "drift_alarm", "surprise": 0.5, "mean_surprise": 0.25, "rise": 9.0, "labels": 9},
            "topic: labels surprise more, 0.500 where 0.250 is the mean",
        ),
    ],
)
def test_what_the_contest_tells_is_a_sentence(make_told: Make, event: dict[str, Any], text: str) -> None:
    value = {"name": "tickertape", "version": "7", "online_version": 3, "event": {"head": "topic"} | event, "time": "t"}

    told = read_metrics(make_told(value, ce_type=f"tickertape.learning.{event['event']}.v1"))

    assert told == Event(at="t", type=event["event"], text=text)


def test_a_sentence_of_a_stranger_is_cut(make_told: Make) -> None:
    value = {
        "outcome": "swapped",
        "name": "n",
        "version": "8" * 9_999,
        "previous_version": "",
        "reasons": [],
        "time": "",
    }

    told = read_metrics(make_told(value, ce_type=CHANGE_TYPES[0]))

    assert isinstance(told, Event)
    assert (len(told.text), told.text[-4:]) == (MOST_CHARACTERS, "8...")


def test_a_report_gives_accuracy_and_labels_of_all_answerers(make_told: Make) -> None:
    figure = Figure(0.8, Interval(0.7, 0.9))
    standings = {name: Standing(100.0, figure, figure, figure, {}) for name in ("batch", "online", "served")}
    report = LearningReport("tickertape", "7", 3, {}, {"topic": HeadStandings(standings, {})}, "t")

    told = read_metrics(make_told(msgspec.json.encode(report), ce_type=REPORT_TYPE))

    assert isinstance(told, Accuracy)
    assert told.label is not None
    assert (told.at, told.sentiment) == ("t", None)
    assert (told.label.served.accuracy, told.label.batch.labels) == (0.8, 100.0)


def test_a_report_that_lacks_an_answerer_has_no_head(make_told: Make) -> None:
    report = LearningReport("tickertape", "7", 3, {}, {"topic": HeadStandings({}, {})}, "t")

    told = read_metrics(make_told(msgspec.json.encode(report), ce_type=REPORT_TYPE))

    assert told == Accuracy(at="t", label=None, sentiment=None)


@pytest.mark.parametrize(("outcome", "state"), [("quiet", "ok"), ("drift", "drift"), ("too_few", "unknown")])
def test_a_window_of_the_drift_process_gives_its_state(
    make_told: Make, make_drift_event: Callable[..., DriftEvent], outcome: str, state: str
) -> None:
    told = read_drift(make_told(msgspec.json.encode(make_drift_event(42, outcome=outcome, report=None))))

    assert told is not None
    assert (told.state, told.window, told.report) == (state, 42, None)


def test_the_causes_of_drift_are_some_words_each(make_told: Make, make_drift_event: Callable[..., DriftEvent]) -> None:
    causes = tuple(Cause(Kind.TEXT, "term", f"w{number}", "short", 0.002, 0.0839, 3.0) for number in range(9))
    event = make_drift_event(42, outcome="drift", causes=causes, report="0a1b2c3d-00000042")

    told = read_drift(make_told(msgspec.json.encode(event)))

    assert told is not None
    assert (len(told.causes), told.causes[0]) == (MOST_CAUSES, "term=w0: 0.002 to 0.0839")
    assert told.report == "/drift/0a1b2c3d-00000042"


def test_the_id_of_a_report_that_is_none_makes_no_link(
    make_told: Make, make_drift_event: Callable[..., DriftEvent]
) -> None:
    told = read_drift(make_told(msgspec.json.encode(make_drift_event(42, report="../../feedback?x="))))

    assert told is not None
    assert told.report is None


@pytest.mark.parametrize(
    ("headers", "reason"), [({"reason": "not_utf8"}, "not_utf8"), ({"reason": "duplicate"}, "duplicate"), ({}, "other")]
)
def test_a_dead_letter_counts_under_its_reason(make_told: Make, headers: dict[str, str], reason: str) -> None:
    assert read_reason(make_told(b"whatever", **headers)) == reason


def test_a_reason_that_somebody_invents_is_another(make_told: Make) -> None:
    record = make_told(b"x")
    record.headers = (("reason", b"\xff<script>"),)

    assert read_reason(record) == "other"
