from collections.abc import Callable
from dataclasses import replace

import pytest

from models.taxonomy import LABELS
from monitoring.drift.comparing import CHANCES, COLUMNS, FALSE_ALARM_CHANCE, Comparison, compare
from monitoring.drift.monitor import CLOSES_AFTER, Monitor
from monitoring.drift.records import Cause, Kind
from monitoring.drift.references.reference import Reference
from monitoring.drift.windows import Window, joined, window_of

Windows = Callable[..., Window]


def moved(comparison: Comparison) -> list[Cause]:
    return [cause for cause in comparison.near.values() if cause.score >= 1]


def test_windows_of_the_same_feed_are_quiet(reference: Reference, window: Windows) -> None:
    monitor = Monitor(reference)

    verdicts = [monitor.judge(window(seed=seed)) for seed in range(40)]

    assert {verdict.outcome for verdict in verdicts} == {"quiet"}
    assert set(verdicts[-1].scores) == set(COLUMNS)
    assert verdicts[0].long is None
    assert verdicts[-1].long is not None
    assert verdicts[-1].long.tweets == 5_000


def test_the_chances_of_all_columns_and_both_windows_are_that_of_a_false_alarm() -> None:
    assert 2 * sum(CHANCES.values()) == pytest.approx(FALSE_ALARM_CHANCE)


@pytest.mark.parametrize(
    ("name", "kind", "fixed"),
    [
        (f"label={LABELS[3]}", Kind.PREDICTION, {"label": str(LABELS[3])}),
        ("sentiment=bearish", Kind.PREDICTION, {"sentiment": "bearish"}),
        ("label_score", Kind.PREDICTION, {"label_score": 0.2}),
        ("text_characters", Kind.DATA, {"text_characters": 12}),
        ("has_link=yes", Kind.DATA, {"has_link": True}),
        ("has_english=yes", Kind.DATA, {"has_english": False}),
        ("ticker=GME", Kind.DATA, {"tickers": ("GME",)}),
        ("hour=03", Kind.DATA, {}),
        ("is_repeat=yes", Kind.QUALITY, {"key": 1}),
        ("delay_seconds", Kind.QUALITY, {"delay_seconds": 900.0}),
        ("unseen_share", Kind.TEXT, {"unseen_share": 1.0}),
        ("term=squeeze", Kind.TEXT, {"words": (b"squeeze",)}),
    ],
)
def test_what_moved_is_named_with_examples(
    reference: Reference, rows: Callable[..., list], name: str, kind: Kind, fixed: dict[str, object]
) -> None:
    half = rows(250, seed=5, **fixed)
    if name == "hour=03":
        half = [row._replace(hour=3) for row in half]
    causes = {cause.name: cause for cause in moved(compare(reference, window_of(half + rows(250, seed=6))))}

    assert causes[name].kind == kind
    assert causes[name].before != causes[name].after
    assert 0 < len(causes[name].examples) <= 5


def test_a_word_that_vanishes_is_named(reference: Reference, rows: Callable[..., list]) -> None:
    without = [row._replace(words=tuple(word for word in row.words if word != b"word7")) for row in rows(500, seed=1)]

    [cause] = [cause for cause in moved(compare(reference, window_of(without))) if cause.name == "term=word7"]

    assert cause.after == 0 < cause.before
    assert cause.log_odds is not None
    assert cause.log_odds[0] < cause.log_odds[1].high < 0


def test_refused_records_beyond_the_limit_are_told(reference: Reference, window: Windows) -> None:

    sound, broken = replace(window(), dead_letters=5), replace(window(), dead_letters=50)

    assert not moved(compare(reference, sound))
    assert [cause.name for cause in moved(compare(reference, broken))] == ["dead_letters"]


def test_an_alarm_is_opened_once_and_closed_after_some_quiet_windows(reference: Reference, window: Windows) -> None:
    monitor = Monitor(reference, long_windows=1)

    first = monitor.judge(window(seed=1, has_link=True))
    second = monitor.judge(window(seed=2, has_link=True))
    after = [monitor.judge(window(seed=10 + number)) for number in range(CLOSES_AFTER)]

    assert (first.outcome, first.opened, dict(first.open)) == ("drift", ("has_link=yes",), {"has_link=yes": 1})
    assert (second.outcome, second.opened, dict(second.open)) == ("drift", (), {"has_link=yes": 2})
    assert [verdict.closed for verdict in after] == [()] * (CLOSES_AFTER - 1) + [("has_link=yes",)]
    assert dict(after[-1].open) == {}


def test_a_slow_change_shows_in_the_long_window_first(reference: Reference, rows: Callable[..., list]) -> None:
    monitor = Monitor(reference)
    windows = [window_of(rows(60, seed=seed, has_link=True) + rows(440, seed=90 + seed)) for seed in range(10)]

    verdicts = [monitor.judge(window) for window in windows]

    assert verdicts[0].outcome == "quiet"
    assert verdicts[-1].outcome == "drift"
    assert {cause.window for cause in verdicts[-1].causes} == {"long"}


def test_a_monitor_that_is_restored_goes_on_like_one_that_never_stopped(reference: Reference, window: Windows) -> None:
    windows = [window(seed=seed, has_link=seed in (3, 4)) if seed in (3, 4) else window(seed=seed) for seed in range(9)]
    whole = Monitor(reference, long_windows=3)
    told = [whole.judge(one) for one in windows]

    restored = Monitor(reference, earlier=windows[2:5], number=5, open=told[4].open, long_windows=3)

    assert [replace(restored.judge(one), long=None) for one in windows[5:]] == [
        replace(verdict, long=None) for verdict in told[5:]
    ]


def test_too_few_tweets_are_not_compared(reference: Reference, window: Windows) -> None:
    monitor = Monitor(reference)

    verdict = monitor.judge(window(199, has_link=True))

    assert (verdict.outcome, verdict.number, dict(verdict.scores), verdict.causes) == ("too_few", 1, {}, ())


def test_what_was_found_elsewhere_counts(reference: Reference, window: Windows) -> None:
    found = Cause(Kind.CONCEPT, "accuracy", "topic", "short", 0.8, 0.6, 2.0)

    verdict = Monitor(reference).judge(window(), [found])

    assert (verdict.outcome, verdict.opened, verdict.scores["accuracy"]) == ("drift", ("accuracy=topic",), 2.0)


def test_joined_windows_count_what_their_tweets_count(rows: Callable[..., list]) -> None:
    tweets = rows(400, seed=3)

    together, whole = joined([window_of(tweets[:150]), window_of(tweets[150:])]), window_of(tweets)

    assert together.shares == whole.shares
    assert together.words == whole.words
    assert together.sentiments == whole.sentiments
    assert {name: list(values) for name, values in together.numbers.items()} == {
        name: list(values) for name, values in whole.numbers.items()
    }
