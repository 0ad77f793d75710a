"""A label counts once, as long as its tweet is remembered; and the memory has an end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.online.memory import LabelMemory, Remembered
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment

labelled = st.tuples(
    st.integers(0, 5).map(str), st.none() | st.sampled_from(LABELS), st.none() | st.sampled_from(SENTIMENTS)
)


def memory_of(*tweets: tuple[str, Label | None, Sentiment | None], limit: int = 10) -> LabelMemory:
    memory = LabelMemory(limit)
    for tweet in tweets:
        memory.add(*tweet)
    return memory


def contents(memory: LabelMemory) -> list[tuple[int, list[int]]]:
    ids, truth = memory.arrays()
    return list(zip(ids.tolist(), truth.tolist(), strict=True))


def test_tweet_that_nobody_labelled_is_known_with_nothing() -> None:
    assert LabelMemory(1).known("1") == (None, None)


def test_heads_of_a_tweet_are_learned_one_by_one() -> None:
    memory = memory_of(("1", Label.IPO, None), ("1", None, Sentiment.BULLISH))

    assert memory.known("1") == (Label.IPO, Sentiment.BULLISH)
    assert len(memory) == 1


def test_tweet_labelled_longest_ago_is_forgotten_first() -> None:
    memory = memory_of(("1", Label.IPO, None), ("2", Label.MACRO, None), ("1", None, Sentiment.BULLISH), limit=2)

    memory.add("3", Label.MACRO, None)

    assert memory.known("2") == (None, None)
    assert memory.known("1") == (Label.IPO, Sentiment.BULLISH)


@pytest.mark.parametrize("tweet_id", ["0", "9" * 19])
def test_any_id_comes_back_from_the_arrays(tweet_id: str) -> None:
    again = LabelMemory(10, memory_of((tweet_id, LABELS[-1], SENTIMENTS[-1])).arrays())

    assert again.known(tweet_id) == (LABELS[-1], SENTIMENTS[-1])


def test_empty_memory_has_arrays_of_the_right_shape() -> None:
    ids, truth = LabelMemory(3).arrays()

    assert (ids.dtype, ids.shape, truth.dtype, truth.shape) == (np.uint64, (0,), np.int8, (0, 2))


def test_latest_tweets_are_kept_when_the_limit_has_shrunk() -> None:
    remembered = Remembered(np.arange(5, dtype=np.uint64), np.zeros((5, 2), dtype=np.int8))

    assert [tweet_id for tweet_id, _ in contents(LabelMemory(2, remembered))] == [3, 4]


@given(before=st.lists(labelled), after=st.lists(labelled), limit=st.integers(1, 4))
def test_memory_goes_on_from_its_arrays_as_if_nothing_had_happened(
    before: list[tuple[str, Label, Sentiment]], after: list[tuple[str, Label, Sentiment]], limit: int
) -> None:
    first = memory_of(*before, limit=limit)

    second = LabelMemory(limit, first.arrays())
    for tweet in after:
        first.add(*tweet)
        second.add(*tweet)

    assert contents(second) == contents(first)
    assert len(second) <= limit
