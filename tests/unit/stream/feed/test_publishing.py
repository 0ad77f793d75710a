import gc
from collections.abc import Iterable, Iterator

import pytest

from models.errors import BrokerError
from stream.feed.publishing import MAX_LAG_SECONDS, Published, pace, publish
from stream.kafka.connection import KafkaConnection
from tests.clock import Clock


def times_of(items: Iterable[int], clock: Clock, *, per_second: float) -> list[float]:
    return [round(clock.now, 6) for _ in pace(items, per_second=per_second, clock=clock, sleep=clock.sleep)]


def test_items_leave_evenly_from_the_first_on() -> None:
    assert times_of(range(4), Clock(100.0), per_second=4) == [100.0, 100.25, 100.5, 100.75]


def test_a_slow_step_is_made_up_for_within_the_allowed_lag() -> None:
    clock = Clock(100.0)
    times: list[float] = []

    for number in pace(range(4), per_second=20, clock=clock, sleep=clock.sleep):
        times.append(round(clock.now, 6))
        if number == 0:
            clock.now += 0.05 + MAX_LAG_SECONDS / 2

    assert times == [100.0, 100.1, 100.1, 100.15]


def test_a_pause_of_the_source_is_not_followed_by_a_burst() -> None:
    clock = Clock(100.0)

    def source() -> Iterator[int]:
        yield 0
        clock.now += 60
        yield from range(3)

    assert times_of(source(), clock, per_second=10) == [100.0, 160.0, 160.1, 160.2]


def test_pace_takes_nothing_ahead_of_its_time() -> None:
    taken: list[int] = []

    def take(number: int) -> int:
        taken.append(number)
        return number

    paced = pace(map(take, range(9)), per_second=1, clock=Clock(100.0), sleep=Clock(100.0).sleep)

    next(paced)

    assert taken == [0]


def test_rate_is_tweets_over_seconds_and_zero_for_nothing() -> None:
    assert Published(records=50, seconds=2.0, interrupted=False).records_per_second == 25
    assert Published(records=0, seconds=0.0, interrupted=False).records_per_second == 0


@pytest.mark.parametrize("servers", ["127.0.0.1:1", "a:b:c"])
def test_a_broker_that_does_not_answer_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, servers: str) -> None:
    monkeypatch.setattr("stream.kafka.clients.CONNECT_TIMEOUT_MS", 500)  # nobody will answer, however long it waits

    with pytest.raises(BrokerError) as caught:
        publish([], kafka=KafkaConnection(servers), topic="t")
    message = str(caught.value)
    del caught
    gc.collect()  # here, where its complaint is expected

    assert servers in message
    assert "`tickertape broker`" in message
    assert "KAFKA_BOOTSTRAP_SERVERS" in message
