"""Simulated feeds: the clock is moved by hand, the draws are seeded."""

import math
import pickle
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import FloatArray
from models.feedback import Why
from models.selection import BoolArray, Choice, Selection, _Bucket, _RecentDoubts

PER_MINUTE = 10.0
AMPLE = 100_000.0  # a minute: a budget that no feed of these tests comes near to


def select(
    *, per_minute: float = PER_MINUTE, random_share: float = 0.01, uncertain_share: float = 0.01, seed: int = 1
) -> Selection:
    return Selection(
        per_minute=per_minute,
        random_share=random_share,
        uncertain_share=uncertain_share,
        rng=np.random.default_rng(seed),
    )


def nowhere(count: int) -> BoolArray:
    return np.zeros(count, dtype=np.bool_)


def everywhere(count: int) -> BoolArray:
    return np.ones(count, dtype=np.bool_)


def feed(per_second: float, *, seconds: float, seed: int = 2) -> Iterator[tuple[float, FloatArray]]:
    """Give chunks with their times: four a second, or one for each tweet of a slow feed."""
    rng = np.random.default_rng(seed)
    size = max(1, round(per_second / 4))
    for chunk in range(round(seconds * per_second / size)):
        yield chunk * size / per_second, rng.random(size)


def hour(selection: Selection, per_second: float, *, disputed_share: float = 0) -> Counter[Why]:
    """Count what is chosen in an hour, by why."""
    rng = np.random.default_rng(3)
    return Counter(
        choice.why
        for time, doubts in feed(per_second, seconds=3600)
        for choice in selection.choose(doubts, rng.random(len(doubts)) < disputed_share, time=time)
    )


def is_about(count: int, expected: float) -> bool:
    """Tell whether a count is within five standard errors of what is expected of a Poisson draw."""
    return abs(count - expected) <= 5 * math.sqrt(expected)


@pytest.mark.parametrize(("per_second", "expected"), [(0.1, 3.6), (1, 36), (5, 180), (200, 300), (2_000, 300)])
def test_budget_is_kept_over_an_hour_and_used_where_the_feed_asks_for_it(per_second: float, expected: float) -> None:
    chosen = hour(select(), per_second)

    assert sum(chosen.values()) <= 60 * PER_MINUTE + 5 * math.sqrt(60 * PER_MINUTE)
    assert is_about(chosen[Why.RANDOM], expected)
    assert is_about(chosen[Why.UNCERTAIN], expected)


def test_half_of_a_large_budget_is_drawn_at_random_to_within_a_few_percent() -> None:
    selection = select(per_minute=2_000, random_share=1, uncertain_share=0)

    chosen = [
        choice for second in range(600) for choice in selection.choose(np.zeros(1_000), nowhere(1_000), time=second)
    ]

    assert {choice.why for choice in chosen} == {Why.RANDOM}
    assert 9_500 <= len(chosen) <= 10_800  # ten minutes of 1,000, and the half of one that is there at the start


def test_flood_of_disputed_tweets_takes_nothing_from_the_other_kinds() -> None:
    chosen = hour(select(), 200, disputed_share=0.5)

    assert is_about(chosen[Why.RANDOM], 60 * PER_MINUTE / 2)
    assert is_about(chosen[Why.DISPUTED], 60 * PER_MINUTE / 4)
    assert is_about(chosen[Why.UNCERTAIN], 60 * PER_MINUTE / 4)


def test_uncertain_share_of_zero_leaves_its_part_to_disputed_tweets() -> None:
    chosen = hour(select(uncertain_share=0), 200, disputed_share=0.5)

    assert chosen[Why.UNCERTAIN] == 0
    assert is_about(chosen[Why.DISPUTED], 60 * PER_MINUTE / 2)


def test_of_a_budget_that_was_not_used_for_an_hour_a_minute_is_left() -> None:
    selection = select(per_minute=1_000, random_share=1)
    selection.choose(np.empty(0), nowhere(0), time=0)

    chosen = [
        choice for _ in range(100) for choice in selection.choose(np.full(9_000, 0.5), everywhere(9_000), time=3600)
    ]

    assert is_about(len(chosen), 1_000 * 3 / 4)  # no tweet is uncertain beside the disputed ones


def test_clock_that_goes_back_neither_adds_to_the_budget_nor_takes_from_it() -> None:
    selection = select(per_minute=1_000, random_share=1, uncertain_share=0)
    for time in (0, 1e9, 0, -1e9):
        selection.choose(np.empty(0), nowhere(0), time=time)

    chosen = [choice for _ in range(100) for choice in selection.choose(np.full(1_000, 0.5), nowhere(1_000), time=-1e9)]

    assert is_about(len(chosen), 1_000 / 2)


