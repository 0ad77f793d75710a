from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from aiokafka.record.memory_records import MemoryRecords

from config.settings import TopicSettings
from models.contracts import Predictor
from models.feedback import ToLabel, Why
from models.predictions import Columns, OpinionColumns, Opinions, Predictions
from models.records import ClassifiedTweet, ModelVersion, Tweet, TweetSentiment
from models.selection import Selection
from stream.codecs import decode_to_label
from stream.topics import declare_topics
from stream.worker.classify import Answer, classify

TOPICS = declare_topics(TopicSettings(prefix="t."))
TIME = 1_767_225_600.25


@dataclass(frozen=True)
class Sent:
    """An output record as a consumer reads it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def answer(records: list[Any], predictor: Predictor, selection: Selection | None = None) -> Answer:
    return classify(records, partition=3, topics=TOPICS, predictor=predictor, time=TIME, selection=selection)


def select_all() -> Selection:
    """Choose every tweet, at random with probability 1."""
    return Selection(per_minute=100_000, random_share=1, uncertain_share=0)


def sent(outcome: Answer) -> list[Sent]:
    """Read the outputs back with aiokafka, topic by topic."""
    return [
        Sent(outputs.topic, record.key, record.value, record.headers)
        for outputs in outcome.outputs
        for batch in outputs.batches(timestamp_ms=0, max_bytes=1_000_000)
        for record in MemoryRecords(batch.content).next_batch()
    ]


def test_tweet_gives_one_classified_record_and_one_sentiment(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    outcome = answer([make_record(41)], fixed_predictor)

    assert [record.topic for record in sent(outcome)] == ["t.tweets.classified", "t.tweets.sentiment"]
    assert [record.key for record in sent(outcome)] == [b"1", b"1"]
    assert (outcome.classified, outcome.refused) == (1, {})


def test_classified_record_has_the_documented_bytes(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    classified, sentiment = sent(answer([make_record(41)], fixed_predictor))

    assert classified.value == (
        b'{"id":"1","text":"$AAPL beats on earnings","created_at":"2026-01-02T03:04:05.000Z","tickers":["AAPL"],'
        b'"label":"Earnings","label_score":0.75,"labels":{"Earnings":0.75,"Macro":0.25},"sentiment":"bullish",'
        b'"sentiment_score":0.5,"answered_by":"batch","sentiment_answered_by":"batch","opinions":{},'
        b'"model":{"name":"tickertape","version":"7","online_version":0},"classified_at":"2026-01-01T00:00:00.250Z"}'
    )
    assert sentiment.value == (
        b'{"id":"1","created_at":"2026-01-02T03:04:05.000Z","tickers":["AAPL"],"sentiment":"bullish",'
        b'"sentiment_score":0.5,"model":{"name":"tickertape","version":"7","online_version":0},'
        b'"classified_at":"2026-01-01T00:00:00.250Z"}'
    )
    assert msgspec.json.decode(classified.value, type=ClassifiedTweet).tickers == ("AAPL",)
    assert msgspec.json.decode(sentiment.value, type=TweetSentiment).sentiment_score == 0.5


def test_headers_name_the_input_so_that_a_repeat_is_recognised(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    first, again = (sent(answer([make_record(41)], fixed_predictor))[0] for _ in range(2))

    assert dict(first.headers) == {
        "ce_id": b"t.tweets.raw-3-41",
        "ce_type": b"tickertape.tweet.classified.v1",
        "ce_source": b"/tickertape/worker",
        "ce_specversion": b"1.0",
        "content-type": b"application/json",
        "model-version": b"7",
    }
    assert dict(again.headers)["ce_id"] == dict(first.headers)["ce_id"]


def test_traceparent_of_the_input_is_on_its_outputs(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    traced = make_record(headers=[("other", b"x"), ("traceparent", b"00-ab-cd-01")])

    records = sent(answer([traced], fixed_predictor))

    assert [dict(record.headers)["traceparent"] for record in records] == [b"00-ab-cd-01"] * 2


def test_malformed_record_becomes_a_dead_letter_with_its_own_bytes(
    make_raw_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    outcome = answer([make_raw_record(b"{", offset=9, key=b"k")], fixed_predictor)

    (letter,) = sent(outcome)
    assert (letter.topic, letter.key, letter.value) == ("t.tweets.dead-letter", b"k", b"{")
    assert dict(letter.headers) == {
        "ce_id": b"t.tweets.raw-3-9",
        "ce_type": b"tickertape.tweet.dead-letter.v1",
        "ce_source": b"/tickertape/worker",
        "ce_specversion": b"1.0",
        "content-type": b"application/octet-stream",
        "model-version": b"7",
        "reason": b"invalid_json",
        "error": b"Input data was truncated",
        "topic": b"t.tweets.raw",
        "partition": b"3",
        "offset": b"9",
        "time": b"2026-01-01T00:00:00.250Z",
        "attempt": b"1",
    }
    assert (outcome.classified, outcome.refused) == (0, {"invalid_json": 1})


def test_tombstone_becomes_a_dead_letter_without_value(
    make_raw_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    (letter,) = sent(answer([make_raw_record(None)], fixed_predictor))

    assert letter.value is None
    assert dict(letter.headers)["reason"] == b"null_value"


def test_malformed_records_do_not_shift_the_answers_of_others(
    make_record: Callable[..., Any], make_raw_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    records = [make_record(0, id="10"), make_raw_record(b"{", offset=1), make_record(2, id="12")]

    outcome = answer(records, fixed_predictor)

    places = [(record.topic, record.key, dict(record.headers)["ce_id"]) for record in sent(outcome)]
    assert places == [
        ("t.tweets.classified", b"10", b"t.tweets.raw-3-0"),
        ("t.tweets.classified", b"12", b"t.tweets.raw-3-2"),
        ("t.tweets.sentiment", b"10", b"t.tweets.raw-3-0"),
        ("t.tweets.sentiment", b"12", b"t.tweets.raw-3-2"),
        ("t.tweets.dead-letter", b"1", b"t.tweets.raw-3-1"),
    ]
    assert outcome.classified == 2


def test_output_is_keyed_by_tweet_id_whatever_the_input_key_is(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    record = make_record(id="77")
    record.key = None

    assert [output.key for output in sent(answer([record], fixed_predictor))] == [b"77", b"77"]


def test_tweet_that_is_sent_out_for_labelling_has_the_documented_bytes_and_headers(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    traced = make_record(41, headers=[("traceparent", b"00-ab-cd-01")])

    outcome = answer([traced], fixed_predictor, select_all())

    *_, to_label = sent(outcome)
    assert (to_label.topic, to_label.key) == ("t.tweets.to-label", b"1")
    assert to_label.value == b'{"id":"1","text":"$AAPL beats on earnings","why":"random","probability":1.0}'
    assert decode_to_label(to_label.value) == ToLabel("1", "$AAPL beats on earnings", Why.RANDOM, 1.0)
    assert dict(to_label.headers) == {
        "ce_id": b"t.tweets.raw-3-41",
        "ce_type": b"tickertape.tweet.to-label.v1",
        "ce_source": b"/tickertape/worker",
        "ce_specversion": b"1.0",
        "content-type": b"application/json",
        "model-version": b"7",
        "traceparent": b"00-ab-cd-01",
    }
    assert outcome.to_label == {Why.RANDOM: 1}


def test_malformed_records_do_not_shift_what_is_sent_out_for_labelling(
    make_record: Callable[..., Any], make_raw_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    records = [
        make_raw_record(b"{", offset=0),
        make_record(1, id="11", text="up"),
        make_record(2, id="12", text="down"),
    ]

    outcome = answer(records, fixed_predictor, select_all())

    rows = [record for record in sent(outcome) if record.topic == "t.tweets.to-label"]
    assert [(row.key, dict(row.headers)["ce_id"], decode_to_label(row.value).text) for row in rows] == [
        (b"11", b"t.tweets.raw-3-1", "up"),
        (b"12", b"t.tweets.raw-3-2", "down"),
    ]
    assert outcome.to_label == {Why.RANDOM: 2}


def test_nothing_is_sent_out_for_labelling_without_a_selection(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    outcome = answer([make_record()], fixed_predictor)

    assert "t.tweets.to-label" not in {record.topic for record in sent(outcome)}
    assert outcome.to_label == {}


def test_chunk_of_dead_letters_alone_sends_nothing_out_for_labelling(
    make_raw_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    outcome = answer([make_raw_record(b"{")], fixed_predictor, select_all())

    assert [record.topic for record in sent(outcome)] == ["t.tweets.dead-letter"]
    assert outcome.to_label == {}


class SurerOfLargerIds:
    """Implements `models.contracts.Predictor`: the larger the id, the surer; texts that say so are disputed."""

    model = ModelVersion("tickertape", "7")

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        ids = np.array([int(tweet.id or 0) for tweet in tweets])
        places = np.zeros(len(tweets), dtype=np.int64)
        scores, leanings = 0.5 + ids / 1_000, np.zeros(len(tweets))
        columns = Columns(places[:, None], scores[:, None], places, leanings, places, places)
        batch = OpinionColumns(places, scores, places, leanings)
        online = batch._replace(labels=np.array([int(tweet.text == "disputed") for tweet in tweets]))
        return Predictions(columns, model=self.model, opinions=Opinions(batch, online))


def test_tweets_of_the_least_sure_answers_and_disputed_ones_are_sent_out_for_labelling(
    make_record: Callable[..., Any],
) -> None:
    selection = Selection(per_minute=100_000, random_share=0, uncertain_share=0.01)
    records = [make_record(place, id=str(place)) for place in range(200)]
    answer(records, SurerOfLargerIds(), selection)
    records[150] = make_record(150, id="150", text="disputed")

    outcome = answer(records, SurerOfLargerIds(), selection)

    rows = [decode_to_label(record.value) for record in sent(outcome) if record.topic == "t.tweets.to-label"]
    assert [(row.id, row.why) for row in rows] == [
        ("0", Why.UNCERTAIN),
        ("1", Why.UNCERTAIN),
        ("150", Why.DISPUTED),
    ]
    assert outcome.to_label == {Why.UNCERTAIN: 2, Why.DISPUTED: 1}
