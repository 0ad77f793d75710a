"""What a drift report costs: seconds, memory and size; and how well texts of two windows are told apart.

    python tests/benchmarks/drift_report.py feed.jsonl.gz

Classifies a feed with the pretrained model. Each figure of memory comes from a process of its own. The figures stand in
docs/reference/drift.md. Takes some minutes.
"""

import argparse
import gzip
import random
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from models.predictor import pretrained_predictor
from models.records import classified_tweet
from monitoring.drift.describing import Description, describe
from monitoring.drift.vocabulary import Vocabulary
from stream.codecs import decode_tweet

WINDOW_TWEETS = 500
SIDE_TWEETS = 5_000
TEXTS = 400
LONG_WINDOWS = 10
CHUNK_TWEETS = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("feed", type=Path, help="X API v2 tweets in time order, .jsonl.gz")
    parser.add_argument("--splits", type=int, default=20, help="of the whole feed at random: nothing drifts there")
    parser.add_argument("--neighbours", type=int, default=40, help="windows with those before them")
    arguments = parser.parse_args()
    alone(report_costs, arguments.feed)
    alone(text_figures, arguments.feed, arguments.splits, arguments.neighbours)


def alone(measure: Callable[..., None], *arguments: object) -> None:
    """Run in a fresh process, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(measure, *arguments).result()


def report_costs(feed: Path) -> None:
    """Print what a report of 5,000 and 5,000 tweets costs."""
    rows = descriptions(feed, 2 * SIDE_TWEETS)
    from monitoring.drift.monitor import Monitor  # noqa: PLC0415  # as above
    from monitoring.drift.references.making import reference_of  # noqa: PLC0415  # counted as memory of the report
    from monitoring.drift.windows import joined, window_of  # noqa: PLC0415  # as above

    windows = [window_of(rows[start : start + WINDOW_TWEETS]) for start in range(0, len(rows), WINDOW_TWEETS)]
    reference = reference_of(
        windows[: SIDE_TWEETS // WINDOW_TWEETS],
        trained=Vocabulary.of([]),
        model_name="pretrained",
        model_version="1",
        source="the feed",
    )
    now = joined(windows[SIDE_TWEETS // WINDOW_TWEETS :])
    started = time.process_time(), time.perf_counter()
    verdict = Monitor(reference).judge(now)
    tell("comparison", started)
    print(f"memory before Evidently is imported: {memory_mb()} MB")
    started = time.process_time(), time.perf_counter()
    from monitoring.drift.reports.rendering import render  # noqa: PLC0415  # what its import costs is measured

    tell("import of Evidently", started)
    print(f"memory after it: {memory_mb()} MB")
    for turn in ("first", "second", "third"):
        started = time.process_time(), time.perf_counter()
        rendered = render(reference, now, verdict)
        tell(f"{turn} report of {reference.tweets:,} + {now.tweets:,} tweets", started)
        print(f"memory after the {turn} report: {memory_mb()} MB")
    print(f"page {len(rendered.html.encode()) / 1e6:.2f} MB, of which figures {own_mb(rendered.html):.2f} MB")
    print(f"JSON {len(rendered.json) / 1e6:.2f} MB")


def text_figures(feed: Path, splits: int, neighbours: int) -> None:
    """Print how often texts are told apart: where nothing drifts, and between neighbours in time."""
    from evidently.legacy.utils.data_drift_utils import calculate_text_drift_score  # noqa: PLC0415  # takes seconds
    from pandas import Series  # noqa: PLC0415  # as above

    from monitoring.drift.text_drift import text_drift  # noqa: PLC0415  # as above

    def ours(before: Sequence[str], now: Sequence[str]) -> tuple[float, float]:
        found = text_drift(before, now)
        return (0.5, 0.0) if found is None else (found.auc, found.score)

    def evidently(before: Sequence[str], now: Sequence[str]) -> tuple[float, float]:
        area, moved = calculate_text_drift_score(Series(before), Series(now), bootstrap=True)
        return area, float(moved)

    texts = [tweet.text for tweet in tweets_of(feed)]
    chance = random.Random(8)
    none = [split_of(chance.sample(texts, 2 * TEXTS)) for _ in range(splits)]
    starts = [chance.randrange(LONG_WINDOWS * WINDOW_TWEETS, len(texts) - WINDOW_TWEETS) for _ in range(neighbours)]
    near = [
        (
            chance.sample(texts[start - LONG_WINDOWS * WINDOW_TWEETS : start], TEXTS),
            chance.sample(texts[start : start + WINDOW_TWEETS], TEXTS),
        )
        for start in starts
    ]
    for name, measure in (("ours", ours), ("Evidently's with its bootstrap threshold", evidently)):
        for case, pairs in (("no drift", none), ("neighbours", near)):
            started = time.process_time(), time.perf_counter()
            found = [measure(*pair) for pair in pairs]
            areas, alarms = sorted(area for area, _ in found), sum(score >= 1 for _, score in found)
            print(f"{name}, {case}: {alarms} of {len(pairs)}, areas {areas[0]:.2f} to {areas[-1]:.2f}")
            tell(f"{name}, {case}", started, len(pairs))


def split_of(texts: list[str]) -> tuple[list[str], list[str]]:
    return texts[:TEXTS], texts[TEXTS:]


def tell(what: str, started: tuple[float, float], times: int = 1) -> None:
    cpu, wall = time.process_time() - started[0], time.perf_counter() - started[1]
    print(f"{what}: {cpu / times:.2f} s of CPU, {wall / times:.2f} s on the clock", flush=True)


def memory_mb() -> int:
    """Give the largest memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def own_mb(page: str) -> float:
    """Give the size of what stands before Evidently's program, which is the same in each page."""
    return page.index("<script>var global") / 1e6


def tweets_of(path: Path):  # noqa: ANN201  # a generator of the feed's tweets
    with gzip.open(path) as lines:
        yield from map(decode_tweet, lines)


def descriptions(path: Path, count: int) -> list[Description]:
    predict = pretrained_predictor(3).predict
    tweets = [tweet for tweet, _ in zip(tweets_of(path), range(count), strict=False)]
    return [
        describe(classified_tweet(tweet, prediction, classified_at=""), Vocabulary.of([]))
        for start in range(0, len(tweets), CHUNK_TWEETS)
        for chunk in [tweets[start : start + CHUNK_TWEETS]]
        for tweet, prediction in zip(chunk, predict(chunk), strict=True)
    ]


if __name__ == "__main__":
    main()
