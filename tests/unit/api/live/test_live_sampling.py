from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from api.live.sampling import LEAST_BYTES, Positions, Sampler, Span

TP = TopicPartition("t", 0)


def spans(*ends: int) -> list[Span]:
    return [Span(TopicPartition("t", number), 0, 0, end) for number, end in enumerate(ends)]


def test_all_is_read_where_it_is_little() -> None:
    assert Sampler(100_000).choose(spans(10, 50)) == spans(10, 50)


def test_of_much_the_newest_is_read() -> None:
    chosen = Sampler(200_000).choose(spans(1_000, 60))

    assert [(span.start, span.first, span.end) for span in chosen] == [(900, 0, 1_000), (0, 0, 60)]


def test_large_records_make_it_read_fewer() -> None:
    sampler = Sampler(100_000)
    for _ in range(50):
        sampler.note(10, 100_000)

    [chosen] = sampler.choose(spans(1_000))

    assert chosen.end - chosen.start == 10


def test_a_record_larger_than_all_that_may_be_read_is_read_alone() -> None:
    sampler = Sampler(LEAST_BYTES)
    for _ in range(50):
        sampler.note(1, 1_000_000)

    [chosen] = sampler.choose(spans(1_000))

    assert chosen.start == 999


def test_more_partitions_than_can_be_read_at_once_take_turns() -> None:
    sampler = Sampler(4 * LEAST_BYTES)
    came = spans(*[1] * 10)

    looks = [[span.partition.partition for span in sampler.choose(came)] for _ in range(3)]

    assert looks == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 1]]


@given(
    most=st.integers(LEAST_BYTES, 10_000_000),
    ends=st.lists(st.integers(1, 1_000_000), min_size=1, max_size=300),
    record_bytes=st.integers(1, 2_000_000),
)
def test_what_is_read_does_not_depend_on_what_came(most: int, ends: list[int], record_bytes: int) -> None:
    sampler = Sampler(most)
    for _ in range(100):
        sampler.note(1, record_bytes)

    chosen = sampler.choose(spans(*ends))

    assert all(span.first <= span.start < span.end for span in chosen)
    read = sum(span.end - span.start for span in chosen)
    assert read <= max(most / record_bytes * 1.01, len(chosen))
    assert len(chosen) * LEAST_BYTES <= most


def test_a_partition_that_is_new_has_to_begin() -> None:
    assert Positions().advance(TP, 10, at=1.0) is None


def test_what_came_and_in_which_time_is_told_of_a_known_partition() -> None:
    positions = Positions()
    positions.begin(TP, 10, at=1.0)

    assert positions.advance(TP, 16, at=3.0) == (Span(TP, 10, 10, 16), 2.0)
    assert positions.advance(TP, 16, at=4.0) == (Span(TP, 16, 16, 16), 1.0)


def test_a_partition_whose_end_goes_back_has_to_begin_anew() -> None:
    positions = Positions()
    positions.begin(TP, 10, at=1.0)

    assert positions.advance(TP, 4, at=2.0) is None
    positions.begin(TP, 4, at=2.0)
    assert positions.advance(TP, 6, at=3.0) == (Span(TP, 4, 4, 6), 1.0)


def test_a_partition_that_is_gone_is_forgotten() -> None:
    positions = Positions()
    positions.begin(TP, 10, at=1.0)

    positions.keep([])

    assert positions.advance(TP, 12, at=2.0) is None
