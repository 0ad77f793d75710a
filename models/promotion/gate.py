"""The promotion gate: what a version must show before it may answer."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec

from models.contracts import Predictor
from models.data.dataset import Split
from models.evaluation.differences import MetricDifference, paired_differences, recorded_differences
from models.evaluation.metrics import HeadPerformance
from models.records import Tweet
from models.training.arguments import TrainingArguments
from models.training.report import Report
from models.weights import Weights

Behaviour = Callable[[Predictor], tuple[str, ...]]
"""Names the problems of a predictor, one sentence each; none means that it may answer."""

LARGEST_LOSS = 0.01  # a point, even where chance could explain more
# A hundred times what was measured on two cores: this catches a model of another kind, not a busy machine.
ONE_TWEET_SECONDS = 0.002
CHUNK_TWEETS = 500  # STREAM_CHUNK_SIZE_TWEETS as it comes
CHUNK_SECONDS = 0.05
_ONE_TWEET_RUNS, _CHUNK_RUNS = 51, 11
_SHOWN_PROBLEMS = 3
_TIMED_TWEETS = tuple(
    Tweet(text)
    for text in (
        "$AAPL beats estimates",
        "Fed's Powell says rates will stay higher for longer https://t.co/a1b2c3",
        "RT @markets: Brent crude falls 2.3% to $81.40 a barrel as OPEC+ raises output more than traders had expected",
        "S&amp;P 500 closes at a record. Chips lead, energy lags, volume is thin. $SPY $QQQ $IWM https://t.co/x",
    )
)


class Check(msgspec.Struct, frozen=True):
    """One thing that the gate looked at.

    Attributes:
        name: such as `behaviour`, or `champion: labels accuracy`.
        passed: False refuses the promotion.
        seen: what was found.
        allowed: what is asked for.
    """

    name: str
    passed: bool
    seen: str
    allowed: str


class Floors(msgspec.Struct, frozen=True):
    """The least that held-out tweets must show, whatever the champion does.

    About seven points below the first model that shipped: less means that data or training are broken.
    """

    label_accuracy: float = 0.75
    label_macro_f1: float = 0.72
    sentiment_accuracy: float = 0.76
    sentiment_macro_f1: float = 0.70


@dataclass(frozen=True)
class Evidence:
    """What a version can show.

    Attributes:
        version: its number.
        report: what was measured when it was trained; None where none was kept.
        measured_weights: those that were measured, which saw no held-out tweet; None where they were not kept.
    """

    version: str
    report: Report | None
    measured_weights: Weights | None


def gate(
    predictor: Predictor,
    candidate: Evidence,
    champion: Evidence | None,
    *,
    split: Split | None,
    behaviour: Behaviour,
    floors: Floors,
) -> tuple[Check, ...]:
    """Check a version that wants to answer; it may when all checks are passed.

    Args:
        predictor: the candidate, as it would answer.
        candidate: its evidence.
        champion: the evidence of the version that answers now; None for none.
        split: the labelled tweets, split as the candidate's training did; None where they are not at hand.
        behaviour: the behavioural tests.
        floors: see there.
    """
    return (
        _behaves(behaviour(predictor)),
        *_quality(candidate, champion, split, floors),
        _is_quick(predictor, tweet_count=1, runs=_ONE_TWEET_RUNS, budget_seconds=ONE_TWEET_SECONDS),
        _is_quick(predictor, tweet_count=CHUNK_TWEETS, runs=_CHUNK_RUNS, budget_seconds=CHUNK_SECONDS),
    )


def are_comparable(candidate: Report, champion: Report) -> bool:
    """Tell whether both were trained on the same files with the same tweets held out."""
    return (
        candidate.data_sha256 == champion.data_sha256
        and candidate.held_out == champion.held_out
        and candidate.arguments.seed == champion.arguments.seed
        and candidate.arguments.held_out_share == champion.arguments.held_out_share
    )


def was_measured_on(report: Report, split: Split, arguments: TrainingArguments) -> bool:
    """Tell whether a model was trained on these files with these tweets held out."""
    return (
        report.data_sha256 == split.data_sha256
        and report.held_out == ("published" if split.is_published else "split off")
        and report.arguments.seed == arguments.seed
        and report.arguments.held_out_share == arguments.held_out_share
    )


def _behaves(problems: Sequence[str]) -> Check:
    shown = "; ".join(problems[:_SHOWN_PROBLEMS])
    more = f"; and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
    seen = f"{shown}{more}" if problems else "enough cases pass"
    return Check("behaviour", passed=not problems, seen=seen, allowed="enough cases of the table pass")


def _quality(candidate: Evidence, champion: Evidence | None, split: Split | None, floors: Floors) -> Iterator[Check]:
    if candidate.report is None:
        yield Check(
            "quality", passed=False, seen="no report of this release", allowed="a report that `tickertape train` wrote"
        )
        return
    yield from _above_floors(candidate.report, floors)
    if champion is None:
        return
    if champion.report is None:
        yield Check(
            "champion",
            passed=True,
            seen=f"version {champion.version} has no report to compare with",
            allowed="the floors alone",
        )
        return
    weights = candidate.measured_weights, champion.measured_weights
    if split and weights[0] and weights[1] and split.data_sha256 == candidate.report.data_sha256:
        where = "on the same tweets"
        differences = paired_differences(weights[0], weights[1], split)
    else:
        where = "as recorded"
        differences = recorded_differences(candidate.report, champion.report)
    for difference in differences:
        yield _not_worse(difference, version=champion.version, where=where)


def _above_floors(report: Report, floors: Floors) -> Iterator[Check]:
    def check(name: str, value: float, floor: float) -> Check:
        return Check(f"floor: {name}", passed=value >= floor, seen=f"{value:.3f}", allowed=f"{floor:.3f} or more")

    def head(name: str, performance: HeadPerformance, accuracy: float, macro_f1: float) -> Iterator[Check]:
        yield check(f"{name} accuracy", performance.accuracy, accuracy)
        yield check(f"{name} macro-F1", performance.macro_f1, macro_f1)

    yield from head("labels", report.labels, floors.label_accuracy, floors.label_macro_f1)
    yield from head("sentiments", report.sentiments, floors.sentiment_accuracy, floors.sentiment_macro_f1)


def _not_worse(difference: MetricDifference, *, version: str, where: str) -> Check:
    points, low, high = (100 * share for share in (difference.value, difference.low, difference.high))
    return Check(
        f"champion: {difference.metric}",
        passed=difference.high >= 0 and difference.value >= -LARGEST_LOSS,
        seen=f"{points:+.1f} points to version {version} {where}, 95 %: {low:+.1f} to {high:+.1f}",
        allowed=f"{-100 * LARGEST_LOSS:+.1f} or more, interval not wholly below 0",
    )


def _is_quick(predictor: Predictor, *, tweet_count: int, runs: int, budget_seconds: float) -> Check:
    tweets = (_TIMED_TWEETS * (tweet_count // len(_TIMED_TWEETS) + 1))[-tweet_count:]
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        predictor.predict(tweets)
        times.append(time.perf_counter() - start)
    seconds = median(times)
    name = "one tweet" if tweet_count == 1 else f"{tweet_count} tweets"
    return Check(
        f"latency: {name}",
        passed=seconds <= budget_seconds,
        seen=f"{seconds * 1000:.3f} ms (median of {runs})",
        allowed=f"{budget_seconds * 1000:g} ms or less",
    )
