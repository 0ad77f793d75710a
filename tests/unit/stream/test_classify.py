from collections.abc import Callable
from typing import Any

import msgspec

from config.settings import TopicSettings
from models.contracts import Predictor
from models.records import ClassifiedTweet, TweetSentiment
from stream.classify import Answer, classify
from stream.topics import declare_topics

TOPICS = declare_topics(TopicSettings(prefix="t."))
TIME = 1_767_225_600.25


def answer(records: list[Any], predictor: Predictor) -> Answer:
    return classify(records, partition=3, topics=TOPICS, predictor=predictor, time=TIME)


def test_tweet_gives_one_classified_record_and_one_sentiment(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    outcome = answer([make_record(41)], fixed_predictor)

    assert [message.topic for message in outcome.messages] == ["t.tweets.classified", "t.tweets.sentiment"]
    assert [message.key for message in outcome.messages] == [b"1", b"1"]
    assert (outcome.classified, outcome.refused) == (1, {})


def test_classified_record_has_the_documented_bytes(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    classified, sentiment = answer([make_record(41)], fixed_predictor).messages

    assert classified.value == (
        b'{"id":"1","text":"$AAPL beats on earnings","created_at":"2026-01-02T03:04:05.000Z","tickers":["AAPL"],'
        b'"label":"Earnings","label_score":0.75,"labels":{"Earnings":0.75,"Macro":0.25},"sentiment":"bullish",'
        b'"sentiment_score":0.5,"answered_by":"batch",'
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
    first, again = (answer([make_record(41)], fixed_predictor).messages[0] for _ in range(2))

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

    messages = answer([traced], fixed_predictor).messages

    assert [dict(message.headers)["traceparent"] for message in messages] == [b"00-ab-cd-01"] * 2


def test_malformed_record_becomes_a_dead_letter_with_its_own_bytes(
    make_raw_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    outcome = answer([make_raw_record(b"{", offset=9, key=b"k")], fixed_predictor)

    (letter,) = outcome.messages
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
    (letter,) = answer([make_raw_record(None)], fixed_predictor).messages

    assert letter.value is None
    assert dict(letter.headers)["reason"] == b"null_value"


def test_malformed_records_do_not_shift_the_answers_of_others(
    make_record: Callable[..., Any], make_raw_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    records = [make_record(0, id="10"), make_raw_record(b"{", offset=1), make_record(2, id="12")]

    outcome = answer(records, fixed_predictor)

    assert [dict(message.headers)["ce_id"].rsplit(b"-", 1)[1] for message in outcome.messages] == [
        b"0",
        b"0",
        b"1",
        b"2",
        b"2",
    ]
    assert [message.key for message in outcome.messages] == [b"10", b"10", b"1", b"12", b"12"]
    assert outcome.classified == 2


def test_output_is_keyed_by_tweet_id_whatever_the_input_key_is(
    make_record: Callable[..., Any], fixed_predictor: Predictor
) -> None:
    record = make_record(id="77")
    record.key = None

    assert [message.key for message in answer([record], fixed_predictor).messages] == [b"77", b"77"]
