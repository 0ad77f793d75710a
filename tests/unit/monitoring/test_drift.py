"""What moved between two windows."""

import math
import random
import re
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest
from monitoring.records import Description, Window, describe

from models.errors import WindowTooSmallError
from models.records import ClassifiedTweet
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment
from monitoring.drift import COLUMNS, MATERIAL_DISTANCE, DriftReport, LabelShift, compare, label_shifts, threshold


def drawn(count: int, *, seed: int) -> list[Description]:
    """Descriptions from one and the same distribution."""
    chance = random.Random(seed)
    return [
        Description(
            label=chance.choice(LABELS[:6]),
            sentiment=chance.choice(SENTIMENTS),
            sentiment_score=chance.uniform(-1, 1),
            label_score=chance.random(),
            text_characters=chance.randint(1, 280),
            ticker_count=chance.randint(0, 4),
            has_link=chance.random() < 0.5,
            has_cashtag=chance.random() < 0.9,
            is_retweet=chance.random() < 0.25,
        )
        for _ in range(count)
    ]


def window(descriptions: Sequence[Description]) -> Window:
    return Window(tuple(descriptions), len(descriptions))


def moved(report: DriftReport) -> list[str]:
    return [column.column for column in report.columns if column.moved]


def test_windows_of_one_stream_do_not_drift() -> None:
    report = compare(window(drawn(2000, seed=1)), window(drawn(500, seed=2)))

    assert [column.column for column in report.columns] == list(COLUMNS)
    assert moved(report) == []
    assert sum(column.distance > 0 for column in report.columns) >= 8
    assert not report.drift


@pytest.mark.parametrize(
    ("column", "changed"),
    [
        ("label", lambda row: Label.IPO if row.label == LABELS[0] else row.label),
        ("sentiment", lambda row: Sentiment.BEARISH if row.sentiment == Sentiment.NEUTRAL else row.sentiment),
        ("sentiment_score", lambda row: row.sentiment_score * 0.5),
        ("label_score", lambda row: row.label_score * 0.7),
        ("text_characters", lambda row: row.text_characters // 2),
        ("ticker_count", lambda _: 0),
        ("has_link", lambda _: True),
        ("has_cashtag", lambda _: False),
        ("is_retweet", lambda row: not row.is_retweet),
    ],
)
def test_column_that_changed_is_the_one_that_moved(column: str, changed: Callable[[Description], object]) -> None:
    current = [row._replace(**{column: changed(row)}) for row in drawn(500, seed=2)]

    report = compare(window(drawn(2000, seed=1)), window(current))

    assert report.drift
    assert moved(report) == [column]


def test_distances_are_those_of_their_definitions() -> None:
    reference = [row._replace(has_link=place < 500, ticker_count=0) for place, row in enumerate(drawn(1000, seed=1))]
    current = [row._replace(has_link=False, ticker_count=place % 4) for place, row in enumerate(drawn(1000, seed=2))]

    distances = {column.column: column.distance for column in compare(window(reference), window(current)).columns}

    in_both = (0.5 * math.log(0.5 / 0.75) + math.log(1 / 0.75)) / 2
    only_before = 0.5 * math.log(0.5 / 0.25) / 2
    assert distances["has_link"] == pytest.approx(math.sqrt(in_both + only_before))
    assert distances["ticker_count"] == pytest.approx(0.75)


def test_equal_windows_have_no_distance() -> None:
    rows = drawn(300, seed=1)

    report = compare(window(rows), window(rows))

    assert [column.distance for column in report.columns] == [0.0] * len(COLUMNS)


def test_windows_of_one_repeated_tweet_are_compared() -> None:
    rows = drawn(1, seed=1) * 200

    report = compare(window(rows), window(rows))

    assert moved(report) == []
    assert "<html" in report.html()


def test_threshold_falls_with_the_size_down_to_what_is_material() -> None:
    sizes = (200, 2000, 200_000)
    row = drawn(1, seed=1)

    limits = [threshold("text_characters", row * size, row * size) for size in sizes]

    assert [round(limit, 3) for limit in limits] == [0.194, 0.061, MATERIAL_DISTANCE]


def test_threshold_of_a_label_grows_with_the_labels_seen() -> None:
    few, many = (
        drawn(500, seed=1),
        [row._replace(label=LABELS[place % 20]) for place, row in enumerate(drawn(500, seed=1))],
    )

    assert round(threshold("label", few, few), 3) == 0.101
    assert round(threshold("label", many, few), 3) == 0.147


@pytest.mark.parametrize(("before", "after", "name"), [(199, 200, "reference"), (200, 199, "current")])
def test_window_with_too_few_tweets_is_refused(before: int, after: int, name: str) -> None:
    with pytest.raises(WindowTooSmallError) as refused:
        compare(window(drawn(before, seed=1)), window(drawn(after, seed=2)))

    assert str(refused.value) == f"the {name} window has 199 tweets; at least 200 are needed: take a longer one"


def test_refusal_tells_of_lines_that_were_no_tweets() -> None:
    with pytest.raises(WindowTooSmallError, match=r"has 0 tweets \(lines .*: 1,234, the first is line 7\); at least"):
        compare(Window((), 0, 1234, (7, 8)), window(drawn(200, seed=1)))


def test_labels_are_ordered_by_how_far_their_share_moved() -> None:
    before = [row._replace(label=label) for row, label in zip(drawn(4, seed=1), "AABC", strict=True)]
    names = {"A": Label.IPO, "B": Label.MACRO, "C": Label.MARKETS}
    before = [row._replace(label=names[row.label]) for row in before]
    after = [row._replace(label=Label.MACRO) for row in before]

    assert label_shifts(before, after) == (
        LabelShift("Macro", 0.25, 1.0),
        LabelShift("IPO", 0.5, 0.0),
        LabelShift("Markets", 0.25, 0.0),
    )


def test_page_needs_no_server_and_holds_no_text(make_classified: Callable[..., ClassifiedTweet]) -> None:
    rows = [describe(make_classified(text=f"$TSLA zyzzyva{number}", id=str(number))) for number in range(200)]

    page = compare(window(rows), window(rows)).html()

    assert "Stock Movement" in page
    assert "zyzzyva" not in page
    assert "TSLA" not in page
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*\b(?:src|href)\s*=", page.split("<script>var global")[0]) == []
    assert "<script src" not in page


def test_comparing_loads_no_telemetry_and_asks_no_server() -> None:
    code = """
import sys
asked = []
sys.addaudithook(lambda event, _: asked.append(event) if event in ("socket.connect", "socket.getaddrinfo") else None)
from models.taxonomy import Label, Sentiment
from monitoring.drift import compare
from monitoring.records import Description, Window
rows = (Description(Label.IPO, Sentiment.NEUTRAL, 0.0, 0.5, 10, 1, True, True, False),) * 200
assert not compare(Window(rows, 200), Window(rows, 200)).drift
print(asked, "evidently.telemetry" in sys.modules, "iterative_telemetry" in sys.modules)
"""

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (answer.stdout, answer.returncode) == ("[] False False\n", 0), answer.stderr
