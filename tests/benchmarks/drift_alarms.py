"""How often `monitoring.drift.compare` says drift: where there is none, between neighbours, and for a doubled label.

Classifies a feed with the pretrained model, then compares windows of it:

    python tests/benchmarks/drift_alarms.py feed.jsonl.gz

The figures stand in docs/how-to/drift-report.md. Takes minutes: each comparison is the whole report.
"""

import argparse
import gzip
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from models.predictor import pretrained_predictor
from models.records import classified_tweet
from models.taxonomy import Label
from monitoring.drift import compare
from monitoring.records import Description, Window, describe
from stream.codecs import decode_tweet

Pair = tuple[Sequence[Description], Sequence[Description]]
CHUNK_TWEETS = 2000
MOST_COMMON_LABELS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("feed", type=Path, help="X API v2 tweets in time order, .jsonl.gz")
    parser.add_argument("--repeats", type=int, default=1000, help="random pairs of windows of each size")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    feed = descriptions(arguments.feed)
    common = [label for label, _ in Counter(row.label for row in feed).most_common(MOST_COMMON_LABELS)]
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("fork")) as pool:

        def alarms(name: str, pairs: Iterator[Pair]) -> None:
            moved = list(pool.map(moved_columns, *zip(*pairs, strict=True), chunksize=20))
            columns = Counter(column for columns in moved for column in columns)
            told = ", ".join(f"{column} {count / len(moved):.1%}" for column, count in columns.most_common())
            alarm = sum(map(bool, moved))
            print(f"{name:<52} {alarm:>4} of {len(moved):>4} = {alarm / len(moved):6.1%}   {told}", flush=True)

        for sizes in ((200, 200), (2000, 500), (2000, 2000)):
            alarms(f"random windows {sizes}", random_pairs(feed, sizes, arguments.repeats))
        for sizes in ((500, 500), (2000, 2000)):
            alarms(f"neighbours {sizes}", neighbours(feed, sizes))
        for label in common:
            share = sum(row.label == label for row in feed) / len(feed)
            for sizes in ((2000, 500), (2000, 2000)):
                pairs = doubled_pairs(feed, sizes, arguments.repeats // 10, label)
                alarms(f"{label} doubled from {share:.1%} {sizes}", pairs)


def moved_columns(reference: Sequence[Description], current: Sequence[Description]) -> list[str]:
    report = compare(Window(tuple(reference), len(reference)), Window(tuple(current), len(current)))
    return [column.column for column in report.columns if column.moved]


def descriptions(path: Path) -> list[Description]:
    predict = pretrained_predictor(3).predict
    with gzip.open(path) as lines:
        tweets = [decode_tweet(line) for line in lines]
    return [
        describe(classified_tweet(tweet, prediction, classified_at=""))
        for start in range(0, len(tweets), CHUNK_TWEETS)
        for chunk in [tweets[start : start + CHUNK_TWEETS]]
        for tweet, prediction in zip(chunk, predict(chunk), strict=True)
    ]


def random_pairs(feed: Sequence[Description], sizes: tuple[int, int], count: int) -> Iterator[Pair]:
    """Draw both windows from the whole feed without regard to time: nothing drifts between them."""
    chance = random.Random(1)
    for _ in range(count):
        rows = chance.sample(feed, sum(sizes))
        yield rows[: sizes[0]], rows[sizes[0] :]


def neighbours(feed: Sequence[Description], sizes: tuple[int, int]) -> Iterator[Pair]:
    """Cut the feed as it came: each window of the second size, after the one before it."""
    before, after = sizes
    for start in range(before, len(feed) - after, after):
        yield feed[start - before : start], feed[start : start + after]


def doubled_pairs(feed: Sequence[Description], sizes: tuple[int, int], count: int, label: Label) -> Iterator[Pair]:
    """Draw random windows; in the second one a tweet is twice as likely to have the label, at most always."""
    chance = random.Random(2)
    with_label = [row for row in feed if row.label == label]
    others = [row for row in feed if row.label != label]
    doubled = min(1.0, 2 * len(with_label) / len(feed))
    for _ in range(count):
        has_label = [chance.random() < doubled for _ in range(sizes[1])]
        yield (
            chance.sample(feed, sizes[0]),
            [*chance.sample(with_label, sum(has_label)), *chance.sample(others, sizes[1] - sum(has_label))],
        )


if __name__ == "__main__":
    main()
