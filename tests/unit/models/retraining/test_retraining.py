"""What people labelled joins the files: once, never a text that is held out, and the latest apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from models.data.dataset import HeadSplit, LabelledTweets, Split, link_free
from models.errors import DataError
from models.feedback import LabelledTweet
from models.retraining.material import LEAST_TWEETS, MOST_NEWEST, add_feedback
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment


def tweet(offset: int, **fields: Any) -> LabelledTweet:
    """A tweet of its own text that teaches both heads."""
    good = {
        "id": str(offset),
        "text": f"news item {offset}",
        "label": LABELS[offset % len(LABELS)],
        "sentiment": SENTIMENTS[offset % len(SENTIMENTS)],
        "source": "desk",
        "labelled_at": "2026-01-02T03:04:05Z",
        "why": None,
        "probability": 1.0,
        "feedback_offset": offset,
    }
    return LabelledTweet(**{**good, **fields})


def tweets(count: int = 100, **fields: Any) -> list[LabelledTweet]:
    return [tweet(offset, **fields) for offset in range(count)]


def labelled(*texts: str) -> LabelledTweets:
    return LabelledTweets(texts, np.zeros(len(texts), dtype=np.int64))


FILES = Split(
    HeadSplit(labelled("Gold rises to a record high"), labelled("Fed raises rates again https://t.co/x")),
    HeadSplit(labelled("Shares of the bank fall sharply"), labelled("Sales of the company beat estimates")),
    is_published=False,
    data_sha256="5a" * 32,
)


def texts_of(head: HeadSplit) -> list[str]:
    return [*head.train.texts, *head.held_out.texts, *head.newest.texts]


def test_labels_join_the_training_tweets_and_the_latest_share_of_them_stands_apart() -> None:
    material = add_feedback(FILES, tweets(100), newest_share=0.15)

    labels = material.split.labels
    assert labels.train.texts == ("Gold rises to a record high", *(f"news item {offset}" for offset in range(85)))
    assert labels.newest.texts == tuple(f"news item {offset}" for offset in range(85, 100))
    assert labels.train.classes.tolist()[1:] == [offset % 20 for offset in range(85)]
    assert material.split.sentiments.newest.classes.tolist() == [offset % 3 for offset in range(85, 100)]
    assert material.newest[0].offsets.tolist() == list(range(85, 100))
    assert (material.used.labels, material.used.newest_labels, material.used.first_newest_offset) == (100, 15, 85)


def test_held_out_tweets_and_the_hash_of_the_files_stay_as_they_are() -> None:
    split = add_feedback(FILES, tweets(), newest_share=0.15).split

    assert (split.labels.held_out, split.sentiments.held_out) == (FILES.labels.held_out, FILES.sentiments.held_out)
    assert split.data_sha256 == FILES.data_sha256


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        ("gold rises, to a RECORD high! https://t.co/abc", (0, 1)),
        ("Fed raises rates again", (0, 1)),
        ("Sales of the company beat estimates", (1, 0)),
        ("News item 3 https://t.co/zzz", (0, 0)),
        ("something that nobody said", (1, 1)),
    ],
)
def test_text_that_a_head_knows_from_its_files_or_from_before_is_left_out(text: str, heads: tuple[int, int]) -> None:
    without = add_feedback(FILES, tweets(100), newest_share=0.15)

    material = add_feedback(FILES, [*tweets(100), tweet(100, text=text)], newest_share=0.15)

    gained = (material.used.labels - without.used.labels, material.used.sentiments - without.used.sentiments)
    assert gained == heads
    assert material.used.known == 2 - sum(heads)
    for head in (material.split.labels, material.split.sentiments):
        keys = [link_free(known) for known in texts_of(head)]
        assert len(keys) == len(set(keys))


def test_first_label_of_a_text_stands() -> None:
    again = tweet(200, text="News item 0", label=LABELS[7])

    material = add_feedback(FILES, [*tweets(100), again], newest_share=0.15)

    row = material.split.labels.train.texts.index("news item 0")
    assert material.split.labels.train.classes[row] == 0
    assert "News item 0" not in material.split.labels.newest.texts


def test_repeats_after_a_crash_count_once_in_whatever_order_they_come() -> None:
    read = [*tweets(60), *tweets(80)[40:], *tweets(60)[50:]]

    material, expected = (add_feedback(FILES, given, newest_share=0.15) for given in (read, tweets(80)))

    assert material.used == expected.used
    assert material.used.tweets == 80
    assert texts_of(material.split.labels) == texts_of(expected.split.labels)


def test_tweet_may_teach_one_head_alone() -> None:
    topics = tweets(60, sentiment=None)
    moods = [tweet(offset, label=None) for offset in range(60, 90)]

    material = add_feedback(FILES, topics + moods, newest_share=0.2)

    assert (material.used.labels, material.used.sentiments) == (60, 30)
    assert (material.used.newest_labels, material.used.newest_sentiments) == (0, 18)
    assert len(material.newest[0].offsets) == 0
    assert material.split.labels.newest.texts == ()


def test_later_label_of_a_tweet_teaches_the_other_head() -> None:
    read = [*tweets(60, sentiment=None), tweet(60, id="0", text="news item 0", label=None, sentiment=Sentiment.BULLISH)]

    material = add_feedback(FILES, read, newest_share=0.1)

    assert "news item 0" in material.split.labels.train.texts
    assert material.split.sentiments.newest.texts == ("news item 0",)


def test_newest_labels_carry_the_probability_of_their_choice() -> None:
    read = [tweet(offset, probability=(offset + 1) / 100) for offset in range(100)]

    newest, _ = add_feedback(FILES, read, newest_share=0.03).newest

    assert newest.selection.tolist() == [0.98, 0.99, 1.0]
    assert newest.since(98).selection.tolist() == [0.99, 1.0]
    assert newest.since(98).tweets.texts == ("news item 98", "news item 99")


def test_newest_labels_are_no_more_than_can_be_resampled() -> None:
    material = add_feedback(FILES, tweets(4 * MOST_NEWEST), newest_share=0.5)

    assert material.used.newest_labels == MOST_NEWEST


@pytest.mark.parametrize(
    ("read", "message"),
    [
        ([], "people labelled 0 tweets so far, of which 0 have a label for a text that is new; needed are 50"),
        (tweets(LEAST_TWEETS - 1), "labelled 49 tweets so far, of which 49 "),
        ([tweet(0)] * 60, "labelled 1 tweets so far, of which 1 "),
        (tweets(60, text="Gold rises to a record high", sentiment=None), "labelled 60 tweets so far, of which 0 "),
    ],
)
def test_too_few_new_labels_are_refused_with_what_to_do(read: Sequence[LabelledTweet], message: str) -> None:
    with pytest.raises(DataError, match=message) as refused:
        add_feedback(FILES, read, newest_share=0.15)

    assert "tickertape label" in str(refused.value)


def test_just_enough_labels_have_a_newest_part() -> None:
    assert add_feedback(FILES, tweets(LEAST_TWEETS), newest_share=0.001).used.newest_labels == 1


def test_hash_changes_with_any_label() -> None:
    read = tweets(60)

    hashes = {
        add_feedback(FILES, given, newest_share=0.15).used.sha256
        for given in (read, read[:-1], [*read[:-1], tweet(59, label=Label.IPO)])
    }

    assert len(hashes) == 3