def estimation_errors(seed: int) -> tuple[float, float]:
    """Let a model be wrong as often as it doubts, and mostly where it is disputed, and estimate from labels how often.

    Returns:
        By how much the estimate with weights is too large, and the one without.
    """
    rng = np.random.default_rng(seed)
    selection = select(per_minute=600, seed=seed)
    tweets, wrong, weighted = 0, 0, 0.0
    labelled: list[bool] = []
    for second in range(40):
        count = int(rng.integers(1, 1_000))
        doubts, is_disputed = rng.beta(1, 4, count), rng.random(count) < 0.02
        is_wrong = rng.random(count) < np.where(is_disputed, 0.7, doubts)
        tweets, wrong = tweets + count, wrong + int(is_wrong.sum())
        for choice in selection.choose(doubts, is_disputed, time=second):
            weighted += is_wrong[choice.place] / choice.probability
            labelled.append(is_wrong[choice.place])
    return (weighted - wrong) / tweets, float(np.mean(labelled)) - wrong / tweets


def test_figures_weighed_by_one_over_the_probability_are_unbiased_and_others_are_not() -> None:
    errors = np.array([estimation_errors(seed) for seed in range(300)])

    weighted, unweighted = errors.mean(axis=0)
    weighted_error, unweighted_error = errors.std(axis=0, ddof=1) / math.sqrt(len(errors))

    assert abs(weighted) < 3 * weighted_error
    assert weighted_error < 0.01
    assert unweighted > 0.1
    assert unweighted > 20 * unweighted_error


def test_probability_of_a_tweet_does_not_depend_on_what_was_drawn_before() -> None:
    def probabilities(seed: int) -> dict[tuple[float, int], float]:
        selection = select(per_minute=6_000, seed=seed)
        return {
            (time, choice.place): choice.probability
            for time, doubts in feed(2_000, seconds=60)
            for choice in selection.choose(doubts, doubts > 0.98, time=time)
        }

    first, second = probabilities(1), probabilities(2)

    assert len(first.keys() & second.keys()) > 100
    assert len(first.keys() ^ second.keys()) > 100
    assert {place: first[place] for place in first.keys() & second.keys()} == {
        place: second[place] for place in first.keys() & second.keys()
    }


def test_chance_never_falls_to_zero_and_no_more_is_spent_than_there_is() -> None:
    bucket = _Bucket(PER_MINUTE)

    chances = [bucket.probability(500, share=1) for _ in range(30)]

    assert min(chances) > 0
    assert sum(chances) * 500 <= PER_MINUTE / 2


def test_smallest_of_budgets_never_gets_into_debt() -> None:
    bucket = _Bucket(7.700495771284362e-54)

    chances = [bucket.probability(1, share=0.4296875) for _ in range(3)]

    assert min(chances) >= 0


def test_chance_is_about_the_same_in_small_and_large_chunks_of_one_feed() -> None:
    bucket, sizes = _Bucket(PER_MINUTE), np.random.default_rng(9).integers(1, 41, 3_000)
    chances = []
    for size in sizes.tolist():  # a thousand tweets a second; a share of 1 % would be sixty times the budget
        bucket.fill(size / 1_000 * PER_MINUTE / 60)
        chances.append(bucket.probability(size, share=0.01))

    settled = chances[1_000:]

    assert max(settled) < 1.5 * min(settled)
    assert math.isclose(np.average(settled, weights=sizes[1_000:]), PER_MINUTE / 60 / 1_000, rel_tol=0.05)


def test_most_uncertain_tweets_are_chosen_before_others() -> None:
    selection = select(per_minute=AMPLE, random_share=0, uncertain_share=0.05)
    doubts = np.random.default_rng(6).permutation(np.linspace(0, 1, 2_000, endpoint=False))
    selection.choose(doubts, nowhere(2_000), time=0)

    chosen = selection.choose(doubts, nowhere(2_000), time=1)

    assert {choice.place for choice in chosen} == set(np.flatnonzero(doubts >= 0.95).tolist())
    assert {(choice.why, choice.probability) for choice in chosen} == {(Why.UNCERTAIN, 1.0)}


def test_what_is_uncertain_follows_the_feed() -> None:
    selection = select(per_minute=AMPLE, random_share=0, uncertain_share=0.05)
    rng = np.random.default_rng(7)
    for time, largest in enumerate([1.0] * 4 + [0.1] * 8):
        selection.choose(rng.random(500) * largest, nowhere(500), time=time)

    chosen = selection.choose(np.linspace(0, 0.1, 1_000), nowhere(1_000), time=12)

    assert 30 <= len(chosen) <= 70
    assert min(choice.place for choice in chosen) > 900


