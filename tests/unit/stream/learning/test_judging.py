"""What becomes of each record of feedback."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.feedback import LabelledTweet, ToLabel, Why
from models.online.memory import LabelMemory
from models.taxonomy import Label, Sentiment
from stream.dead_letters import DeadLetter
from stream.learning.judging import Verdict, judge

Make = Callable[..., Any]
TOPIC = "tweets.feedback"


@pytest.fixture
def memory() -> LabelMemory:
    return LabelMemory(100)


@pytest.fixture
def judged(memory: LabelMemory, sent_out: Any) -> Callable[..., list[Verdict]]:
    def call(*records: Any) -> list[Verdict]:
        return judge(records, topic=TOPIC, partition=0, memory=memory, sent_out=sent_out, time=1_767_225_600.25)

    return call


def outcomes(verdicts: list[Verdict]) -> list[Any]:
    return [
        (verdict.label, verdict.sentiment) if isinstance(verdict, LabelledTweet) else str(verdict.reason)
        for verdict in verdicts
    ]


def test_feedback_with_its_text_is_learned_with_probability_one(judged: Make, make_feedback: Make) -> None:
    assert judged(make_feedback(7, tweet_id="20", sentiment="bullish")) == [
        LabelledTweet(
            id="20",
            text="$AAPL beats on earnings",
            label=Label.EARNINGS,
            sentiment=Sentiment.BULLISH,
            source="desk",
            labelled_at="2026-01-02T03:04:05Z",
            why=None,
            probability=1.0,
            feedback_offset=7,
        )
    ]


def test_feedback_without_text_gets_it_from_the_tweet_that_was_sent_out(
    judged: Make, make_feedback: Make, sent_out: Any
) -> None:
    sent_out.tweets["20"] = ToLabel("20", "as published", Why.UNCERTAIN, 0.25)

    (tweet,) = judged(make_feedback(tweet_id="20", text=None))

    assert (tweet.text, tweet.why, tweet.probability) == ("as published", Why.UNCERTAIN, 0.25)


def test_text_that_was_sent_out_counts_more_than_the_one_that_came_back(
    judged: Make, make_feedback: Make, sent_out: Any
) -> None:
    sent_out.tweets["20"] = ToLabel("20", "as published", Why.RANDOM, 0.01)

    (tweet,) = judged(make_feedback(tweet_id="20", text="as retyped"))

    assert (tweet.text, tweet.why, tweet.probability) == ("as published", Why.RANDOM, 0.01)


def test_dead_letter_has_the_records_bytes_reason_and_origin(judged: Make, make_raw_feedback: Make) -> None:
    (letter,) = judged(make_raw_feedback(b"{", 9, key=b"k"))

    assert isinstance(letter, DeadLetter)
    assert (letter.key, letter.value, letter.topic, letter.partition, letter.offset) == (b"k", b"{", TOPIC, 0, 9)
    assert (letter.reason, letter.time, letter.attempt) == ("invalid_json", 1_767_225_600.25, 1)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"tweet_id": "x"}, "invalid_id"),
        ({"label": "Weather"}, "unknown_label"),
        ({"label": "other"}, "unknown_label"),
        ({"sentiment": "happy"}, "unknown_sentiment"),
        ({"label": None}, "no_label"),
        ({"source": " "}, "invalid_source"),
        ({"source": "a" * 201}, "invalid_source"),
        ({"source": None}, "missing_field"),
        ({"labelled_at": "yesterday"}, "invalid_labelled_at"),
        ({"labelled_at": None}, "missing_field"),
        ({"text": "  "}, "empty_text"),
        ({"text": "a" * 25_001}, "text_too_long"),
        ({"text": None}, "unknown_tweet"),
        ({"label": 5}, "wrong_type"),
    ],
)
def test_feedback_that_can_not_be_used_has_its_reason(
    judged: Make, make_feedback: Make, memory: LabelMemory, fields: dict[str, Any], reason: str
) -> None:
    assert outcomes(judged(make_feedback(**fields))) == [reason]
    assert len(memory) == 0


def test_same_label_again_is_a_duplicate_in_one_chunk_or_in_two(judged: Make, make_feedback: Make) -> None:
    first = judged(make_feedback(0), make_feedback(1))
    second = judged(make_feedback(2, source="another desk", text="another text"))

    assert outcomes([*first, *second]) == [(Label.EARNINGS, None), "duplicate", "duplicate"]


def test_another_label_contradicts_and_the_first_stands(judged: Make, make_feedback: Make, memory: LabelMemory) -> None:
    verdicts = judged(make_feedback(0), make_feedback(1, label="IPO"), make_feedback(2))

    assert outcomes(verdicts) == [(Label.EARNINGS, None), "contradiction", "duplicate"]
    assert memory.known("1") == (Label.EARNINGS, None)


def test_head_that_is_new_is_learned_and_the_known_one_is_not_learned_again(
    judged: Make, make_feedback: Make, memory: LabelMemory
) -> None:
    verdicts = judged(
        make_feedback(0),
        make_feedback(1, sentiment="bearish"),
        make_feedback(2, sentiment="bearish"),
        make_feedback(3, label=None, sentiment="bearish"),
    )

    assert outcomes(verdicts) == [(Label.EARNINGS, None), (None, Sentiment.BEARISH), "duplicate", "duplicate"]
    assert memory.known("1") == (Label.EARNINGS, Sentiment.BEARISH)


def test_feedback_that_contradicts_one_head_teaches_nothing_of_the_other(
    judged: Make, make_feedback: Make, memory: LabelMemory
) -> None:
    verdicts = judged(make_feedback(0), make_feedback(1, label="IPO", sentiment="bullish"))

    assert outcomes(verdicts) == [(Label.EARNINGS, None), "contradiction"]
    assert memory.known("1") == (Label.EARNINGS, None)


def test_ids_that_differ_in_leading_zeros_name_one_tweet(judged: Make, make_feedback: Make) -> None:
    assert outcomes(judged(make_feedback(0, tweet_id="7"), make_feedback(1, tweet_id="007"))) == [
        (Label.EARNINGS, None),
        "duplicate",
    ]


def test_tweet_that_is_forgotten_may_be_labelled_again(make_feedback: Make, sent_out: Any) -> None:
    records = [make_feedback(offset, tweet_id=tweet_id) for offset, tweet_id in enumerate(["1", "2", "1"])]

    verdicts = judge(records, topic=TOPIC, partition=0, memory=LabelMemory(1), sent_out=sent_out, time=0)

    assert outcomes(verdicts) == [(Label.EARNINGS, None)] * 3


@given(values=st.lists(st.none() | st.binary(max_size=60), min_size=1, max_size=5))
def test_any_bytes_get_one_verdict_each_in_their_order(values: list[bytes | None], make_raw_feedback: Make) -> None:
    class Nothing:
        def find(self, tweet_ids: Any) -> dict[str, ToLabel]:
            del tweet_ids
            return {}

        glance = find

    records = [make_raw_feedback(value, offset) for offset, value in enumerate(values)]

    verdicts = judge(records, topic=TOPIC, partition=0, memory=LabelMemory(9), sent_out=Nothing(), time=0)

    assert [(verdict.value, verdict.offset) for verdict in verdicts if isinstance(verdict, DeadLetter)] == [
        (record.value, record.offset) for record in records
    ]
