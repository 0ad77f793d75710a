import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.codecs import decode_feedback, decode_request
from models.feedback import Feedback, FeedbackFields
from models.records import Tweet
from models.taxonomy import Label
from tickertape.client import WrongInputError
from tickertape.client.inputs import BODY_BYTES, label_bodies, text_bodies

NOW = "2026-01-31T09:30:00.000Z"
TEXTS = st.text(min_size=1, max_size=20).filter(lambda text: not text.isspace())
TWEETS = st.builds(
    Tweet,
    text=TEXTS,
    id=st.none() | st.from_regex(r"[0-9]{1,19}", fullmatch=True),
    created_at=st.none() | st.just(NOW),
    tickers=st.lists(st.sampled_from(["AAPL", "XOM", "BRK.B"]), unique=True).map(tuple),
)


@settings(deadline=None)  # how long it takes says nothing
@given(st.lists(TEXTS | TWEETS, max_size=7), st.integers(1, 4))
def test_the_api_reads_the_tweets_that_were_given_in_their_order(texts: list[str | Tweet], most: int) -> None:
    bodies = list(text_bodies(texts, most=most))

    read = [decode_request(body, max_texts=most) for body, _ in bodies]

    assert [len(tweets) for tweets in read] == [size for _, size in bodies]
    for asked, got in zip(texts, [tweet for tweets in read for tweet in tweets], strict=True):
        if isinstance(asked, str):
            assert (got.text, got.id) == (asked, None)
        else:
            assert (got.text, got.id, got.created_at) == (asked.text, asked.id, asked.created_at)
            assert asked.tickers in (got.tickers, ())


@settings(deadline=None)  # how long it takes says nothing
@given(st.lists(st.sampled_from([*Label]), max_size=7), st.integers(1, 4))
def test_the_api_reads_the_labels_that_were_given_in_their_order(labels: list[Label], most: int) -> None:
    given_labels: list[Any] = [
        FeedbackFields(str(place), label=label) if place % 2 else Feedback(str(place), "desk", NOW, label)
        for place, label in enumerate(labels)
    ]

    bodies = [body for body, _ in label_bodies(given_labels, most=most)]

    read = [one for body in bodies for one in decode_feedback(body, max_texts=most, labelled_at=NOW)]
    assert [(one.tweet_id, one.label) for one in read] == [(str(place), label) for place, label in enumerate(labels)]


def test_tweet_of_x_is_sent_as_it_is() -> None:
    tweet = {"data": {"id": "1", "text": "up"}, "matching_rules": [{"id": "7"}]}

    ((body, _),) = text_bodies([tweet], most=1)

    assert json.loads(body) == {"texts": [tweet]}


def test_a_body_ends_before_it_has_too_many_bytes() -> None:
    text = "x" * (BODY_BYTES // 2 - 100)

    sizes = [(len(body) < BODY_BYTES + 100, size) for body, size in text_bodies([text] * 5, most=1000)]

    assert sizes == [(True, 2), (True, 2), (True, 1)]


def test_a_text_that_is_too_large_for_any_body_is_sent_alone() -> None:
    sizes = [size for _, size in text_bodies(["up", "x" * BODY_BYTES, "down"], most=1000)]

    assert sizes == [1, 1, 1]


def test_no_body_is_made_of_no_text() -> None:
    assert list(text_bodies([], most=10)) == []


def test_texts_are_read_only_as_far_as_bodies_are_asked_for() -> None:
    def endless() -> Any:
        while True:
            yield "up"

    assert next(text_bodies(endless(), most=3))[1] == 3


@pytest.mark.parametrize(
    ("make", "given_input", "said"),
    [
        (text_bodies, "one text", "texts is one str"),
        (text_bodies, Tweet("up"), "texts is one Tweet"),
        (text_bodies, {"text": "up"}, "texts is one dict"),
        (text_bodies, b"up", "texts is one bytes"),
        (text_bodies, 7, "texts is one int"),
        (text_bodies, [b"up"], "a text is a bytes"),
        (text_bodies, [["up"]], "a text is a list"),
        (text_bodies, [None], "a text is a NoneType"),
        (text_bodies, ["up", "\ud800"], r"texts\[1\] has a lone surrogate"),
        (text_bodies, [{"text": object()}], r"texts\[0\] is no JSON"),
        (label_bodies, FeedbackFields("1"), "labels is one FeedbackFields"),
        (label_bodies, [{"tweet_id": "1"}], "a label is a dict"),
    ],
)
def test_wrong_input_is_refused_with_what_it_is(make: Callable[..., Any], given_input: Any, said: str) -> None:
    with pytest.raises(WrongInputError, match=said):
        list(make(given_input, most=10))
