from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from api.live.picture import Picture
from api.live.reader import EARLIER_TWEETS, LOOK_AT_TOPICS_SECONDS, LiveTopics, Reader
from models.evaluation.intervals import Interval
from models.online.prequential import Figure, HeadStandings, Standing
from models.online.report import LearningReport

Make = Callable[..., Any]


class Looking:
    """A reader and its picture, with a clock that goes on a second with each look."""

    def __init__(self, topics: LiveTopics, log: Any, clock: Any, *, most_bytes: int = 1_000_000) -> None:
        self.log, self.clock = log, clock
        self.picture = Picture(now=clock, model=lambda: None)
        self.reader = Reader(topics, self.picture, most_bytes=most_bytes, now=clock, clock=clock)

    async def look(self, *, seconds: float = 1.0) -> Any:
        self.clock.now += seconds
        await self.reader.look(self.log)
        return self.picture.tick()


@pytest.fixture
def looking(topics: LiveTopics, log: Any, clock: Any) -> Looking:
    log.add("classified", 1)
    return Looking(topics, log, clock)


async def test_tweets_that_were_there_before_are_shown_and_counted_nowhere(looking: Looking, make_answer: Make) -> None:
    looking.log.add("classified", 0, *(make_answer(id=str(number)) for number in range(100)))

    tick = await looking.look()

    assert looking.picture.broker == "connected"
    assert [msgspec.json.decode(one)["id"] for one in tick.tweets] == [str(number) for number in range(80, 100)]
    assert len(looking.picture.state(tick).tweets) == EARLIER_TWEETS
    assert (tick.labels, tick.tickers, tick.tweets_per_second, tick.sampled_share) == ({}, [], None, 1.0)


async def test_the_rate_is_exact_over_all_partitions(looking: Looking, make_answer: Make) -> None:
    await looking.look()
    looking.log.add("classified", 0, *(make_answer() for _ in range(30)))
    looking.log.add("classified", 1, *(make_answer(label="Markets", sentiment="bearish") for _ in range(10)))

    tick = await looking.look(seconds=2.0)

    assert (tick.tweets_per_second, tick.sampled_share) == (20.0, 1.0)
    assert tick.labels == {"Macro": 30, "Markets": 10}
    assert tick.sentiments == {"bullish": 30, "bearish": 10}
    assert [(one.ticker, one.tweets, one.bullish, one.bearish) for one in tick.tickers] == [("TSLA", 40, 30, 10)]
    later = await looking.look()
    assert (later.tweets_per_second, later.labels, later.tickers) == (0.0, {}, tick.tickers)


async def test_of_a_fast_feed_a_sample_is_read_and_the_rate_stays_exact(
    topics: LiveTopics, log: Any, clock: Any, make_answer: Make
) -> None:
    looking = Looking(topics, log, clock, most_bytes=20_000)
    log.add("classified", 0)
    await looking.look()
    log.add("classified", 0, *(make_answer() for _ in range(1_000)))

    tick = await looking.look()

    assert tick.tweets_per_second == 1_000.0
    assert (tick.labels, tick.sampled_share) == ({"Macro": 20}, 0.02)
    assert [offset for _, offset, _ in log.fetched] == [980]


async def test_topics_that_are_missing_are_told_and_found_when_they_are_made(
    topics: LiveTopics, log: Any, clock: Any, make_answer: Make
) -> None:
    looking = Looking(topics, log, clock)

    missing = await looking.look()
    log.add("classified", 0, make_answer())
    found = await looking.look()

    assert (missing.broker, missing.tweets_per_second) == ("missing-topics", None)
    assert (found.broker, len(found.tweets)) == ("connected", 1)


