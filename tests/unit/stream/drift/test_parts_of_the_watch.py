"""The small parts of the drift process: pace, order, start."""

from typing import Any

import pytest

from models.records import ModelVersion
from stream.drift.bucket import TokenBucket
from stream.drift.ordering import TimeOrder
from stream.drift.starting import left_out, start_offsets
from stream.drift.versions import FollowedVersion


def test_bucket_lets_no_more_through_than_its_rate_and_a_tenth_at_once(clock: Any) -> None:
    bucket = TokenBucket(100, clock=clock, sleep=clock.sleep)
    begin, passed, most = clock(), 0, 0

    while clock() < begin + 10:
        allowance = bucket.allowance()
        most = max(most, allowance)
        bucket.take(allowance)
        passed += allowance

    assert 950 <= passed <= 1010
    assert most == 10


def test_bucket_of_less_than_one_in_a_burst_still_lets_one_through(clock: Any) -> None:
    bucket = TokenBucket(1, clock=clock, sleep=clock.sleep)
    bucket.take(bucket.allowance())
    before = clock()

    assert bucket.allowance() == 1
    assert clock() == pytest.approx(before + 1)


def test_more_than_the_allowance_is_waited_for(clock: Any) -> None:
    bucket = TokenBucket(100, clock=clock, sleep=clock.sleep)
    bucket.take(510)
    before = clock()

    bucket.allowance()

    assert clock() >= before + 5


class Waiting:
    """A record of one partition."""

    def __init__(self, partition: int, offset: int, timestamp: int) -> None:
        self.partition, self.offset, self.timestamp, self.value = partition, offset, timestamp, b""


def order_of(*times: list[int]) -> TimeOrder:
    order = TimeOrder()
    for partition, stamps in enumerate(times):
        order.add(partition, [Waiting(partition, offset, stamp) for offset, stamp in enumerate(stamps)])
    return order


def test_records_come_in_the_order_of_their_time() -> None:
    order = order_of([1, 4, 6], [2, 3, 5])

    taken = order.take(5, unfinished=())

    assert [record.timestamp for record in taken] == [1, 2, 3, 4, 5]
    assert (len(order), order.next_offset(0), order.next_offset(1)) == (1, 2, None)


def test_records_of_a_partition_keep_their_order_whatever_their_times() -> None:
    order = order_of([5, 1], [2])

    assert [(record.partition, record.offset) for record in order.take(9, unfinished=())] == [(1, 0), (0, 0), (0, 1)]


def test_nothing_is_given_once_a_partition_that_has_more_is_empty() -> None:
    order = order_of([1, 2], [1])

    assert [record.timestamp for record in order.take(9, unfinished=[1])] == [1, 1]
    assert order.take(9, unfinished=[1]) == []


@pytest.mark.parametrize(
    ("told", "committed", "from_beginning", "expected"),
    [
        (None, {}, False, {0: 90, 1: 80}),
        (None, {}, True, {0: 10, 1: 0}),
        (None, {0: 20, 1: 30}, True, {0: 20, 1: 30}),
        ({0: 50, 1: 60}, {0: 50, 1: 60}, False, {0: 50, 1: 60}),
        ({0: 50, 1: 60}, {0: 40, 1: 60}, False, {0: 50, 1: 60}),  # killed before the commit
        ({0: 50, 1: 60}, {0: 70, 1: 60}, False, {0: 70, 1: 60}),  # tweets without a reference were passed over
        ({0: 50, 1: 60}, {}, False, {0: 50, 1: 60}),
        ({0: 50}, {0: 50}, False, {0: 50, 1: 0}),  # a new partition
        ({0: 5, 1: 60}, {}, False, {0: 10, 1: 60}),  # retention took the next ones
        ({0: 500, 1: 60}, {0: 500}, False, {0: 10, 1: 60}),  # the topic was made anew
    ],
)
def test_reading_begins_where_the_last_window_ended(
    told: dict[int, int] | None, committed: dict[int, int], *, from_beginning: bool, expected: dict[int, int]
) -> None:
    start = start_offsets(
        told=told,
        committed=committed,
        first={0: 10, 1: 0},
        last={0: 90, 1: 80},
        from_beginning=from_beginning,
    )

    assert start == expected


def test_tweets_that_are_gone_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    start_offsets(told={0: 5}, committed={}, first={0: 10}, last={0: 90}, from_beginning=False)

    (record,) = caplog.records
    assert (record.message, record.wanted, record.first) == ("tweets_gone", 5, 10)


@pytest.mark.parametrize(
    ("before", "start", "expected"), [(None, {0: 7}, 0), ({0: 7}, {0: 7}, 0), ({0: 7, 1: 9}, {0: 9, 1: 9, 2: 4}, 2)]
)
def test_what_was_left_out_lies_between_two_windows(
    before: dict[int, int] | None, start: dict[int, int], expected: int
) -> None:
    assert left_out(before, start) == expected


def test_version_before_is_left_out_only_for_a_while() -> None:
    followed = FollowedVersion()
    old, new = ModelVersion("tickertape", "1"), ModelVersion("tickertape", "2", 7)
    followed.change_to(old, 0.0)
    followed.change_to(new, 100.0)

    assert followed.takes(ModelVersion("tickertape", "2", 8))
    assert followed.leaves_out(old, 129.0)
    assert not followed.leaves_out(old, 130.0)
    assert not followed.leaves_out(ModelVersion("tickertape", "3"), 101.0)
