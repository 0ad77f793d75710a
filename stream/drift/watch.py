"""Follows the classified tweets: cuts them into windows, has each compared, and tells what became of it."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kafka.errors import KafkaError

from models.records import ModelVersion
from monitoring.drift.concepts import Concepts
from monitoring.drift.monitor import MIN_WINDOW_TWEETS
from monitoring.drift.recording import count_skipped, show_drift_lag
from monitoring.drift.records import Cause
from monitoring.drift.windows import window_of
from stream.drift.bucket import TokenBucket
from stream.drift.cutting import OpenWindow
from stream.drift.decoding import Answered, decode_answered
from stream.drift.feed import Feed
from stream.drift.learned import Learned
from stream.drift.ordering import TimedRecord
from stream.drift.refused import Refused
from stream.drift.starting import left_out
from stream.drift.subjects import Subject, Subjects
from stream.drift.telling import Teller, span_of
from stream.drift.versions import FollowedVersion
from stream.kafka.offsets import Offsets

IDLE_SECONDS = 5.0  # between two looks at the lag, and two commits, while no window ends

logger = logging.getLogger(__name__)


class Texts(Protocol):
    """Compares texts now and then."""

    def causes(self, texts: Sequence[str]) -> tuple[Cause, ...]:
        """Take the texts of the next window, and give what was found where it was its turn."""


@dataclass(frozen=True)
class Rules:
    """When a window ends, and when tweets are skipped.

    Attributes:
        window_tweets: a full window has so many.
        window_seconds: after this time one that has enough tweets ends, full or not.
        max_lag_tweets: where more wait after a window, the oldest are skipped.
    """

    window_tweets: int
    window_seconds: float
    max_lag_tweets: int


@dataclass(frozen=True)
class Standing:
    """Where the windows before ended.

    Attributes:
        end: offset after the last, by partition; None where no window was told.
        last: when the last tweet was classified, in seconds since 1970; None as above.
        skips: whether tweets may be skipped; else not before the lag is small for the first time.
    """

    end: Offsets | None
    last: float | None
    skips: bool = True


@dataclass(frozen=True)
class Parts:
    """What the watch works with."""

    feed: Feed
    subjects: Subjects
    teller: Teller
    refused: Refused
    learned: Learned
    concepts: Concepts
    texts: Texts
    bucket: TokenBucket


class Watch:
    """Takes tweets, a read at a time; holds one window of them at most.

    Args:
        parts: what it works with.
        rules: when a window ends.
        standing: where the windows before ended.
        clock: gives seconds since 1970.
    """

    def __init__(
        self, parts: Parts, rules: Rules, standing: Standing, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._parts, self._rules, self._clock = parts, rules, clock
        self._at = parts.feed.positions()
        self._end, self._last, self._skips = standing.end, standing.last, standing.skips
        self._window = OpenWindow(dict(self._at))
        self._followed = FollowedVersion()
        self._subject: Subject | None = None
        self._passed_over, self._has_passed_over = 0, False
        self._has_ended = False
        self._looked_at = clock()

    def step(self) -> None:
        """Take what comes next: some tweets, or nothing for a while.

        Raises:
            KafkaError: no broker answers.
            BrokerError: the same, or a window could not be told.
            DriftError: another process tells of the same windows.
        """
        feed, bucket = self._parts.feed, self._parts.bucket
        for number, offset in feed.positions().items():
            self._at.setdefault(number, offset)
        records = feed.read(min(bucket.allowance(), self._rules.window_tweets - len(self._window.rows)))
        bucket.take(len(records))
        for record in records:
            self._take(record)
        if feed.is_drained():
            self._at.update(feed.positions())  # past the marks of transactions, which are no tweets
            if self._window.is_over(self._clock(), window_seconds=self._rules.window_seconds):
                self._end_window()
        if self._has_ended:
            self._has_ended = False
            self._catch_up()
        if self._clock() - self._looked_at >= IDLE_SECONDS:
            self._look()

    def _take(self, record: TimedRecord) -> None:
        answered = decode_answered(record.value)
        if answered is None:
            self._window.unreadable += 1
        else:
            self._compare(answered)
        self._at[record.partition] = record.offset + 1
        self._window.start.setdefault(record.partition, record.offset)
        if len(self._window.rows) >= self._rules.window_tweets:
            self._end_window()

    def _compare(self, answered: Answered) -> None:
        """Put a tweet to the window; ends the one before where it belongs to another."""
        model = answered.tweet.model
        if not self._followed.takes(model):
            if self._followed.leaves_out(model, answered.at):
                self._window.strays += 1
                return
            self._change_to(model, answered.at)
        subject = self._find_subject(model)
        if subject is None:
            self._passed_over += 1
            self._has_passed_over = True
            return
        row = answered.described(subject.reference.trained)
        if row is None:
            self._window.unreadable += 1
            return
        if self._window.is_over(answered.at, window_seconds=self._rules.window_seconds):
            self._end_window()
        self._window.add(answered, row)

    def _change_to(self, model: ModelVersion, at: float) -> None:
        if self._window.rows:
            self._end_window()
        self._followed.change_to(model, at)
        self._subject = None
        logger.info("version_followed", extra={"model": model.name, "version": model.version})

    def _find_subject(self, model: ModelVersion) -> Subject | None:
        """Give what tweets of a version are compared with; those that were passed over belong to no window."""
        if self._subject is None:
            self._subject = self._parts.subjects.of(model)
            if self._subject is not None and self._has_passed_over:
                self._window, self._has_passed_over = OpenWindow(dict(self._at)), False
        return self._subject

    def _end_window(self) -> None:
        """Have the window compared, tell of it, and begin the next where it ended."""
        opened, subject = self._window, self._subject
        if subject is None or opened.model is None:
            return
        skipped = left_out(self._end, opened.start)
        since = opened.first if self._last is None or skipped else self._last
        dead_letters = self._parts.refused.count(since, opened.last)
        for told in self._parts.learned.new():
            self._parts.concepts.hear(told)
        window = window_of(opened.rows, dead_letters=dead_letters)
        causes = self._parts.concepts.causes(opened.model)
        if len(opened.rows) >= MIN_WINDOW_TWEETS:
            causes += self._parts.texts.causes(list(opened.texts))
        verdict = subject.monitor.judge(window, causes)
        span = span_of(opened, verdict, dead_letters=dead_letters, end=self._at, skipped=skipped)
        self._parts.teller.tell(subject, window, verdict, span=span, model=opened.model)
        if opened.unreadable or opened.strays:
            extra = {"unreadable": opened.unreadable, "of_version_before": opened.strays, "window": verdict.number}
            logger.warning("records_left_out", extra=extra)
        count_skipped(opened.unreadable + opened.strays)
        self._end, self._last = dict(self._at), opened.last
        self._window = OpenWindow(dict(self._at))
        self._has_ended = True
        self._commit()

    def _catch_up(self) -> None:
        """Skip the oldest tweets where too many wait."""
        ends = self._show_lag()
        behind = {number: max(end - self._at.get(number, end), 0) for number, end in ends.items()}
        lag, most = sum(behind.values()), self._rules.max_lag_tweets
        if lag <= most:
            self._skips = True
        elif self._skips:
            kept = most // 2  # of all partitions, so that the next windows need no skip
            offsets = {number: ends[number] - count * kept // lag for number, count in behind.items()}
            self._parts.feed.move_to(offsets)
            skipped = sum(offsets[number] - self._at.get(number, 0) for number in offsets)
            count_skipped(skipped)
            logger.warning("tweets_skipped", extra={"tweets": skipped, "behind": lag})
            self._at.update(offsets)
            self._window = OpenWindow(dict(self._at))

    def _look(self) -> None:
        """While no window ends: show the lag, and that tweets which are compared with nothing are done with."""
        self._looked_at = self._clock()
        self._show_lag()
        if self._passed_over:
            count_skipped(self._passed_over)
            self._passed_over = 0
        if self._subject is None and not self._window.rows:
            self._window = OpenWindow(dict(self._at))
            self._commit()

    def _show_lag(self) -> dict[int, int]:
        ends = self._parts.feed.ends()
        show_drift_lag(sum(max(end - self._at.get(number, end), 0) for number, end in ends.items()))
        return ends

    def _commit(self) -> None:
        """Let others see how far this is; where that fails, the last event says so all the same."""
        try:
            self._parts.feed.commit(self._at)
        except KafkaError as exc:
            logger.warning("offsets_not_committed", extra={"error": f"{type(exc).__name__}: {exc}"})
