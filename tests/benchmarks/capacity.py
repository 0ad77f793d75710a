"""Works out what a feed of a given size takes, from figures that stand in docs/reference/performance.md.

    python -m tests.benchmarks.capacity            # prints the tables
    python -m tests.benchmarks.capacity --write    # puts them into docs/reference/capacity.md

Nothing is measured here: whoever measures anew writes the figures into performance.md, and then runs this.
"""

import argparse
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tickertape

REFERENCE = Path(tickertape.__file__).parents[1] / "docs" / "reference"
PAGE = REFERENCE / "capacity.md"
BEGIN, END = "<!-- capacity: begin -->", "<!-- capacity: end -->"
SECONDS_OF_A_DAY = 86_400
SECONDS_OF_A_MONTH = 30 * SECONDS_OF_A_DAY
WHOLE_FEED_A_DAY = 500e6  # posts; see the page for the sources of this and of the peaks
FILLED = 0.5  # of what a worker was measured at: the rest is for peaks and for catching up
PARTITIONS_EACH = 4  # for a worker: it stays evenly shared when one more comes
REPLICAS, KEPT_DAYS = 3, 7

FEEDS = {
    "X API *Pro*, 1 million posts a month": 1e6 / SECONDS_OF_A_MONTH,
    "X API *Enterprise*, 50 million a month": 50e6 / SECONDS_OF_A_MONTH,
    "1 % of the public feed": 0.01 * WHOLE_FEED_A_DAY / SECONDS_OF_A_DAY,
    "10 % of it": 0.1 * WHOLE_FEED_A_DAY / SECONDS_OF_A_DAY,
    "all of it, on average": WHOLE_FEED_A_DAY / SECONDS_OF_A_DAY,
    "all of it, in its busiest second of 2022": 24_400,
    "all of it, in its busiest second ever told": 143_199,
}


@dataclass(frozen=True)
class Measured:
    """One worker on one core, as measured.

    Attributes:
        record_bytes: of an input record.
        tweets_per_second: at full speed.
        cpu_us: processor time a tweet, in microseconds, which are core seconds a million tweets.
    """

    record_bytes: int
    tweets_per_second: float
    cpu_us: float


def measured(page: str) -> dict[str, Measured]:
    """Read the rows of "What changes the throughput"; by their names."""
    rows = re.findall(r"^\| (.+?) \| ([\d,]+) \| ([\d,]+) \| (\d+) \| delivered \|$", page, re.MULTILINE)
    return {name: Measured(*(int(cell.replace(",", "")) for cell in cells)) for name, *cells in rows}


def share_of_exactly_once(page: str) -> float:
    """Read how much of the rate is left with exactly once."""
    (share,) = re.findall(r"^\| tweets a second, median \|.*\| ([\d.]+) \(", page, re.MULTILINE)
    return float(share)


def tables(page: str) -> str:
    """Work out the tables of the page about capacity from the text of the page about performance."""
    rows = measured(page)
    small, large = rows["as they are, 4 partitions, 1 worker"], rows["records of 2 KB, most of it not read"]
    times = rows["2 workers"].tweets_per_second / small.tweets_per_second
    two = f"| measured: two workers and the broker on two cores, against one worker | {times:.1f} times the rate | not known |"
    return "\n".join([*_costs(small, large, share_of_exactly_once(page)), two, "", *_feeds(small, large)])


def _costs(small: Measured, large: Measured, exactly_once: float) -> Iterator[str]:
    yield f"| one worker on one core | records of {small.record_bytes:,} bytes | records of {large.record_bytes:,} bytes |"
    yield "| --- | ---: | ---: |"
    yield f"| measured: tweets a second | {small.tweets_per_second:,.0f} | {large.tweets_per_second:,.0f} |"
    yield f"| measured: core seconds for a million tweets | {small.cpu_us:.0f} | {large.cpu_us:.0f} |"
    millions = [3600 / one.cpu_us for one in (small, large)]
    yield f"| so, million tweets for a core hour | {millions[0]:,.0f} | {millions[1]:,.0f} |"
    filled = [one.tweets_per_second * FILLED for one in (small, large)]
    yield f"| so, planned for: tweets a second, at {FILLED:.0%} of it | {filled[0]:,.0f} | {filled[1]:,.0f} |"
    yield (
        f"| the same with `DELIVERY=exactly_once`, at {exactly_once} of that | {filled[0] * exactly_once:,.0f} "
        f"| {filled[1] * exactly_once:,.0f} |"
    )


def _feeds(small: Measured, large: Measured) -> Iterator[str]:
    yield (
        f"| feed | tweets/s | busy cores, {small.record_bytes:,} B | workers | busy cores, {large.record_bytes:,} B | workers "
        f"| partitions | `tweets.raw` in {KEPT_DAYS} days, {REPLICAS} copies, {large.record_bytes:,} B |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name, rate in FEEDS.items():
        busy = [rate * one.cpu_us / 1e6 for one in (small, large)]
        workers = [math.ceil(rate / (one.tweets_per_second * FILLED)) for one in (small, large)]
        is_moment = "second" in name
        kept = "-" if is_moment else _bytes(rate * SECONDS_OF_A_DAY * KEPT_DAYS * REPLICAS * large.record_bytes)
        yield (
            f"| {name} | {rate:,.{int(rate < 10)}f} | {busy[0]:,.2f} | {workers[0]} | {busy[1]:,.2f} | {workers[1]} "
            f"| {PARTITIONS_EACH * workers[1]} | {kept} |"
        )


def _bytes(count: float) -> str:
    power = max(3, min(5, int(math.log10(count) // 3)))
    return f"{count / 1000**power:,.1f} {dict(zip((3, 4, 5), ('GB', 'TB', 'PB'), strict=True))[power]}"


def replaced(page: str, made: str) -> str:
    """Put the tables between their marks."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.split(END)[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="capacity", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="put the tables into docs/reference/capacity.md")
    arguments = parser.parse_args()
    made = tables((REFERENCE / "performance.md").read_text(encoding="utf-8"))
    if arguments.write:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
