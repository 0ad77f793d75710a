import json

import pytest

from api.bodies import MAX_WRONG_FIELDS, check_headers
from api.codecs import decode_feedback, decode_request
from api.request_errors import InvalidBodyError, MalformedBodyError, UnsupportedBodyError
from models.feedback import Feedback
from models.records import Tweet
from models.taxonomy import Label, Sentiment

NOW = "2026-01-31T09:30:00.000Z"


def body(*texts: object) -> bytes:
    return json.dumps({"texts": texts}).encode()


def fields_of(raw: bytes, max_texts: int = 1000) -> tuple[tuple[str, str, str], ...]:
    with pytest.raises(InvalidBodyError) as refused:
        decode_request(raw, max_texts=max_texts)
    return refused.value.fields


def wrong_fields_of(item: object) -> list[tuple[str, str]]:
    raw = json.dumps({"feedback": [{"tweet_id": "1", "label": "IPO"}, item]}).encode()
    with pytest.raises(InvalidBodyError) as refused:
        decode_feedback(raw, max_texts=10, labelled_at=NOW)
    return [(place, reason) for place, reason, _ in refused.value.fields]


def test_a_bare_text_becomes_a_tweet_without_id_whose_tickers_are_those_of_the_text() -> None:
    tweets = decode_request(body({"text": "long $aapl"}), max_texts=1)

    assert tweets == [Tweet(text="long $aapl", tickers=("AAPL",))]


def test_a_wrapped_tweet_and_a_flat_one_are_read_alike() -> None:
    tweet = {"id": "9", "text": "up", "created_at": "2026-01-31T09:30:00Z", "entities": {"cashtags": [{"tag": "x"}]}}

    flat, wrapped = decode_request(body({**tweet, "lang": "en"}, {"data": tweet, "includes": {}}), max_texts=2)

    assert flat == wrapped == Tweet(text="up", id="9", created_at="2026-01-31T09:30:00Z", tickers=("X",))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"texts": ["long $aapl"]}',
        b'{"texts":\n [ "long $aapl"]}',
        b'{"text": "long $aapl", "lang": "en"}',
        b'{"data": {"text": "long $aapl"}, "matching_rules": []}',
    ],
)
def test_a_text_is_read_alike_as_a_string_as_a_body_of_its_own_and_as_one_of_many(raw: bytes) -> None:
    assert decode_request(raw, max_texts=1) == decode_request(body({"text": "long $aapl"}), max_texts=1)


def test_html_entities_and_emoji_come_through_unchanged() -> None:
    tweets = decode_request(body({"text": "AT&amp;T \U0001f680\x00"}), max_texts=1)

    assert tweets[0].text == "AT&amp;T \U0001f680\x00"


@pytest.mark.parametrize(
    ("item", "field", "reason"),
    [
        ({"text": 5}, "texts[1].text", "wrong_type"),
        ({"text": None}, "texts[1].text", "wrong_type"),
        ({}, "texts[1].text", "missing_field"),
        ({"data": {}}, "texts[1].data.text", "missing_field"),
        ({"data": None}, "texts[1].text", "missing_field"),
        ({"data": "x"}, "texts[1].data", "wrong_type"),
        ({"text": " \n"}, "texts[1].text", "empty_text"),
        ({"data": {"text": ""}}, "texts[1].data.text", "empty_text"),
        ({"text": "x" * 25_001}, "texts[1].text", "text_too_long"),
        ({"text": "x", "id": "12a"}, "texts[1].id", "invalid_id"),
        ({"text": "x", "id": 12}, "texts[1].id", "wrong_type"),
        ({"text": "x", "created_at": "today"}, "texts[1].created_at", "invalid_created_at"),
        ({"text": "x", "entities": {"cashtags": [{}]}}, "texts[1].entities.cashtags[0].tag", "missing_field"),
        ("text", "texts[1]", "not_an_object"),
        (None, "texts[1]", "not_an_object"),
    ],
)
def test_a_wrong_item_is_named_by_its_place_and_a_reason(item: object, field: str, reason: str) -> None:
    problems = fields_of(body({"text": "fine"}, item))

    assert [(place, code) for place, code, _ in problems] == [(field, reason)]