def test_latest_doubts_are_remembered_whatever_the_sizes_of_chunks() -> None:
    rng = np.random.default_rng(10)
    doubts = rng.random(9_000)
    recent = _RecentDoubts(0.1)

    for chunk in np.split(doubts, [3, 700, 700, 2_001, 2_500, 6_900, 6_901, 8_300]):
        recent.add(chunk)

    assert np.sort(recent._doubts).tolist() == np.sort(doubts[-2_000:]).tolist()
    assert math.isclose(recent.threshold(), np.quantile(doubts[-2_000:], 0.9), abs_tol=0.001)


def test_nothing_is_uncertain_before_some_hundred_tweets_were_seen() -> None:
    selection = select(per_minute=AMPLE, random_share=0, uncertain_share=1)
    doubts = np.linspace(0, 1, 100)

    chosen = [len(selection.choose(doubts, nowhere(100), time=time)) for time in range(4)]

    assert chosen == [0, 0, 100, 100]


def test_disputed_tweets_are_chosen_and_said_to_be_disputed_though_they_are_uncertain_too() -> None:
    selection = select(per_minute=AMPLE, random_share=0)
    doubts = np.linspace(0, 1, 1_000)
    selection.choose(doubts, nowhere(1_000), time=0)
    is_disputed = nowhere(1_000)
    is_disputed[[3, 999]] = True

    chosen = selection.choose(doubts, is_disputed, time=1)

    assert [choice for choice in chosen if choice.why == Why.DISPUTED] == [
        Choice(3, Why.DISPUTED, 1.0),
        Choice(999, Why.DISPUTED, 1.0),
    ]
    assert {choice.why for choice in chosen} == {Why.DISPUTED, Why.UNCERTAIN}


def test_whole_feed_is_drawn_at_random_where_the_budget_allows_it() -> None:
    chosen = select(per_minute=AMPLE, random_share=1).choose(np.full(50, 0.5), everywhere(50), time=0)

    assert chosen == [Choice(place, Why.RANDOM, 1.0) for place in range(50)]


def test_budget_of_zero_gives_nothing() -> None:
    selection = select(per_minute=0, random_share=1, uncertain_share=1)

    chosen = [selection.choose(np.full(500, 0.5), everywhere(500), time=time) for time in range(0, 3600, 60)]

    assert chosen == [[]] * 60


@pytest.mark.parametrize("per_minute", [0, PER_MINUTE, AMPLE])
def test_chunk_without_tweets_gives_nothing(per_minute: float) -> None:
    selection = select(per_minute=per_minute, random_share=1, uncertain_share=1)

    assert selection.choose(np.empty(0), nowhere(0), time=0) == []


def test_memory_does_not_grow_with_the_feed() -> None:
    selection = select()
    doubts = np.random.default_rng(8).random(5_000)
    selection.choose(doubts, nowhere(5_000), time=0)
    before = len(pickle.dumps(selection))

    for time in range(100):
        selection.choose(doubts, nowhere(5_000), time=time)

    assert len(pickle.dumps(selection)) < before + 100


shares = st.floats(0, 1)
chunks = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=40)


@given(
    per_minute=st.floats(0, 100_000),
    random_share=shares,
    uncertain_share=shares,
    seed=st.integers(0, 2**32),
    chunks=st.lists(st.tuples(st.floats(-100, 1e9), st.integers(1, 30), chunks), max_size=10),
)
def test_choices_name_each_tweet_once_in_order_with_a_probability_and_the_reason_that_fits(
    per_minute: float,
    random_share: float,
    uncertain_share: float,
    seed: int,
    chunks: Sequence[tuple[float, int, Sequence[tuple[float, bool]]]],
) -> None:
    selection = select(per_minute=per_minute, random_share=random_share, uncertain_share=uncertain_share, seed=seed)
    for time, repeats, tweets in chunks:
        doubts = np.array([doubt for doubt, _ in tweets] * repeats, dtype=np.float64)
        is_disputed = np.array([disputed for _, disputed in tweets] * repeats, dtype=np.bool_)

        chosen = selection.choose(doubts, is_disputed, time=time)

        places = [choice.place for choice in chosen]
        assert places == sorted(set(places))
        assert all(0 <= place < len(doubts) for place in places)
        assert all(0 < choice.probability <= 1 for choice in chosen)
        assert all(
            choice.why == Why.RANDOM or (choice.why == Why.DISPUTED) == is_disputed[choice.place] for choice in chosen
        )
