"""The tables of the page about capacity follow from the figures of the page about performance."""

import pytest

from tests.benchmarks.capacity import (
    BEGIN,
    END,
    PAGE,
    REFERENCE,
    Measured,
    measured,
    replaced,
    share_of_exactly_once,
    tables,
)

PERFORMANCE = (REFERENCE / "performance.md").read_text(encoding="utf-8")
ROWS = """
| tweets a second, median | 40,000 | 30,000 | 0.75 (0.7 to 0.8) |
| as they are, 4 partitions, 1 worker | 500 | 50,000 | 20 | delivered |
| records of 2 KB, most of it not read | 2,000 | 25,000 | 40 | delivered |
| 2 workers | 500 | 90,000 | 20 | delivered |
"""


def test_tables_of_the_page_are_those_that_follow_from_the_measured_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert replaced(page, tables(PERFORMANCE)) == page, "run: python -m tests.benchmarks.capacity --write"


def test_figures_are_read_by_their_names() -> None:
    rows = measured(ROWS)

    assert rows["as they are, 4 partitions, 1 worker"] == Measured(500, 50_000, 20)
    assert share_of_exactly_once(ROWS) == pytest.approx(0.75)


def test_a_feed_takes_its_rate_times_the_cost_of_a_tweet_and_workers_that_are_half_filled() -> None:
    (row,) = [
        line for line in tables(ROWS).splitlines() if line.startswith("| all of it, in its busiest second ever told")
    ]

    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:] == ["143,199", "2.86", "6", "5.73", "12", "48", "-"]


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter"

    assert replaced(page, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter"
