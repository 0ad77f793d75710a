"""Record the figures of worker, learner and API; the metrics themselves are in `monitoring.metrics`."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from models.feedback import Why
from models.online.report import LearningReport
from models.records import ModelChange, ModelVersion
from monitoring.metrics import (
    CAREFUL_TWEETS,
    CHUNK_SECONDS,
    CHUNK_TWEETS,
    CONNECTIONS,
    CONNECTIONS_REFUSED,
    DEAD_LETTERS,
    DELIVERY_LATENCY_SECONDS,
    FEEDBACK,
    FETCH_AGE_SECONDS,
    LAG,
    LEARNING_ACCURACY,
    LEARNING_ANSWERS,
    LEARNING_LOG_LOSS,
    LEARNING_MACRO_F1,
    LIVE_STREAMS,
    LIVE_UNREADABLE,
    MODEL_CHANGES,
    MODEL_INFO,
    ONLINE_VERSION,
    REBALANCES,
    REFUSED,
    REQUEST_SECONDS,
    REQUESTS,
    SCORER_SECONDS,
    STALLED_SECONDS,
    TEXTS_PREDICTED,
    TWEETS,
    TWEETS_TO_LABEL,
    WORKER_START_TIME_SECONDS,
)

_CLASSIFIED, _DEAD_LETTERED = TWEETS.labels("classified"), TWEETS.labels("dead_lettered")
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER_METHOD = "other"
UNKNOWN_ROUTE = "unknown"


class Partition(Protocol):
    """A partition of the input that a worker holds; asked at each scrape, from the thread that answers it."""

    number: int

    def lag_tweets(self) -> float:
        """Count the tweets in Kafka whose answers are not committed."""

    def stalled_seconds(self) -> float:
        """Tell for how long nothing was committed while there is lag."""

    def fetched_at(self) -> float:
        """Tell when Kafka last answered a fetch, in seconds of `time.time`."""


def record_chunk(
    *,
    classified: int,
    refused: Mapping[str, int],
    scorer_seconds: float,
    chunk_seconds: float,
    latency_seconds: float | None,
) -> None:
    """Count a chunk whose answers are delivered.

    Args:
        classified: its tweets that were classified.
        refused: its records that became dead letters, by `models.tweets.Reason`.
        scorer_seconds: that its tweets took to score.
        chunk_seconds: from taking it off a fetch until now.
        latency_seconds: from the timestamp of its first record until now; None where that has no timestamp. A producer
            whose clock is ahead makes it negative; that counts as 0.
    """
    letters = 0
    for reason, count in refused.items():
        DEAD_LETTERS.labels(reason).inc(count)
        letters += count
    if letters:
        _DEAD_LETTERED.inc(letters)
    if classified:
        _CLASSIFIED.inc(classified)
    CHUNK_TWEETS.observe(classified + letters)
    SCORER_SECONDS.observe(scorer_seconds)
    CHUNK_SECONDS.observe(chunk_seconds)
    if latency_seconds is not None:
        DELIVERY_LATENCY_SECONDS.observe(max(0.0, latency_seconds))


def show_partitions(partitions: Iterable[Partition], *, now: Callable[[], float] = time.time) -> None:
    """Show these partitions, and no other, from now on.

    Args:
        partitions: all that the worker holds.
        now: gives seconds since 1970.
    """
    held = list(partitions)
    LAG.clear()
    STALLED_SECONDS.clear()
    for partition in held:
        LAG.labels(partition.number).set_function(partition.lag_tweets)
        STALLED_SECONDS.labels(partition.number).set_function(partition.stalled_seconds)

    def fetch_age() -> float:
        return max(0.0, now() - max(partition.fetched_at() for partition in held)) if held else 0.0

    FETCH_AGE_SECONDS.set_function(fetch_age)


def show_start() -> None:
    """Show that the worker begins now."""
    WORKER_START_TIME_SECONDS.set(time.time())


def count_rebalance() -> None:
    """Count that partitions were assigned."""
    REBALANCES.inc()


def count_request(*, route: str, method: str, status: str, seconds: float) -> None:
    """Count a request that ended.

    Args:
        route: the template of its route, or `UNKNOWN_ROUTE`; never the path, which a client chooses.
        method: as the client sent it.
        status: of the answer, or why there is none.
        seconds: that it took.
    """
    REQUESTS.labels(route, method if method in _METHODS else OTHER_METHOD, status).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def count_refused(reason: str) -> None:
    """Count a request that was refused; see `monitoring.metrics.REFUSALS`."""
    REFUSED.labels(reason).inc()


def count_texts(texts: int) -> None:
    """Count texts that were answered over HTTP."""
    TEXTS_PREDICTED.inc(texts)


def show_live_streams(streams: int) -> None:
    """Show how many streams of the live feed are open."""
    LIVE_STREAMS.set(streams)


def count_unreadable(records: int) -> None:
    """Count records that the live feed could not read."""
    LIVE_UNREADABLE.inc(records)


def count_connections(connections: int) -> None:
    """Show how many connections are open."""
    CONNECTIONS.set(connections)


def count_refused_connection(reason: str) -> None:
    """Count a connection that was ended, by one of `monitoring.metrics.REFUSED_CONNECTIONS`."""
    CONNECTIONS_REFUSED.labels(reason).inc()


def record_change(change: ModelChange) -> None:
    """Count a change of the model, and show the version that answers if it is another."""
    MODEL_CHANGES.labels(change.outcome).inc()
    if change.outcome == "swapped":
        show_model(ModelVersion(change.name, change.version))


def count_careful(outcome: str, tweets: int) -> None:
    """Count tweets that the fast model was unsure of; see `models.careful.predictor.OUTCOMES`."""
    CAREFUL_TWEETS.labels(outcome).inc(tweets)


def count_to_label(tweets: Mapping[Why, int]) -> None:
    """Count tweets that are sent out for labelling, by what they were chosen for."""
    for why, count in tweets.items():
        TWEETS_TO_LABEL.labels(why).inc(count)


def count_feedback(records: Mapping[str, int]) -> None:
    """Count records of feedback by what became of them: `learned`, or the reason of the dead letter."""
    for outcome, count in records.items():
        FEEDBACK.labels(outcome).inc(count)


def show_learning(report: LearningReport) -> None:
    """Show the figures of the last labels."""
    for head, answers in report.answering.items():
        LEARNING_ANSWERS.labels(head).set(answers == "online")
    for head, standings in report.heads.items():
        for answerer, standing in standings.window.items():
            LEARNING_ACCURACY.labels(head, answerer).set(standing.accuracy.value)
            LEARNING_MACRO_F1.labels(head, answerer).set(standing.macro_f1.value)
            LEARNING_LOG_LOSS.labels(head, answerer).set(standing.log_loss.value)


def hide_learning() -> None:
    """Show no figures any more, as another process learns by now."""
    for gauge in (LEARNING_ANSWERS, LEARNING_ACCURACY, LEARNING_MACRO_F1, LEARNING_LOG_LOSS):
        gauge.clear()


def show_online_version(version: int) -> None:
    """Show how much feedback is behind the online model that takes part."""
    ONLINE_VERSION.set(version)


def show_model(model: ModelVersion) -> None:
    """Show the version that answers from now on."""
    MODEL_INFO.clear()
    MODEL_INFO.labels(model.name, model.version).set(1)
