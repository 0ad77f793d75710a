import re
import runpy
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from models.errors import MalformedRecordError
from models.taxonomy import LABELS, SENTIMENTS
from models.tweets import Reason
from stream.codecs import decode_tweet
from stream.feed.generator import GeneratedTweet, generate
from stream.feed.templates import LINK, load_phrase_book

LABELLED = Path(__file__).parents[3] / "data" / "labelled"


def first(count: int, seed: int = 1, **options: float) -> list[GeneratedTweet]:
    return list(islice(generate(seed, **options), count))


def refusal(value: bytes | None) -> str | None:
    try:
        decode_tweet(value)
    except MalformedRecordError as exc:
        return exc.reason
    return None


def test_same_seed_gives_the_same_bytes() -> None:
    assert first(500, seed=4) == first(500, seed=4)


def test_another_seed_gives_other_tweets_with_other_ids() -> None:
    ours, others = first(500, seed=4), first(500, seed=5)

    assert not {tweet.id for tweet in ours} & {tweet.id for tweet in others}
    assert ours[0].value != others[0].value


def test_ids_are_unique_and_grow_with_created_at() -> None:
    tweets = first(20_000, malformed_share=0)

    ids = [int(tweet.id) for tweet in tweets]
    times = [decode_tweet(tweet.value).created_at for tweet in tweets]

    assert len(set(ids)) == 20_000
    assert times == sorted(times)
    assert times[0].startswith("2026-01-05T14:30:00")
    assert 80 < (datetime.fromisoformat(times[-1]) - datetime.fromisoformat(times[0])).total_seconds() < 120


def test_every_good_tweet_is_read_by_the_worker_under_its_own_id() -> None:
    tweets = first(2000, malformed_share=0)

    assert [decode_tweet(tweet.value).id for tweet in tweets] == [tweet.id for tweet in tweets]
    assert {tweet.malformed for tweet in tweets} == {None}


def test_every_malformed_tweet_is_refused_for_the_reason_it_names() -> None:
    tweets = first(1000, malformed_share=1)

    assert [refusal(tweet.value) for tweet in tweets] == [tweet.malformed for tweet in tweets]
    assert {tweet.malformed for tweet in tweets} == set(Reason)
    assert {(tweet.label, tweet.sentiment) for tweet in tweets} == {(None, None)}


def test_shares_are_kept() -> None:
    tweets = first(10_000, malformed_share=0.05, retweet_share=0.3, wrapped_share=0.5)
    good = [msgspec.json.decode(tweet.value) for tweet in tweets if tweet.malformed is None]
    retweets = [tweet for tweet in good if tweet.get("data", tweet)["text"].startswith("RT @")]

    assert 0.04 < 1 - len(good) / 10_000 < 0.06
    assert 0.28 < len(retweets) / len(good) < 0.32
    assert 0.48 < sum("data" in tweet for tweet in good) / len(good) < 0.52


def test_every_label_and_sentiment_comes_up() -> None:
    counts = Counter((tweet.label, tweet.sentiment) for tweet in first(20_000, malformed_share=0))

    assert set(counts) == {(label, sentiment) for label in LABELS for sentiment in SENTIMENTS}


def test_every_label_has_templates_enough_to_vary() -> None:
    templates = msgspec.json.decode((Path(__file__).parents[4] / "stream/feed/templates.json").read_bytes())["labels"]

    assert list(templates) == list(LABELS)
    assert min(len({text for texts in kinds.values() for text in texts}) for kinds in templates.values()) >= 12
    assert {sentiment for kinds in templates.values() for sentiment in kinds} == set(SENTIMENTS)


def test_cashtag_positions_point_at_the_cashtags_of_the_text() -> None:
    tweets = [msgspec.json.decode(tweet.value) for tweet in first(5000, malformed_share=0, wrapped_share=0)]
    marked = [(tweet["text"], tag) for tweet in tweets for tag in tweet.get("entities", {}).get("cashtags", [])]

    assert len(marked) > 1000
    assert [text[tag["start"] : tag["end"]] for text, tag in marked] == ["$" + tag["tag"] for _, tag in marked]
    assert any("&amp;" in text[: tag["start"]] for text, tag in marked)


def test_texts_read_as_tweets_do() -> None:
    texts = [decode_tweet(tweet.value).text for tweet in first(20_000, malformed_share=0)]

    assert not [text for text in texts if re.search(r"[{}\[\]]|&(?!amp;|lt;|gt;)|<|>|  ", text)]
    assert max(map(len, texts)) <= 280
    assert max(len(text) for text in texts if text.startswith("RT @")) == 140
    assert any(text.endswith("…") for text in texts)
    assert any("🚀" in text for text in texts)
    assert 0.4 < sum(bool(LINK.search(text)) for text in texts) / len(texts) < 0.7


def test_a_retweet_repeats_an_earlier_tweet_and_its_truth() -> None:
    tweets = first(3000, malformed_share=0, wrapped_share=0)
    by_id = {tweet.id: tweet for tweet in tweets}
    fields = [msgspec.json.decode(tweet.value) for tweet in tweets]
    retweets = [tweet for tweet in fields if "referenced_tweets" in tweet]

    originals = [by_id[tweet["referenced_tweets"][0]["id"]] for tweet in retweets]

    assert len(retweets) > 300
    assert [by_id[tweet["id"]].label for tweet in retweets] == [original.label for original in originals]
    assert all(
        tweet["text"].split(": ", 1)[1][:60].removesuffix("…") in decode_tweet(original.value).text
        for tweet, original in zip(retweets, originals, strict=True)
    )


def test_start_sets_the_first_time_and_must_have_a_zone() -> None:
    start = datetime(2030, 6, 1, 9, 30, tzinfo=UTC)

    assert decode_tweet(next(generate(1, malformed_share=0, start=start)).value).created_at[:16] == "2030-06-01T09:30"
    with pytest.raises(ValueError, match="time zone"):
        generate(1, start=start.replace(tzinfo=None))


@pytest.mark.parametrize(
    "options", [{"malformed_share": 1.5}, {"retweet_share": -0.1}, {"wrapped_share": 2}, {"tweets_per_second": 0}]
)
def test_an_option_out_of_range_is_named_at_once(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        generate(1, **options)


def test_tickers_of_the_phrase_book_are_unique() -> None:
    tickers = [company["ticker"] for company in load_phrase_book().companies]

    assert len(set(tickers)) == len(tickers)


def test_the_committed_labelled_set_is_what_its_script_writes(tmp_path: Path) -> None:
    runpy.run_path(str(LABELLED / "write.py"))["write"](tmp_path)

    for name in ("topic_train.csv", "sent_train.csv"):
        assert (tmp_path / name).read_bytes() == (LABELLED / name).read_bytes()
