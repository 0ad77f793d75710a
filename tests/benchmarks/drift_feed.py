"""Every drift alarm on a real feed, whose first two months are the reference.

Classifies the feed with the pretrained model and watches it in windows as the drift process does:

    python tests/benchmarks/drift_feed.py feed.jsonl.gz

The list, with a person's judgement of each, stands in docs/reference/drift.md.
"""

import argparse
import gzip
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.predictor import PRETRAINED, pretrained_predictor
from models.records import Tweet, classified_tweet
from monitoring.drift.describing import Description, describe
from monitoring.drift.monitor import WINDOW_TWEETS, Monitor
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference_file import REFERENCE_FILE, load_reference
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import window_of
from stream.codecs import decode_tweet

CHUNK_TWEETS = 2000
REFERENCE_ENDS = "2014-03-01"
SHOWN_CAUSES = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("feed", type=Path, help="X API v2 tweets in time order, .jsonl.gz")
    parser.add_argument("--window", type=int, default=WINDOW_TWEETS)
    parser.add_argument("--shuffled", action="store_true", help="take away all order: nothing drifts then")
    arguments = parser.parse_args()
    with gzip.open(arguments.feed) as lines:
        tweets = [decode_tweet(line) for line in lines]
    trained = load_reference(PRETRAINED / REFERENCE_FILE).trained
    rows = list(described(tweets, trained))
    if arguments.shuffled:
        random.Random(1).shuffle(rows)
    count = sum(tweet.created_at < REFERENCE_ENDS for tweet in tweets if tweet.created_at)
    times = [tweet.created_at or "" for tweet in tweets]
    reference = reference_of(
        [window_of(part) for _, part in windows(rows[:count], arguments.window)],
        trained=trained,
        model_name="tickertape",
        model_version="pretrained",
        source="January and February 2014",
    )
    print(f"reference: {reference.tweets:,} tweets; beside chance, windows differ by")
    print("  " + ", ".join(f"{name} {value:.4f}" for name, value in reference.between.items()))
    print("usual scores: " + ", ".join(f"{name} {value:.1f}" for name, value in reference.usual.items() if value > 1))
    monitor = Monitor(reference)
    alarms = judged = 0
    began = time.perf_counter()
    for start, part in windows(rows[count:], arguments.window):
        verdict = monitor.judge(window_of(part))
        if verdict.opened:
            alarms += 1
            told = [cause for cause in verdict.causes if cause.name in verdict.opened]
            span = f"{times[count + start][:10]} to {times[count + start + arguments.window - 1][:10]}"
            print(f"{span}, window {verdict.number}, {len(verdict.open)} open: ", end="")
            print(
                "; ".join(
                    f"{cause.name} {cause.before:.3f} -> {cause.after:.3f} ({cause.score:.1f} {cause.window})"
                    for cause in told[:SHOWN_CAUSES]
                )
            )
        judged = verdict.number
    seconds = time.perf_counter() - began
    print(f"{alarms} windows of {judged} opened alarms; {seconds / judged * 1000:.0f} ms a window")


def described(tweets: Sequence[Tweet], trained: Vocabulary) -> Iterator[Description]:
    predict = pretrained_predictor(3).predict
    for start in range(0, len(tweets), CHUNK_TWEETS):
        chunk = tweets[start : start + CHUNK_TWEETS]
        for tweet, prediction in zip(chunk, predict(chunk), strict=True):
            yield describe(classified_tweet(tweet, prediction, classified_at=""), trained)


def windows(rows: Sequence[Description], size: int) -> Iterator[tuple[int, Sequence[Description]]]:
    for start in range(0, len(rows) - size + 1, size):
        yield start, rows[start : start + size]


if __name__ == "__main__":
    main()