async def test_partitions_that_are_added_are_followed_too(looking: Looking, make_answer: Make) -> None:
    await looking.look()
    looking.log.add("classified", 2, make_answer())
    added = await looking.look(seconds=LOOK_AT_TOPICS_SECONDS + 1)
    looking.log.add("classified", 2, *(make_answer() for _ in range(5)))

    tick = await looking.look()

    assert looking.log.looked == 2
    assert (added.tweets_per_second, len(added.tweets)) == (None, 1)
    assert (tick.tweets_per_second, tick.labels) == (5.0, {"Macro": 5})


async def test_a_topic_that_was_made_anew_begins_anew(looking: Looking, make_answer: Make) -> None:
    looking.log.add("classified", 0, *(make_answer() for _ in range(9)))
    await looking.look()
    looking.log.held["classified"][0] = []
    looking.log.add("classified", 0, make_answer(id="77"))

    anew = await looking.look()
    looking.log.add("classified", 0, *(make_answer() for _ in range(3)))
    tick = await looking.look()

    assert anew.tweets_per_second is None
    assert [msgspec.json.decode(one)["id"] for one in anew.tweets] == ["77"]
    assert (tick.tweets_per_second, tick.labels) == (3.0, {"Macro": 3})


async def test_a_partition_without_a_leader_makes_the_rate_unknown_and_counts_later(
    looking: Looking, make_answer: Make
) -> None:
    partition = TopicPartition("classified", 0)
    await looking.look()
    looking.log.add("classified", 0, *(make_answer() for _ in range(10)))
    looking.log.without_leader.add(partition)
    without = await looking.look()
    looking.log.without_leader.clear()

    tick = await looking.look()

    assert (without.tweets_per_second, without.labels) == (None, {})
    assert (tick.tweets_per_second, tick.labels) == (5.0, {"Macro": 10})  # they came in two seconds


async def test_records_that_retention_took_before_they_were_read_lower_the_share(
    looking: Looking, make_answer: Make
) -> None:
    await looking.look()
    looking.log.add("classified", 0, *(make_answer() for _ in range(10)))
    looking.log.add("classified", 1, *(make_answer() for _ in range(10)))
    del looking.log.held["classified"][0][:]
    looking.log.first[TopicPartition("classified", 0)] = 10

    tick = await looking.look()

    assert (tick.tweets_per_second, tick.labels) == (20.0, {"Macro": 10})


async def test_offsets_without_a_record_count_as_read(looking: Looking, make_answer: Make) -> None:
    await looking.look()
    looking.log.add("classified", 0, *(make_answer() for _ in range(10)))
    del looking.log.held["classified"][0][3:7]  # as compaction and the ends of transactions leave it
    looking.log.first[TopicPartition("classified", 0)] = 4  # so that the end stays where it was

    tick = await looking.look()

    assert (tick.tweets_per_second, tick.labels, tick.sampled_share) == (10.0, {"Macro": 6}, 1.0)


async def test_records_that_are_none_of_ours_are_counted_and_passed_over(
    looking: Looking, make_answer: Make, make_told: Make
) -> None:
    await looking.look()
    looking.log.add("classified", 0, make_told(b"no json"), make_answer(), make_told([1]), make_told(b""))
    looking.log.add("drift", 0, make_told(b"x"))
    looking.log.add("metrics", 0, make_told(b"x", ce_type="tickertape.learning.report.v1"), make_told(b"x"))

    tick = await looking.look(seconds=LOOK_AT_TOPICS_SECONDS + 1)

    assert (tick.labels, tick.sampled_share) == ({"Macro": 1}, 1.0)
    assert looking.picture.unreadable == 5


