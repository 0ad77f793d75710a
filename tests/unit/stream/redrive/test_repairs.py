import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import MalformedRecordError
from stream.codecs import decode_feedback, decode_tweet
from stream.redrive.repairs import judge_of, repaired

LONG = "x" * 25_001


@pytest.mark.parametrize(
    ("value", "fixed", "repairs"),
    [
        (b'{"id": 7, "text": "up"}', {"id": "7", "text": "up"}, ("id written as text",)),
        (b'{"data": {"id": 7, "text": "up"}}', {"data": {"id": "7", "text": "up"}}, ("id written as text",)),
        (
            b'{"id": "7", "text": "up", "created_at": "yesterday"}',
            {"id": "7", "text": "up"},
            ("created_at left out, which is no time",),
        ),
        (
            b'{"id": "7", "text": "up", "created_at": 1767623400}',
            {"id": "7", "text": "up"},
            ("created_at left out, which is no time",),
        ),
        ('{"id": "7", "text": "caf\xe9"}'.encode("cp1252"), {"id": "7", "text": "caf\xe9"}, ("read as cp1252",)),
        ('{"id": "7", "text": "up"}'.encode("utf-16"), {"id": "7", "text": "up"}, ("read as utf-16",)),
        (b'\xef\xbb\xbf{"id": "7", "text": "up"}', {"id": "7", "text": "up"}, ("read as utf-8-sig",)),
        (
            json.dumps({"id": 7, "text": LONG, "created_at": "x"}).encode(),
            {"id": "7", "text": LONG[:-1]},
            ("id written as text", "text cut after 25,000 characters", "created_at left out, which is no time"),
        ),
    ],
)
def test_known_faults_are_repaired_and_told(value: bytes, fixed: dict[str, object], repairs: tuple[str, ...]) -> None:
    found = repaired(value, judge=decode_tweet)

    assert (json.loads(found.value or b""), sorted(found.repairs), found.refusal) == (fixed, sorted(repairs), "")
    decode_tweet(found.value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "invalid_json"),
        (None, "null_value"),
        (b"[]", "not_an_object"),
        (b'{"id": "7"}', "missing_field"),
        (b'{"id": "7", "text": " "}', "empty_text"),
        (b'{"id": true, "text": "up"}', "wrong_type"),
        (b'{"id": -7, "text": "up"}', "invalid_id"),
        (b'{"id": 7.5, "text": "up"}', "wrong_type"),
    ],
)
def test_what_cannot_be_repaired_is_told_with_its_reason(value: bytes | None, reason: str) -> None:
    assert repaired(value, judge=decode_tweet).refusal.startswith(reason)


def test_value_that_is_taken_is_left_as_it_is() -> None:
    value = b'{ "text": "up",  "id": "7" }'

    assert repaired(value, judge=decode_tweet) == (value, (), "")


def test_feedback_is_judged_as_feedback() -> None:
    value = b'{"tweet_id": 7, "label": "Earnings", "source": "desk", "labelled_at": "2026-01-05T14:30:00Z"}'

    found = repaired(value, judge=judge_of("tweets.feedback", feedback="tweets.feedback"))

    assert (found.repairs, found.refusal) == (("id written as text",), "")
    assert decode_feedback(found.value).tweet_id == "7"
    assert judge_of("tweets.raw", feedback="tweets.feedback") is decode_tweet


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "text", "data", "x"]), inner),
    max_leaves=8,
)


@given(st.binary(max_size=40) | _json.map(lambda content: json.dumps(content).encode()))
def test_any_bytes_end_taken_or_refused_with_a_reason(value: bytes) -> None:
    found = repaired(value, judge=decode_tweet)

    if found.refusal:
        with pytest.raises(MalformedRecordError):
            decode_tweet(found.value)
    else:
        decode_tweet(found.value)
