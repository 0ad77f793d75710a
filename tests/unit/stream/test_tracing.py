"""Which tweets of a chunk are traced, what their spans say, and what their outputs carry on."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from config.settings import TopicSettings
from models.contracts import Predictor
from models.predictions import Columns, Predictions
from models.records import ModelVersion, Tweet
from models.selection import Selection
from models.taxonomy import LABELS
from monitoring.tracing.sampling import Sampler
from monitoring.tracing.traceparent import Parent
from stream.framing import varint
from stream.topics import declare_topics
from stream.tracing import TracedEvent, TweetTraces, carried_traceparents
from stream.worker.classify import Answer, classify

TOPICS = declare_topics(TopicSettings(prefix="t."))
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01".encode(), f"00-{TRACE}-{SPAN}-00".encode()
PARENT = Parent(int(TRACE, 16), int(SPAN, 16), 1)

Make = Callable[..., Any]
Tracer = Any  # tests can't import conftest.py


class CountingPredictor:
    """Implements `models.contracts.Predictor`: takes the first tweet for the first label, the second for the second."""

    model = ModelVersion("tickertape", "7")

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        places, ones = np.arange(len(tweets)), np.ones(len(tweets))
        zeros = np.zeros(len(tweets), dtype=np.int64)
        columns = Columns(places.reshape(-1, 1), ones.reshape(-1, 1), zeros, ones, zeros, zeros)
        return Predictions(columns, model=self.model)


def answer(
    records: Sequence[Any],
    predictor: Predictor,
    tracer: Tracer,
    *,
    share: float = 0,
    selection: Selection | None = None,
) -> Answer:
    traces = TweetTraces(tracer, sampler=Sampler(share), topic=TOPICS.raw.name, group="g")
    return classify(
        records,
        partition=3,
        topics=TOPICS,
        predictor=predictor,
        time=1_767_225_600.0,
        selection=selection,
        begin_spans=partial(traces.begin, partition=3, fetched_at=1_767_225_599.5),
    )


def headers(outcome: Answer) -> dict[str, list[bytes]]:
    """The headers of the outputs, encoded, by topic."""
    return {outputs.topic.removeprefix("t.tweets."): outputs.headers for outputs in outcome.outputs}


def carry(outcome: Answer, traceparent: bytes) -> list[bool]:
    """Tell of each output whether it carries this header and no other of the name."""
    whole = varint(len("traceparent")) + b"traceparent" + varint(len(traceparent)) + traceparent
    return [
        whole in encoded and encoded.count(b"traceparent") == 1
        for encodeds in headers(outcome).values()
        for encoded in encodeds
    ]


def test_tweet_of_a_recorded_trace_gets_a_span_below_its_own(
    make_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer
) -> None:
    outcome = answer([make_record(41, headers=[("traceparent", SAMPLED)])], fixed_predictor, recording_tracer)

    (span,) = recording_tracer.spans
    assert outcome.spans == [span]
    assert (span.name, span.kind, span.parent) == ("classify tweet", "consumer", PARENT)
    assert span.start_seconds == 1_767_225_599.5


def test_span_says_where_the_tweet_was_and_what_it_was_taken_for_and_nothing_of_its_author(
    make_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer
) -> None:
    answer([make_record(41, headers=[("traceparent", SAMPLED)])], fixed_predictor, recording_tracer)

    assert recording_tracer.spans[0].attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "classify",
        "messaging.operation.type": "process",
        "messaging.destination.name": "t.tweets.raw",
        "messaging.consumer.group.name": "g",
        "messaging.destination.partition.id": "3",
        "messaging.kafka.offset": 41,
        "tickertape.model.version": "7",
        "tickertape.model.online_version": 0,
        "tickertape.label": "Earnings",
        "tickertape.sentiment": "bullish",
    }


def test_all_outputs_of_a_traced_tweet_name_its_span(
    make_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer
) -> None:
    all_tweets = Selection(per_minute=100_000, random_share=1, uncertain_share=0)

    outcome = answer(
        [make_record(headers=[("traceparent", SAMPLED)])], fixed_predictor, recording_tracer, selection=all_tweets
    )

    assert list(headers(outcome)) == ["classified", "sentiment", "to-label"]
    assert carry(outcome, recording_tracer.spans[0].traceparent) == [True, True, True]


@pytest.mark.parametrize("share", [0, 1])
def test_tweet_of_an_unrecorded_trace_has_no_span_and_its_outputs_keep_the_header(
    make_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer, share: float
) -> None:
    outcome = answer(
        [make_record(headers=[("traceparent", UNSAMPLED)])], fixed_predictor, recording_tracer, share=share
    )

    assert (outcome.spans, recording_tracer.spans) == ([], [])
    assert carry(outcome, UNSAMPLED) == [True, True]


def test_tweet_without_a_trace_begins_one_when_it_is_drawn(
    make_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer
) -> None:
    outcome = answer([make_record(41)], fixed_predictor, recording_tracer, share=1)

    (span,) = recording_tracer.spans
    assert span.parent is None
    assert carry(outcome, span.traceparent) == [True, True]


def test_tweet_without_a_trace_that_is_not_drawn_has_neither_span_nor_header(
    make_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer
) -> None:
    outcome = answer([make_record(41)], fixed_predictor, recording_tracer)

    assert recording_tracer.spans == []
    assert not any(b"traceparent" in encoded for encodeds in headers(outcome).values() for encoded in encodeds)


@pytest.mark.parametrize(
    "values",
    [
        [b"00-ab-cd-01"],
        [b"\xff" * 60],
        [f"00-{'0' * 32}-{SPAN}-01".encode()],
        [f"ff-{TRACE}-{SPAN}-01".encode()],
        [SAMPLED + b"-more"],
        [SAMPLED, SAMPLED],
        [SAMPLED, UNSAMPLED],
        [SAMPLED, None],
    ],
)
def test_header_that_is_not_valid_is_passed_on_as_it_came_and_not_traced(
    make_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer, values: list[bytes]
) -> None:
    record = make_record(headers=[("traceparent", value) for value in values])

    outcome = answer([record], fixed_predictor, recording_tracer)

    assert recording_tracer.spans == []
    assert carry(outcome, values[0]) == [True, True]


@pytest.mark.parametrize("values", [[b""], [None], [b"nonsense"], [SAMPLED, SAMPLED]])
def test_header_that_is_not_valid_does_not_keep_a_tweet_from_being_drawn(
    make_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer, values: list[bytes]
) -> None:
    record = make_record(headers=[("traceparent", value) for value in values])

    outcome = answer([record], fixed_predictor, recording_tracer, share=1)

    (span,) = recording_tracer.spans
    assert span.parent is None
    assert carry(outcome, span.traceparent) == [True, True]


def test_malformed_record_of_a_recorded_trace_has_a_failed_span_that_its_dead_letter_names(
    make_raw_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer
) -> None:
    outcome = answer(
        [make_raw_record(b"{", offset=9, headers=[("traceparent", SAMPLED)])], fixed_predictor, recording_tracer
    )

    (span,) = recording_tracer.spans
    assert span.error == "invalid_json"
    assert "tickertape.label" not in span.attributes
    assert list(headers(outcome)) == ["dead-letter"]
    assert carry(outcome, span.traceparent) == [True]


def test_malformed_records_do_not_shift_what_spans_say(
    make_record: Make, make_raw_record: Make, recording_tracer: Tracer
) -> None:
    records = [
        make_raw_record(b"{", offset=0, headers=[("traceparent", SAMPLED)]),
        make_record(1),
        make_record(2, headers=[("traceparent", SAMPLED)]),
    ]

    answer(records, CountingPredictor(), recording_tracer)

    malformed, second = recording_tracer.spans
    assert (malformed.error, malformed.attributes["messaging.kafka.offset"]) == ("invalid_json", 0)
    assert (second.attributes["tickertape.label"], second.attributes["messaging.kafka.offset"]) == (LABELS[1], 2)


def test_tweet_is_not_traced_when_its_span_would_be_lost_and_keeps_its_header(
    make_record: Make, fixed_predictor: Predictor, recording_tracer: Tracer
) -> None:
    recording_tracer.is_full = True

    outcome = answer([make_record(headers=[("traceparent", SAMPLED)])], fixed_predictor, recording_tracer)

    assert outcome.spans == []
    assert carry(outcome, SAMPLED) == [True, True]


def test_spans_end_when_the_chunk_is_acknowledged_and_not_before(recording_tracer: Tracer) -> None:
    span = recording_tracer.begin("work", kind="consumer", parent=None, attributes={})
    acknowledged: list[bool] = []
    left: list[bool] = []

    class Event:
        def ack(self) -> None:
            acknowledged.append(span.is_ended)

        def leave(self) -> None:
            left.append(span.is_ended)

    TracedEvent(Event(), [span]).leave()
    assert (acknowledged, left, span.is_ended) == ([], [False], False)

    TracedEvent(Event(), [span]).ack()
    assert (acknowledged, left, span.is_ended) == ([False], [False], True)


def test_records_without_the_header_carry_nothing(make_record: Make) -> None:
    plain, other, traced = (
        make_record(0),
        make_record(1, headers=[("Traceparent", SAMPLED), ("tracestate", b"a=b")]),
        make_record(2, headers=[("tracestate", b"a=b"), ("traceparent", b""), ("traceparent", UNSAMPLED)]),
    )

    assert carried_traceparents([plain, other, traced]) == [(traced, UNSAMPLED)]