async def test_metrics_that_were_told_before_are_there_at_once(looking: Looking, make_told: Make) -> None:
    figure = Figure(0.8, Interval(0.7, 0.9))
    standings = {name: Standing(100.0, figure, figure, figure, {}) for name in ("batch", "online", "served")}
    report = LearningReport("tickertape", "7", 3, {}, {"topic": HeadStandings(standings, {})}, "t")
    change = {"outcome": "swapped", "name": "n", "version": "8", "previous_version": "7", "reasons": [], "time": "t"}
    looking.log.add(
        "metrics",
        0,
        make_told(msgspec.json.encode(report), ce_type="tickertape.learning.report.v1"),
        make_told(change, ce_type="tickertape.model.swapped.v1"),
    )

    tick = await looking.look()
    later = await looking.look()

    assert tick.accuracy is not None
    assert [one.text for one in tick.events] == ["version 8 answers instead of 7"]
    assert later.accuracy == tick.accuracy
    assert later.events == []
    assert looking.picture.state(later).events == tick.events
    assert looking.picture.state(later).history[-1].served_accuracy == 0.8


async def test_the_last_window_that_was_compared_says_whether_there_is_drift(
    looking: Looking, make_told: Make, make_drift_event: Make
) -> None:
    events = [
        make_drift_event(1, "term=tariff"),
        make_drift_event(2, outcome="too_few"),
    ]
    looking.log.add("drift", 0, *(make_told(msgspec.json.encode(event)) for event in events))

    before = await looking.look()
    looking.log.add("drift", 0, make_told(msgspec.json.encode(make_drift_event(3))))
    after = await looking.look()

    assert (before.drift.state, before.drift.window, before.drift.causes) == (
        "drift",
        1,
        ("term=tariff: 0.01 to 0.25",),
    )
    assert (after.drift.state, after.drift.window) == ("ok", 3)


async def test_dead_letters_of_the_last_quarter_of_an_hour_are_counted_by_their_time(
    looking: Looking, make_told: Make, clock: Any
) -> None:
    now = clock.now
    letters = [make_told(b"x", at=now + at, reason=why) for at, why in ((-2_000, "not_utf8"), (-500, "empty_text"))]
    looking.log.add("dead", 0, *letters)

    first = await looking.look()
    looking.log.add("dead", 0, make_told(b"x", at=now, reason="empty_text"))
    second = await looking.look()
    later = await looking.look(seconds=450)

    assert [one.dead_letters for one in (first, second, later)] == [
        {"empty_text": 1},
        {"empty_text": 2},
        {"empty_text": 1},
    ]


async def test_of_a_flood_of_dead_letters_the_reasons_are_estimated(looking: Looking, make_told: Make) -> None:
    looking.log.add("dead", 0)
    await looking.look()
    reasons = ["not_utf8", "not_utf8", "not_utf8", "empty_text"]
    looking.log.add("dead", 0, *(make_told(b"x", reason=reasons[number % 4]) for number in range(8_000)))

    tick = await looking.look()

    assert sum(tick.dead_letters.values()) == pytest.approx(8_000, abs=2)
    assert tick.dead_letters["not_utf8"] == pytest.approx(6_000, abs=30)


async def test_latencies_are_those_between_input_and_answer(
    looking: Looking, make_answer: Make, make_told: Make
) -> None:
    now = looking.clock.now
    looking.log.add("raw", 0, *(make_told(at=now) for _ in range(100)))
    await looking.look()
    looking.log.add(
        "classified", 0, *(make_answer(at=now + (offset + 1) / 1000, ce_id=f"raw-0-{offset}") for offset in range(100))
    )

    tick = await looking.look()

    assert tick.latency_ms is not None
    assert (tick.latency_ms.p50, tick.latency_ms.p99) == (51.0, 100.0)
    assert looking.picture.state(tick).history[-1].latency_p50_ms == 50.5


async def test_a_broker_that_was_away_leaves_no_gap_in_what_is_counted(looking: Looking, make_answer: Make) -> None:
    await looking.look()
    looking.log.failure = KafkaConnectionError("gone")
    with pytest.raises(KafkaConnectionError):
        await looking.look(seconds=4)
    looking.log.failure = None
    looking.log.add("classified", 0, *(make_answer() for _ in range(50)))
    looking.reader.begin()

    tick = await looking.look()

    assert (tick.tweets_per_second, tick.labels) == (10.0, {"Macro": 50})
    assert looking.log.looked == 2
