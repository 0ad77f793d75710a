import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.tracing.sampling import Sampler
from monitoring.tracing.traceparent import Parent

SAMPLED, UNSAMPLED = Parent(1, 2, 1), Parent(1, 2, 0)


def drawn(sampler: Sampler, *, chunks: int, size: int) -> list[int]:
    """The places that are drawn, counted through all chunks."""
    return [chunk * size + place for chunk in range(chunks) for place in sampler.draw(size)]


def test_share_of_1_draws_each_and_share_of_0_none() -> None:
    assert drawn(Sampler(1), chunks=2, size=3) == [0, 1, 2, 3, 4, 5]
    assert drawn(Sampler(0), chunks=100, size=100_000) == []


@pytest.mark.parametrize("size", [1, 7, 500])
def test_chunks_of_any_size_draw_the_same_tweets(size: int) -> None:
    of_chunks = drawn(Sampler(0.01, chance=random.Random(5)), chunks=35_000 // size, size=size)

    assert of_chunks == drawn(Sampler(0.01, chance=random.Random(5)), chunks=1, size=35_000)
    assert 280 <= len(of_chunks) <= 420  # 350, and 3.8 standard deviations


def test_each_tweet_is_drawn_by_itself() -> None:
    places = set(drawn(Sampler(0.25, chance=random.Random(5)), chunks=1, size=100_000))

    both = sum(place + 1 in places for place in places)
    assert 24_500 <= len(places) <= 25_500
    assert 0.24 <= both / len(places) <= 0.26


@given(st.floats(0, 1), st.integers(0, 50), st.integers(0))
def test_any_share_draws_places_in_order(share: float, size: int, seed: int) -> None:
    places = Sampler(share, chance=random.Random(seed)).draw(size)

    assert places == sorted(set(places))
    assert set(places) <= set(range(size))


def test_message_of_a_trace_follows_its_flag_whatever_the_share() -> None:
    assert Sampler(0).takes(SAMPLED) is True
    assert Sampler(1).takes(UNSAMPLED) is False


def test_message_without_a_trace_is_drawn() -> None:
    assert Sampler(1).takes(None) is True
    assert Sampler(0).takes(None) is False


def test_messages_of_traces_leave_the_draw_as_it_is() -> None:
    sampler, alone = (Sampler(0.5, chance=random.Random(1)) for _ in range(2))

    with_others = [[sampler.takes(parent) for parent in (SAMPLED, UNSAMPLED, None)][-1] for _ in range(50)]

    assert with_others == [alone.takes(None) for _ in range(50)]