def test_every_wrong_text_of_a_request_is_listed() -> None:
    problems = fields_of(body({"text": ""}, {"text": "fine"}, {"id": "1"}))

    assert [place for place, _, _ in problems] == ["texts[0].text", "texts[2].text"]


def test_the_list_of_wrong_texts_ends_at_its_limit() -> None:
    problems = fields_of(body(*[{}] * (MAX_WRONG_FIELDS + 50)))

    assert len(problems) == MAX_WRONG_FIELDS


def test_the_limit_of_a_text_is_in_characters_and_said() -> None:
    longest = decode_request(body({"text": "\U0001f680" * 25_000}), max_texts=1)
    [(_, _, detail)] = fields_of(body({"text": "x" * 25_001}))

    assert len(longest[0].text) == 25_000
    assert detail == "text has 25001 characters, 25000 are allowed"


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_and_too_many_texts_are_refused_with_the_limit(count: int) -> None:
    [(field, reason, detail)] = fields_of(body(*[{"text": "x"}] * count), max_texts=2)

    assert (field, reason) == ("texts", "wrong_count")
    assert detail == f"texts has {count} elements, 1 to 2 are allowed (API_MAX_TEXTS)"


@pytest.mark.parametrize(
    ("raw", "field", "reason"),
    [
        (b"{}", "texts", "missing_field"),
        (b'{"id": "1"}', "texts", "missing_field"),
        (b'{"text": null}', "text", "wrong_type"),
        (b'{"text": ""}', "text", "empty_text"),
        (b'{"text": "x", "id": "a"}', "id", "invalid_id"),
        (b'{"data": {"text": "x", "id": "a"}}', "data.id", "invalid_id"),
        (b'{"data": [{"text": "x"}]}', "data", "wrong_type"),
        (b'{"texts": ["x"], "text": "y"}', "text", "mixed_input"),
        (b'{"texts": [{"text": "x"}], "data": {"text": "y"}}', "data", "mixed_input"),
        (b'{"texts": ["x", {"text": "y"}]}', "texts[1]", "wrong_type"),
        (b'{"texts": ["x", " "]}', "texts[1]", "empty_text"),
        (b'{"texts": [1]}', "texts[0]", "not_an_object"),
        (b'{"texts": {}}', "texts", "wrong_type"),
        (b'{"texts": null}', "texts", "wrong_type"),
        (b"null", "", "not_an_object"),
        (b'["x"]', "", "not_an_object"),
    ],
)
def test_a_body_of_another_shape_is_refused(raw: bytes, field: str, reason: str) -> None:
    [problem] = fields_of(raw)

    assert problem[:2] == (field, reason)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"texts": [{"text": "\\ud800"}]}',
        b'{"texts": [{"text": "x", "n": NaN}]}',
        b'{"texts": [{"text": "\xff"}]}',
        b'{"texts": [{"text": "x", "unread": "\xff"}]}',
        b'{"texts": [{"text": "x"}]} {}',
        b'{"texts": [{"text": "x", "n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        '{"texts": [{"text": "x"}]}'.encode("utf-16"),
    ],
)
def test_a_body_that_is_no_json_in_utf8_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        decode_request(raw, max_texts=1)


