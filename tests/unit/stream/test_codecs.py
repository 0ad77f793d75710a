import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import MalformedRecordError
from models.records import Tweet
from models.tweets import MAX_TEXT_CHARACTERS, Reason
from stream.codecs import decode_tweet

FLAT = b'{"id":"20","text":"$AAPL up","created_at":"2026-01-02T03:04:05.000Z","lang":"en"}'


def test_flat_tweet_is_read_and_unknown_fields_are_ignored() -> None:
    tweet = decode_tweet(FLAT)

    assert tweet == Tweet(text="$AAPL up", id="20", created_at="2026-01-02T03:04:05.000Z", tickers=("AAPL",))


def test_wrapped_tweet_is_read_like_a_flat_one() -> None:
    wrapped = b'{"data":' + FLAT + b',"includes":{"users":[]},"matching_rules":[{"id":"1"}]}'

    assert decode_tweet(wrapped) == decode_tweet(FLAT)


def test_marked_cashtags_win_over_those_in_the_text() -> None:
    value = b'{"id":"1","text":"$A $B","entities":{"cashtags":[{"start":0,"end":2,"tag":"c"},{"tag":"C"},{"tag":"D"}]}}'

    assert decode_tweet(value).tickers == ("C", "D")


def test_created_at_may_be_missing() -> None:
    assert decode_tweet(b'{"id":"1","text":"a"}').created_at is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Reason.NULL_VALUE),
        (b"", Reason.INVALID_JSON),
        (b"\r\n", Reason.INVALID_JSON),
        (b"{", Reason.INVALID_JSON),
        (b'{"id":"1","text":"a"} trailing', Reason.INVALID_JSON),
        (b'{"id":"1","text":"\\ud800"}', Reason.INVALID_JSON),
        (b'{"x":' + b"[" * 100_000, Reason.INVALID_JSON),
        (b'{"id":"1","text":"caf\xe9"}', Reason.NOT_UTF8),
        (b'{"id":"1","text":"a","ignored":"caf\xe9"}', Reason.NOT_UTF8),
        ('{"id":"1","text":"a"}'.encode("utf-16"), Reason.NOT_UTF8),
        (b"[]", Reason.NOT_AN_OBJECT),
        (b"null", Reason.NOT_AN_OBJECT),
        (b"12", Reason.NOT_AN_OBJECT),
        (b"{}", Reason.MISSING_FIELD),
        (b'{"id":"1"}', Reason.MISSING_FIELD),
        (b'{"text":"a"}', Reason.MISSING_FIELD),
        (b'{"data":null,"errors":[]}', Reason.MISSING_FIELD),
        (b'{"data":{"id":"1"}}', Reason.MISSING_FIELD),
        (b'{"id":1,"text":"a"}', Reason.WRONG_TYPE),
        (b'{"id":"1","text":null}', Reason.WRONG_TYPE),
        (b'{"id":"1","text":["a"]}', Reason.WRONG_TYPE),
        (b'{"data":[{"id":"1","text":"a"}]}', Reason.WRONG_TYPE),
        (b'{"id":"1","text":"a","entities":{"cashtags":[{"tag":5}]}}', Reason.WRONG_TYPE),
        (b'{"id":"","text":"a"}', Reason.INVALID_ID),
        (b'{"id":"12a","text":"a"}', Reason.INVALID_ID),
        (b'{"id":"-1","text":"a"}', Reason.INVALID_ID),
        (b'{"id":"12345678901234567890","text":"a"}', Reason.INVALID_ID),
        ('{"id":"١٢","text":"a"}'.encode(), Reason.INVALID_ID),
        (b'{"id":"1","text":""}', Reason.EMPTY_TEXT),
        ('{"id":"1","text":" \\n\\t\u00a0"}'.encode(), Reason.EMPTY_TEXT),
        (b'{"id":"1","text":"' + b"a" * (MAX_TEXT_CHARACTERS + 1) + b'"}', Reason.TEXT_TOO_LONG),
        (b'{"id":"1","text":"a","created_at":"yesterday"}', Reason.INVALID_CREATED_AT),
        (b'{"id":"1","text":"a","created_at":"2026-01-02T03:04:05"}', Reason.INVALID_CREATED_AT),
    ],
)
def test_malformed_record_has_its_reason(value: bytes | None, reason: Reason) -> None:
    with pytest.raises(MalformedRecordError) as raised:
        decode_tweet(value)

    assert raised.value.reason == reason


def test_text_of_the_longest_allowed_length_is_read() -> None:
    text = "a" * MAX_TEXT_CHARACTERS

    assert decode_tweet(b'{"id":"1","text":"' + text.encode() + b'"}').text == text


def test_error_of_a_malformed_record_holds_nothing_of_its_text() -> None:
    with pytest.raises(MalformedRecordError) as raised:
        decode_tweet(b'{"id":"secret-id","text":"secret text","created_at":"secret time"}')

    assert "secret" not in str(raised.value)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_tweet_give_a_reason_and_no_other_error(value: bytes) -> None:
    with pytest.raises(MalformedRecordError) as raised:
        decode_tweet(value)

    assert raised.value.reason in set(Reason)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=300).filter(lambda text: not text.isspace()))
def test_any_text_comes_through_unchanged(text: str) -> None:
    assert decode_tweet(msgspec.json.encode({"id": "1", "text": text})).text == text