def test_the_last_of_duplicate_keys_counts() -> None:
    tweets = decode_request(b'{"texts": [{"text": 1, "text": "first"}], "texts": [{"text": "b"}]}', max_texts=1)

    assert [tweet.text for tweet in tweets] == ["b"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_plain_json_is_taken_however_it_is_written(content_type: str) -> None:
    check_headers({"content-type": content_type, "content-encoding": "identity"})


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "there is no content-type: send application/json"),
        ({"content-type": ""}, "there is no content-type: send application/json"),
        ({"content-type": "text/plain"}, "content-type is 'text/plain': send application/json"),
        (
            {"content-type": "application/problem+json"},
            "content-type is 'application/problem+json': send application/json",
        ),
        ({"content-type": "application/json; charset=latin-1"}, "charset is 'latin-1': JSON is sent in utf-8"),
        (
            {"content-type": "application/json", "content-encoding": "gzip"},
            "content-encoding is 'gzip': send the body as it is",
        ),
    ],
)
def test_any_other_kind_of_body_is_unsupported(headers: dict[str, str], message: str) -> None:
    with pytest.raises(UnsupportedBodyError) as refused:
        check_headers(headers)

    assert str(refused.value) == message


def test_feedback_is_read_with_what_it_says_and_the_rest_is_filled_in() -> None:
    said = {"tweet_id": "7", "sentiment": "bearish", "text": "down", "source": "desk"}
    said["labelled_at"] = "2026-01-01T00:00:00Z"
    raw = json.dumps({"feedback": [said, {"tweet_id": "8", "label": "IPO", "sentiment": None, "unread": 1}]}).encode()

    given = decode_feedback(raw, max_texts=2, labelled_at=NOW)

    assert given == [
        Feedback("7", "desk", "2026-01-01T00:00:00Z", sentiment=Sentiment.BEARISH, text="down"),
        Feedback("8", "api", NOW, label=Label.IPO),
    ]


@pytest.mark.parametrize(
    ("item", "field", "reason"),
    [
        ({"label": "IPO"}, "tweet_id", "missing_field"),
        ({"tweet_id": 7, "label": "IPO"}, "tweet_id", "wrong_type"),
        ({"tweet_id": "", "label": "IPO"}, "tweet_id", "invalid_id"),
        ({"tweet_id": "1" * 20, "label": "IPO"}, "tweet_id", "invalid_id"),
        ({"tweet_id": "7", "label": "ipo"}, "label", "unknown_label"),
        ({"tweet_id": "7", "label": "other"}, "label", "unknown_label"),
        ({"tweet_id": "7", "label": 3}, "label", "wrong_type"),
        ({"tweet_id": "7", "sentiment": "up"}, "sentiment", "unknown_sentiment"),
        ({"tweet_id": "7"}, "label", "no_label"),
        ({"tweet_id": "7", "label": "IPO", "text": " "}, "text", "empty_text"),
        ({"tweet_id": "7", "label": "IPO", "text": "x" * 25_001}, "text", "text_too_long"),
        ({"tweet_id": "7", "label": "IPO", "source": ""}, "source", "invalid_source"),
        ({"tweet_id": "7", "label": "IPO", "source": "x" * 201}, "source", "invalid_source"),
        ({"tweet_id": "7", "label": "IPO", "labelled_at": "now"}, "labelled_at", "invalid_labelled_at"),
    ],
)
def test_a_wrong_field_of_feedback_is_named_by_its_place_and_a_reason(item: object, field: str, reason: str) -> None:
    assert wrong_fields_of(item) == [(f"feedback[1].{field}", reason)]


@pytest.mark.parametrize("item", ["7", None, [], 7])
def test_feedback_that_is_no_object_is_refused(item: object) -> None:
    assert wrong_fields_of(item) == [("feedback[1]", "not_an_object")]


def test_a_body_without_feedback_is_refused() -> None:
    with pytest.raises(InvalidBodyError, match="feedback: this field is required"):
        decode_feedback(b'{"texts": []}', max_texts=2, labelled_at=NOW)


def test_no_message_about_feedback_quotes_what_was_sent() -> None:
    raw = b'{"feedback": [{"tweet_id": "secret", "label": "secret", "source": " ", "text": "secret"}]}'

    with pytest.raises(InvalidBodyError) as refused:
        decode_feedback(raw, max_texts=2, labelled_at=NOW)

    assert "secret" not in str(refused.value)
